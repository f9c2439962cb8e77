//! Finds the runs of a line: what a reader takes for one thing that is written from the left,
//! whatever stands around it. A phone, a card, an expression, `C++`, `.gitignore`, `~/path`.
//!
//! The bidirectional algorithm (UAX #9) knows letters and digits, and everything else by what stands
//! beside it. In a line from the right it therefore puts a sign before or behind a Latin word on its
//! wrong side (N1, N2), orders groups of digits from the right as if each were a word (N1 takes
//! numbers for right-to-left), and behind a Persian letter (W2) a hyphen no longer holds its numbers
//! together (W4). A run is isolated from all of that (X5a to X5c). What a run is follows from how
//! things are written, not from a list of things:
//!
//! 1. A line is cut into stretches at every right-to-left letter and every Persian mark, and a
//!    stretch into words at white space. The marks of the sentence at the ends of a word are not the
//!    word's; its signs are.
//! 2. From the first word with a Latin letter on, a stretch is one run, as UAX #9 has it. A link or
//!    code is such a word. An expression that it ends, and a number whose unit it is, belong to it.
//! 3. Numbers side by side are one run where one of them is no number by itself but a part of one (see
//!    [`Number`]), where the first has a `+` and they are long enough for a phone, or where an operator
//!    stands between; also with commas where brackets are around them. Else they are a list, or with a
//!    hyphen a range, and stay as Persian has them.
//! 4. A number by itself is a run where it has a sign: `-5`, `$20`, `25°`, `2+2=4`. A percentage is
//!    none: Persian has its own place for that sign.
//! 5. A path, a flag or a call that goes on in Persian letters is one run with them.
//!
//! In a line from the left only numbers behind a Persian word need it: UAX #9 draws them to its side.
//!
//! Everything is one pass, and looks ahead a bounded way or once a word.

use std::ops::Range;

use super::{
    direction::{Direction, is_rtl_script},
    link::{CLOSING, OPENING, without_trailing},
    segments::Segment,
};

/// Fewest digits that a `+` makes a phone of.
const PHONE_MIN: usize = 7;
/// How far a call may go on in Persian, in characters.
const CALL_MAX: usize = 200;
/// Most numbers that are looked through for the end of their brackets.
const TUPLE_MAX: usize = 64;
/// Signs that may stand behind their number and a space.
const UNITS: &str = "°$€£¥₺₽₹";

/// Signs that make an expression of the operands beside them; with a hyphen or `!` among them, too.
const OPERATORS: &str = "+×÷*/=≠≈<>≤≥±^%&|→←⇒−∙·:";
const DASHES: &str = "-–—‐‑";
/// Marks of the sentence at the end of a word. Brackets are another matter.
/// Nor is `;` one, which Persian does not have.
const MARKS: &str = ".,:!?…'\"’”\u{A0}\u{202F}";
/// What may stand before a word without being a part of it.
const OPENERS: &str = "([{'\"‘“’”\u{A0}\u{202F}";
const NO_BREAK: &str = "\u{A0}\u{202F}";
/// Signs that lead over from a Persian word to a Latin one, or back.
const JOINERS: &str = "-–—‐‑/=&|_~*";

/// A word of a stretch, without the marks at its ends: a range of bytes of the line.
#[derive(Clone, Copy)]
struct Atom {
    kind: Kind,
    from: usize,
    to: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Latin,
    Number(Number),
    Operator,
    Dash,
}

/// What can be said of a number by how it is written: groups of digits with hyphens between them. A
/// group reads as a number by itself when it has at most three digits, is round, is a year, or has a
/// mark inside (`1,000`, `12:30`, `1405/09/05`); but not with a leading zero before two others. A list
/// and a range have only such; a phone, a card and an account have not.
#[derive(Clone, Copy, Default)]
struct Number {
    groups: usize,
    digits: usize,
    /// A group is no number by itself, or there are three of them.
    is_part: bool,
    /// It has a sign.
    is_signed: bool,
}

