//! What a probe is told: the first line of its standard input.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::event::PROBE_FORMAT_VERSION;

/// Pause between the starts of two tries in milliseconds: below the 50 ms that a drill promises.
pub(super) const PAUSE_MS: u64 = 25;
/// Milliseconds without an answer after which another try is started beside the silent one. A
/// recovery is hidden at most this long, whatever hangs.
pub(super) const HEDGE_MS: u64 = 250;
/// Milliseconds for TCP, TLS and login together. Six round trips; hedging makes a long limit
/// harmless, and a short one would never succeed on a busy machine.
pub(super) const CONNECT_TIMEOUT_MS: u64 = 2000;
/// Milliseconds for one statement.
pub(super) const STATEMENT_TIMEOUT_MS: u64 = 2000;
/// Seconds after which a forgotten probe ends by itself.
pub(super) const DURATION_MAX_S: u64 = 900;

/// What the probe does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Writes and reads until told to stop.
    Load,
    /// Tells which ids of a run are in the table, and ends.
    ReadBack,
}

/// A load balancer's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Name of the node, for people.
    pub node: String,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A password that does not show itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns it for the login.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Everything that a probe needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeConfig {
    /// [`PROBE_FORMAT_VERSION`].
    pub format_version: u32,
    /// What to do.
    pub mode: Mode,
    /// Name of the run: 1 to 63 of a-z, 0-9 and '-'. Its rows carry it.
    pub run: String,
    /// Where writes go; any of them will do.
    pub write_endpoints: Vec<Endpoint>,
    /// Where reads go; empty for none.
    pub read_endpoints: Vec<Endpoint>,
    /// Name that the certificate must carry.
    pub server_name: String,
    /// Certificate authority on the node.
    pub ca: Utf8PathBuf,
    /// Database role.
    pub user: String,
    /// Its password.
    pub password: Password,
    /// Database name.
    pub database: String,
    /// Pause between the starts of two tries in milliseconds.
    pub pause_ms: u64,
    /// Milliseconds of silence after which another try starts beside the silent one.
    pub hedge_ms: u64,
    /// Milliseconds for TCP, TLS and login together.
    pub connect_timeout_ms: u64,
    /// Milliseconds for one statement.
    pub statement_timeout_ms: u64,
    /// Seconds after which a forgotten probe ends by itself.
    pub duration_s_max: u64,
}

/// A config that cannot be obeyed.
#[derive(Debug, Error)]
pub enum ProbeConfigError {
    /// No JSON of the right shape.
    #[error("the probe's config is not understood: {why}")]
    Malformed {
        /// What is wrong; never the text itself, which holds a password.
        why: String,
    },
    /// Another version of ennead speaks.
    #[error(
        "the probe's config has format version {found}, this program knows {PROBE_FORMAT_VERSION}"
    )]
    Version {
        /// What was given.
        found: u32,
    },
    /// The name of the run could not be put into a statement.
    #[error("{run:?} is not a run's name: use 1 to 63 of a-z, 0-9 and '-'")]
    Run {
        /// What was given.
        run: String,
    },
    /// Nowhere to write to.
    #[error("the probe's config names no write endpoint")]
    NoEndpoint,
}

impl ProbeConfig {
    /// Makes a config for writing with the usual times.
    pub fn load(run: &str, write: Vec<Endpoint>, read: Vec<Endpoint>, login: Login) -> Self {
        Self {
            format_version: PROBE_FORMAT_VERSION,
            mode: Mode::Load,
            run: run.to_owned(),
            write_endpoints: write,
            read_endpoints: read,
            server_name: login.server_name,
            ca: login.ca,
            user: login.user,
            password: login.password,
            database: login.database,
            pause_ms: PAUSE_MS,
            hedge_ms: HEDGE_MS,
            connect_timeout_ms: CONNECT_TIMEOUT_MS,
            statement_timeout_ms: STATEMENT_TIMEOUT_MS,
            duration_s_max: DURATION_MAX_S,
        }
    }

    /// Returns the same config for reading back what it wrote.
    #[must_use]
    pub fn for_reading_back(&self) -> Self {
        Self { mode: Mode::ReadBack, ..self.clone() }
    }

    /// Reads a config from a line.
    ///
    /// # Errors
    /// [`ProbeConfigError`]; none of them holds a part of the line.
    pub fn parse(line: &str) -> Result<Self, ProbeConfigError> {
        let config: Self = serde_json::from_str(line).map_err(|error| {
            // serde's own message quotes values, and one of them is the password.
            let why = format!("{:?} error at column {}", error.classify(), error.column());
            ProbeConfigError::Malformed { why }
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ProbeConfigError> {
        if self.format_version != PROBE_FORMAT_VERSION {
            return Err(ProbeConfigError::Version { found: self.format_version });
        }
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.run.is_empty() || self.run.len() > 63 || !self.run.chars().all(good) {
            return Err(ProbeConfigError::Run { run: self.run.clone() });
        }
        if self.write_endpoints.is_empty() {
            return Err(ProbeConfigError::NoEndpoint);
        }
        Ok(())
    }

    pub(super) fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }

    pub(super) fn hedge(&self) -> Duration {
        Duration::from_millis(self.hedge_ms.max(1))
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }
}

/// Who the probe is and whom it trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Name that the certificate must carry.
    pub server_name: String,
    /// Certificate authority on the node.
    pub ca: Utf8PathBuf,
    /// Database role.
    pub user: String,
    /// Its password.
    pub password: Password,
    /// Database name.
    pub database: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ProbeConfig {
        let login = Login {
            server_name: "db.example.internal".to_owned(),
            ca: "/etc/ennead/ca.pem".into(),
            user: "app".to_owned(),
            password: Password::new("hunter2"),
            database: "app".to_owned(),
        };
        let endpoint =
            Endpoint { node: "n1".to_owned(), address: "10.1.0.11:5000".parse().unwrap() };
        ProbeConfig::load("run-1", vec![endpoint], Vec::new(), login)
    }

    #[test]
    fn a_config_survives_its_json() {
        let line = serde_json::to_string(&config()).unwrap();
        assert_eq!(ProbeConfig::parse(&line).unwrap(), config());
    }

    #[test]
    fn the_password_shows_in_no_error_and_no_debug_text() {
        assert!(!format!("{:?}", config()).contains("hunter2"));
        let line = serde_json::to_string(&config()).unwrap();
        for broken in [
            line.replace("\"hunter2\"", "{\"x\":\"hunter2\"}"),
            line.replace("25", "\"hunter2\""),
            line.replace('}', ""),
        ] {
            let error = ProbeConfig::parse(&broken).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn names_that_could_end_a_literal_are_refused() {
        for bad in ["", "a'b", "A", "a b", "a;b", &"a".repeat(64)] {
            let line = serde_json::to_string(&ProbeConfig { run: bad.to_owned(), ..config() });
            assert!(ProbeConfig::parse(&line.unwrap()).is_err(), "{bad}");
        }
    }
}
