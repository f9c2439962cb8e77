//! Which of this machine's addresses is offered, with real interfaces: in a network of its own, which a
//! user of Linux may have where the system allows it. Elsewhere there is nothing to see, and the order
//! itself is tested in `lan.rs`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Stdio};

/// A Wi-Fi, a tunnel that has the default route, and Docker's bridge; the server on all of them; then
/// the laptop is carried to another Wi-Fi. What is asked for is the page of a room, from this machine.
const CARRIED: &str = r#"
set -e
ip link set lo up
ip tuntap add dev tun0 mode tun
ip link add docker0 type bridge
ip link add wlan0 type bridge
ip addr add 10.8.0.2/24 dev tun0
ip addr add 172.17.0.1/16 dev docker0
ip addr add 192.168.1.7/24 dev wlan0
for one in tun0 docker0 wlan0; do ip link set $one up; done
ip route add default dev tun0
"$1" --host 0.0.0.0 --port 3000 &
trap 'kill $!' EXIT
ask() {
  until exec 3<>/dev/tcp/127.0.0.1/3000; do sleep 0.05; done 2>/dev/null
  printf 'GET /r/class HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n' >&3
  echo "$1"
  cat <&3
  echo
}
ask first-page
ip addr del 192.168.1.7/24 dev wlan0
ip addr add 192.168.2.9/24 dev wlan0
ask second-page
"#;

fn may_have_a_network() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["-rn", "ip", "tuntap", "add", "dev", "tun0", "mode", "tun"]);
    tried.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn laptop_offers_its_wifi_address() {
    if !may_have_a_network() {
        eprintln!("not tried: this system gives no network of one's own (unshare, ip)");
        return;
    }
    let output = Command::new("unshare")
        .args(["-rn", "bash", "-c", CARRIED, "bash", env!("CARGO_BIN_EXE_otagh")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let offered: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.contains("this machine"))
        .take_while(|line| !line.contains("see the wire") && !line.contains("Ctrl+C"))
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")))
        .skip(1)
        .collect();
    assert_eq!(
        offered,
        ["http://192.168.1.7:3000", "http://10.8.0.2:3000", "http://172.17.0.1:3000"],
        "the terminal: {text}"
    );
    let (first, second) = text.split_once("second-page").unwrap();
    assert!(first.contains("http://192.168.1.7:3000/r/class"), "{first}");
    assert!(second.contains("http://192.168.2.9:3000/r/class"), "the network it was carried to: {second}");
}
