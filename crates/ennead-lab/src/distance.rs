//! How far locations are from each other: what a packet between their servers meets.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The way between two locations, the same in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    /// The locations' names.
    pub between: [String; 2],
    /// Milliseconds that a packet takes one way; 0 takes the distance away.
    pub ms: f64,
    /// How much that varies, in milliseconds to both sides. Packets stay in order.
    #[serde(default)]
    pub jitter_ms: f64,
    /// How many packets get lost, 0 to 100.
    #[serde(default)]
    pub loss_percent: f64,
}

impl Distance {
    /// Parses `fsn1:sin=30ms[,jitter=2ms][,loss=0.1%]`.
    ///
    /// # Errors
    /// A sentence about the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "write it as fsn1:sin=30ms, with ,jitter=2ms and ,loss=0.1% if wanted";
        let (between, rest) = text.split_once('=').ok_or_else(|| form.to_owned())?;
        let (one, other) = between.split_once(':').ok_or_else(|| form.to_owned())?;
        if one.is_empty() || other.is_empty() || one == other {
            return Err(format!("{between:?} does not name two locations; {form}"));
        }
        let mut parts = rest.split(',');
        let mut distance = Self {
            between: [one.to_owned(), other.to_owned()],
            ms: amount(parts.next().unwrap_or_default(), "ms")?,
            jitter_ms: 0.0,
            loss_percent: 0.0,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("jitter", value)) => distance.jitter_ms = amount(value, "ms")?,
                Some(("loss", value)) => distance.loss_percent = amount(value, "%")?,
                _ => return Err(format!("{part:?} is neither jitter nor loss; {form}")),
            }
        }
        if distance.loss_percent > 100.0 {
            return Err(format!("{}% is more than everything", distance.loss_percent));
        }
        Ok(distance)
    }

    /// Returns whether it is between these two.
    pub fn is_between(&self, one: &str, other: &str) -> bool {
        let [a, b] = &self.between;
        (a == one && b == other) || (a == other && b == one)
    }

    /// Returns whether packets meet anything.
    pub fn is_any(&self) -> bool {
        self.ms > 0.0 || self.jitter_ms > 0.0 || self.loss_percent > 0.0
    }
}

impl fmt::Display for Distance {
    /// As [`Distance::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.between;
        write!(f, "{one}:{other}={}ms", self.ms)?;
        if self.jitter_ms > 0.0 {
            write!(f, ",jitter={}ms", self.jitter_ms)?;
        }
        if self.loss_percent > 0.0 {
            write!(f, ",loss={}%", self.loss_percent)?;
        }
        Ok(())
    }
}

/// Puts a distance in place of what is there between the same two; takes it away when it is none.
pub fn put(all: &mut Vec<Distance>, distance: &Distance) {
    let [one, other] = &distance.between;
    all.retain(|it| !it.is_between(one, other));
    if distance.is_any() {
        all.push(distance.clone());
    }
}

fn amount(text: &str, unit: &str) -> Result<f64, String> {
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    let number =
        number.filter(|number| number.is_finite() && *number >= 0.0 && *number <= 60_000.0);
    number.ok_or_else(|| format!("{text:?} is no amount in {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_read_as_it_is_written() {
        let distance = Distance::parse("fsn1:sin=30ms,jitter=2.5ms,loss=0.1%").unwrap();
        assert!((distance.ms - 30.0).abs() < 1e-9);
        assert!((distance.jitter_ms - 2.5).abs() < 1e-9);
        assert!((distance.loss_percent - 0.1).abs() < 1e-9);
        assert_eq!(distance.to_string(), "fsn1:sin=30ms,jitter=2.5ms,loss=0.1%");
        assert_eq!(Distance::parse("a:b=7ms").unwrap().to_string(), "a:b=7ms");
        assert!(distance.is_between("sin", "fsn1") && !distance.is_between("sin", "sin"));
        for wrong in [
            "",
            "fsn1",
            "fsn1:sin",
            "fsn1:fsn1=3ms",
            "fsn1:sin=3",
            "fsn1:sin=-3ms",
            "fsn1:sin=3ms,x=2",
            "fsn1:sin=3ms,loss=101%",
            "fsn1:sin=NaNms",
        ] {
            assert!(Distance::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_word_on_two_locations_holds() {
        let mut all = Vec::new();
        put(&mut all, &Distance::parse("fsn1:sin=30ms").unwrap());
        put(&mut all, &Distance::parse("sin:fsn1=40ms").unwrap());
        put(&mut all, &Distance::parse("fsn1:nbg1=70ms").unwrap());
        assert_eq!(all.len(), 2);
        put(&mut all, &Distance::parse("fsn1:sin=0ms").unwrap());
        assert_eq!(all, [Distance::parse("fsn1:nbg1=70ms").unwrap()]);
    }
}
