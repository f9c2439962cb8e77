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
//!    `Number`), where the first has a `+` and they are long enough for a phone, or where an operator
//!    stands between; also with commas where brackets are around them. Else they are a list, or with a
//!    hyphen a range, and stay as Persian has them.
//! 4. A number by itself is a run where it has a sign: `-5`, `$20`, `25°`, `2+2=4`. A percentage is
//!    none: Persian has its own place for that sign.
//! 5. A path, a flag or a call that goes on in Persian letters is one run with them.
//!
//! In a line from the left only numbers behind a Persian word need it: UAX #9 draws them to its side.
//!
//! Everything is one pass, and looks ahead a bounded way or once a word.

use super::{
    direction::Direction,
    letters::{
        CLOSE, DASH, DIGIT, Flags, JOINER, KEYCAP, LETTER, MARK, OPEN, OPENER, OPERATOR, PERCENT, PERSIAN,
        POINT, RTL, SPACE, UNIT, flags,
    },
    segments::Segment,
};

/// Fewest digits that a `+` makes a phone of.
const PHONE_MIN: usize = 7;
/// How far a call may go on in Persian, in bytes.
const CALL_MAX: usize = 400;
/// Most numbers that are looked through for the end of their brackets.
const TUPLE_MAX: usize = 64;

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

/// A segment, and whether it is of a run. Two runs never stand next to each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece<'a> {
    /// What it is.
    pub segment: Segment<'a>,
    /// Whether it is ordered from the left with all such beside it, one character as the other, whatever
    /// stands around them; right-to-left words in it by themselves ([`super::link::parts`]).
    pub is_typed: bool,
}

