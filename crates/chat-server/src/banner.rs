//! What the operator sees first: where the room is, for this machine and for the devices around
//! it. It knows addresses and terminals, nothing of what runs.

use std::io::{self, IsTerminal, Write};

use chat_protocol::{ClassKey, RoomId};

use crate::http::{
    lan::{Kind, LanAddress},
    links::{Addresses, room_path},
    qr,
};

/// Most addresses that are shown besides the first one: a machine full of containers has dozens.
const OTHERS_MAX: usize = 6;

/// The room that is a class from the start. Its key is printed, and its `Debug` does not show it.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) room: RoomId,
    pub(crate) key: ClassKey,
}

/// Prints the addresses and a QR code to standard output: those of the room, where it is a class.
///
/// # Errors
/// When standard output cannot be written to.
pub(crate) fn print(addresses: &Addresses, class: Option<&Class>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    // In one piece, whatever else is written there meanwhile.
    let mut banner = Vec::new();
    write(&mut banner, addresses, class, stdout.is_terminal())?;
    stdout.write_all(&banner)?;
    stdout.flush()
}

fn write(out: &mut impl Write, addresses: &Addresses, class: Option<&Class>, colour: bool) -> io::Result<()> {
    // For programs, which expect a port.
    let bound = addresses.bound;
    writeln!(out, "listening on {}", with_port(&addresses.local_url(), bound.port()))?;
    writeln!(out)?;
    writeln!(out, "  اتاق باز است · Otagh is open")?;
    writeln!(out)?;
    // As people write it, and as a code has it.
    let shown = class.map(|class| format!("/r/{}", class.room.as_str())).unwrap_or_default();
    let coded = class.map(|class| room_path(&class.room)).unwrap_or_default();
    writeln!(out, "  this machine    {}{shown}", addresses.local_url())?;
    let public = addresses.public_url.iter().map(|url| (url.to_string(), String::new()));
    let lan = addresses.lan();
    let by_address = lan.iter().map(|address| (addresses.url_of(address.ip), what(address)));
    let all: Vec<(String, String)> = public.chain(by_address).collect();
    let Some(((first, what), others)) = all.split_first() else {
        writeln!(out, "  other devices   {}", why_none(addresses))?;
        return end(out, addresses, class);
    };
    // The first is what one expects, and says what it is only where it is not.
    let is_plain = addresses.public_url.is_some() || lan.first().is_some_and(|lan| lan.kind == Kind::Network);
    let what = if is_plain { String::new() } else { format!("   {what}") };
    writeln!(out, "  other devices   {first}{shown}{what}")?;
    for (index, (url, what)) in others.iter().take(OTHERS_MAX).enumerate() {
        writeln!(out, "  {:<16}{url}{shown}   {what}", if index == 0 { "or else" } else { "" })?;
    }
    if others.len() > OTHERS_MAX {
        writeln!(out, "  {:<16}and {} more", "", others.len() - OTHERS_MAX)?;
    }
    writeln!(out)?;
    if let Ok(code) = qr::terminal(&(first.clone() + &coded), colour) {
        code.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    end(out, addresses, class)
}

fn end(out: &mut impl Write, addresses: &Addresses, class: Option<&Class>) -> io::Result<()> {
    writeln!(out)?;
    let room = class.map_or("class", |class| class.room.as_str());
    let local = addresses.local_url();
    if let Some(Class { room, key }) = class {
        let base = addresses.public_url.as_ref().map_or(local.clone(), ToString::to_string);
        writeln!(out, "  the teacher     {base}/class/{}#key={}", room.as_str(), key.as_str())?;
        writeln!(out, "                  whoever has this link turns the pages; it is not shown again")?;
    }
    if cfg!(feature = "lab") {
        writeln!(
            out,
            "  see the wire    in any room, the button with the glass: handshake and frames, bit by bit"
        )?;
        writeln!(out, "                  {local}/ways/{room} and {local}/workbench")?;
        writeln!(out, "  for a class     {local}/slides")?;
        writeln!(out)?;
    }
    writeln!(out, "  Ctrl+C stops it; nothing is kept.")?;
    out.flush()
}

/// Whose an address is, shortly.
fn what(address: &LanAddress) -> String {
    let what = match address.kind {
        Kind::Network => "network",
        Kind::Tunnel => "tunnel or VPN: not for the devices around you",
        Kind::Inside => "containers and virtual machines of this machine",
        Kind::SelfAssigned => "no router gave it: for a cable between two machines",
    };
    match &*address.interface {
        "" => format!("({what})"),
        interface => format!("({}: {what})", interface.escape_debug()),
    }
}

/// Why there is no address for other devices, and what to do.
fn why_none(addresses: &Addresses) -> &'static str {
    let ip = addresses.bound.ip();
    if ip.is_loopback() {
        "none: listening for this machine only (--host 0.0.0.0)"
    } else if ip.is_ipv4() && !(addresses.lan)().is_empty() {
        "none by IPv4, and this machine's network has IPv6 only (--host ::)"
    } else {
        "none: this machine is in no network"
    }
}

