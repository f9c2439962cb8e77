//! Who may break their own recorded connection on purpose (`--lab`). By default a class may, on its own
//! machine or in its private network, and the public may not.

use std::net::IpAddr;

use clap::ValueEnum;

/// Whether people may break their own connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum FaultAccess {
    /// Where the server is not for the public: no public URL, no proxy, and the client is on this
    /// machine or in its private network.
    Auto,
    On,
    Off,
}

impl FaultAccess {
    /// Whether a client at this address may break its connection. `is_public`: whether the server is for
    /// the public.
    pub(crate) fn is_open_to(self, peer: IpAddr, is_public: bool) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Auto => !is_public && is_near(peer.to_canonical()),
        }
    }
}

fn is_near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_open_to_lan_not_public() {
        let open = |access: FaultAccess, peer: &str, public| access.is_open_to(peer.parse().unwrap(), public);
        for near in ["127.0.0.1", "192.168.1.7", "10.0.0.3", "::1", "fd00::1", "fe80::1", "::ffff:172.16.0.1"]
        {
            assert!(open(FaultAccess::Auto, near, false), "{near}");
            assert!(!open(FaultAccess::Auto, near, true), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!open(FaultAccess::Auto, far, false), "{far}");
            assert!(open(FaultAccess::On, far, true) && !open(FaultAccess::Off, far, false));
        }
    }
}
