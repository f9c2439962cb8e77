//! What the kernel knows of a TCP connection: round trip, segments, what was sent twice. Linux tells it
//! through its socket diagnosis (`sock_diag(7)`), which is asked by the two ends of the connection and
//! needs no hand on the socket itself; so the chat never waits for it. Elsewhere nothing is known.

use chat_wire::Tcp;

use crate::net::tap::Ends;

/// What the kernel says now; `None` when it says nothing, as of a connection that is over.
#[cfg(target_os = "linux")]
pub(crate) fn ask(ends: Ends, at_us: u64) -> Option<Tcp> {
    match linux::diagnose(ends) {
        Ok(answer) => linux::read(&answer, at_us),
        Err(error) => {
            tracing::debug!(%error, "the kernel does not tell about a connection");
            None
        }
    }
}

/// What the kernel says now; `None` when it says nothing, as of a connection that is over.
#[cfg(not(target_os = "linux"))]
pub(crate) fn ask(_: Ends, _: u64) -> Option<Tcp> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::IpAddr;

    use rustix::{
        io,
        net::{
            AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
        },
    };

    use super::*;

    // Names and values of linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLM_F_REQUEST: u16 = 1;
    const INET_DIAG_INFO: u16 = 2;
    const IPPROTO_TCP: u8 = 6;
    const AF_INET: u8 = 2;
    const AF_INET6: u8 = 10;
    /// `struct nlmsghdr`.
    const HEADER: usize = 16;
    /// `struct inet_diag_msg`.
    const MESSAGE: usize = 72;
    /// `TCPI_OPT_TIMESTAMPS` of linux/tcp.h.
    const TIMESTAMPS: u8 = 1;

    pub(super) fn diagnose(ends: Ends) -> io::Result<Vec<u8>> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        send(&socket, &request(ends), SendFlags::empty())?;
        let mut answer = vec![0; 4096];
        // The kernel answers within `send`: there is nothing to wait for.
        let (_, length) = recv(&socket, &mut answer[..], RecvFlags::DONTWAIT)?;
        answer.truncate(length);
        Ok(answer)
    }

    /// `struct inet_diag_req_v2` behind its header.
    fn request(Ends { local, peer }: Ends) -> Vec<u8> {
        let mut message = Vec::with_capacity(72);
        message.extend(72_u32.to_ne_bytes());
        message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        message.extend(NLM_F_REQUEST.to_ne_bytes());
        message.extend([0; 8]);
        message.push(if local.is_ipv6() { AF_INET6 } else { AF_INET });
        message.push(IPPROTO_TCP);
        message.push(1 << (INET_DIAG_INFO - 1));
        message.push(0);
        message.extend(u32::MAX.to_ne_bytes());
        message.extend(local.port().to_be_bytes());
        message.extend(peer.port().to_be_bytes());
        message.extend(address(local.ip()));
        message.extend(address(peer.ip()));
        // Any interface, any socket of these ends.
        message.extend(0_u32.to_ne_bytes());
        message.extend([0xFF; 8]);
        message
    }

    fn address(ip: IpAddr) -> [u8; 16] {
        match ip {
            IpAddr::V4(ip) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&ip.octets());
                bytes
            }
            IpAddr::V6(ip) => ip.octets(),
        }
    }

    /// Finds `struct tcp_info` among the attributes of the answer.
    pub(super) fn read(answer: &[u8], at_us: u64) -> Option<Tcp> {
        let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
        if kind != SOCK_DIAG_BY_FAMILY {
            return None;
        }
        let mut rest = answer.get(HEADER + MESSAGE..)?;
        loop {
            let length = usize::from(u16::from_ne_bytes(rest.get(..2)?.try_into().ok()?));
            let kind = u16::from_ne_bytes(rest.get(2..4)?.try_into().ok()?);
            let payload = rest.get(4..length)?;
            if kind == INET_DIAG_INFO {
                return info(payload, at_us);
            }
            rest = rest.get(length.next_multiple_of(4)..)?;
        }
    }

    /// The fields of `struct tcp_info`, by their places, which never change: it only grows.
    fn info(info: &[u8], at_us: u64) -> Option<Tcp> {
        let number = |at: usize| Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?));
        Some(Tcp {
            at_us,
            timestamps: info.get(5)? & TIMESTAMPS != 0,
            mss: number(16)?,
            rtt_us: number(68)?,
            rtt_var_us: number(72)?,
            congestion_window: number(80)?,
            retransmitted: number(100)?,
            segments_out: number(136)?,
            segments_in: number(140)?,
        })
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    fn pair(address: &str) -> (TcpStream, TcpStream, Ends) {
        let listener = TcpListener::bind(address).unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, peer) = listener.accept().unwrap();
        let ends = Ends { local: near.local_addr().unwrap(), peer };
        (near, far, ends)
    }

    #[test]
    fn the_kernel_tells_what_passed() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (mut near, mut far, ends) = pair(address);
            let before = ask(ends, 1).expect("an open connection is known");
            for _ in 0..3 {
                near.write_all(b"salam").unwrap();
                far.read_exact(&mut [0; 5]).unwrap();
            }
            let after = ask(ends, 2).unwrap();
            assert_eq!((before.at_us, after.at_us), (1, 2));
            assert!(after.segments_out >= before.segments_out + 3, "{before:?} {after:?}");
            assert!(after.mss >= 536 && after.rtt_us > 0 && after.congestion_window > 0, "{after:?}");
            assert_eq!(after.retransmitted, 0);
        }
    }

    #[test]
    fn unknown_connection_has_no_tcp_info() {
        let (near, far, ends) = pair("127.0.0.1:0");
        drop((near, far));
        let nobody = Ends { peer: "127.0.0.1:1".parse().unwrap(), ..ends };
        assert_eq!(ask(nobody, 0), None);
    }
}
