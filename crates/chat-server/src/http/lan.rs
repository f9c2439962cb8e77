//! This machine's addresses in its networks, the one to give to others first. A laptop has several: the
//! Wi-Fi's, a tunnel's, those of containers and virtual machines. The system is asked for all of them and
//! for the one that the default route leaves by; the kind of interface decides which of them a phone in the
//! same room can reach, and only then the route, because a full tunnel takes that too. Asked each time, as
//! people carry laptops from one network to another. [`rank`] is pure; nothing is sent.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LanAddress {
    pub(crate) ip: IpAddr,
    pub(crate) kind: Kind,
    /// What the system calls the interface; empty where it does not say.
    pub(crate) interface: String,
}

/// Who can reach an address; the most reachable first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// Devices in the same Wi-Fi or on the same cable.
    Network,
    /// Devices in the same tunnel; or, of a mobile network, none.
    Tunnel,
    /// The containers and virtual machines of this machine.
    Inside,
    /// Devices on the same cable that have no router either (RFC 3927).
    SelfAssigned,
}

/// Parts of the names of interfaces, in lower case, behind which there is a tunnel or a mobile network.
const TUNNELS: [&str; 15] = [
    "tun",
    "tap",
    "vpn",
    "wireguard",
    "ipsec",
    "tailscale",
    "zerotier",
    "nordlynx",
    "mullvad",
    "warp",
    "hamachi",
    "rmnet",
    "cellular",
    "ccmni",
    "pdp_ip",
];
/// How others of them begin.
const TUNNELS_BEGIN: [&str; 8] = ["wg", "ppp", "zt", "gpd", "ww", "v4-", "clat", "meta"];
/// Parts of the names of interfaces that lead to containers and virtual machines.
const INSIDE: [&str; 12] = [
    "docker",
    "podman",
    "vethernet",
    "virtualbox",
    "vboxnet",
    "vmnet",
    "vmware",
    "virbr",
    "hyper-v",
    "lxcbr",
    "lxdbr",
    "incusbr",
];
/// How others of them begin.
const INSIDE_BEGIN: [&str; 7] = ["br-", "veth", "cni", "cali", "flannel", "kube", "vnet"];

/// The addresses of this machine by which others may reach it, as [`rank`] orders them. A machine that
/// cannot say has the one that its default route leaves by, if it has that.
pub(crate) fn find() -> Vec<LanAddress> {
    let sources = [
        // Of those that no route names and nobody has (RFC 5737, RFC 3849), so that the default route
        // it is, and not that of a well-known resolver through a tunnel.
        source(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), SocketAddr::from(([203, 0, 113, 1], 9))),
        source(
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9)),
        ),
    ];
    let sources: Vec<IpAddr> = sources.into_iter().flatten().collect();
    let found = local_ip_address::list_afinet_netifas().unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot list this machine's addresses");
        sources.iter().map(|ip| (String::new(), *ip)).collect()
    });
    rank(found, &sources, is_not_ethernet)
}

/// Whether the system says that frames of this interface are not those of Ethernet: a tunnel's are not,
/// whatever it is called, and a Wi-Fi's are.
#[cfg(target_os = "linux")]
fn is_not_ethernet(interface: &str) -> bool {
    // An address may have a label of its own, after a colon.
    let interface = interface.split(':').next().unwrap_or_default();
    let path = std::path::Path::new("/sys/class/net").join(interface).join("type");
    // ARPHRD_ETHER (linux/if_arp.h). One that cannot be asked is judged by its name alone.
    std::fs::read_to_string(path).is_ok_and(|kind| kind.trim() != "1")
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
fn is_not_ethernet(_: &str) -> bool {
    false
}

/// By which of its addresses this machine would speak to `there`. Connecting a UDP socket sends nothing;
/// it only asks for the route. An error says that there is none.
fn source(any: SocketAddr, there: SocketAddr) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind(any)?;
    socket.connect(there)?;
    Ok(socket.local_addr()?.ip())
}