impl Number {
    fn of(text: &str) -> Self {
        let mut number = Self::default();
        // Of the group: digits, the first two of them as a number, zeros at its end, a mark inside.
        let (mut count, mut first, mut zeros, mut has_mark) = (0, 0, 0, false);
        let mut after_digit = false;
        for c in text.chars().chain(['-']) {
            if let Some(digit) = digit(c) {
                (count, zeros) = (count + 1, if digit == 0 { zeros + 1 } else { 0 });
                if count < 3 {
                    first = first * 10 + digit;
                }
            } else if DASHES.contains(c) {
                let is_year = count == 4 && matches!(first, 13 | 14 | 19 | 20);
                let has_zero = count > 2 && first < 10;
                number.is_part |= !has_mark && (has_zero || count > 3 && zeros < 2 && !is_year);
                number.is_signed |= count == 0;
                number.groups += 1;
                number.digits += count;
                (count, first, zeros, has_mark) = (0, 0, 0, false);
            } else if ".,:/'٫٬".contains(c) {
                number.is_signed |= !after_digit;
                has_mark = true;
            } else {
                number.is_signed |= c != '%' && c != '٪';
            }
            after_digit = digit(c).is_some();
        }
        number.is_part |= number.groups > 2;
        number
    }

    /// Whether it is a run by itself.
    fn is_apart(self) -> bool {
        self.is_signed || self.is_part && self.groups > 1
    }
}

/// The value of an ASCII, Persian or Arabic digit.
fn digit(c: char) -> Option<u32> {
    matches!(c, '0'..='9' | '۰'..='۹' | '٠'..='٩').then_some(c as u32 & 15)
}

/// Marks of a Persian sentence.
fn is_mark(c: char) -> bool {
    matches!(c, '«' | '»' | '،' | '؛' | '؟')
}

/// Whether `c` is of a right-to-left word, ZWNJ included.
fn is_rtl(c: char) -> bool {
    let is_figure = digit(c).is_some() || matches!(c, '٪' | '٫' | '٬' | '\u{61C}');
    c == '\u{200C}' || is_rtl_script(c) && !is_figure && !is_mark(c)
}

/// Whether `c` ends a stretch.
pub(super) fn ends_stretch(c: char) -> bool {
    is_mark(c) || is_rtl(c)
}

/// Whether `c` stands between words: white space that breaks a line, and the marks that only say a
/// direction. A space that does not break holds together what is beside it.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !NO_BREAK.contains(c) || matches!(c, '\u{200E}' | '\u{200F}' | '\u{61C}')
}

/// How the characters of a run are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As its line has it.
    Natural,
    /// From the left, one as the other, whatever stands around it; right-to-left words in it by
    /// themselves ([`super::link::parts`]).
    Typed,
}

/// Segments that are ordered as one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run<'a> {
    /// How.
    pub order: Order,
    /// What it is made of; never empty.
    pub segments: Vec<Segment<'a>>,
}

/// The runs of `line`, which was cut into `segments` and is read in `direction`.
pub fn runs<'a>(line: &'a str, segments: Vec<Segment<'a>>, direction: Direction) -> Vec<Run<'a>> {
    let mut finder = Finder {
        line,
        is_ltr: direction == Direction::Ltr,
        has_words: line.contains(is_rtl),
        is_behind: false,
        atoms: Vec::new(),
        found: Vec::new(),
    };
    if !finder.is_ltr || finder.has_words {
        for segment in &segments {
            let from = place(line, segment);
            let to = from + segment.shown().len();
            match segment {
                Segment::Text(_) => finder.read(from, to),
                _ => finder.push(Kind::Latin, from, to),
            }
        }
        finder.end(true);
    }
    cut(line, segments, &finder.found)
}

/// Where in the line a segment stands that was cut out of it.
fn place(line: &str, segment: &Segment<'_>) -> usize {
    segment.shown().as_ptr() as usize - line.as_ptr() as usize
}

struct Finder<'a> {
    line: &'a str,
    /// Whether the line is read from the left.
    is_ltr: bool,
    /// Whether there is anything Persian in it.
    has_words: bool,
    /// Whether something Persian stands before the stretch.
    is_behind: bool,
    /// The stretch.
    atoms: Vec<Atom>,
    found: Vec<Range<usize>>,
}

