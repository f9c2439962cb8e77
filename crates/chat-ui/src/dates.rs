//! Times and dates of the Jalali (solar Hijri) calendar, from Unix milliseconds and the reader's
//! UTC offset.
//!
//! Leap years follow the 33-year cycle, by the closed form of ICU's Persian calendar. It agrees
//! with the astronomical calendar of Iran, by which Nowruz is the day whose noon follows the
//! equinox, for every year from 1300 to 1500 AP (1921 to 2122 CE); outside it may be a day off.
//!
//! An offset is in minutes **east** of UTC: Tehran is 210. JavaScript's `getTimezoneOffset` has the
//! opposite sign. It should be the offset at the time shown, not at the time of looking. It does
//! not know time zones, and no clock: "now" is passed in.

use super::digits;

const MS_PER_MINUTE: u64 = 60_000;
const MINUTES_PER_DAY: i64 = 24 * 60;

/// 1 January 1970 counted from 1 Farvardin of the year 1 AP.
const UNIX_EPOCH_DAY: i64 = 2_440_588 - 1_948_320;

const MONTHS: [&str; 12] =
    ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];

/// From Thursday on, because 1 January 1970 was one.
const WEEKDAYS: [&str; 7] = ["پنجشنبه", "جمعه", "شنبه", "یکشنبه", "دوشنبه", "سه‌شنبه", "چهارشنبه"];

/// A day of the Jalali calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Jalali {
    /// Year AP.
    pub year: i64,
    /// 1 to 12, from Farvardin.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Jalali {
    /// The date of the `unix_day`th day since 1 January 1970 (day 0).
    pub fn from_unix_day(unix_day: i64) -> Self {
        let day = unix_day + UNIX_EPOCH_DAY;
        // 33 years are 12,053 days.
        let year = 1 + (33 * day + 3).div_euclid(12_053);
        let day_of_year = day - year_start(year);
        // Six months of 31 days, then months of 30.
        let (month, day) = if day_of_year < 186 {
            (day_of_year / 31, day_of_year % 31)
        } else {
            (6 + (day_of_year - 186) / 30, (day_of_year - 186) % 30)
        };
        Self { year, month: month as u8 + 1, day: day as u8 + 1 }
    }

    /// Whether this date's year has a 30 Esfand.
    pub fn is_leap_year(self) -> bool {
        year_start(self.year + 1) - year_start(self.year) == 366
    }

    /// «آذر».
    pub fn month_name(self) -> &'static str {
        MONTHS[usize::from(self.month) - 1]
    }

    /// «۲ آذر».
    fn day_and_month(self) -> String {
        format!("{} {}", digits::number(self.day.into()), self.month_name())
    }
}

/// 1 Farvardin of `year`, in days since 1 Farvardin 1.
fn year_start(year: i64) -> i64 {
    365 * (year - 1) + (8 * year + 21).div_euclid(33)
}

/// The days since 1 January 1970, and the minutes since midnight, where the clock is `offset`
/// minutes ahead of UTC.
fn local(unix_ms: u64, offset: i32) -> (i64, u64) {
    let minutes = (unix_ms / MS_PER_MINUTE) as i64 + i64::from(offset);
    (minutes.div_euclid(MINUTES_PER_DAY), minutes.rem_euclid(MINUTES_PER_DAY) as u64)
}

fn weekday(unix_day: i64) -> &'static str {
    WEEKDAYS[unix_day.rem_euclid(7) as usize]
}

/// Which local day a time falls on: days since 1 January 1970. Two messages with the same number
/// have no day separator between them.
pub fn day_number(unix_ms: u64, offset: i32) -> i64 {
    local(unix_ms, offset).0
}

/// The time of day: «۱۴:۰۵».
pub fn clock(unix_ms: u64, offset: i32) -> String {
    let (_, minutes) = local(unix_ms, offset);
    format!("{}:{}", digits::two_digits(minutes / 60), digits::two_digits(minutes % 60))
}

