//! What a service carries: which part of the load it takes, and the settings that decide what that
//! costs the servers on which it runs.
//!
//! A setting that is not stated has a default where capacity is computed, with its unit and source.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Burden {
    /// Users' connections, with their TLS and the requests in them. Servers share them evenly.
    Sessions,
    /// Work on requests. Servers share them evenly.
    Requests,
    /// Data of users in memory: shared evenly where the service needs shards, else whole on each
    /// server.
    Cache,
    /// Log lines of all programs. Servers share them evenly.
    Logs,
    /// Measured values of all servers, whole on each server of the service.
    Metrics,
    /// Backups of the database, whole on each server of the service.
    Backups,
}

/// A setting of a burden: a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its key in a spec.
    pub key: &'static str,
    /// The least that it may be.
    pub least: u64,
    /// The most that it may be. Limits only refuse what cannot be meant.
    pub most: u64,
    /// Whether it may also be a text with a unit, as [`crate::parse_bytes`] reads it.
    pub bytes: bool,
}

const fn number(key: &'static str, least: u64, most: u64) -> Setting {
    Setting { key, least, most, bytes: false }
}

const fn bytes(key: &'static str) -> Setting {
    Setting { key, least: 1, most: 1_000_000_000_000_000, bytes: true }
}

/// Milliseconds of a day: far beyond what a request takes.
const MS_MAX: u64 = 86_400_000;
/// Ten years of days.
const DAYS_MAX: u64 = 3_650;

const SESSIONS: [Setting; 4] = [
    number("sessions_per_user", 1, 1_000),
    number("sessions_max", 1, 1_000_000_000),
    number("session_life_s", 10, 86_400),
    bytes("bytes_per_session"),
];
const REQUESTS: [Setting; 6] = [
    number("percent_of_requests", 1, 10_000),
    number("workers_per_core", 1, 1_000),
    number("requests_per_worker", 1, 1_000_000),
    number("request_ms", 1, MS_MAX),
    number("processor_us", 1, 1_000 * MS_MAX),
    bytes("bytes_per_worker"),
];
const CACHE: [Setting; 2] = [bytes("memory"), bytes("bytes_per_user")];
const LOGS: [Setting; 4] = [
    number("days", 1, DAYS_MAX),
    number("copies", 0, 1_000),
    bytes("bytes_per_line"),
    bytes("memory"),
];
const METRICS: [Setting; 3] = [
    number("days", 1, DAYS_MAX),
    number("scrape_s", 1, 86_400),
    number("series", 1, 1_000_000_000),
];
const BACKUPS: [Setting; 3] = [
    number("full_backups", 1, 1_000),
    number("wal_days", 1, DAYS_MAX),
    number("compressed_percent", 1, 100),
];

impl Burden {
    /// Every burden.
    pub const ALL: [Self; 6] =
        [Self::Sessions, Self::Requests, Self::Cache, Self::Logs, Self::Metrics, Self::Backups];

    /// Returns its name in a spec.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Requests => "requests",
            Self::Cache => "cache",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Backups => "backups",
        }
    }

    /// Returns the burden of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Returns the settings that it may have.
    #[must_use]
    pub const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Sessions => &SESSIONS,
            Self::Requests => &REQUESTS,
            Self::Cache => &CACHE,
            Self::Logs => &LOGS,
            Self::Metrics => &METRICS,
            Self::Backups => &BACKUPS,
        }
    }
}

impl fmt::Display for Burden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a service carries, with what is stated of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carries {
    /// The part of the load.
    pub what: Burden,
    /// Stated settings by key, each one of [`Burden::settings`] and within its limits.
    pub settings: BTreeMap<String, u64>,
}

impl Carries {
    /// Makes one of which nothing is stated.
    #[must_use]
    pub fn new(what: Burden) -> Self {
        Self { what, settings: BTreeMap::new() }
    }

    /// Returns a setting, when it is stated.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<u64> {
        self.settings.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_burden_has_its_name_and_each_setting_once() {
        for burden in Burden::ALL {
            assert_eq!(Burden::of_name(burden.name()), Some(burden));
            let json = serde_json::to_string(&burden).unwrap();
            assert_eq!(json, format!("{:?}", burden.name()));
            let settings = burden.settings();
            for (index, setting) in settings.iter().enumerate() {
                assert!(setting.least <= setting.most && setting.most < 1 << 53, "{}", setting.key);
                assert!(settings.iter().skip(index + 1).all(|other| other.key != setting.key));
            }
        }
        assert_eq!(Burden::of_name("session"), None);
    }
}