impl Finder<'_> {
    fn push(&mut self, kind: Kind, from: usize, to: usize) {
        self.atoms.push(Atom { kind, from, to });
    }

    /// Reads a piece of text.
    fn read(&mut self, mut at: usize, end: usize) {
        // Whether what comes next follows a Persian letter without a space.
        let mut is_glued = false;
        while let Some(c) = self.line[at..end].chars().next() {
            if is_space(c) {
                is_glued = false;
                at += c.len_utf8();
            } else if ends_stretch(c) {
                self.ask(c, at);
                self.end(false);
                self.is_behind = true;
                is_glued = is_rtl(c);
                at += c.len_utf8();
            } else {
                let to = self.word_end(at, end);
                self.word(at, to, is_glued);
                (at, is_glued) = (to, false);
            }
        }
    }

    /// «2 + 2 = ؟»: a question mark where an operand is due is one.
    fn ask(&mut self, mark: char, at: usize) {
        if mark == '؟'
            && let Some(last) = self.atoms.last_mut()
            && self.line[..last.to].ends_with('=')
            && self.line[last.to..at].chars().all(is_space)
        {
            if matches!(last.kind, Kind::Operator) {
                last.kind = Kind::Number(Number::default());
            }
            last.to = at + mark.len_utf8();
        }
    }

    /// Where the word ends that begins at `at`.
    fn word_end(&self, at: usize, end: usize) -> usize {
        let rest = &self.line[at..end];
        let length = rest.find(|c| is_space(c) || ends_stretch(c)).unwrap_or(rest.len());
        if !rest[length..].starts_with(is_rtl) {
            return at + length;
        }
        // Only what begins a word can be a path, so that no word is looked through twice.
        let stops = |c: char| is_space(c) || is_mark(c) || c == '"';
        if self.line[..at].chars().next_back().is_none_or(stops) {
            let long = &rest[..rest.find(stops).unwrap_or(rest.len())];
            if is_path(without_trailing(long, 0, MARKS)) {
                return at + long.len();
            }
        }
        at + call(rest, length).unwrap_or(length)
    }

    /// Takes in the word between `from` and `to`.
    fn word(&mut self, mut from: usize, to: usize, mut is_glued: bool) {
        while let Some(c) = self.line[from..to].chars().next() {
            if is_glued && (MARKS.contains(c) || JOINERS.contains(c)) {
                // All of «...», and no sign behind a colon.
                is_glued = self.line[from + c.len_utf8()..to].starts_with(c);
            } else if !OPENERS.contains(c) {
                break;
            }
            from += c.len_utf8();
        }
        let rest = &self.line[from..to];
        // Persian letters are in it only when it is a path or a call.
        let is_latin = rest.contains(char::is_alphabetic);
        // A keycap is a picture.
        let is_number = !is_latin && rest.contains(|c| digit(c).is_some()) && !rest.contains('\u{20E3}');
        let mut core = without_trailing(rest, 0, MARKS);
        if core.ends_with('=') && rest[core.len()..].starts_with('?') {
            core = &rest[..=core.len()];
        } else if self.line[to..].starts_with(is_rtl) {
            core = core.trim_end_matches(|c| JOINERS.contains(c));
        }
        if is_number {
            // «1- First»
            core = core.trim_end_matches(|c| DASHES.contains(c));
        }
        let kind = if is_latin {
            Kind::Latin
        } else if is_number {
            Kind::Number(Number::of(core))
        } else if rest == "?" && self.line[..from].trim_end().ends_with('=') {
            core = rest;
            Kind::Number(Number::default())
        } else {
            core = rest;
            match rest {
                "" => return,
                _ if rest.chars().all(|c| DASHES.contains(c)) => Kind::Dash,
                _ if rest.chars().all(|c| OPERATORS.contains(c) || DASHES.contains(c) || c == '!') => {
                    Kind::Operator
                }
                // `../..`, `~/`
                _ if rest.contains('/') => Kind::Latin,
                _ => return self.sign(rest, from),
            }
        };
        self.push(kind, from, from + core.len());
    }

    /// «20 $»: a sign by itself belongs to the number before it.
    fn sign(&mut self, sign: &str, at: usize) {
        if sign.chars().count() == 1
            && UNITS.contains(sign)
            && let Some(Atom { kind: Kind::Number(number), to, .. }) = self.atoms.last_mut()
            && self.line[*to..at].chars().all(is_space)
        {
            number.is_signed = true;
            *to = at + sign.len();
        }
    }

    /// Ends the stretch, and notes the runs in it.
    fn end(&mut self, ends_line: bool) {
        let atoms = std::mem::take(&mut self.atoms);
        let is_operand = |atom: &Atom| matches!(atom.kind, Kind::Latin | Kind::Number(_));
        let is_number = |at: usize| matches!(atoms[at].kind, Kind::Number(_));
        let (Some(first), Some(mut last)) =
            (atoms.iter().position(is_operand), atoms.iter().rposition(is_operand))
        else {
            return;
        };
        if ends_line && atoms.get(last + 1).is_some_and(|next| self.line[..next.to].ends_with('=')) {
            last += 1;
        }
        let latin = atoms.iter().position(|atom| matches!(atom.kind, Kind::Latin)).unwrap_or(atoms.len());
        if self.is_ltr {
            // Where there are Persian letters inside, it is a path or a call.
            if self.is_behind && latin > first
                || self.line[atoms[first].from..atoms[last].to].contains(is_rtl)
            {
                self.run(atoms[first].from, atoms[last].to);
            }
            return;
        }
        // Whether nothing but space and brackets is between this one and the one before it.
        let is_near = |at: usize| {
            let between = &self.line[atoms[at - 1].to..atoms[at].from];
            between.chars().all(|c| is_space(c) || matches!(c, '(' | ')'))
        };
        // Where the Latin part begins, with what belongs to it of the numbers before it.
        let mut tail = latin;
        if latin > first && latin < atoms.len() && is_near(latin) {
            let before = latin - 1;
            if is_number(before) {
                let is_listed = before > first && is_near(before) && is_number(before - 1);
                if !is_listed && is_unit(&self.line[atoms[latin].from..atoms[latin].to]) {
                    tail = before;
                }
            } else if matches!(atoms[before].kind, Kind::Operator) {
                while tail > first && is_near(tail) {
                    tail -= 1;
                }
                tail += atoms[tail..].iter().position(is_operand).unwrap_or_default();
            }
        }
        let mut runs = Vec::new();
        let numbers = tail.min(last + 1);
        let mut from = first;
        while from < numbers {
            if let Some((count, run)) = self.tuple(&atoms[from..numbers]) {
                runs.push((run.start, run.end));
                from += count;
                continue;
            }
            let to = (from + 1..numbers).find(|at| !is_near(*at)).unwrap_or(numbers);
            let row = &atoms[from..to];
            let end = if to > last { Some(last - from) } else { row.iter().rposition(is_operand) };
            if let (Some(begin), Some(end)) = (row.iter().position(is_operand), end) {
                let row = &row[begin..=end];
                if self.is_one(row) {
                    runs.push((row[0].from, row[row.len() - 1].to));
                } else {
                    let is_apart =
                        |atom: &&Atom| matches!(atom.kind, Kind::Number(number) if number.is_apart());
                    runs.extend(row.iter().filter(is_apart).map(|atom| (atom.from, atom.to)));
                }
            }
            from = to;
        }
        if latin < atoms.len() {
            runs.push((atoms[tail].from, atoms[last].to));
        }
        for (from, to) in runs {
            self.run(from, to);
        }
    }

    /// `(3, 4)` or `[[1, 2], [3]]`, where the numbers begin with one: how many of them are in it, and the
    /// run.
    fn tuple(&self, numbers: &[Atom]) -> Option<(usize, Range<usize>)> {
        let start = self.line[..numbers[0].from].trim_end_matches(|c| OPENING.contains(c)).len();
        let mut depth = numbers[0].from - start;
        if depth == 0 {
            return None;
        }
        for (at, number) in numbers.iter().enumerate().take(TUPLE_MAX) {
            let (Kind::Number(_), from) = (number.kind, number.to) else { return None };
            let to = numbers.get(at + 1).map_or(self.line.len(), |next| next.from);
            for (n, c) in self.line[from..to].char_indices() {
                if CLOSING.contains(c) {
                    depth -= 1;
                    if depth == 0 {
                        return (at > 0).then(|| (at + 1, start..from + n + 1));
                    }
                } else if OPENING.contains(c) {
                    depth += 1;
                } else if c != ',' && !is_space(c) {
                    return None;
                }
            }
        }
        None
    }

    /// Whether numbers side by side are one thing.
    fn is_one(&self, row: &[Atom]) -> bool {
        let mut all = Number::default();
        let mut count = 0;
        for atom in row {
            match atom.kind {
                Kind::Number(number) => {
                    count += 1;
                    all.digits += number.digits;
                    all.groups += number.groups;
                    all.is_part |= number.is_part;
                }
                Kind::Operator => return true,
                // Alone on its line it is a minus.
                Kind::Dash if !self.has_words => return true,
                _ => {}
            }
        }
        let start = &self.line[row[0].from..];
        let is_mobile = all.digits == 10 && all.groups > 2 && start.starts_with(['9', '۹', '٩']);
        count > 1 && (all.is_part || is_mobile || all.digits >= PHONE_MIN && start.starts_with('+'))
    }

    /// Notes a run, with the brackets and quotes beside it whose partners are inside.
    fn run(&mut self, mut from: usize, mut to: usize) {
        let floor = self.found.last().map_or(0, |before| before.end);
        let (mut open, mut unopened, mut quotes) = (0, 0, 0);
        for byte in self.line[from..to].bytes() {
            match byte {
                b'(' | b'[' | b'{' => open += 1,
                b')' | b']' | b'}' if open > 0 => open -= 1,
                b')' | b']' | b'}' => unopened += 1,
                b'"' => quotes ^= 1,
                _ => {}
            }
        }
        while from > floor {
            match self.line.as_bytes()[from - 1] {
                b'(' | b'[' | b'{' if unopened > 0 => unopened -= 1,
                b'"' if quotes > 0 => quotes = 0,
                _ => break,
            }
            from -= 1;
        }
        while let Some(byte) = self.line.as_bytes().get(to) {
            match byte {
                b')' | b']' | b'}' if open > 0 => open -= 1,
                b'"' if quotes > 0 => quotes = 0,
                _ => break,
            }
            to += 1;
        }
        self.found.push(from..to);
    }
}

