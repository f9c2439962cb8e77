//! `Content-Disposition` (RFC 6266): under which name an answer is saved. Its `filename*` has the name as it is,
//! percent-encoded (RFC 8187), and `filename` what of it is ASCII, for whoever knows nothing else.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but letters, digits and what RFC 8187 lets stand of the rest and names need.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// To be saved under this name, of letters, digits, `-` and `_`.
pub(crate) fn attachment(stem: &str, extension: &str) -> String {
    let words = stem.split('-').filter(|word| !word.is_empty() && word.is_ascii()).collect::<Vec<_>>();
    let (ascii, encoded) = (words.join("-"), utf8_percent_encode(stem, ENCODED));
    format!("attachment; filename=\"{ascii}.{extension}\"; filename*=UTF-8''{encoded}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_whole_and_in_ascii() {
        assert_eq!(
            attachment("otagh-کلاس-ali-2026", "pcapng"),
            "attachment; filename=\"otagh-ali-2026.pcapng\"; \
             filename*=UTF-8''otagh-%DA%A9%D9%84%D8%A7%D8%B3-ali-2026.pcapng"
        );
    }
}