/// Those of these addresses that others can open in a browser, the likeliest first: by [`Kind`]; then the
/// one that the default route leaves by (one of `sources`); IPv4 before IPv6, which is harder to type;
/// private ones before public ones, a network's member before the one that hands its addresses out
/// (`….1`: a hotspot of this machine's own, or a virtual machine's network by another name). The rest is
/// as the system has it. `is_tunnel` knows more of an interface than its name says.
pub(crate) fn rank(
    found: Vec<(String, IpAddr)>,
    sources: &[IpAddr],
    is_tunnel: impl Fn(&str) -> bool,
) -> Vec<LanAddress> {
    let mut lan: Vec<LanAddress> = found
        .into_iter()
        .map(|(interface, ip)| (interface, ip.to_canonical()))
        .filter(|(_, ip)| can_be_opened(*ip))
        .map(|(interface, ip)| {
            let kind = kind(&interface, ip, sources.contains(&ip), is_tunnel(&interface));
            LanAddress { ip, kind, interface }
        })
        .collect();
    lan.sort_by_key(|address| {
        let (is_public, is_gateway) = match address.ip {
            IpAddr::V4(ip) => (!ip.is_private(), ip.octets()[3] == 1),
            IpAddr::V6(ip) => (!ip.is_unique_local(), false),
        };
        (address.kind, !sources.contains(&address.ip), address.ip.is_ipv6(), is_public, is_gateway)
    });
    // Of IPv6 an interface has several, of which others need one; an address is listed twice by some.
    let mut unique: Vec<LanAddress> = Vec::with_capacity(lan.len());
    for address in lan {
        let is_known = |known: &LanAddress| {
            known.ip == address.ip
                || known.ip.is_ipv6() && address.ip.is_ipv6() && known.interface == address.interface
        };
        if !unique.iter().any(is_known) {
            unique.push(address);
        }
    }
    // Interfaces without a cable have one, too.
    if unique.first().is_some_and(|first| first.kind != Kind::SelfAssigned) {
        unique.retain(|address| address.kind != Kind::SelfAssigned);
    }
    unique
}

/// Not this machine's name for itself, and not one that needs the name of an interface beside it, which
/// no address bar takes (`fe80::`, RFC 6874).
fn can_be_opened(ip: IpAddr) -> bool {
    let is_link_local_v6 = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    !ip.is_loopback() && !ip.is_unspecified() && !ip.is_multicast() && !is_link_local_v6
}

fn kind(interface: &str, ip: IpAddr, is_source: bool, is_tunnel: bool) -> Kind {
    let name = interface.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let begins = |parts: &[&str]| parts.iter().any(|part| name.starts_with(part));
    match ip {
        IpAddr::V4(ip) if ip.is_link_local() => Kind::SelfAssigned,
        IpAddr::V4(ip) if is_tunnels(ip) => Kind::Tunnel,
        // A bridge that the default route leaves by is how a host of virtual machines has its network.
        _ if has(&INSIDE) || begins(&INSIDE_BEGIN) => {
            if is_source {
                Kind::Network
            } else {
                Kind::Inside
            }
        }
        _ if is_tunnel || has(&TUNNELS) || begins(&TUNNELS_BEGIN) => Kind::Tunnel,
        _ => Kind::Network,
    }
}

