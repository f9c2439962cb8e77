//! What the kernel alone costs: a server that, for each message it reads, writes one frame, made
//! beforehand, to each connection in turn, and does nothing else at all. No server can deliver
//! cheaper one message at a time, so it tells what a machine is worth on the day. It understands no
//! WebSocket: it answers any handshake with the one of RFC 6455 §1.3, and takes the first thing a
//! client says for its join.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::Duration,
};

use rustix::event::epoll;

const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const WELCOME: &[u8] = b"\x81\x12{\"type\":\"welcome\"}";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Upgrading,
    Joining,
    Here,
}

/// Serves at this port until it is ended.
///
/// # Errors
/// When the system fails.
pub(crate) fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let listening = u64::MAX;
    epoll::add(&epoll, &listener, epoll::EventData::new_u64(listening), epoll::EventFlags::IN)?;
    let mut clients: Vec<(TcpStream, Stage)> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    let mut seq = 0;
    let mut frame = Vec::new();
    loop {
        let patience = Duration::from_secs(1).try_into().map_err(io::Error::other)?;
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&patience))?;
        for event in events.drain(..) {
            let number = event.data.u64();
            if number == listening {
                while let Ok((client, _)) = listener.accept() {
                    client.set_nonblocking(true)?;
                    client.set_nodelay(true)?;
                    let data = epoll::EventData::new_u64(clients.len() as u64);
                    epoll::add(&epoll, &client, data, epoll::EventFlags::IN)?;
                    clients.push((client, Stage::Upgrading));
                }
                continue;
            }
            let (client, stage) = &mut clients[number as usize];
            let mut said = [0; 4096];
            match client.read(&mut said) {
                Ok(0) => epoll::delete(&epoll, &*client)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => epoll::delete(&epoll, &*client)?,
                Ok(_) if *stage == Stage::Upgrading => {
                    client.write_all(UPGRADED)?;
                    *stage = Stage::Joining;
                }
                Ok(_) if *stage == Stage::Joining => {
                    client.write_all(WELCOME)?;
                    *stage = Stage::Here;
                }
                Ok(_) => {
                    seq += 1;
                    write_frame(&mut frame, seq)?;
                    for (client, stage) in &mut clients {
                        if *stage == Stage::Here {
                            client.write_all(&frame)?;
                        }
                    }
                }
            }
        }
    }
}

/// As long as what Otagh sends.
fn write_frame(frame: &mut Vec<u8>, seq: u64) -> io::Result<()> {
    let text = super::load_clients::text(seq);
    let json = format!(
        r#"{{"type":"said","seq":{seq},"id":"{seq}","from":"m0","name":"m0","text":"{text}","at":1795420800000}}"#
    );
    let length = u16::try_from(json.len()).map_err(io::Error::other)?;
    frame.clear();
    frame.extend([0x81, 126]);
    frame.extend(length.to_be_bytes());
    frame.extend(json.as_bytes());
    Ok(())
}
