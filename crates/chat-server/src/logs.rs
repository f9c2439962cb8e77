//! The log, which holds nothing that people said, and a line for each event. Two rules, neither of which
//! `RUST_LOG` can lift. What other crates tell below a warning is left out: the WebSocket library prints whole
//! messages, tokens included, at `trace` and reasons of closing at `debug`. (It uses `log`, for which there is
//! no bridge here at all.) And a control character is written as its escape, so that nothing from outside
//! begins a line or colours one.

use std::io::{self, IsTerminal, Write};

use tracing::{Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt,
};

/// What the targets of this program's own crates begin with.
const OWN: &str = "chat_";

/// Writes the log to standard error from now on, as `RUST_LOG` says; `info` without.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours for people only: a log that is kept is plain text.
    let has_colour = io::stderr().is_terminal();
    let lines = fmt::layer().with_ansi(has_colour).with_writer(move || Lines { has_colour });
    registry().with(filter).with(filter_fn(may_be_told)).with(lines).init();
}

fn may_be_told(event: &Metadata<'_>) -> bool {
    event.target().starts_with(OWN) || *event.level() <= LevelFilter::WARN
}

/// Standard error, an event a write.
struct Lines {
    has_colour: bool,
}

impl Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(one_line(&String::from_utf8_lossy(event), self.has_colour).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The event without any control character but the line's end, and, where the formatter has coloured it, those
/// of its colours: what comes from outside it escapes itself.
fn one_line(event: &str, has_colour: bool) -> String {
    let text = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len());
    for letter in text.chars() {
        let is_colour = has_colour && letter == '\u{1b}';
        let breaks = (letter.is_control() && !is_colour) || matches!(letter, '\u{2028}' | '\u{2029}');
        if breaks { line.extend(letter.escape_default()) } else { line.push(letter) }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(one_line("a\n", false), "a\n");
        assert_eq!(one_line("سلام\nb\r\u{85}\u{2028}\u{1b}[31m\tc\n", false), {
            "سلام\\nb\\r\\u{85}\\u{2028}\\u{1b}[31m\\tc\n"
        });
        assert_eq!(one_line("\u{1b}[31mred\u{1b}[0m\nb\n", true), "\u{1b}[31mred\u{1b}[0m\\nb\n");
    }
}