fn with_port(url: &str, port: u16) -> String {
    let port = format!(":{port}");
    if url.ends_with(&port) { url.to_owned() } else { url.to_owned() + &port }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{lan, web_origin::WebOrigin};

    fn wifi_and_more() -> Vec<LanAddress> {
        let found =
            [("tun0", "10.8.0.2"), ("docker0", "172.17.0.1"), ("wlan0", "192.168.1.7"), ("wlan0", "fd00::7")];
        let found = found.map(|(name, ip)| (name.to_owned(), ip.parse().unwrap()));
        lan::rank(found.into(), &[], |_| false)
    }

    fn banner_of(bound: &str, public_url: Option<&str>, lan: fn() -> Vec<LanAddress>) -> String {
        banner_of_class(bound, public_url, lan, None)
    }

    fn banner_of_class(
        bound: &str,
        public_url: Option<&str>,
        lan: fn() -> Vec<LanAddress>,
        class: Option<&Class>,
    ) -> String {
        let public_url = public_url.map(|url| WebOrigin::parse(url).unwrap());
        let addresses = Addresses { public_url, bound: bound.parse().unwrap(), lan };
        let mut out = Vec::new();
        write(&mut out, &addresses, class, false).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn code(url: &str) -> String {
        let code = qr::terminal(url, false).unwrap();
        code.lines().map(|line| format!("  {line}\n")).collect()
    }

    #[test]
    fn banners_first_line_is_for_programs() {
        let banner = banner_of("0.0.0.0:80", None, wifi_and_more);
        assert_eq!(banner.lines().next(), Some("listening on http://127.0.0.1:80"));
        assert!(banner.contains("http://192.168.1.7\n") && banner.contains('█'));
        assert_eq!(banner.matches(":80").count(), 1, "people need no port 80: {banner}");
    }

    #[test]
    fn wifi_comes_first_and_others_are_labelled() {
        let banner = banner_of("0.0.0.0:3000", None, wifi_and_more);
        let addresses = banner.lines().take_while(|line| !line.contains("see the wire"));
        let lines: Vec<&str> = addresses.filter(|line| line.contains("http://")).skip(2).collect();
        assert_eq!(
            lines,
            [
                "  other devices   http://192.168.1.7:3000",
                "  or else         http://10.8.0.2:3000   (tun0: tunnel or VPN: not for the devices around you)",
                "                  http://172.17.0.1:3000   (docker0: containers and virtual machines of this machine)",
            ]
        );
        assert!(banner.contains(&code("http://192.168.1.7:3000")), "{banner}");
    }

    #[test]
    fn public_url_comes_before_networks() {
        let banner = banner_of("0.0.0.0:3000", Some("https://chat.example.org"), wifi_and_more);
        assert!(banner.contains("  other devices   https://chat.example.org\n"), "{banner}");
        assert!(
            banner.contains("  or else         http://192.168.1.7:3000   (wlan0: network)\n"),
            "{banner}"
        );
        assert!(banner.contains(&code("https://chat.example.org")), "{banner}");
    }

    #[test]
    fn class_is_shown_instead_of_home() {
        let class = Class { room: RoomId::parse("کلاس").unwrap(), key: ClassKey::from_bytes([0xab; 32]) };
        let banner = banner_of_class("0.0.0.0:3000", None, wifi_and_more, Some(&class));
        assert_eq!(banner.lines().next(), Some("listening on http://127.0.0.1:3000"));
        assert!(banner.contains("  other devices   http://192.168.1.7:3000/r/کلاس\n"), "{banner}");
        assert!(banner.contains(&code("http://192.168.1.7:3000/r/%DA%A9%D9%84%D8%A7%D8%B3")), "{banner}");
        let link = format!("http://127.0.0.1:3000/class/کلاس#key={}\n", class.key.as_str());
        assert_eq!(banner.matches(&link).count(), 1, "{banner}");
        assert_eq!(banner.matches(class.key.as_str()).count(), 1, "{banner}");
        assert!(!format!("{class:?}").contains("abab"));
    }

    #[test]
    fn loopback_server_shows_no_qr_code() {
        let banner = banner_of("127.0.0.1:80", None, wifi_and_more);
        assert!(banner.contains("this machine only") && !banner.contains('█'));
    }

    #[test]
    #[cfg(feature = "lab")]
    fn what_shows_the_wire_is_named() {
        let banner = banner_of("127.0.0.1:3000", None, Vec::new);
        let named = "http://127.0.0.1:3000/ways/class and http://127.0.0.1:3000/workbench\n";
        assert!(banner.contains("button with the glass") && banner.contains(named), "{banner}");
        assert!(banner.contains("http://127.0.0.1:3000/slides\n"), "{banner}");
    }

    #[test]
    fn missing_network_is_explained_without_code() {
        let banner = banner_of("0.0.0.0:3000", None, Vec::new);
        assert!(banner.contains("in no network") && !banner.contains('█'), "{banner}");
        let ipv6 = || lan::rank(vec![("wlan0".into(), "2001:db8::7".parse().unwrap())], &[], |_| false);
        let banner = banner_of("0.0.0.0:3000", None, ipv6);
        assert!(banner.contains("--host ::") && !banner.contains('█'), "{banner}");
        let banner = banner_of("[::]:3000", None, ipv6);
        assert!(banner.contains("  other devices   http://[2001:db8::7]:3000\n"), "{banner}");
    }

    #[test]
    fn only_a_tunnel_is_offered_as_one() {
        let tunnel = || lan::rank(vec![("tun0".into(), "10.8.0.2".parse().unwrap())], &[], |_| false);
        let banner = banner_of("0.0.0.0:3000", None, tunnel);
        assert!(banner.contains("  other devices   http://10.8.0.2:3000   (tun0: tunnel"), "{banner}");
    }

    #[test]
    fn many_containers_are_abbreviated() {
        let many = || {
            let found = (1..40).map(|n| (format!("br-{n}"), IpAddr::from([172, 18, n, 1])));
            lan::rank(found.collect(), &[], |_| false)
        };
        use std::net::IpAddr;
        let banner = banner_of("0.0.0.0:3000", None, many);
        assert_eq!(banner.matches("containers").count(), OTHERS_MAX + 1);
        assert!(banner.contains("and 32 more"), "{banner}");
    }
}
