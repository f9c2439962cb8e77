//! What people type, paste or have filled in for them where a name or a room is asked for. The wire's
//! rules stand behind it unchanged; but a person cannot see the mark that their contacts put around a
//! name, and means the room when they paste its link. Programs send what they mean, and are told where
//! it breaks a rule ([`Name::parse`], [`RoomId::parse`]).

use crate::{Flaw, Name, RoomId, chars};

/// The name in a field, without the marks that nobody typed.
///
/// # Errors
/// The [`Flaw`] of what is left.
pub fn name(raw: &str) -> Result<Name, Flaw> {
    Name::check(&without_strays(raw))
}

/// The room in a field: its name, or a link to it on this server, which goes by these `hosts` (with their
/// ports). A link may stand in the message it came with, and needs no scheme.
///
/// # Errors
/// The [`Flaw`] of what is left; [`Flaw::Elsewhere`] for another site's link: a room of the same name here
/// is most likely not the one that was meant; [`Flaw::NoRoom`] for a link to something else.
pub fn room(raw: &str, hosts: &[&str]) -> Result<RoomId, Flaw> {
    // A path is one also without the slash before it.
    let mut text = ["/", &without_strays(raw)].concat();
    if !PATHS.iter().any(|path| text.contains(path)) {
        // A whole link is encoded where it was a part of another.
        text = decode(text);
    }
    let mut is_elsewhere = false;
    for path in PATHS {
        for (at, _) in text.match_indices(path) {
            let host = host(&text[..at]);
            if host.is_empty() || hosts.iter().any(|ours| is_here(host, ours)) {
                let room = text[at + path.len()..].split(ends_room).next().unwrap_or_default();
                return room_name(&decode(decode(room.to_owned())));
            }
            is_elsewhere = true;
        }
    }
    if is_elsewhere {
        Err(Flaw::Elsewhere)
    } else if text.contains("://") {
        Err(Flaw::NoRoom)
    } else {
        room_name(&text[1..])
    }
}

/// The name of a room, as somebody wrote it into a field, or a program that makes links cut it out of a
/// sentence: without emoji and punctuation around its words.
///
/// # Errors
/// The [`Flaw`] of what is left.
pub fn room_name(raw: &str) -> Result<RoomId, Flaw> {
    let is_kept = |&c: &char| c != chars::ZWJ && !matches!(c, '\u{FE00}'..='\u{FE0F}');
    let text: String = without_strays(raw).chars().filter(is_kept).collect();
    let words = text.split_whitespace().map(|word| word.trim_matches(chars::is_ornament));
    RoomId::check(&words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-"))
}

/// The pages of a room.
const PATHS: [&str; 3] = ["/r/", "/classic/", "/ways/"];

fn without_strays(raw: &str) -> String {
    raw.chars().filter(|&c| !chars::is_stray(c)).collect()
}

/// The host of the link whose path begins after this; empty where there is none.
fn host(before: &str) -> &str {
    let is_around =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | '<' | '«' | ',' | '،' | '؛');
    let link = before.rsplit(is_around).next().unwrap_or_default();
    let link = link.rsplit("//").next().unwrap_or_default().trim_start_matches('/');
    let authority = link.split('/').next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Whether a link to this host leads to the server that goes by `ours`. A link to `localhost` was copied
/// at the server itself. And whoever is at the server cannot know by which of its addresses others come,
/// but its port is the same in all.
fn is_here(host: &str, ours: &str) -> bool {
    let port = |host: &str| host.rsplit_once(':').map(|(_, port)| port.to_owned());
    bare(host).eq_ignore_ascii_case(bare(ours))
        || is_loopback(host)
        || is_loopback(ours) && port(ours).is_some() && port(host) == port(ours)
}

/// A host without what makes no difference.
fn bare(host: &str) -> &str {
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host)
}

fn is_loopback(host: &str) -> bool {
    let own = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];
    own.iter()
        .any(|own| host.strip_prefix(own).is_some_and(|after| after.is_empty() || after.starts_with(':')))
}

