//! The configuration: read, and refused when it contradicts itself.

use camino::Utf8Path;
use ennead_guard::config::{CONFIG_VERSION, Config};
use ennead_host::{HostError, files};
use thiserror::Error;

use super::etcd::TlsFiles;

/// Shortest lease of the guards that makes sense: it is renewed at a third, and acts need
/// `lease_margin_ms` of it.
const LEASE_S_MIN: u32 = 2;

/// A guard that cannot start.
#[derive(Debug, Error)]
pub enum GuardError {
    /// A file.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A file that is not there.
    #[error("{path} does not exist: run ennead up, which writes it")]
    Missing {
        /// Which file.
        path: String,
    },
    /// A configuration that is not understood.
    #[error("{path} is not understood: {why}")]
    Malformed {
        /// Which file.
        path: String,
        /// What is wrong, on which line.
        why: String,
    },
    /// A configuration that cannot be followed.
    #[error("{path} cannot be followed: {why}")]
    Unsound {
        /// Which file.
        path: String,
        /// All that is wrong.
        why: String,
    },
    /// The client for etcd or the probes cannot be made.
    #[error("cannot prepare TLS: {why}")]
    Tls {
        /// What is wrong.
        why: String,
    },
    /// The coordination cluster did not do as asked.
    #[error("the coordination cluster: {why}")]
    Etcd {
        /// Why.
        why: String,
    },
    /// A socket that cannot be opened.
    #[error("cannot listen for echoes on {address}")]
    Listen {
        /// Which.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The process's own ways to be told and to tell.
    #[error("cannot {what}")]
    Process {
        /// What was tried.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads the configuration.
///
/// # Errors
/// [`GuardError`].
pub fn load(path: &Utf8Path) -> Result<Config, GuardError> {
    let missing = || GuardError::Missing { path: path.to_string() };
    let text = files::read_text(path)?.ok_or_else(missing)?;
    let config: Config = toml::from_str(&text).map_err(|error| GuardError::Malformed {
        path: path.to_string(),
        why: error.to_string().trim().to_owned(),
    })?;
    let found = contradictions(&config);
    if found.is_empty() {
        return Ok(config);
    }
    Err(GuardError::Unsound { path: path.to_string(), why: found.join("; ") })
}

/// Returns all that is wrong with a configuration, one sentence each.
fn contradictions(config: &Config) -> Vec<String> {
    let mut found = config.timing.contradictions();
    let mut must = |holds: bool, sentence: String| {
        if !holds {
            found.push(sentence);
        }
    };
    let version = config.format_version;
    must(
        version == CONFIG_VERSION,
        format!("its format version is {version}, this program knows {CONFIG_VERSION}"),
    );
    let node = &config.node;
    must(config.vantages.contains_key(node), format!("{node} is not among its vantages"));
    must(!config.etcd.endpoints.is_empty(), "it names no endpoint of etcd".to_owned());
    let plain = config.etcd.endpoints.iter().find(|url| !url.starts_with("https://"));
    must(plain.is_none(), format!("etcd's endpoint {plain:?} is not https"));
    let lease_s = config.etcd.lease_s;
    must(lease_s >= LEASE_S_MIN, format!("etcd.lease_s is {lease_s}: use {LEASE_S_MIN} or more"));
    let lease_ms = u64::from(lease_s).saturating_mul(1_000);
    must(
        config.timing.lease_margin_ms.saturating_mul(2) < lease_ms,
        format!("lease_margin_ms is half of the lease ({lease_ms} ms) or more: no act is possible"),
    );
    let needs_socket = config.balancers.contains(node) && config.balancer_socket.is_none();
    must(!needs_socket, format!("{node} runs a balancer, but balancer_socket is not given"));
    found
}

/// Reads the certificates for etcd.
///
/// # Errors
/// [`GuardError`].
pub(crate) fn certificates(config: &Config) -> Result<TlsFiles, GuardError> {
    let read = |path: &Utf8Path| {
        files::read(path)?.ok_or_else(|| GuardError::Missing { path: path.to_string() })
    };
    let etcd = &config.etcd;
    Ok(TlsFiles { ca: read(&etcd.ca)?, cert: read(&etcd.cert)?, key: read(&etcd.key)? })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn all_contradictions_are_told_at_once() {
        let mut config = testing::config(&[("n1", 1)], &["n1"], 1, 1);
        assert_eq!(contradictions(&config), Vec::<String>::new());
        config.format_version = 9;
        config.etcd.endpoints = vec!["http://127.0.0.1:1".to_owned()];
        config.etcd.lease_s = 1;
        config.timing.misses = 1;
        config.vantages.remove(&config.node.clone());
        config.balancers.insert(config.node.clone());
        assert_eq!(contradictions(&config).len(), 7, "{:#?}", contradictions(&config));
    }

    #[test]
    fn a_configuration_survives_its_file_and_an_unknown_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("guard.toml")).unwrap();
        assert!(matches!(load(&path), Err(GuardError::Missing { .. })));
        let config = testing::config(&[("n1", 1)], &["n1"], 1, 1);
        let text = toml::to_string(&config).unwrap();
        files::write(&path, &text).unwrap();
        assert_eq!(load(&path).unwrap(), config);
        files::write(&path, format!("tokn = 1\n{text}")).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("tokn"), "{error}");
    }
}