/// The pieces of `line`, which was cut into `segments` and is read in `direction`.
pub fn pieces<'a>(line: &'a str, segments: Vec<Segment<'a>>, direction: Direction) -> Vec<Piece<'a>> {
    // Every byte of a character has its flags, so bytes can be looked at one by one.
    let mut all = Vec::with_capacity(line.len());
    let mut any = 0;
    for c in line.chars() {
        let flags = flags(c);
        any |= flags;
        for _ in 0..c.len_utf8() {
            all.push(flags);
        }
    }
    let mut finder = Finder {
        bytes: line.as_bytes(),
        flags: all,
        is_ltr: direction == Direction::Ltr,
        has_words: any & RTL != 0,
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
    bytes: &'a [u8],
    flags: Vec<Flags>,
    /// Whether the line is read from the left.
    is_ltr: bool,
    /// Whether there is anything Persian in it.
    has_words: bool,
    /// Whether something Persian stands before the stretch.
    is_behind: bool,
    /// The stretch.
    atoms: Vec<Atom>,
    found: Vec<(usize, usize)>,
}

impl Finder<'_> {
    fn push(&mut self, kind: Kind, from: usize, to: usize) {
        self.atoms.push(Atom { kind, from, to });
    }

    /// Whether the character at this byte is one of these.
    fn is(&self, at: usize, flags: Flags) -> bool {
        self.flags.get(at).is_some_and(|own| own & flags != 0)
    }

    fn is_byte(&self, at: usize, byte: u8) -> bool {
        self.bytes.get(at) == Some(&byte)
    }

    /// Where the first of these is from `from` on, at most `to`.
    fn find(&self, mut from: usize, to: usize, flags: Flags) -> usize {
        while from < to && !self.is(from, flags) {
            from += 1;
        }
        from
    }

    /// Whether each one between is one of these.
    fn all(&self, mut from: usize, to: usize, flags: Flags) -> bool {
        while from < to && self.is(from, flags) {
            from += 1;
        }
        from >= to
    }

    /// Reads a piece of text.
    fn read(&mut self, mut at: usize, end: usize) {
        while at < end {
            if self.is(at, SPACE) {
                at += 1;
            } else if self.is(at, RTL | PERSIAN) {
                self.ask(at);
                self.end(false);
                self.is_behind = true;
                at += 1;
            } else {
                let to = self.word_end(at, end);
                self.word(at, to);
                at = to;
            }
        }
    }

    /// «2 + 2 = ؟»: a question mark where an operand is due is one.
    fn ask(&mut self, at: usize) {
        if let Some(&last) = self.atoms.last()
            && self.bytes[at..].starts_with("؟".as_bytes())
            && self.bytes[last.to - 1] == b'='
            && self.all(last.to, at, SPACE)
        {
            let kind =
                if let Kind::Operator = last.kind { Kind::Number(Number::default()) } else { last.kind };
            self.atoms.pop();
            self.push(kind, last.from, at + 2);
        }
    }

    /// Where the word ends that begins at `at`.
    fn word_end(&self, at: usize, end: usize) -> usize {
        let to = self.find(at, end, SPACE | RTL | PERSIAN);
        if to == end || !self.is(to, RTL) {
            return to;
        }
        // Only what begins a word can be a path, so that no word is looked through twice.
        if at == 0 || self.is(at - 1, SPACE | PERSIAN) || self.is_byte(at - 1, b'"') {
            let mut long = at;
            while long < end && !self.is(long, SPACE | PERSIAN) && self.bytes[long] != b'"' {
                long += 1;
            }
            if self.is_path(at, self.core(at, long)) {
                return long;
            }
        }
        self.call(at, to, end).unwrap_or(to)
    }

    /// Whether a word that goes on in Persian letters is a path or a flag all the same: `~/اسناد`,
    /// `otagh.ir/r/کلاس`, `C:\کاربران`, `--name=سارا`; but not «class/کلاس» or «و/یا».
    fn is_path(&self, from: usize, to: usize) -> bool {
        let (mut slashes, mut others) = (0, 0);
        for byte in &self.bytes[from..to] {
            match byte {
                b'/' | b'\\' => slashes += 1,
                b'.' | b':' | b'~' => others += 1,
                _ => {}
            }
        }
        let begins = self.bytes[from].is_ascii_alphabetic() || matches!(self.bytes[from], b'/' | b'~' | b'.');
        begins && slashes > 0 && slashes + others > 1
            || self.is_byte(from, b'-') && self.is_byte(from + 1, b'-')
    }

    /// The end of a call, `print("سلام")`, that is Latin up to `to`.
    fn call(&self, from: usize, to: usize, end: usize) -> Option<usize> {
        let end = end.min(to + CALL_MAX);
        let open = (from + 1..to)
            .find(|at| self.bytes[at - 1] == b'(' && matches!(self.bytes[*at], b'"' | b'\''))?;
        let close = (open + 1..end).find(|at| self.bytes[*at] == self.bytes[open])?;
        (close..end).find(|at| self.bytes[*at] == b')').map(|at| at + 1)
    }

    /// The end of what begins at `from` without marks and brackets without a partner that end it at `to`.
    fn core(&self, from: usize, mut to: usize) -> usize {
        let mut open = 0i32;
        for at in from..to {
            open += i32::from(self.is(at, OPEN)) - i32::from(self.is(at, CLOSE));
        }
        while to > from {
            let last = self.flags[to - 1];
            match () {
                () if last & CLOSE != 0 && open < 0 => open += 1,
                () if last & OPEN != 0 => open -= 1,
                () if last & MARK != 0 => {}
                () => break,
            }
            to -= 1;
        }
        to
    }

    /// Takes in the word between `from` and `to`.
    fn word(&mut self, mut from: usize, to: usize) {
        // Whether it follows a Persian letter without a space.
        let mut is_glued = from > 0 && self.is(from - 1, RTL);
        while from < to {
            let next = from + 1;
            if is_glued && self.is(from, MARK | JOINER) {
                // All of «...», and no sign behind a colon.
                is_glued = next < to && (self.bytes[next] == self.bytes[from] || self.continues(next));
            } else if !self.is(from, OPENER | OPEN) {
                break;
            }
            from = next;
        }
        let (mut any, mut every, mut is_operator, mut has_slash) = (0, Flags::MAX, from < to, false);
        for at in from..to {
            let (flags, byte) = (self.flags[at], self.bytes[at]);
            any |= flags;
            every &= flags;
            is_operator &= flags & (OPERATOR | DASH) != 0 || byte == b'!';
            has_slash |= byte == b'/';
        }
        // Persian letters are in it only when it is a path or a call.
        let is_latin = any & (LETTER | RTL) != 0;
        let is_number = !is_latin && any & DIGIT != 0 && any & KEYCAP == 0;
        let mut end = self.core(from, to);
        if end > from && self.bytes[end - 1] == b'=' && end < to && self.bytes[end] == b'?' {
            end += 1;
        } else if self.is(to, RTL) {
            end = self.without(from, end, JOINER);
        }
        let kind = if is_latin {
            Kind::Latin
        } else if is_number {
            // «1- First»
            end = self.without(from, end, DASH);
            self.number(from, end)
        } else {
            end = to;
            match self.atoms.last_mut() {
                _ if is_operator => {
                    if every & DASH != 0 {
                        Kind::Dash
                    } else {
                        Kind::Operator
                    }
                }
                // `../..`, `~/`
                _ if has_slash => Kind::Latin,
                // «2 + 2 = ?»
                Some(last) if self.bytes[from..to] == *b"?" && self.bytes[last.to - 1] == b'=' => {
                    Kind::Number(Number::default())
                }
                // «20 $»: a sign by itself belongs to the number before it.
                Some(Atom { kind: Kind::Number(number), to: end, .. })
                    if every & UNIT != 0 && self.flags[*end..from].iter().all(|flags| flags & SPACE != 0) =>
                {
                    number.is_signed = true;
                    *end = to;
                    return;
                }
                _ => return,
            }
        };
        self.push(kind, from, end);
    }

    /// Whether the byte goes on with a character.
    fn continues(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80)
    }

    /// The end of what begins at `from` without these before `to`.
    fn without(&self, from: usize, mut to: usize, flags: Flags) -> usize {
        while to > from && self.is(to - 1, flags) {
            to -= 1;
        }
        to
    }

    /// What can be said of the number between `from` and `to`.
    fn number(&self, from: usize, to: usize) -> Kind {
        let mut number = Number::default();
        // Of the group: digits, the first two of them as a number, zeros at its end, a mark inside.
        let (mut count, mut first, mut zeros, mut has_mark) = (0, 0, 0, false);
        let mut after_digit = false;
        for at in from..=to {
            if at < to && at + 1 < to && self.continues(at + 1) {
                continue;
            }
            let flags = if at < to { self.flags[at] } else { DASH };
            if flags & DIGIT != 0 {
                // The last byte of each kind of digit ends in its value.
                let digit = self.bytes[at] & 15;
                count += 1;
                zeros = if digit == 0 { zeros + 1 } else { 0 };
                if count < 3 {
                    first = first * 10 + digit;
                }
            } else if flags & DASH != 0 {
                let is_year = count == 4 && matches!(first, 13 | 14 | 19 | 20);
                let has_zero = count > 2 && first < 10;
                number.is_part |= !has_mark && (has_zero || count > 3 && zeros < 2 && !is_year);
                number.is_signed |= count == 0;
                number.groups += 1;
                number.digits += count;
                (count, first, zeros, has_mark) = (0, 0, 0, false);
            } else if flags & POINT != 0 {
                number.is_signed |= !after_digit;
                has_mark = true;
            } else {
                number.is_signed |= flags & PERCENT == 0;
            }
            after_digit = flags & DIGIT != 0;
        }
        number.is_part |= number.groups > 2;
        Kind::Number(number)
    }

    /// Whether nothing but space and brackets is between this atom and the one before it.
    fn is_near(&self, atoms: &[Atom], at: usize) -> bool {
        self.all(atoms[at - 1].to, atoms[at].from, SPACE | OPEN | CLOSE)
    }

    /// Ends the stretch, and notes the runs in it.
    fn end(&mut self, ends_line: bool) {
        let atoms = std::mem::take(&mut self.atoms);
        let is_number = |at: usize| matches!(atoms[at].kind, Kind::Number(_));
        let is_operand = |at: usize| is_number(at) || matches!(atoms[at].kind, Kind::Latin);
        // The operands, from the first to behind the last, and the first that is Latin.
        let (mut first, mut end, mut latin) = (atoms.len(), 0, atoms.len());
        for at in (0..atoms.len()).rev() {
            if is_operand(at) {
                first = at;
                end = end.max(at + 1);
                if !is_number(at) {
                    latin = at;
                }
            }
        }
        if end == 0 {
            return;
        }
        if ends_line && atoms.get(end).is_some_and(|next| self.bytes[next.to - 1] == b'=') {
            end += 1;
        }
        let last = atoms[end - 1].to;
        if self.is_ltr {
            // Where there are Persian letters inside, it is a path or a call.
            let from = atoms[first].from;
            if self.is_behind && latin > first || self.find(from, last, RTL) < last {
                self.run(from, last);
            }
            return;
        }
        // Where the Latin part begins, with what belongs to it of the numbers before it.
        let mut tail = latin;
        if latin > first && latin < end && self.is_near(&atoms, latin) {
            let before = latin - 1;
            if is_number(before) {
                let is_listed = before > first && self.is_near(&atoms, before) && is_number(before - 1);
                if !is_listed && self.is_unit(&atoms[latin]) {
                    tail = before;
                }
            } else if let Kind::Operator = atoms[before].kind {
                while tail > first && self.is_near(&atoms, tail) {
                    tail -= 1;
                }
                while !is_operand(tail) {
                    tail += 1;
                }
            }
        }
        let numbers = tail.min(end);
        let mut from = first;
        while from < numbers {
            if let Some(count) = self.tuple(&atoms[from..numbers]) {
                from += count;
                continue;
            }
            // Side by side, and without what is no operand at their ends.
            let mut to = from + 1;
            while to < numbers && self.is_near(&atoms, to) {
                to += 1;
            }
            let (mut begin, mut after) = (from, to);
            while begin < to && !is_operand(begin) {
                begin += 1;
            }
            while after > begin && after != end && !is_operand(after - 1) {
                after -= 1;
            }
            let row = &atoms[begin..after];
            if self.is_one(row) {
                self.run(row[0].from, row[row.len() - 1].to);
            } else {
                for atom in row {
                    if let Kind::Number(number) = atom.kind
                        && (number.is_signed || number.is_part && number.groups > 1)
                    {
                        self.run(atom.from, atom.to);
                    }
                }
            }
            from = to;
        }
        if latin < end {
            self.run(atoms[tail].from, last);
        }
    }

    /// `(3, 4)` or `[[1, 2], [3]]`, where the numbers begin with one: notes the run, and says how many of
    /// them are in it.
    fn tuple(&mut self, numbers: &[Atom]) -> Option<usize> {
        let start = self.without(0, numbers[0].from, OPEN);
        let mut depth = numbers[0].from - start;
        if depth == 0 {
            return None;
        }
        for (at, number) in numbers.iter().enumerate().take(TUPLE_MAX) {
            let Kind::Number(_) = number.kind else { return None };
            let to = numbers.get(at + 1).map_or(self.bytes.len(), |next| next.from);
            for between in number.to..to {
                if self.is(between, CLOSE) {
                    depth -= 1;
                    if depth == 0 {
                        if at > 0 {
                            self.run(start, between + 1);
                        }
                        return (at > 0).then_some(at + 1);
                    }
                } else if self.is(between, OPEN) {
                    depth += 1;
                } else if self.bytes[between] != b',' && !self.is(between, SPACE) {
                    return None;
                }
            }
        }
        None
    }

    /// Whether numbers side by side are one thing.
    fn is_one(&self, row: &[Atom]) -> bool {
        let (mut count, mut groups, mut digits, mut is_part) = (0, 0, 0, false);
        for atom in row {
            match atom.kind {
                Kind::Number(number) => {
                    count += 1;
                    groups += number.groups;
                    digits += number.digits;
                    is_part |= number.is_part;
                }
                Kind::Operator => return true,
                // Alone on its line it is a minus.
                Kind::Dash if !self.has_words => return true,
                _ => {}
            }
        }
        if count < 2 {
            return false;
        }
        let first = row[0].from;
        // The last byte of a Persian digit ends in its value.
        let begins = self.bytes[first + usize::from(self.continues(first + 1))] & 15;
        let is_mobile = digits == 10 && groups > 2 && self.is(first, DIGIT) && begins == 9;
        is_part || is_mobile || digits >= PHONE_MIN && self.bytes[first] == b'+'
    }

    /// Whether a Latin word is a unit, of which there are so many: `km`, `GB`, `°C`, `MB/s`, `Nov`.
    fn is_unit(&self, word: &Atom) -> bool {
        let (mut at, mut has_lower) = (word.from, false);
        while at < word.to && self.bytes[at].is_ascii_alphabetic() {
            has_lower |= self.bytes[at].is_ascii_lowercase();
            at += 1;
        }
        let count = at - word.from;
        let ends = at == word.to || self.bytes[at] == b'/' || self.bytes[at] == b'\xC2';
        self.is(word.from, UNIT) || ends && (count == 1 || count == 2 || count == 3 && has_lower)
    }

    /// Notes a run, with the brackets and quotes beside it whose partners are inside.
    fn run(&mut self, mut from: usize, mut to: usize) {
        let floor = self.found.last().map_or(0, |before| before.1);
        let (mut open, mut unopened, mut quotes) = (0, 0, false);
        for at in from..to {
            if self.is(at, OPEN) {
                open += 1;
            } else if self.is(at, CLOSE) {
                if open > 0 { open -= 1 } else { unopened += 1 }
            }
            quotes ^= self.bytes[at] == b'"';
        }
        while from > floor {
            if unopened > 0 && self.is(from - 1, OPEN) {
                unopened -= 1;
            } else if quotes && self.bytes[from - 1] == b'"' {
                quotes = false;
            } else {
                break;
            }
            from -= 1;
        }
        loop {
            if open > 0 && self.is(to, CLOSE) {
                open -= 1;
            } else if quotes && self.is_byte(to, b'"') {
                quotes = false;
            } else {
                break;
            }
            to += 1;
        }
        self.found.push((from, to));
    }
}

