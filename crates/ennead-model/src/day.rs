//! A day of the calendar, without a clock and without a time zone: for the age of tables.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A day from 1970-01-01 to 9999-12-31, written `2026-06-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// Returns how many days this is after another day; 0 when it is not after it.
    pub fn days_since(self, other: Self) -> u32 {
        self.number().saturating_sub(other.number())
    }

    /// Returns the days since 0000-03-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms", `days_from_civil`.
    fn number(self) -> u32 {
        let (month, day) = (u32::from(self.month), u32::from(self.of_month));
        // Years begin in March, so that the leap day is the last of its year.
        let year = u32::from(self.year) - u32::from(month <= 2);
        let month = (month + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + day - 1;
        year * 365 + year / 4 - year / 100 + year / 400 + day_of_year
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{:?} is no day such as 2026-06-15", text.get(..20).unwrap_or(text));
        let mut parts = text.split('-');
        let mut number = |digits: usize| -> Option<u16> {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok())?
        };
        let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
            return Err(wrong());
        };
        let rest = parts.next();
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else {
            return Err(wrong());
        };
        let real = rest.is_none()
            && year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        if real { Ok(Self { year, month, of_month: day }) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn days_between_count_leap_days() {
        assert_eq!(day("2026-11-23").days_since(day("2026-06-15")), 161);
        assert_eq!(day("2028-03-01").days_since(day("2028-02-28")), 2);
        assert_eq!(day("2100-03-01").days_since(day("2100-02-28")), 1);
        assert_eq!(day("2027-01-01").days_since(day("2026-01-01")), 365);
        assert_eq!(day("2026-06-15").days_since(day("2026-06-16")), 0);
        assert_eq!(day("9999-12-31").days_since(day("1970-01-01")), 2_932_896);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026",
            "2026-06",
            "2026-6-15",
            "2026-06-15-1",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2026-06-31",
            "1969-12-31",
            "2026-06-15 ",
            "+026-06-15",
            "ä026-06-15",
            "2026-06-15T00:00:00Z",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
    }
}
