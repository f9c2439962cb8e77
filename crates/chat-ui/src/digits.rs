//! Numbers as Persian writes them. For what the page itself says; never for people's texts, code
//! or addresses, where a changed digit would be a falsified one.

/// `text` with its ASCII digits as Persian ones (U+06F0–06F9); everything else is kept.
pub fn persian(text: &str) -> String {
    text.chars().map(digit).collect()
}

/// A number in Persian digits, grouped by thousands: «۱۲٬۳۴۵».
pub fn number(n: u64) -> String {
    let plain = n.to_string();
    let mut grouped = String::with_capacity(plain.len() * 3);
    for (at, c) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            grouped.push('٬');
        }
        grouped.push(digit(c));
    }
    grouped
}

/// A number in two Persian digits or more, as clocks show it: «۰۵».
pub fn two_digits(n: u64) -> String {
    let plain = number(n);
    if n < 10 { format!("۰{plain}") } else { plain }
}

/// A year: Persian digits, not grouped.
pub fn year(n: i64) -> String {
    persian(&n.to_string())
}

fn digit(c: char) -> char {
    match c.to_digit(10) {
        Some(value) => char::from_u32('۰' as u32 + value).unwrap_or(c),
        None => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_digits_change() {
        assert_eq!(persian("a1b2 ۳ ٤ 90"), "a۱b۲ ۳ ٤ ۹۰");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (n, expected) in [
            (0, "۰"),
            (7, "۷"),
            (999, "۹۹۹"),
            (1000, "۱٬۰۰۰"),
            (12_345, "۱۲٬۳۴۵"),
            (1_234_567, "۱٬۲۳۴٬۵۶۷"),
            (u64::MAX, "۱۸٬۴۴۶٬۷۴۴٬۰۷۳٬۷۰۹٬۵۵۱٬۶۱۵"),
        ] {
            assert_eq!(number(n), expected);
        }
    }

    #[test]
    fn clock_digits_are_padded_and_years_ungrouped() {
        assert_eq!(two_digits(0), "۰۰");
        assert_eq!(two_digits(9), "۰۹");
        assert_eq!(two_digits(59), "۵۹");
        assert_eq!(year(1405), "۱۴۰۵");
    }
}