/// The day with this [`day_number`], as short as it is clear on the day `today`: «امروز», «دیروز»,
/// «سه‌شنبه ۲ آذر» within this Jalali year, else «۲ آذر ۱۴۰۴». A day in the future, from a clock
/// that is ahead, is a date too.
pub fn day(that_day: i64, today: i64) -> String {
    let date = Jalali::from_unix_day(that_day);
    match today - that_day {
        0 => "امروز".into(),
        1 => "دیروز".into(),
        _ if date.year == Jalali::from_unix_day(today).year => {
            format!("{} {}", weekday(that_day), date.day_and_month())
        }
        _ => format!("{} {}", date.day_and_month(), digits::year(date.year)),
    }
}

/// Everything, for a title: «دوشنبه ۲ آذر ۱۴۰۵، ساعت ۱۴:۰۵».
pub fn full(unix_ms: u64, offset: i32) -> String {
    let that_day = day_number(unix_ms, offset);
    let date = Jalali::from_unix_day(that_day);
    format!(
        "{} {} {}، ساعت {}",
        weekday(that_day),
        date.day_and_month(),
        digits::year(date.year),
        clock(unix_ms, offset)
    )
}

/// A waiting time in words, rounded up to whole seconds so that a countdown never shows zero while
/// one still waits: «۳ ثانیه», «۲ دقیقه», «۱ دقیقه و ۵ ثانیه».
pub fn duration_words(ms: u64) -> String {
    let seconds = ms.div_ceil(1000).max(1);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match (minutes, seconds) {
        (0, _) => format!("{} ثانیه", digits::number(seconds)),
        (_, 0) => format!("{} دقیقه", digits::number(minutes)),
        _ => format!("{} دقیقه و {} ثانیه", digits::number(minutes), digits::number(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEHRAN: i32 = 210;
    const DAY_MS: u64 = 86_400_000;

    /// Days since 1970 of a Gregorian date, by the textbook (Howard Hinnant's `days_from_civil`):
    /// an independent path to the same number.
    fn unix_day(year: i64, month: i64, day: i64) -> i64 {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year - era * 400;
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    fn jalali(year: i64, month: i64, day: i64) -> (i64, u8, u8) {
        let date = Jalali::from_unix_day(unix_day(year, month, day));
        (date.year, date.month, date.day)
    }

    fn tehran(date: (i64, i64, i64), hour: u64, minute: u64) -> u64 {
        let day = u64::try_from(unix_day(date.0, date.1, date.2)).unwrap();
        day * DAY_MS + (hour * 60 + minute) * MS_PER_MINUTE - 210 * MS_PER_MINUTE
    }

    #[test]
    fn known_dates_are_right() {
        for (gregorian, expected) in [
            ((1921, 3, 21), (1300, 1, 1)),
            ((1970, 1, 1), (1348, 10, 11)),
            ((1979, 2, 11), (1357, 11, 22)),
            ((2000, 1, 1), (1378, 10, 11)),
            ((2000, 3, 20), (1379, 1, 1)),
            ((2017, 3, 21), (1396, 1, 1)),
            ((2020, 3, 20), (1399, 1, 1)),
            ((2021, 3, 20), (1399, 12, 30)),
            ((2021, 3, 21), (1400, 1, 1)),
            ((2022, 9, 22), (1401, 6, 31)),
            ((2022, 9, 23), (1401, 7, 1)),
            ((2024, 3, 19), (1402, 12, 29)),
            ((2024, 3, 20), (1403, 1, 1)),
            ((2025, 3, 20), (1403, 12, 30)),
            ((2025, 3, 21), (1404, 1, 1)),
            ((2026, 3, 20), (1404, 12, 29)),
            ((2026, 3, 21), (1405, 1, 1)),
            ((2026, 11, 23), (1405, 9, 2)),
            ((2030, 3, 20), (1408, 12, 30)),
            ((2121, 3, 21), (1500, 1, 1)),
        ] {
            let (year, month, day) = gregorian;
            assert_eq!(jalali(year, month, day), expected, "{gregorian:?}");
        }
    }

    #[test]
    fn leap_years_match_published_calendar() {
        let leap: Vec<i64> =
            (1370..=1415).filter(|&year| Jalali { year, month: 1, day: 1 }.is_leap_year()).collect();
        assert_eq!(leap, [1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1412]);
    }

    #[test]
    fn two_centuries_of_days_are_consecutive() {
        let mut before = Jalali::from_unix_day(unix_day(1921, 3, 20));
        for day in unix_day(1921, 3, 21)..unix_day(2122, 3, 21) {
            let date = Jalali::from_unix_day(day);
            let next_day = date.month == before.month && date.day == before.day + 1;
            let next_month = date.month == before.month + 1 && date.day == 1;
            let next_year = date.year == before.year + 1 && (date.month, date.day) == (1, 1);
            assert!(next_day || next_month || next_year, "{before:?} → {date:?}");
            let length = match before.month {
                1..=6 => 31,
                12 if !before.is_leap_year() => 29,
                _ => 30,
            };
            assert!(next_day || before.day == length, "{before:?} → {date:?}");
            before = date;
        }
    }

    #[test]
    fn the_clock_is_the_readers_own() {
        let at = tehran((2026, 11, 23), 14, 5);
        assert_eq!(clock(at, TEHRAN), "۱۴:۰۵");
        assert_eq!(clock(at, 0), "۱۰:۳۵");
        assert_eq!(clock(at, -480), "۰۲:۳۵");
        assert_eq!(clock(0, -1), "۲۳:۵۹");
    }

    #[test]
    fn day_label_is_brief_but_unambiguous() {
        let now = tehran((2026, 11, 23), 0, 10);
        for (at, expected) in [
            (now, "امروز"),
            (tehran((2026, 11, 23), 23, 59), "امروز"),
            (tehran((2026, 11, 22), 23, 59), "دیروز"),
            (tehran((2026, 11, 21), 12, 0), "شنبه ۳۰ آبان"),
            (tehran((2026, 3, 21), 0, 0), "شنبه ۱ فروردین"),
            (tehran((2026, 3, 20), 23, 59), "۲۹ اسفند ۱۴۰۴"),
            (tehran((2026, 11, 24), 0, 0), "سه‌شنبه ۳ آذر"),
        ] {
            assert_eq!(day(day_number(at, TEHRAN), day_number(now, TEHRAN)), expected);
        }
        // The day before Nowruz is yesterday, not last year.
        assert_eq!(day(unix_day(2026, 3, 20), unix_day(2026, 3, 21)), "دیروز");
    }

    #[test]
    fn the_full_form_says_everything() {
        assert_eq!(full(tehran((2026, 11, 23), 14, 5), TEHRAN), "دوشنبه ۲ آذر ۱۴۰۵، ساعت ۱۴:۰۵");
    }

    #[test]
    fn a_countdown_never_shows_zero() {
        for (ms, expected) in [
            (0, "۱ ثانیه"),
            (1, "۱ ثانیه"),
            (1000, "۱ ثانیه"),
            (2001, "۳ ثانیه"),
            (60_000, "۱ دقیقه"),
            (64_500, "۱ دقیقه و ۵ ثانیه"),
        ] {
            assert_eq!(duration_words(ms), expected);
        }
    }

    #[test]
    fn no_number_can_make_it_panic() {
        for ms in [0, 1, u64::MAX / 2, u64::MAX] {
            for offset in [i32::MIN, -1, 0, 1, i32::MAX] {
                full(ms, offset);
                day(day_number(ms, offset), 0);
                day(0, day_number(ms, offset));
            }
            duration_words(ms);
        }
    }
}
