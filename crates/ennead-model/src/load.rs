//! The load that a platform has to carry: what an operator asks of it, in numbers.

use serde::{Deserialize, Serialize};

/// The load that is asked. What is not stated is not computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// Users at the same time.
    pub users: Option<u64>,
    /// Requests of all users in a minute.
    pub requests_per_minute: Option<u64>,
    /// Connections of applications to the database at the same time.
    pub connections: Option<u64>,
    /// Data in the database, in bytes, before any copy.
    pub data_bytes: Option<u64>,
    /// Lines that all programs log in a second.
    pub log_lines_per_second: Option<u64>,
}

impl Load {
    /// The keys with the most that each may be. The limits only refuse what cannot be meant; all are
    /// below 2^53, so that each number is exact as an `f64`.
    pub const KEYS: [(&'static str, u64); 5] = [
        ("users", 10_000_000_000),
        ("requests_per_minute", 1_000_000_000_000),
        ("connections", 1_000_000_000),
        ("data_bytes", 1_000_000_000_000_000),
        ("log_lines_per_second", 1_000_000_000),
    ];

    /// Returns the number of a key of [`Self::KEYS`], when it is stated.
    pub fn get(&self, key: &str) -> Option<u64> {
        match key {
            "users" => self.users,
            "requests_per_minute" => self.requests_per_minute,
            "connections" => self.connections,
            "data_bytes" => self.data_bytes,
            "log_lines_per_second" => self.log_lines_per_second,
            _ => None,
        }
    }

    /// States the number of a key of [`Self::KEYS`]; another key changes nothing.
    pub fn set(&mut self, key: &str, number: u64) {
        let place = match key {
            "users" => &mut self.users,
            "requests_per_minute" => &mut self.requests_per_minute,
            "connections" => &mut self.connections,
            "data_bytes" => &mut self.data_bytes,
            "log_lines_per_second" => &mut self.log_lines_per_second,
            _ => return,
        };
        *place = Some(number);
    }

    /// Returns whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Units of [`parse_bytes`], with their bytes. Source: IEC 80000-13, and SI prefixes.
const UNITS: [(&str, u64); 10] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a number of bytes with its unit, such as `2TB` (powers of 1000) or `512 GiB` (powers of
/// 1024). Whole numbers only.
///
/// # Errors
/// What is expected, on one line, when the text is something else or does not fit.
pub fn parse_bytes(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "a whole number with a unit is expected, such as 500GB, 2TB or 2TiB";
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(EXPECTED)?;
    let number: u64 = number.parse().map_err(|_| EXPECTED)?;
    number.checked_mul(*bytes).ok_or("is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit() {
        for (text, bytes) in [
            ("2TB", 2_000_000_000_000),
            ("2 TiB", 2 << 40),
            ("0B", 0),
            (" 512 MiB ", 512 << 20),
            ("1kB", 1000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "2",
            "TB",
            "-2TB",
            "2.5TB",
            "2 tb",
            "2TBs",
            "99999999999999999999TB",
            "9999999999TB",
        ] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_key_can_be_stated_and_stays_exact() {
        let mut load = Load::default();
        assert!(load.is_empty());
        for (key, most) in Load::KEYS {
            assert_eq!(load.get(key), None);
            load.set(key, most);
            assert_eq!(load.get(key), Some(most));
            assert!(most < 1 << 53);
        }
        load.set("unknown", 1);
        let stated = serde_json::to_value(load).unwrap();
        assert_eq!(stated.as_object().unwrap().len(), Load::KEYS.len());
        assert!(!load.is_empty());
    }
}
