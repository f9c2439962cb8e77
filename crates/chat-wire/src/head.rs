//! An HTTP/1.1 head as it was written: the start line and the header lines, each with its place in
//! the bytes, none of them changed, folded or judged. Any bytes are a head of some sort: a line
//! without a colon is a line without a name. What the headers mean is not known here.

use std::{borrow::Cow, ops::Range};

/// A head and its lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// All of it, with the empty line that ends it.
    pub bytes: Vec<u8>,
    /// The request line or the status line, without its line end. Empty lines before it (RFC 9112 §2.2)
    /// are not it.
    pub start: Range<usize>,
    /// The header lines.
    pub lines: Vec<Line>,
}

/// A header line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// All of it, without its line end.
    pub whole: Range<usize>,
    /// What is before the colon; nothing, at the beginning, when there is none.
    pub name: Range<usize>,
    /// What is after the colon, without the blanks around it; the whole line when there is no colon.
    pub value: Range<usize>,
}

impl Head {
    /// The lines of these bytes, up to the first empty one.
    pub fn read(bytes: &[u8]) -> Self {
        let mut head = Self { bytes: bytes.to_vec(), ..Self::default() };
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end);
            let mut whole = at..end;
            if bytes[whole.clone()].ends_with(b"\r") {
                whole.end -= 1;
            }
            at = end + 1;
            match (whole.is_empty(), head.start.is_empty()) {
                (true, true) => {}
                (true, false) => break,
                (false, true) => head.start = whole,
                (false, false) => head.lines.push(Line::read(bytes, whole)),
            }
        }
        head
    }

    /// The bytes of a range as text; what is no UTF-8 reads `�`.
    pub fn text(&self, range: &Range<usize>) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// The value of the first header of this name, whose case does not count.
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        let is_it = |line: &&Line| self.text(&line.name).eq_ignore_ascii_case(name);
        self.lines.iter().find(is_it).map(|line| self.text(&line.value))
    }

    /// The status of a response: its three digits.
    pub fn status(&self) -> Option<u16> {
        let start = self.text(&self.start);
        let digits = start.strip_prefix("HTTP/")?.split(' ').nth(1)?;
        digits.parse().ok().filter(|status| (100..1000).contains(status))
    }
}

impl Line {
    fn read(bytes: &[u8], whole: Range<usize>) -> Self {
        let line = &bytes[whole.clone()];
        let colon = line.iter().position(|byte| *byte == b':');
        let name = whole.start..whole.start + colon.unwrap_or(0);
        let after = colon.map_or(0, |colon| colon + 1);
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let blanks = line[after..].iter().take_while(|byte| is_blank(byte)).count();
        let value = &line[after + blanks..];
        let end = value.len() - value.iter().rev().take_while(|byte| is_blank(byte)).count();
        let start = whole.start + after + blanks;
        Self { whole, name, value: start..start + end }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    #[test]
    fn lines_are_as_they_were_written() {
        let bytes =
            b"\r\nGET /ws/echo HTTP/1.1\r\nHOST:  localhost \r\nno colon\r\nX-Empty:\r\na:b:c\n\r\nbeyond";
        let head = Head::read(bytes);
        assert_eq!(head.text(&head.start), "GET /ws/echo HTTP/1.1");
        let lines: Vec<_> =
            head.lines.iter().map(|line| (head.text(&line.name), head.text(&line.value))).collect();
        let expected = [("HOST", "localhost"), ("", "no colon"), ("X-Empty", ""), ("a", "b:c")];
        assert_eq!(lines, expected.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(head.text(&head.lines[0].whole), "HOST:  localhost ");
        assert_eq!(head.value("host").as_deref(), Some("localhost"));
        assert_eq!(head.value("absent"), None);
    }

    #[test]
    fn a_status_is_that_of_a_response() {
        let status = |head: &str| Head::read(head.as_bytes()).status();
        assert_eq!(status("HTTP/1.1 101 Switching Protocols\r\n\r\n"), Some(101));
        assert_eq!(status("HTTP/1.1 426\r\n\r\n"), Some(426));
        for none in
            ["", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "HTTP/1.1 7\r\n\r\n"]
        {
            assert_eq!(status(none), None, "{none:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_give_ranges_within_head(
            bytes in vec(prop_oneof![3 => select(b"ab:\r\n \t".to_vec()), 1 => any::<u8>()], 0..80)
        ) {
            let head = Head::read(&bytes);
            let mut at = head.start.end;
            for line in &head.lines {
                prop_assert!(line.whole.start >= at && line.whole.end <= bytes.len());
                prop_assert!(line.name.start == line.whole.start && line.name.end <= line.value.start);
                prop_assert!(line.value.end <= line.whole.end);
                at = line.whole.end;
            }
        }
    }
}
