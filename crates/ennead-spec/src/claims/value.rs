//! What is claimed of a name: exactly, at least, at most, about, between, or yes and no.

use super::unit::Unit;

/// How far an amount may be from one that is claimed with `~`, as a share of the claimed one. A
/// choice: what a person would still call "about".
pub const ABOUT_TOLERANCE: f64 = 0.05;
/// Largest number that can be claimed, in the unit that it is written in: beyond it doubles do not
/// hold every whole number. 2^53 is about 9 x 10^15.
pub const NUMBER_MAX: f64 = 1e15;

/// What is claimed. Amounts are finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Claimed {
    /// That it is so, or that it is not.
    YesNo(bool),
    /// This amount.
    Exactly(f64),
    /// This amount or more.
    AtLeast(f64),
    /// This amount or less.
    AtMost(f64),
    /// This amount within [`ABOUT_TOLERANCE`].
    About(f64),
    /// Between two amounts, which count.
    Between(f64, f64),
}

impl Claimed {
    /// Reads the text form: `>= 5`, `<= 5`, `~ 5`, `5..9`, `5`, with underscores between digits.
    ///
    /// # Errors
    /// Says what is wrong, as a fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (read, rest): (fn(f64) -> Self, &str) = if let Some(rest) = text.strip_prefix(">=") {
            (Self::AtLeast, rest)
        } else if let Some(rest) = text.strip_prefix("<=") {
            (Self::AtMost, rest)
        } else if let Some(rest) = text.strip_prefix('~') {
            (Self::About, rest)
        } else if let Some((low, high)) = text.split_once("..") {
            let (low, high) = (number(low)?, number(high)?);
            if low > high {
                return Err(format!("begins above its end: {low} is more than {high}"));
            }
            return Ok(Self::Between(low, high));
        } else {
            (Self::Exactly, text)
        };
        number(rest).map(read)
    }

    /// Returns the same with each amount changed.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::YesNo(_) => self,
            Self::Exactly(it) => Self::Exactly(change(it)),
            Self::AtLeast(it) => Self::AtLeast(change(it)),
            Self::AtMost(it) => Self::AtMost(change(it)),
            Self::About(it) => Self::About(change(it)),
            Self::Between(low, high) => Self::Between(change(low), change(high)),
        }
    }

    /// Returns the largest amount in it; `None` for yes and no.
    #[must_use]
    pub fn largest(self) -> Option<f64> {
        match self {
            Self::YesNo(_) => None,
            Self::Exactly(it) | Self::AtLeast(it) | Self::AtMost(it) | Self::About(it) => Some(it),
            Self::Between(_, high) => Some(high),
        }
    }

    /// Returns it as a text, in a unit.
    #[must_use]
    pub fn words(self, unit: Option<Unit>) -> String {
        let factor = unit.map_or(1.0, |unit| unit.factor);
        let text = match self.map(|amount| amount / factor) {
            Self::YesNo(yes) => return if yes { "yes" } else { "no" }.to_owned(),
            Self::Exactly(it) => rounded(it),
            Self::AtLeast(it) => format!(">= {}", rounded(it)),
            Self::AtMost(it) => format!("<= {}", rounded(it)),
            Self::About(it) => format!("~ {}", rounded(it)),
            Self::Between(low, high) => format!("{} to {}", rounded(low), rounded(high)),
        };
        unit.map_or_else(|| text.clone(), |unit| format!("{text} {}", unit.name))
    }
}

/// Checks a number of a claim.
///
/// # Errors
/// Says what is wrong, as a fragment.
pub(super) fn checked(number: f64) -> Result<f64, String> {
    if !number.is_finite() {
        return Err("is no finite number".to_owned());
    }
    if number < 0.0 {
        return Err(format!("is negative: {number}"));
    }
    if number > NUMBER_MAX {
        return Err(format!("is too large: more than {NUMBER_MAX:e}"));
    }
    Ok(number)
}

fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let shown: String = text.chars().take(40).collect();
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+');
    if text.is_empty() || !text.chars().all(digit) {
        return Err(format!("{shown:?} is no number"));
    }
    let number = text.replace('_', "").parse().map_err(|_| format!("{shown:?} is no number"))?;
    checked(number)
}

/// Returns a number with at most four digits after the point, and none that is not needed.
fn rounded(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
