//! One frame, opened: its header bit by bit as in the figure of RFC 6455 §5.2, its bytes, how the mask
//! comes off, and what it says. Long payloads are shown in part. It knows this frame and no other.

use std::ops::Range;

use chat_ui::{
    dom::{Drawn, draw},
    said::plain_line,
};
use chat_wire::{
    Direction,
    decoder::Frame,
    frame::{Field, Part, layout},
};
use leptos::prelude::*;

use super::recording::{Says, Shown};
use crate::xray::{
    pieces::{button, heading, ours, p, small, tag, titled},
    words::frames as words,
};

/// How many bits stand together in the figure: two bytes, as a phone has room for. Where there is more, the
/// style puts two of them in one row, as RFC 6455 does.
const ROW: usize = 16;
/// How many bytes are shown at most.
const BYTES_MAX: usize = 512;
/// How many bytes are unmasked at a time.
const UNMASKED: usize = 12;
/// How many characters of what it says are shown at most.
const TEXT_MAX: usize = 4_000;
/// What stands for a byte that is covered.
const COVER: &str = "▒▒";

pub(super) fn open_frame(shown: &Shown) -> Drawn {
    let header = shown.frame.header;
    let is_own = shown.direction == Direction::In;
    let violation = shown.violation.map(|violation| {
        let (name, code, section) = (violation.name(), violation.code(), violation.section());
        let rule = draw("code").attr("dir", "ltr").text(&format!("{name} · {code} · §{section}"));
        p(words::VIOLATION).text(" ").text(words::violation(name)).text(" ").child(rule).class("note warning")
    });
    draw("div")
        .class("open-frame")
        .children(violation)
        .child(payload(shown))
        .child(bytes(&header.write(), &shown.frame, &shown.hidden))
        .child(bits(&header.write(), is_own, header.length))
        .children(header.mask.and_then(|key| unmasking(shown, key)))
}

/// What it says, as it stands in the payload.
fn payload(shown: &Shown) -> Drawn {
    let is_own = shown.direction == Direction::In;
    let meaning = match &shown.says {
        Says::Close(Some((code, reason))) => Some(words::close(Some(*code), reason)),
        Says::Close(None) => Some(words::close(None, "")),
        says => says.kind().map(|kind| words::meaning(kind, is_own).to_owned()),
    };
    let payload = shown.frame.unmasked();
    let text = match &shown.says {
        Says::Close(Some((code, reason))) => format!("{code} {reason}"),
        _ => String::from_utf8_lossy(&payload).into_owned(),
    };
    let is_long = text.chars().count() > TEXT_MAX;
    let text: String = text.chars().take(TEXT_MAX).collect();
    let said = if payload.is_empty() {
        p(words::EMPTY)
    } else {
        isolated(draw("pre").class("wire payload").attr("dir", "ltr"), &text)
    };
    let tag = shown.says.kind().map(|_| ours().attr("title", words::JSON));
    let passage = words::passage(is_own, shown.pieces, shown.neighbours);
    draw("section")
        .class("carried")
        .child(heading(words::PAYLOAD, tag))
        .children(meaning.map(|meaning| p(&meaning).class("meaning")))
        .child(said)
        .children(is_long.then(|| small(words::BEGINNING)))
        .children((!shown.hidden.is_empty()).then(|| small(words::HIDDEN)))
        .child(p(&passage).class("passage"))
}

/// With a payload in which no string of JSON can move the punctuation around it. Any other text stays whole.
fn isolated(place: Drawn, text: &str) -> Drawn {
    strings(text).into_iter().fold(place, |place, (piece, is_string)| {
        if is_string { place.child(plain_line(piece)) } else { place.text(piece) }
    })
}

