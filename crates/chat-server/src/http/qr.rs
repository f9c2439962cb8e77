//! QR codes: as SVG for the page, as text for the terminal. Both are dark on light with a quiet
//! zone of four modules (ISO/IEC 18004), whatever the theme around them, because many cameras
//! cannot read an inverted one.

use fast_qr::{
    QRBuilder, QRCode,
    convert::{Builder, svg::SvgBuilder},
    qr::QRCodeError,
};

const QUIET_ZONE: usize = 4;

/// The code for `text` as an SVG image.
///
/// # Errors
/// When `text` is longer than a QR code holds, about 1,600 bytes.
pub fn svg(text: &str) -> Result<String, QRCodeError> {
    Ok(SvgBuilder::default().margin(QUIET_ZONE).to_str(&code(text)?))
}

/// The code for `text` in lines of half blocks, two modules each. With `colour`, black on white by
/// ANSI sequences, which reads the same on a dark and on a light terminal; without, dark modules
/// are drawn, which is right on a light background.
pub(crate) fn terminal(text: &str, colour: bool) -> Result<String, QRCodeError> {
    let code = code(text)?;
    let side = code.size + 2 * QUIET_ZONE;
    let dark = |x: usize, y: usize| {
        let module = |at: usize| at.checked_sub(QUIET_ZONE).filter(|&at| at < code.size);
        matches!((module(x), module(y)), (Some(x), Some(y)) if code[y][x].value())
    };
    let (on, off) = if colour { ("\x1b[30;107m", "\x1b[0m") } else { ("", "") };
    let line = |y: usize| {
        let blocks: String = (0..side)
            .map(|x| match (dark(x, y), dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect();
        format!("{on}{blocks}{off}\n")
    };
    Ok((0..side).step_by(2).map(line).collect())
}

fn code(text: &str) -> Result<QRCode, QRCodeError> {
    QRBuilder::new(text).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_shows_same_modules_as_code() {
        let text = "http://192.168.1.7:3000";
        let (code, drawn) = (code(text).unwrap(), terminal(text, false).unwrap());
        let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        assert_eq!(rows[0].len(), code.size + 2 * QUIET_ZONE);
        for y in 0..code.size {
            for x in 0..code.size {
                let (row, half) = ((y + QUIET_ZONE) / 2, (y + QUIET_ZONE) % 2);
                let drawn = match rows[row][x + QUIET_ZONE] {
                    '█' => true,
                    '▀' => half == 0,
                    '▄' => half == 1,
                    _ => false,
                };
                assert_eq!(drawn, code[y][x].value(), "module {x},{y}");
            }
        }
    }

    #[test]
    fn oversized_text_is_an_error() {
        assert!(svg(&"x".repeat(4_000)).is_err());
        assert!(svg("http://a/r/b").unwrap().starts_with("<svg"));
    }
}