/// Addresses that only tunnels and carriers give: shared address space (100.64/10, RFC 6598), which
/// Tailscale uses too; 192.0.0/24 (RFC 7335); and 198.18/15 (RFC 2544), which proxies in the form of a
/// network use.
fn is_tunnels(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    (a == 100 && b & 0xC0 == 64) || [a, b, c] == [192, 0, 0] || (a == 198 && b & 0xFE == 18)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses in the order in which they are offered; the first of `interfaces` with a star is the
    /// one of the default route.
    fn offered(interfaces: &[(&str, &str)]) -> Vec<String> {
        let found: Vec<(String, IpAddr)> = interfaces
            .iter()
            .map(|(name, ip)| (name.trim_end_matches('*').to_owned(), ip.parse().unwrap()))
            .collect();
        let sources: Vec<IpAddr> = interfaces
            .iter()
            .filter(|(name, _)| name.ends_with('*'))
            .map(|(_, ip)| ip.parse().unwrap())
            .collect();
        rank(found, &sources, |name| name == "us-free-12")
            .into_iter()
            .map(|address| address.ip.to_string())
            .collect()
    }

    #[test]
    fn a_tunnel_comes_after_the_wifi() {
        assert_eq!(offered(&[("tun0", "10.8.0.2"), ("wlan0*", "192.168.1.7")]), ["192.168.1.7", "10.8.0.2"]);
        // A full tunnel has the default route, and is still no place for a phone.
        assert_eq!(offered(&[("tun0*", "10.8.0.2"), ("wlan0", "192.168.1.7")]), ["192.168.1.7", "10.8.0.2"]);
        for tunnel in [
            "tun0",
            "tap0",
            "utun4",
            "wg0",
            "ppp0",
            "ipsec0",
            "tailscale0",
            "ztklhmp3xq",
            "nordlynx",
            "proton-vpn",
            "wg-mullvad",
            "CloudflareWARP",
            "singbox_tun",
            "nekobox-tun",
            "outline-tap0",
            "gpd0",
            "cscotun0",
            "Radmin VPN",
            "OpenVPN Wintun",
            "Tailscale",
            "ZeroTier One [8056c2e21c000001]",
            "rmnet_data0",
            "wwan0",
            "wwp0s20f0u4",
            "v4-rmnet0",
            "pdp_ip0",
            "Meta",
            "us-free-12",
        ] {
            for (tunnels, wifis) in [("*", ""), ("", "*")] {
                let (tunnel, wifi) = (format!("{tunnel}{tunnels}"), format!("wlp2s0{wifis}"));
                assert_eq!(
                    offered(&[(&tunnel, "10.8.0.2"), (&wifi, "172.20.10.3")]),
                    ["172.20.10.3", "10.8.0.2"],
                    "{tunnel}"
                );
            }
        }
    }

    #[test]
    fn tunnel_ranges_are_known_without_name() {
        for ip in ["100.64.0.1", "100.127.255.254", "198.18.0.1", "198.19.255.255", "192.0.0.4"] {
            assert_eq!(
                offered(&[("Ethernet 3*", ip), ("Wi-Fi", "192.168.1.7")]),
                ["192.168.1.7", ip],
                "{ip}"
            );
        }
        for ip in ["100.63.0.1", "100.128.0.1", "198.20.0.1", "192.0.1.4"] {
            assert_eq!(
                offered(&[("Ethernet 3*", ip), ("Wi-Fi", "192.168.1.7")]),
                [ip, "192.168.1.7"],
                "{ip}"
            );
        }
    }

    #[test]
    fn containers_and_virtual_machines_come_last() {
        for inside in [
            "docker0",
            "br-1f2e3d4c5b6a",
            "veth12ab34c",
            "virbr0",
            "vmnet8",
            "vboxnet0",
            "lxdbr0",
            "cni0",
            "podman0",
            "vEthernet (WSL)",
            "vEthernet (Default Switch)",
            "VirtualBox Host-Only Network",
            "VMware Network Adapter VMnet1",
        ] {
            assert_eq!(
                offered(&[(inside, "172.17.0.1"), ("utun3", "10.8.0.2"), ("en0*", "192.168.1.7")]),
                ["192.168.1.7", "10.8.0.2", "172.17.0.1"],
                "{inside}"
            );
        }
        // Under a name that says nothing, it is at least not the default route's.
        let windows = [("Ethernet 2", "192.168.56.1"), ("Wi-Fi*", "192.168.1.7")];
        assert_eq!(offered(&windows), ["192.168.1.7", "192.168.56.1"]);
        let in_a_full_tunnel =
            [("Ethernet 2", "192.168.56.1"), ("Wi-Fi", "192.168.1.7"), ("MyVPN*", "10.2.0.2")];
        assert_eq!(offered(&in_a_full_tunnel), ["192.168.1.7", "192.168.56.1", "10.2.0.2"]);
    }

    #[test]
    fn bridge_with_default_route_is_network() {
        assert_eq!(
            offered(&[("docker0", "172.17.0.1"), ("vEthernet (External)*", "192.168.1.7")]),
            ["192.168.1.7", "172.17.0.1"]
        );
        assert_eq!(offered(&[("br0*", "192.168.1.7"), ("virbr0", "192.168.122.1")])[0], "192.168.1.7");
    }

    #[test]
    fn default_route_network_comes_first() {
        assert_eq!(
            offered(&[("eth0", "10.1.2.3"), ("wlan0*", "192.168.1.7"), ("eth1", "192.168.0.3")]),
            ["192.168.1.7", "10.1.2.3", "192.168.0.3"]
        );
        // A rented server: its public address before the provider's inner network.
        assert_eq!(offered(&[("eth1", "10.0.0.5"), ("eth0*", "198.51.100.7")]), ["198.51.100.7", "10.0.0.5"]);
    }

    #[test]
    fn hotspots_are_networks() {
        // The laptop hands out the network itself, without any route to the world.
        for hotspot in ["10.42.0.1", "192.168.137.1", "192.168.43.1"] {
            assert_eq!(offered(&[("wlan0", hotspot), ("docker0", "172.17.0.1")]), [hotspot, "172.17.0.1"]);
        }
        // A phone that serves its own hotspot, and has the world by its carrier.
        assert_eq!(
            offered(&[("rmnet_data2*", "10.160.3.4"), ("ap0", "192.168.43.1")]),
            ["192.168.43.1", "10.160.3.4"]
        );
        // In an iPhone's.
        assert_eq!(offered(&[("docker0", "172.17.0.1"), ("en0*", "172.20.10.2")])[0], "172.20.10.2");
    }

    #[test]
    fn self_assigned_address_is_last_resort() {
        assert_eq!(offered(&[("Ethernet", "169.254.7.7"), ("Wi-Fi*", "192.168.1.7")]), ["192.168.1.7"]);
        assert_eq!(offered(&[("eth0", "169.254.7.7"), ("lo", "127.0.0.1")]), ["169.254.7.7"]);
    }

    #[test]
    fn ipv6_follows_ipv4_once_per_interface() {
        assert_eq!(
            offered(&[
                ("lo", "::1"),
                ("wlan0", "fe80::1"),
                ("wlan0", "2001:db8::5"),
                ("wlan0*", "2001:db8::77"),
                ("wlan0", "fd00::5"),
                ("wlan0*", "192.168.1.7"),
            ]),
            ["192.168.1.7", "2001:db8::77"]
        );
        assert_eq!(
            offered(&[("wlan0*", "2001:db8::77"), ("tun0", "10.8.0.2")]),
            ["2001:db8::77", "10.8.0.2"]
        );
    }

    #[test]
    fn unreachable_addresses_are_not_offered() {
        assert!(
            offered(&[("lo*", "127.0.0.1"), ("lo", "::1"), ("x", "0.0.0.0"), ("x", "::"), ("x", "fe80::1")])
                .is_empty()
        );
        assert_eq!(offered(&[("eth0", "::ffff:192.168.1.7"), ("eth0", "192.168.1.7")]), ["192.168.1.7"]);
    }

    #[test]
    fn default_route_address_is_own_address() {
        let addresses = find();
        let route =
            source(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), SocketAddr::from(([203, 0, 113, 1], 9)));
        if let Ok(ip) = route.map(|ip| ip.to_canonical())
            && can_be_opened(ip)
        {
            assert!(addresses.iter().any(|address| address.ip == ip), "{ip} is none of {addresses:?}");
        }
        assert!(addresses.is_sorted_by_key(|address| address.kind));
    }
}
