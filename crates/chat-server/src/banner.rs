//! What the operator sees first: where the room is, for this machine and for the devices around
//! it. It knows addresses and terminals, nothing of what runs.

use std::io::{self, IsTerminal, Write};

use crate::{qr, share::Addresses};

/// Prints the addresses and a QR code to standard output.
///
/// # Errors
/// When standard output cannot be written to.
pub fn print(addresses: &Addresses) -> io::Result<()> {
    let stdout = io::stdout();
    let colour = stdout.is_terminal();
    write(&mut stdout.lock(), addresses, colour)
}

fn write(out: &mut impl Write, addresses: &Addresses, colour: bool) -> io::Result<()> {
    let others = addresses.public_url.clone().into_iter().chain(addresses.lan_urls());
    let others: Vec<String> = others.collect();
    writeln!(out, "listening on {}", addresses.local_url())?;
    writeln!(out)?;
    writeln!(out, "  اتاق باز است · Otagh is open")?;
    writeln!(out)?;
    writeln!(out, "  this machine    {}", addresses.local_url())?;
    for other in &others {
        writeln!(out, "  other devices   {other}")?;
    }
    match others.first() {
        None => writeln!(out, "  other devices   none: listening for this machine only (--host 0.0.0.0)")?,
        Some(first) => {
            writeln!(out)?;
            if let Ok(code) = qr::terminal(first, colour) {
                code.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
            }
        }
    }
    writeln!(out)?;
    writeln!(out, "  Ctrl+C stops it; nothing is kept.")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(host: &str) -> String {
        let lan = vec!["192.168.1.7".parse().unwrap()];
        let addresses = Addresses { public_url: None, bound: format!("{host}:80").parse().unwrap(), lan };
        let mut out = Vec::new();
        write(&mut out, &addresses, false).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_first_line_is_for_programs_and_the_rest_for_people() {
        let banner = banner("0.0.0.0");
        assert_eq!(banner.lines().next(), Some("listening on http://127.0.0.1:80"));
        assert!(banner.contains("http://192.168.1.7:80") && banner.contains('█'));
    }

    #[test]
    fn a_server_for_this_machine_only_says_so_and_shows_no_code() {
        let banner = banner("127.0.0.1");
        assert!(banner.contains("this machine only") && !banner.contains('█'));
    }
}
