//! Amounts of money, exact: a fixed-point decimal, never a floating-point number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Decimals that are kept. The cloud writes prices with up to 16 of them.
const DECIMALS: usize = 16;

/// Units of one whole.
const ONE: i128 = 10_i128.pow(16);

/// Largest amount in wholes, either side of zero. Above it a figure is a mistake, and far below the
/// limit of the type there is room for a sum of many.
const WHOLES_MAX: i128 = 1_000_000_000_000;

/// Longest text that is read.
const TEXT_MAX: usize = 64;

/// An amount of some currency, which whoever holds it knows. Sums and products are checked: `None`
/// means that the result is above 10^12 wholes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Money(i128);

/// A text that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no amount of money such as 102.99: {why}")]
pub struct MoneyError {
    /// The text, cut short.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Returns a number of hundredths as an amount, for example 26950 as 269.50.
    pub fn from_cents(cents: u32) -> Self {
        Self(i128::from(cents) * (ONE / 100))
    }

    /// Returns the amount that the shortest decimal form of a number states: 102.99 for the number
    /// that a JSON file's `102.99` becomes. `None` for a number that is none.
    pub fn from_shortest(number: f64) -> Option<Self> {
        number.to_string().parse().ok()
    }

    /// Returns whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Returns whether it is a whole number of hundredths.
    pub fn is_whole_cents(self) -> bool {
        self.0 % (ONE / 100) == 0
    }

    /// Returns the sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::checked)
    }

    /// Returns the difference.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::checked)
    }

    /// Returns so many times the amount.
    pub fn times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(i128::from(count)).and_then(Self::checked)
    }

    /// Returns the amount times `numerator` over `denominator`, rounded to the nearest unit, halves
    /// away from zero. `None` also when the denominator is 0.
    pub fn ratio(self, numerator: u64, denominator: u64) -> Option<Self> {
        let product = self.0.checked_mul(i128::from(numerator))?;
        rounded(product, i128::from(denominator)).and_then(Self::checked)
    }

    /// Returns how many times `other` fits whole into this; `None` when `other` is not above zero.
    pub fn fits(self, other: Self) -> Option<u64> {
        if other.0 <= 0 {
            return None;
        }
        u64::try_from(self.0.checked_div(other.0)?.max(0)).ok()
    }

    /// Returns this over `other` in hundredths, rounded: 135 for 1.35. `None` when `other` is not
    /// above zero or this is below it.
    pub fn hundredths_of(self, other: Self) -> Option<u64> {
        if other.0 <= 0 || self.0 < 0 {
            return None;
        }
        u64::try_from(rounded(self.0.checked_mul(100)?, other.0)?).ok()
    }

    fn checked(units: i128) -> Option<Self> {
        (units.checked_abs()? <= WHOLES_MAX * ONE).then_some(Self(units))
    }
}

/// Divides, to the nearest, halves away from zero.
fn rounded(value: i128, by: i128) -> Option<i128> {
    let half = by.checked_div(2)?;
    let shifted = if value < 0 { value.checked_sub(half) } else { value.checked_add(half) };
    shifted?.checked_div(by)
}

impl fmt::Display for Money {
    /// Writes it whole, with two decimals or more; with a precision, rounded to so many decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let mut units = self.0.unsigned_abs();
        let mut scale = ONE.unsigned_abs();
        let mut decimals = DECIMALS;
        let least = f.precision().unwrap_or(2);
        if f.precision().is_some() {
            while decimals > least {
                // One rounding at the end: only the last digit that is cut decides.
                if decimals == least + 1 {
                    units += 5;
                }
                units /= 10;
                scale /= 10;
                decimals -= 1;
            }
        } else {
            while decimals > least && units.is_multiple_of(10) {
                units /= 10;
                scale /= 10;
                decimals -= 1;
            }
        }
        let whole = units / scale;
        let text = if decimals == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{:0decimals$}", units % scale)
        };
        match f.width() {
            Some(width) => write!(f, "{text:>width$}"),
            None => f.write_str(&text),
        }
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads digits with at most one point, such as `102.99`, `-3` or `1.1900000000000000`.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = |why| MoneyError { text: text.chars().take(TEXT_MAX).collect::<String>(), why };
        if text.len() > TEXT_MAX {
            return Err(wrong("it is too long"));
        }
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(wrong("digits must follow the point")),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        if whole.is_empty() {
            return Err(wrong("a digit must come first"));
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("only digits and one point may stand in it"));
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > DECIMALS {
            return Err(wrong("it has more than 16 decimals"));
        }
        let whole: i128 = whole.parse().map_err(|_| wrong("it is too large"))?;
        let fraction: i128 = format!("{fraction:0<DECIMALS$}")
            .parse()
            .map_err(|_| wrong("its decimals cannot be read"))?;
        let units = whole.checked_mul(ONE).and_then(|units| units.checked_add(fraction));
        let units = units.map(|units| if negative { -units } else { units });
        units.and_then(Self::checked).ok_or_else(|| wrong("it is too large"))
    }
}