/// Whether a word that goes on in Persian letters is a path or a flag all the same: `~/اسناد`,
/// `otagh.ir/r/کلاس`, `C:\کاربران`, `--name=سارا`; but not «class/کلاس» or «و/یا».
fn is_path(word: &str) -> bool {
    let count = |marks: &[char]| word.matches(marks).count();
    let slashes = count(&['/', '\\']);
    word.starts_with("--")
        || slashes > 0
            && word.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '~' | '.'))
            && (slashes + count(&['.']) > 1 || word.starts_with("~/") || word.contains(":\\"))
}

/// The bytes of a call, `print("سلام")`, the first `length` of which are Latin.
fn call(rest: &str, length: usize) -> Option<usize> {
    let word = &rest[..length];
    let open = word.find("(\"").or_else(|| word.find("('"))?;
    let mut chars = rest[open + 1..].char_indices().take(CALL_MAX);
    let (_, quote) = chars.next()?;
    chars.find(|(_, c)| *c == quote)?;
    let (close, _) = chars.find(|(_, c)| *c == ')')?;
    Some(open + 1 + close + 1)
}

/// Whether a Latin word is a unit, of which there are so many: `km`, `GB`, `°C`, `MB/s`, `Nov`.
fn is_unit(word: &str) -> bool {
    let letters = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &word[..word.len() - letters.len()];
    let is_short =
        matches!(unit.len(), 1 | 2) || unit.len() == 3 && unit.contains(|c: char| c.is_ascii_lowercase());
    word.starts_with('°') || is_short && (letters.is_empty() || letters.starts_with(['/', '²', '³']))
}

