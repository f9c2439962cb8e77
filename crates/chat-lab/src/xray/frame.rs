//! One frame, opened: its header bit by bit as in the figure of RFC 6455 §5.2, its bytes, how the mask
//! comes off, and what it says. Long payloads are shown in part. It knows this frame and no other.

use chat_ui::{
    bind::{flag, press},
    said::PlainLine,
};
use chat_wire::{
    Direction,
    decoder::Frame,
    frame::{Field, Part, layout},
};
use leptos::{either::Either, prelude::*};

use super::recording::{Says, Shown};
use crate::{
    about::About,
    xray::words::{self as common, frames as words},
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

#[component]
pub(super) fn OpenFrame(shown: Shown) -> impl IntoView {
    let is_own = shown.direction == Direction::In;
    let header = shown.frame.header.write();
    let violation = shown.violation.map(|violation| {
        view! {
            <p class="note warning">
                {words::VIOLATION} " " {words::violation(violation.name())} " "
                <code dir="ltr">{format!("{} · {} · §{}", violation.name(), violation.code(), violation.section())}</code>
            </p>
        }
    });
    view! {
        <div class="open-frame">
            {violation}
            <Payload shown=shown.clone() />
            <Bytes header=header.clone() frame=shown.frame.clone() hidden=shown.hidden.clone() />
            <Bits header is_own length=shown.frame.header.length />
            {shown.frame.header.mask.map(|key| view! {
                <Unmasking frame=shown.frame.clone() key_bytes=key hidden=shown.hidden.clone() />
            })}
        </div>
    }
}

/// What it says, as it stands in the payload.
#[component]
fn Payload(shown: Shown) -> impl IntoView {
    let is_own = shown.direction == Direction::In;
    let meaning = shown.says.kind().map(|kind| words::meaning(kind, is_own).to_owned());
    let meaning = meaning.or_else(|| match &shown.says {
        Says::Close(close) => Some(match close {
            Some((code, reason)) => words::close(Some(*code), reason),
            None => words::close(None, ""),
        }),
        _ => None,
    });
    let payload = shown.frame.unmasked();
    let text = match &shown.says {
        Says::Close(Some((code, reason))) => format!("{code} {reason}"),
        _ => String::from_utf8_lossy(&payload).into_owned(),
    };
    let is_long = text.chars().count() > TEXT_MAX;
    let text: String = text.chars().take(TEXT_MAX).collect();
    let is_ours = shown.says.kind().is_some();
    view! {
        <section class="carried">
            <h3>
                {words::PAYLOAD} " "
                {is_ours.then(|| view! { <span class="tag" data-ours="" title=words::JSON>{common::OURS}</span> })}
            </h3>
            {meaning.map(|meaning| view! { <p class="meaning">{meaning}</p> })}
            {if payload.is_empty() {
                Either::Left(view! { <p>{words::EMPTY}</p> })
            } else {
                Either::Right(view! { <pre class="wire payload" dir="ltr">{isolated(&text)}</pre> })
            }}
            {is_long.then(|| view! { <p class="small">{words::BEGINNING}</p> })}
            {(!shown.hidden.is_empty()).then(|| view! { <p class="small">{words::HIDDEN}</p> })}
            <p class="passage">{words::passage(is_own, shown.pieces, shown.neighbours)}</p>
        </section>
    }
}

/// A payload in which no string of JSON can move the punctuation around it. Any other text stays whole.
fn isolated(text: &str) -> impl IntoView + use<> {
    let piece = |(piece, is_string): (&str, bool)| {
        let piece = piece.to_owned();
        if is_string { Either::Left(view! { <PlainLine line=piece /> }) } else { Either::Right(piece) }
    };
    strings(text).into_iter().map(piece).collect_view()
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
#[component]
pub(crate) fn Bits(header: Vec<u8>, is_own: bool, length: u64) -> impl IntoView {
    let fields = layout(&header);
    let segments = fields
        .iter()
        .flat_map(|field| rows(field).into_iter().map(move |piece| (field.bits.clone(), piece)))
        .map(|(whole, (part, bits))| {
            let width = bits.len();
            let (is_begun, goes_on) = (bits.start > whole.start, bits.end < whole.end);
            let cells =
                bits.map(|bit| header[bit / 8] >> (7 - bit % 8) & 1).map(|bit| view! { <i>{bit}</i> });
            let name = if is_begun { String::new() } else { part.name().to_owned() };
            view! {
                <div
                    class="segment"
                    data-part=part.name()
                    data-span=width.to_string()
                    data-begun=is_begun.then_some("")
                    data-goes-on=goes_on.then_some("")
                >
                    <span>{name}</span>
                    <div>{cells.collect_view()}</div>
                </div>
            }
        });
    // As in the RFC: tens once, then the last digit.
    let number = |bit: usize| if bit.is_multiple_of(10) { bit } else { bit % 10 };
    let numbers = (0..2 * ROW).map(|bit| view! { <span>{number(bit)}</span> });
    // Mostly all three are zero, for one reason.
    let rsv_is_zero = header[0] & 0x70 == 0;
    let meanings = fields.iter().filter_map(|field| {
        let value = field.value(&header)?;
        let name = match field.part {
            Part::Rsv2 | Part::Rsv3 if rsv_is_zero => return None,
            Part::Rsv1 if rsv_is_zero => "RSV1–3",
            part => part.name(),
        };
        let written = match field.part {
            Part::Opcode => format!("0x{value:X}"),
            Part::MaskingKey => format!(
                "{:02x} {:02x} {:02x} {:02x}",
                value >> 24,
                value >> 16 & 255,
                value >> 8 & 255,
                value & 255
            ),
            _ => value.to_string(),
        };
        Some(view! {
            <div data-part=field.part.name()>
                <dt dir="ltr">{name} " = " <code>{written}</code></dt>
                <dd>{words::part(field.part.name(), value, is_own)}</dd>
            </div>
        })
    });
    view! {
        <section class="figure">
            <h3>{words::BITS} " " <span class="tag" title=words::BITS_HINT>"RFC 6455 §5.2"</span></h3>
            <div class="bits" dir="ltr">
                <div class="numbers" aria-hidden="true">{numbers.collect_view()}</div>
                <div class="grid">
                    {segments.collect_view()}
                    <div class="segment payload" data-part="Payload" data-span="all">
                        <span>{format!("Payload Data · {length} bytes")}</span>
                    </div>
                </div>
            </div>
            <dl class="parts">{meanings.collect_view()}</dl>
        </section>
    }
}

/// A field cut where a row of the figure ends.
fn rows(field: &Field) -> Vec<(Part, std::ops::Range<usize>)> {
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
#[component]
pub(crate) fn Bytes(header: Vec<u8>, frame: Frame, hidden: Vec<std::ops::Range<usize>>) -> impl IntoView {
    // Of two parts in one byte the more telling one has it.
    let part = |at: usize| match at {
        0 => Part::Opcode,
        1 => Part::Length,
        at if at < 2 + frame.header.form.extra() => Part::ExtendedLength,
        _ => Part::MaskingKey,
    };
    let head = header.iter().enumerate().map(|(at, byte)| {
        view! { <span data-part=part(at).name()>{format!("{byte:02x}")}</span> }
    });
    let payload = frame.payload.iter().enumerate().take(BYTES_MAX).map(|(at, byte)| {
        let is_hidden = hidden.iter().any(|range| range.contains(&at));
        let text = if is_hidden { COVER.to_owned() } else { format!("{byte:02x}") };
        view! { <span data-part="Payload" data-hidden=is_hidden.then_some("")>{text}</span> }
    });
    let is_long = frame.payload.len() > BYTES_MAX || frame.came > frame.payload.len() as u64;
    view! {
        <section class="bytes">
            <h3>{words::BYTES}</h3>
            <div class="wire hex" dir="ltr">{head.collect_view()} {payload.collect_view()}</div>
            {is_long.then(|| view! { <p class="small">{words::BEGINNING}</p> })}
        </section>
    }
}

/// How the mask comes off, byte by byte.
#[component]
fn Unmasking(frame: Frame, key_bytes: [u8; 4], hidden: Vec<std::ops::Range<usize>>) -> impl IntoView {
    let clear = frame.unmasked();
    if clear.is_empty() {
        return None;
    }
    let count = clear.len().min(BYTES_MAX);
    let from = RwSignal::new(text_place(&clear[..count]).unwrap_or(0));
    let letters = letters(&clear);
    let row = move |name: &'static str, cell: &dyn Fn(usize) -> String, at: std::ops::Range<usize>| {
        // What stands in place of a covered byte never passed the wire; the key did.
        let is_hidden = |at| name != words::UNMASK_ROWS[1] && hidden.iter().any(|range| range.contains(&at));
        let cell = |at: usize| {
            let is_hidden = is_hidden(at);
            let text = if is_hidden { COVER.to_owned() } else { cell(at) };
            view! { <td data-key=(at % 4).to_string() data-hidden=is_hidden.then_some("")>{text}</td> }
        };
        let cells = at.map(cell).collect_view();
        view! { <tr><th scope="row">{name}</th>{cells}</tr> }
    };
    let table = move || {
        let at = from.get()..count.min(from.get() + UNMASKED);
        view! {
            <tbody>
                {row(words::UNMASK_ROWS[0], &|at| format!("{:02x}", frame.payload[at]), at.clone())}
                {row(words::UNMASK_ROWS[1], &|at| format!("{:02x}", key_bytes[at % 4]), at.clone())}
                {row(words::UNMASK_ROWS[2], &|at| format!("{:02x}", clear[at]), at.clone())}
                {row(words::UNMASK_ROWS[3], &|at| letters[at].clone(), at)}
            </tbody>
        }
    };
    Some(view! {
        <section class="unmasking">
            <div class="titled">
                <h3>{words::UNMASK} " " <span class="tag">"RFC 6455 §5.3"</span></h3>
                <About about=words::UNMASK_WHY />
            </div>
            <table class="unmask" dir="ltr">{table}</table>
            <div class="pager" dir="ltr">
                <button
                    type="button"
                    class="button quiet small"
                    disabled=flag(move || from.get() == 0)
                    onclick=press(move || from.update(|from| *from = from.saturating_sub(UNMASKED)))
                >
                    {words::BEFORE}
                </button>
                <button
                    type="button"
                    class="button quiet small"
                    disabled=flag(move || from.get() + UNMASKED >= count)
                    onclick=press(move || from.update(|from| *from += UNMASKED))
                >
                    {words::NEXT}
                </button>
            </div>
        </section>
    })
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