impl TryFrom<String> for Money {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn the_cloud_s_decimals_are_read_exactly() {
        for (text, shown) in [
            ("1", "1.00"),
            ("102.99", "102.99"),
            ("-0.5", "-0.50"),
            ("1.1900000000000000", "1.19"),
            ("0.0698630136986301", "0.0698630136986301"),
            ("0.0572000000", "0.0572"),
            ("00.60", "0.60"),
            ("1000000000000", "1000000000000.00"),
        ] {
            assert_eq!(money(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "1e3",
            "1,5",
            "0x1",
            " 1",
            "1 ",
            "--1",
            "1.2.3",
            "NaN",
            "inf",
            "½",
            "1000000000000.01",
            "99999999999999999999999999999999999999999",
            "0.00000000000000001",
        ] {
            let error = text.parse::<Money>().unwrap_err().to_string();
            assert!(!error.contains('\n') && error.contains("such as 102.99"), "{text}: {error}");
        }
        assert!("1".repeat(1000).parse::<Money>().unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn rounding_is_to_the_nearest() {
        let shown = |text: &str| format!("{:.2}", money(text));
        assert_eq!(shown("1.004999"), "1.00");
        assert_eq!(shown("1.005"), "1.01");
        assert_eq!(shown("-1.005"), "-1.01");
        assert_eq!(shown("0.9999"), "1.00");
        assert_eq!(format!("{:.0}|{:>8.1}", money("2.5"), money("2.25")), "3|     2.3");
        assert_eq!(money("1").ratio(1, 3).unwrap().to_string(), "0.3333333333333333");
        assert_eq!(money("2").ratio(1, 3).unwrap().to_string(), "0.6666666666666667");
        assert_eq!(money("102.99").hundredths_of(money("50.99")), Some(202));
        assert_eq!(money("270").fits(money("103.59")), Some(2));
    }

    #[test]
    fn what_does_not_fit_is_none_and_no_panic() {
        let most = money("1000000000000");
        assert_eq!(most.plus(money("0.01")), None);
        assert_eq!(Money::ZERO.minus(most).unwrap().minus(money("1")), None);
        assert_eq!(most.times(2), None);
        assert_eq!(most.times(u64::MAX), None);
        assert_eq!(most.ratio(u64::MAX, 1), None);
        assert_eq!(most.ratio(1, 0), None);
        assert_eq!(most.hundredths_of(Money::ZERO), None);
        assert_eq!(most.fits(Money::ZERO), None);
        assert_eq!(Money::from_shortest(f64::NAN), None);
        assert_eq!(Money::from_shortest(f64::INFINITY), None);
        assert_eq!(Money::from_shortest(1e300), None);
        assert_eq!(Money::from_shortest(102.99), Some(money("102.99")));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(units in -WHOLES_MAX * ONE..=WHOLES_MAX * ONE) {
            let money = Money(units);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn cents_are_shown_to_the_nearest(cents in any::<u32>(), rest in 0_i128..ONE / 100) {
            let exact = Money::from_cents(cents);
            let money = Money(exact.0 + rest);
            let up = Money::from_cents(cents.saturating_add(1));
            let nearest = if rest * 2 >= ONE / 100 { up } else { exact };
            prop_assume!(cents < u32::MAX);
            prop_assert_eq!(format!("{money:.2}"), nearest.to_string());
        }

        #[test]
        fn no_text_makes_reading_panic(text in any::<String>()) {
            if let Err(error) = text.parse::<Money>() {
                prop_assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
}