/// What ends a room in a link (RFC 3986 §3.3), and in a sentence that goes on without a space.
fn ends_room(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '/' | '?' | '#' | '&' | '"' | '\'' | '(' | ')' | '<' | '>' | '«' | '»')
        || matches!(c, '!' | ',' | ';' | ':' | '،' | '؛' | '؟')
}

/// Undoes percent-encoding (RFC 3986 §2.1). What it cannot undo stays as it is.
fn decode(text: String) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|&b| (b as char).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "chat.example.org";

    fn typed(raw: &str) -> Result<RoomId, Flaw> {
        room(raw, &[HERE, "192.168.1.7:3000"])
    }

    #[test]
    fn untyped_marks_are_dropped_from_names() {
        for raw in [
            "\u{202A}سارا\u{202C}",
            "سارا\u{200F}",
            "\u{200E}سارا",
            "\u{FEFF}سارا",
            "سا\u{AD}را",
            "\u{2068}سارا\u{2069}",
            "\u{2067}سارا\u{2069}\u{200F}",
            "سارا\u{200B}",
            "سارا\u{FFFC}",
            "\u{61C}سارا\u{2060}",
            "\u{202B}\u{A0}سارا\u{A0}\u{202C}",
            "سارا\u{0}",
            "سارا\u{3164}",
        ] {
            assert_eq!(name(raw).unwrap().as_str(), "سارا", "{raw:?}");
        }
        assert_eq!(name("نیم‌فاصله").unwrap().as_str(), "نیم\u{200C}فاصله");
        assert_eq!(name("👩‍💻 ❤️").unwrap().as_str(), "👩\u{200D}💻 ❤\u{FE0F}");
    }

    #[test]
    fn invalid_typed_name_gets_its_flaw() {
        for (raw, flaw) in [
            ("", Flaw::Empty),
            (" \u{200F}\u{202A} ", Flaw::Empty),
            ("\u{3164}", Flaw::Empty),
            ("ali\u{F8FF}", Flaw::Char('\u{F8FF}')),
            ("🏴\u{E0067}\u{E007F}", Flaw::Char('\u{E0067}')),
            ("q\u{301}\u{302}\u{303}", Flaw::Marks),
        ] {
            assert_eq!(name(raw), Err(flaw), "{raw:?}");
        }
        assert_eq!(name(&"ا".repeat(40)), Err(Flaw::TooLong { length: 40, max: 32 }));
    }

    #[test]
    fn typed_room_ignores_surrounding_marks() {
        for raw in [
            "کلاس ریاضی",
            "  کلاس   ریاضی  ",
            "کلاس\u{A0}ریاضی",
            "کلاس\u{202F}ریاضی\u{200F}",
            "«کلاس ریاضی»",
            "کلاس ریاضی.",
            "کلاس ریاضی،",
            "کلاس ریاضی)",
            "کلاس ریاضی!؟:",
            "کلاس - ریاضی",
            "کلاس – ریاضی",
            "🌟 کلاس ریاضی 🌟",
            "❤️کلاس ریاضی👩‍💻",
            "**کلاس ریاضی**",
            "کلاس (ریاضی)",
            "\u{FEFF}کلاس\u{2003}ریاضی…",
        ] {
            assert_eq!(typed(raw).unwrap().as_str(), "کلاس-ریاضی", "{raw:?}");
        }
        assert_eq!(typed("نیم‌فاصله").unwrap().as_str(), "نیم\u{200C}فاصله");
        assert_eq!(typed("node.js").unwrap().as_str(), "node.js");
        assert_eq!(typed("کلاس ۱\u{FE0F}\u{20E3}").unwrap().as_str(), "کلاس-۱\u{20E3}");
    }

    #[test]
    fn link_to_room_yields_room() {
        let encoded = "%DA%A9%D9%84%D8%A7%D8%B3-%DB%B1";
        for raw in [
            format!("http://{HERE}/r/کلاس-۱"),
            format!("https://{HERE}/r/{encoded}"),
            format!("https://{HERE}/r/{encoded}/"),
            format!("{HERE}/r/{encoded}"),
            format!("//{HERE}/r/{encoded}"),
            format!("localhost:3000/r/{encoded}"),
            format!("http://127.0.0.1:8080/r/{encoded}"),
            format!("192.168.1.7:3000/r/{encoded}"),
            format!("www.{HERE}/r/{encoded}"),
            format!("https://{HERE}:443/r/{encoded}"),
            format!("HTTPS://{}/r/{encoded}", HERE.to_uppercase()),
            format!("http://me:x@{HERE}/r/{encoded}"),
            "/r/کلاس-۱".to_owned(),
            "r/کلاس-۱".to_owned(),
            format!("/classic/{encoded}?client=ali"),
            format!("https://{HERE}/ways/{encoded}#top"),
            format!("https://{HERE}/r/{encoded}?x=1&y=/r/z#s"),
            format!("https://{HERE}/r/{encoded}/qr.svg"),
            format!("بیا اینجا: https://{HERE}/r/{encoded} منتظرم"),
            format!("بیا اینجا:https://{HERE}/r/{encoded}، منتظرم"),
            format!("بیا (https://{HERE}/r/{encoded})!"),
            format!("«https://{HERE}/r/کلاس-۱»."),
            format!("<https://{HERE}/r/{encoded}>"),
            format!("[کلاس](https://{HERE}/r/{encoded})"),
            format!("\u{202A}https://{HERE}/r/{encoded}\u{202C}\u{200F}"),
            format!("https://{HERE}/r/{encoded}…"),
            format!("https%3A%2F%2F{HERE}%2Fr%2F{encoded}"),
            format!("https://{HERE}/r/{}", encoded.replace('%', "%25")),
            format!("https://reddit.com/r/rust نه، https://{HERE}/r/{encoded}"),
        ] {
            assert_eq!(typed(&raw).as_ref().map(RoomId::as_str), Ok("کلاس-۱"), "{raw}");
        }
    }

    #[test]
    fn foreign_link_is_no_room() {
        for raw in [
            "https://example.com/r/class",
            "example.com/r/class",
            "بیا https://t.me/r/class",
            "http://192.168.1.7:4000/r/class",
            "http://192.168.1.8:3000/r/class",
            "https://localhost.example.com.evil/r/class",
        ] {
            assert_eq!(typed(raw), Err(Flaw::Elsewhere), "{raw}");
        }
        for raw in ["https://example.com", &format!("https://{HERE}/"), "ببین http://x.ir/a"] {
            assert_eq!(typed(raw), Err(Flaw::NoRoom), "{raw}");
        }
    }

    #[test]
    fn localhost_accepts_lan_addresses_on_same_port() {
        let at_home = |raw| room(raw, &["localhost:3000"]);
        assert!(at_home("http://192.168.1.7:3000/r/class").is_ok());
        assert!(at_home("http://mac.local:3000/r/class").is_ok());
        assert_eq!(at_home("http://192.168.1.7:4000/r/class"), Err(Flaw::Elsewhere));
        assert_eq!(at_home("http://example.com/r/class"), Err(Flaw::Elsewhere));
        assert_eq!(room("http://example.com/r/class", &["localhost"]), Err(Flaw::Elsewhere));
    }

    #[test]
    fn invalid_typed_room_gets_its_flaw() {
        for (raw, flaw) in [
            ("", Flaw::Empty),
            ("  ", Flaw::Empty),
            ("…", Flaw::Empty),
            ("🙂", Flaw::Empty),
            ("/r/", Flaw::Empty),
            ("a/b", Flaw::Char('/')),
            ("C++", Flaw::Char('+')),
            ("C#", Flaw::Char('#')),
            ("کلاس🌟ریاضی", Flaw::Char('🌟')),
            ("\u{64E}ا", Flaw::Start('\u{64E}')),
            ("/r/a%2Fb", Flaw::Char('/')),
        ] {
            assert_eq!(typed(raw), Err(flaw), "{raw:?}");
        }
        assert_eq!(typed(&"ا".repeat(70)), Err(Flaw::TooLong { length: 70, max: 64 }));
    }
}