/// The segments, cut where the runs `found`, in order, begin and end. No link and no code is cut by one.
fn cut<'a>(line: &'a str, segments: Vec<Segment<'a>>, found: &[(usize, usize)]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::with_capacity(segments.len() + 2 * found.len());
    let mut next = 0;
    for segment in segments {
        let mut at = place(line, &segment);
        let end = at + segment.shown().len();
        let mut run;
        if let Segment::Text(_) = segment {
            while at < end {
                run = found.get(next).copied().unwrap_or((end, end));
                let is_typed = at >= run.0;
                let to = end.min(if is_typed { run.1 } else { run.0 });
                pieces.push(Piece { segment: Segment::Text(&line[at..to]), is_typed });
                next += usize::from(to >= run.1 && is_typed);
                at = to;
            }
        } else {
            run = found.get(next).copied().unwrap_or((end, end));
            // By itself it is isolated anyway.
            pieces.push(Piece { segment, is_typed: at >= run.0 && run != (at, end) });
            next += usize::from(end >= run.1 && at >= run.0);
        }
    }
    pieces
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
        let [Block::Paragraph { pieces, .. }] = blocks.as_slice() else { panic!("{line} is one line") };
        let marked: String = pieces
            .iter()
            .map(|Piece { segment, is_typed }| match is_typed {
                true => format!("⟦{}⟧", segment.shown()),
                false => segment.shown().to_owned(),
            })
            .collect();
        marked.replace("⟧⟦", "")
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
    fn joiners_toward_persian_stay_outside_run() {
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
    fn numbers_beside_persian_keep_their_side() {
        holds(&[
            "we say سلام ⟦5 times here and there⟧",
            "the word سلام ⟦-5 and the number⟧",
            "plain English, 2 + 2 = 4 and C++",
            "⟦print(\"سلام دنیا\", 5)⟧",
            "if (x == \"سلام\", ⟦5⟧)",
        ]);
    }
}