/// A text of JSON cut where its strings begin and end, their quotes outside; and which pieces are what a
/// string says in another script than JSON's own. What is no JSON is one piece.
fn strings(text: &str) -> Vec<(&str, bool)> {
    if !text.starts_with(['{', '[']) {
        return vec![(text, false)];
    }
    let mut pieces = Vec::new();
    // Where what is not yet a piece begins, and where the string begins that one is in.
    let (mut from, mut string) = (0, None::<usize>);
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match (letter, string) {
            ('"', None) => string = Some(at + 1),
            ('"', Some(begin)) if !is_escaped => {
                if !text[begin..at].is_ascii() {
                    pieces.extend([(&text[from..begin], false), (&text[begin..at], true)]);
                    from = at;
                }
                string = None;
            }
            _ => {}
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    // The end may have been cut off in the middle of a string.
    let end = string.filter(|begin| !text[*begin..].is_ascii()).unwrap_or(text.len());
    pieces.extend([(&text[from..end], false), (&text[end..], true)]);
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

/// The figure, and beside or under it what each part means.
pub(crate) fn bits(header: &[u8], is_own: bool, length: u64) -> Drawn {
    let fields = layout(header);
    let segments = fields
        .iter()
        .flat_map(|field| rows(field).into_iter().map(move |piece| (field.bits.clone(), piece)))
        .map(|(whole, (part, bits))| {
            let (is_begun, goes_on) = (bits.start > whole.start, bits.end < whole.end);
            let name = if is_begun { "" } else { part.name() };
            let segment = segment(part.name(), &bits.len().to_string(), name);
            let bit = |bit: usize| {
                draw("i").text(if header[bit / 8] >> (7 - bit % 8) & 1 == 1 { "1" } else { "0" })
            };
            segment
                .flag("data-begun", is_begun)
                .flag("data-goes-on", goes_on)
                .child(draw("div").children(bits.map(bit)))
        });
    // As in the RFC: tens once, then the last digit.
    let number = |bit: usize| {
        let number = if bit.is_multiple_of(10) { bit } else { bit % 10 };
        draw("span").text(&number.to_string())
    };
    // Mostly all three are zero, for one reason.
    let rsv_is_zero = header[0] & 0x70 == 0;
    let meanings = fields.iter().filter_map(|field| {
        let value = field.value(header)?;
        let name = match field.part {
            Part::Rsv2 | Part::Rsv3 if rsv_is_zero => return None,
            Part::Rsv1 if rsv_is_zero => "RSV1–3",
            part => part.name(),
        };
        let written = match field.part {
            Part::Opcode => format!("0x{value:X}"),
            Part::MaskingKey => (value as u32).to_be_bytes().map(hex).join(" "),
            _ => value.to_string(),
        };
        let name = draw("dt").attr("dir", "ltr").text(name).text(" = ").child(draw("code").text(&written));
        let meaning = draw("dd").text(&words::part(field.part.name(), value, is_own));
        Some(draw("div").attr("data-part", field.part.name()).child(name).child(meaning))
    });
    let payload = segment("Payload", "all", &format!("Payload Data · {length} bytes"));
    let grid = draw("div").class("grid").children(segments).child(payload.class("segment payload"));
    let numbers = draw("div").class("numbers").attr("aria-hidden", "true").children((0..2 * ROW).map(number));
    draw("section")
        .class("figure")
        .child(heading(words::BITS, Some(tag("RFC 6455 §5.2").attr("title", words::BITS_HINT))))
        .child(draw("div").class("bits").attr("dir", "ltr").child(numbers).child(grid))
        .child(draw("dl").class("parts").children(meanings))
}

/// A box of the figure, so many bits wide.
fn segment(part: &str, span: &str, name: &str) -> Drawn {
    let segment = draw("div").class("segment").attr("data-part", part).attr("data-span", span);
    segment.child(draw("span").text(name))
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

/// A field cut where a row of the figure ends.
fn rows(field: &Field) -> Vec<(Part, Range<usize>)> {
    let mut rows = Vec::new();
    let mut from = field.bits.start;
    while from < field.bits.end {
        let to = field.bits.end.min((from / ROW + 1) * ROW);
        rows.push((field.part, from..to));
        from = to;
    }
    rows
}

/// The bytes, in hex, each in the colour of its part.
pub(crate) fn bytes(header: &[u8], frame: &Frame, hidden: &[Range<usize>]) -> Drawn {
    // Of two parts in one byte the more telling one has it.
    let part = |at: usize| match at {
        0 => Part::Opcode,
        1 => Part::Length,
        at if at < 2 + frame.header.form.extra() => Part::ExtendedLength,
        _ => Part::MaskingKey,
    };
    let byte = |part: &str, text: &str| draw("span").attr("data-part", part).text(text);
    let head = header.iter().enumerate().map(|(at, one)| byte(part(at).name(), &hex(*one)));
    let payload = frame.payload.iter().enumerate().take(BYTES_MAX).map(|(at, one)| {
        let is_hidden = is_hidden(hidden, at);
        byte("Payload", &cover(is_hidden, hex(*one))).flag("data-hidden", is_hidden)
    });
    let is_long = frame.payload.len() > BYTES_MAX || frame.came > frame.payload.len() as u64;
    draw("section")
        .class("bytes")
        .child(heading(words::BYTES, None))
        .child(draw("div").class("wire hex").attr("dir", "ltr").children(head.chain(payload)))
        .children(is_long.then(|| small(words::BEGINNING)))
}

fn is_hidden(hidden: &[Range<usize>], at: usize) -> bool {
    hidden.iter().any(|range| range.contains(&at))
}

fn cover(is_hidden: bool, text: String) -> String {
    if is_hidden { COVER.to_owned() } else { text }
}

/// How the mask comes off, byte by byte.
fn unmasking(shown: &Shown, key_bytes: [u8; 4]) -> Option<Drawn> {
    let (frame, hidden) = (shown.frame.clone(), shown.hidden.clone());
    let clear = frame.unmasked();
    if clear.is_empty() {
        return None;
    }
    let count = clear.len().min(BYTES_MAX);
    let from = RwSignal::new(text_place(&clear[..count]).unwrap_or(0));
    let letters = letters(&clear);
    let cell = move |row: usize, at: usize| match row {
        0 => hex(frame.payload[at]),
        1 => hex(key_bytes[at % 4]),
        2 => hex(clear[at]),
        _ => letters[at].clone(),
    };
    let row = move |(number, name): (usize, &str)| {
        let at = from.get_untracked();
        let cells = (at..count.min(at + UNMASKED)).map(|at| {
            // What stands in place of a covered byte never passed the wire; the key did.
            let is_hidden = number != 1 && is_hidden(&hidden, at);
            let text = cover(is_hidden, cell(number, at));
            draw("td").attr("data-key", &(at % 4).to_string()).flag("data-hidden", is_hidden).text(&text)
        });
        draw("tr").child(draw("th").attr("scope", "row").text(name)).children(cells)
    };
    let rows = move || words::UNMASK_ROWS.into_iter().enumerate().map(&row).collect();
    let page = |name: &str, is_end: Box<dyn Fn() -> bool>, go: fn(&mut usize)| {
        button("button quiet small", move || from.update(go)).live_flag("disabled", is_end).text(name)
    };
    let before = page(words::BEFORE, Box::new(move || from.get() == 0), |from| {
        *from = from.saturating_sub(UNMASKED);
    });
    let next = page(words::NEXT, Box::new(move || from.get() + UNMASKED >= count), |from| *from += UNMASKED);
    let table = draw("tbody").live(move || from.get() as u64, rows);
    Some(
        draw("section")
            .class("unmasking")
            .child(titled(words::UNMASK, "RFC 6455 §5.3", words::UNMASK_WHY))
            .child(draw("table").class("unmask").attr("dir", "ltr").child(table))
            .child(draw("div").class("pager").attr("dir", "ltr").child(before).child(next)),
    )
}

/// Where what somebody says begins in a message of the protocol. Quotes within a string are escaped, so that it
/// is found nowhere else.
fn text_place(payload: &[u8]) -> Option<usize> {
    const NAME: &[u8] = br#""text":""#;
    payload.windows(NAME.len()).position(|bytes| bytes == NAME).map(|at| at + NAME.len())
}

/// The character that begins at each byte; nothing at those that continue one.
fn letters(clear: &[u8]) -> Vec<String> {
    let mut letters = vec![String::new(); clear.len()];
    let mut at = 0;
    for chunk in clear.utf8_chunks() {
        for letter in chunk.valid().chars() {
            letters[at] = if letter.is_control() { "·".to_owned() } else { letter.to_string() };
            at += letter.len_utf8();
        }
        for _ in chunk.invalid() {
            letters[at] = "�".to_owned();
            at += 1;
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use chat_wire::frame::{Header, LengthForm, Opcode};

    use super::*;

    #[test]
    fn figure_parts_never_cross_a_row() {
        let header = Header { form: LengthForm::Bits64, ..Header::new(Opcode::TEXT, Some([1; 4]), 7) };
        let bytes = header.write();
        let rows: Vec<_> = layout(&bytes).iter().flat_map(rows).collect();
        assert!(rows.iter().all(|(_, bits)| bits.start / ROW == (bits.end - 1) / ROW));
        assert_eq!(rows.iter().map(|(_, bits)| bits.len()).sum::<usize>(), bytes.len() * 8);
    }

    #[test]
    fn string_contents_are_separate_from_json() {
        let json = r#"{"text":"سلام \"دنیا\"","id":"a1","name":"علی\\"}"#;
        let pieces = strings(json);
        assert_eq!(pieces.iter().map(|(piece, _)| *piece).collect::<String>(), json);
        let said: Vec<_> =
            pieces.iter().filter(|(_, is_string)| *is_string).map(|(piece, _)| *piece).collect();
        assert_eq!(said, [r#"سلام \"دنیا\""#, r"علی\\"]);
        assert_eq!(strings(r#"{"text":"سلا"#), [(r#"{"text":""#, false), ("سلا", true)]);
        assert_eq!(strings("سلام \"دنیا\""), [("سلام \"دنیا\"", false)]);
        assert_eq!(strings(r#"{"n":1}"#), [(r#"{"n":1}"#, false)]);
    }

    #[test]
    fn unmasking_begins_at_the_text() {
        let payload = r#"{"type":"say","id":"\"text\":\"","text":"سلام"}"#.as_bytes();
        let at = text_place(payload).expect("a text");
        assert_eq!(&payload[at..], "سلام\"}".as_bytes());
        assert_eq!(text_place(br#"{"type":"ping"}"#), None);
    }

    #[test]
    fn a_letter_stands_at_its_first_byte() {
        assert_eq!(letters("aس\n".as_bytes()), ["a", "س", "", "·"]);
        assert_eq!(letters(&[0xFF, b'x']), ["�", "x"]);
    }
}