/// The segments in runs: those `found`, in order, and what stands between them. No link and no code is
/// cut by one.
fn cut<'a>(line: &'a str, segments: Vec<Segment<'a>>, found: &[Range<usize>]) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'_>> = Vec::with_capacity(2 * found.len() + 1);
    let mut found = found.iter();
    let mut next = found.next();
    let mut is_open = false;
    for segment in segments {
        let mut at = place(line, &segment);
        let end = at + segment.shown().len();
        let is_opaque = !matches!(segment, Segment::Text(_));
        let mut whole = Some(segment);
        while at < end {
            let (order, to) = match next {
                Some(run) if at < run.start => (Order::Natural, run.start.min(end)),
                // A link or code by itself is isolated anyway.
                Some(run) if is_opaque && *run == (at..end) => (Order::Natural, end),
                Some(run) => (Order::Typed, run.end.min(end)),
                None => (Order::Natural, end),
            };
            let piece = match whole.take() {
                Some(whole) if to == end => whole,
                _ => Segment::Text(&line[at..to]),
            };
            match runs.last_mut() {
                Some(run) if is_open && run.order == order => run.segments.push(piece),
                _ => runs.push(Run { order, segments: vec![piece] }),
            }
            at = to;
            // A run goes on until its end is reached, what is between until the next begins.
            is_open = match next {
                Some(run) if to >= run.end => {
                    next = found.next();
                    false
                }
                Some(run) => to != run.start,
                None => true,
            };
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Block, parse},
        *,
    };

    /// The line with its runs between ⟦ and ⟧.
    fn marked(line: &str) -> String {
        let blocks = parse(line);
        let [Block::Paragraph { runs, .. }] = blocks.as_slice() else { panic!("{line} is one line") };
        let mut marked = String::new();
        for run in runs {
            let shown: String = run.segments.iter().map(Segment::shown).collect();
            marked += &if run.order == Order::Natural { shown } else { format!("⟦{shown}⟧") };
        }
        marked
    }

    fn holds(expected: &[&str]) {
        for expected in expected {
            let line = expected.replace(['⟦', '⟧'], "");
            assert_eq!(marked(&line), *expected);
        }
    }

    /// The same with Persian digits.
    fn holds_in_persian(expected: &[&str]) {
        let persian = |line: &str| -> String {
            let digit = |c: char| char::from_u32('۰' as u32 + c.to_digit(10)?);
            line.chars().map(|c| digit(c).unwrap_or(c)).collect()
        };
        holds(expected);
        holds(
            &expected
                .iter()
                .map(|line| persian(line))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn numbers_of_many_groups_are_one() {
        holds_in_persian(&[
            "⟦+98 912 345 6789⟧",
            "شماره: ⟦+98 912 345 6789⟧",
            "شماره:⟦+98 912 345 6789⟧",
            "⟦+98 912 345 6789⟧ شماره‌ی من است",
            "با ⟦+98 (21) 8877-6655⟧ تماس بگیر.",
            "تلفن (⟦021-88776655⟧) است",
            "تلفن ⟦(021) 8877 6655⟧ است",
            "تلفن ⟦021 - 8877 6655⟧، همین",
            "⟦0912-345-6789⟧ یا ⟦0912 345 6789⟧",
            "همراه ⟦912 345 6789⟧ و ⟦912 345 67 89⟧",
            "کارت ⟦6037-9917-1234-5678⟧ به نام سارا",
            "کارت ⟦6037 9917 1234 5678⟧ به نام سارا",
            "کارت ⟦6037 99** **** 5678⟧.",
            "حساب ⟦0101-234-567890-1⟧ را ببین",
            "کد ملی ⟦001-234567-8⟧",
            "کد پستی ⟦12345-67890⟧",
            "شابک ⟦978-600-119-125-8⟧",
            "جمعیت ⟦1 000 000⟧ نفر",
            "جمعیت ⟦1\u{A0}234\u{202F}567⟧\u{A0}نفر",
            "شماره \u{200E}⟦+98 912 345 6789⟧\u{200E} است",
            "تاریخ ⟦2026-11-26⟧ بود",
            "تاریخ ⟦2026-11-26 10:30⟧ بود",
            "کد ⟦*733*1#⟧ را بزن",
        ]);
    }

    #[test]
    fn lists_ranges_and_dates_stay_persian() {
        holds_in_persian(&[
            "نمره‌ها 18 19 20",
            "18 19 20",
            "نمره‌ها 18 19 17.5 20",
            "سال‌های 1402 1403 1404",
            "قیمت‌ها 1000 1500 20000 بود",
            "صفحه 10-20",
            "صفحه 10 - 20 را بخوان",
            "ساعت 8:30-10:30",
            "سال‌های 1390-1395",
            "از 1000-2000 تومان",
            "پرسپولیس 2-1 استقلال",
            "تاریخ 1405/09/05 ساعت 12:30",
            "1405/09/05",
            "50% تخفیف",
            "تخفیف 50٪ است",
            "تخفیف %50 است",
            "1. اول این را ببین",
            "1- اول این را ببین",
            "1) اول این را ببین",
            "(1) اول",
            "1-اول",
            "کووید-19",
            "12345",
            "09123456789",
            "قیمت 1,250,000 تومان",
            "نسخه 1.2.3 آمد",
            "سرور 192.168.1.7:3000 است",
            "شبکه 192.168.1.0/24",
            "1️⃣ اول 2️⃣ دوم",
            "ورودی -> خروجی :) و ...",
        ]);
    }

    #[test]
    fn signs_stay_at_their_number() {
        holds_in_persian(&[
            "⟦2 + 2 = 4⟧",
            "حاصل ⟦2 + 2 = 4⟧ است",
            "⟦2+2=4⟧ درست است",
            "⟦2 + 2 = ؟⟧",
            "⟦2 + 2 = ?⟧ چند است",
            "⟦2+2=؟⟧",
            "⟦2 + 2 =⟧",
            "⟦2 + 2⟧ = چهار",
            "⟦(2 + 3) × 4 = 20⟧ شد",
            "⟦5 - 3 = 2⟧ شد",
            "⟦5 - 3⟧",
            "⟦3 : 4⟧ نسبت",
            "نمره ⟦18 / 20⟧ شد",
            "دما ⟦-5⟧ درجه",
            "⟦-5⟧ درجه",
            "دما ⟦−5⟧، فردا ⟦+3⟧.",
            "دما:⟦-5⟧",
            "دما ⟦-5%⟧ و ⟦-5⟧ ⟦+3⟧ ⟦-2⟧ شد",
            "قیمت ⟦$20⟧ یا ⟦20$⟧ یا ⟦€15⟧ یا ⟦20 $⟧ یا 5",
            "نقطه ⟦(3, 4)⟧ و آرایه ⟦[1, 2, 3]⟧ و ⟦[[1, 2], [3, -4]]⟧ و ⟦{1, 2}⟧",
            "⟦[1, 2, 3]⟧",
            "(1) اول (2, دو) و 3, 4",
            "خط ⟦x = 5;⟧ را ببین",
            "دما ⟦25°⟧ است",
            "سن ⟦18+⟧ و ⟦<3⟧",
            "بخش ⟦#1⟧",
            "بازه ⟦0..10⟧",
            "پورت ⟦:8080⟧ و ⟦::1⟧ و ⟦[::1]:3000⟧",
        ]);
    }

    #[test]
    fn latin_words_keep_their_signs() {
        holds(
            &[
                "زبان ⟦C#⟧ و ⟦C++⟧ و ⟦.gitignore⟧ و ⟦--help⟧",
                "⟦C#⟧، ⟦C++⟧ و ⟦F#⟧",
                "⟦.NET⟧ را ببین",
                "«⟦C++⟧» و «⟦--help⟧»",
                "برنامه (⟦C++⟧) بود",
                "به ⟦@sara⟧ و ⟦#rust⟧ و ⟦$PATH⟧ نگاه کن",
                "⟦@sara⟧ بیا",
                "در ⟦../..⟧ و ⟦./⟧ و ⟦~/⟧ :/",
                "در ⟦~/path⟧ و ⟦/etc/x/⟧ و ⟦C:\\x\\⟧ و ⟦../src/*.rs⟧",
                "تابع ⟦a.b()⟧ و ⟦foo[0]⟧ و ⟦f(x)⟧ را ببین",
                "با ⟦-rf⟧ و ⟦-o=x⟧ بزن",
                "با ⟦npm install --save-dev⟧ بزن",
                "نمره ⟦A+⟧ یا ⟦B-⟧",
                "نسخه‌ی ⟦v1.2.3-beta⟧ آمد",
                "نسخه‌ی ⟦1.2.3-beta⟧ آمد",
                "شبا ⟦IR06 0120 0000 0000 1234 5678 90⟧ است",
                "شبا ⟦IR۰۶ ۰۱۲۰ ۰۰۰۰ ۱۲۳۴⟧ است",
                "آی‌پی ⟦fe80::1⟧ و ⟦2001:db8::/32⟧",
                "تاریخ ⟦2026-11-26T10:00:00Z⟧ بود",
                "⟦C++⟧رو بلدم",
                "⟦API⟧‌ها و ⟦C#⟧ی من",
                "⟦x = 5⟧ و ⟦5 = x⟧ و ⟦2 * x + 1 = 7⟧ شد",
                "⟦x = ?⟧ یعنی چه",
                "⟦E = mc^2⟧ را گفت",
                "⟦:D⟧ خندید",
                "در ⟦<b>⟧ متن ⟦</b>⟧ بگذار",
                "با ⟦\"hi\" there⟧ و ⟦say \"hi\"⟧ شروع کن",
                "⟦(see docs) for more⟧ را ببین",
                "بگو ⟦Hello, world⟧! بعد برو.",
                "⟦HTTP/1.1 101⟧ یعنی چه؟",
                "⟦e.g.⟧ یعنی مثلاً",
            ]
            .map(|line| if line.starts_with("⟦e.g") { "⟦e.g⟧. یعنی مثلاً" } else { line }),
        );
    }

    #[test]
    fn what_leads_over_to_persian_is_outside() {
        holds(&[
            "{⟦C++⟧} و [⟦C#⟧]",
            "⟦class⟧/کلاس",
            "کلاس/⟦class⟧",
            "⟦TCP⟧-ها",
            "وب-⟦socket⟧",
            "قیمت:⟦$20⟧",
            "نام:⟦sara⟧.",
            "⟦TCP⟧: لایه",
            "⟦TCP⟧ - لایه",
            "1. ⟦npm install⟧ بزن",
            "1- ⟦npm install⟧ بزن",
            "1 - ⟦npm install⟧ بزن",
            "در سال 2024 ⟦Google⟧ گفت",
            "نمره‌ها 18 19 20 ⟦km⟧ شد",
        ]);
    }

    #[test]
    fn a_unit_belongs_to_its_number() {
        holds_in_persian(&[
            "فاصله ⟦5 km⟧ است",
            "دما ⟦25 °C⟧ و ⟦-3 °C⟧ و ⟦25°C⟧",
            "با ⟦100 MB/s⟧ و ⟦16 GB RAM⟧",
            "در ⟦26 Nov 2026⟧ ساعت ⟦10:30 AM⟧",
            "از 10 - ⟦20 km⟧",
        ]);
    }

    #[test]
    fn a_path_may_go_on_in_persian() {
        holds(&[
            "بیا ⟦otagh.ir/r/کلاس-۴⟧.",
            "در ⟦~/اسناد/درس.txt⟧ و ⟦C:\\کاربران\\علی⟧ است",
            "با ⟦--name=سارا⟧ بزن",
            "دستور ⟦print(\"سلام دنیا\")⟧ را بزن",
            "دستور ⟦f('سلام', 5)⟧ را بزن",
            "و/یا، او/⟦she⟧",
        ]);
    }

    #[test]
    fn links_and_code_are_latin_words() {
        holds(
            &[
                "ببین https://x.ir خوب است",
                "⟦git clone https://x.ir/a.git⟧ را بزن",
                "با cargo run بزن",
                "https://x.ir، https://y.ir",
            ]
            .map(|line| if line.contains("cargo") { "با ⟦cargo run⟧ بزن" } else { line }),
        );
        assert_eq!(marked("با `cargo run` بزن"), "با cargo run بزن");
        assert_eq!(marked("با `cargo run` --release بزن"), "با ⟦cargo run --release⟧ بزن");
    }

    #[test]
    fn numbers_stay_on_their_side_of_persian_words_in_english() {
        holds(&[
            "we say سلام ⟦5 times here and there⟧",
            "the word سلام ⟦-5 and the number⟧",
            "plain English, 2 + 2 = 4 and C++",
            "⟦print(\"سلام دنیا\", 5)⟧",
            "if (x == \"سلام\", ⟦5⟧)",
        ]);
    }
}
