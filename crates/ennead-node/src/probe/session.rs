//! One connection to the database through a load balancer.

use std::error::Error as _;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ennead_host::clock::Stopwatch;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{Endpoint, ProbeConfig};

/// What every try needs.
pub(super) struct Setting {
    pub(super) config: ProbeConfig,
    pub(super) clock: Stopwatch,
    tls: MakeRustlsConnect,
}

impl Setting {
    /// Prepares TLS with the platform's authority as the only one that is trusted.
    ///
    /// # Errors
    /// What is wrong with the authority's file.
    pub(super) fn new(
        config: ProbeConfig,
        clock: Stopwatch,
        ca_pem: &[u8],
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        if roots.is_empty() {
            return Err("it holds no certificate".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config, clock, tls: MakeRustlsConnect::new(tls) })
    }

    /// Returns microseconds since the probe's start.
    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A try that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TryError {
    /// Why, on one line.
    pub(super) what: String,
    /// Whether the database certainly did not do what was asked. False when the answer was lost.
    pub(super) refused: bool,
}

impl TryError {
    /// Makes an error that leaves open what happened.
    pub(super) fn unknown(what: impl Into<String>) -> Self {
        Self { what: what.into(), refused: false }
    }
}

impl From<tokio_postgres::Error> for TryError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            let code = said.code().code();
            return Self {
                what: format!("{} {code}: {}", said.severity(), said.message()),
                refused: said.severity() == "ERROR" && is_refusal(code),
            };
        }
        let mut what = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !what.contains(&cause_text) {
                what = format!("{what}: {cause_text}");
            }
            source = cause.source();
        }
        Self::unknown(what)
    }
}

/// Returns whether an error of this SQLSTATE class proves that nothing was written. The pooler
/// reports a lost server under class 08 and an operator's intervention comes under 57: after those
/// the row may be there.
fn is_refusal(code: &str) -> bool {
    ["22", "23", "25", "28", "42", "53"].iter().any(|class| code.starts_with(class))
}

/// An open connection.
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<()>,
    warned: Arc<AtomicBool>,
    /// Which endpoint of its list.
    pub(super) endpoint: usize,
}

impl Session {
    /// Connects and logs in within the config's limit.
    pub(super) async fn open(
        setting: &Setting,
        index: usize,
        endpoint: &Endpoint,
    ) -> Result<Self, TryError> {
        let config = &setting.config;
        let mut login = tokio_postgres::Config::new();
        login
            .host(&config.server_name)
            .hostaddr(endpoint.address.ip())
            .port(endpoint.address.port())
            .user(&config.user)
            .password(config.password.expose())
            .dbname(&config.database)
            .ssl_mode(SslMode::Require)
            .application_name("ennead-probe");
        let limit = config.connect_timeout();
        let (client, mut connection) =
            timeout(limit, login.connect(setting.tls.clone())).await.map_err(|_| {
                TryError::unknown(format!("no connection within {} ms", limit.as_millis()))
            })??;
        let warned = Arc::new(AtomicBool::new(false));
        let warning_seen = Arc::clone(&warned);
        // Messages are handed on in their order, so a warning is noted before its answer arrives.
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message
                    && notice.severity() == "WARNING"
                {
                    warning_seen.store(true, Ordering::Release);
                }
            }
        });
        Ok(Self { client, driver, warned, endpoint: index })
    }

    /// Runs one simple statement and returns the first column of its rows.
    ///
    /// A warning makes the answer an unknown one: PostgreSQL answers a commit whose wait for
    /// replication was cancelled with success and a warning that the row may not be replicated.
    pub(super) async fn query(&self, sql: &str) -> Result<Vec<String>, TryError> {
        self.warned.store(false, Ordering::Release);
        let messages = self.client.simple_query(sql).await?;
        if self.warned.load(Ordering::Acquire) {
            return Err(TryError::unknown("answered with a warning"));
        }
        let mut values = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                let value = row.try_get(0).ok().flatten().unwrap_or_default();
                values.push(value.to_owned());
            }
        }
        Ok(values)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A silent peer would keep the task and its socket for many minutes.
        self.driver.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_that_proves_it_counts_as_refused() {
        // Read-only transaction, duplicate key, no such table, disk full.
        assert!(["25006", "23505", "42P01", "53100"].into_iter().all(is_refusal));
        // Pooler lost its server, administrator's shutdown, crash, internal error, commit unknown.
        assert!(
            !["08P01", "08006", "57P01", "57P02", "XX000", "40003"].into_iter().any(is_refusal)
        );
    }

    #[test]
    fn an_authority_without_certificate_is_refused() {
        let login = super::super::Login {
            server_name: "db.example.internal".to_owned(),
            ca: "/etc/ennead/ca.pem".into(),
            user: "app".to_owned(),
            password: super::super::Password::new("x"),
            database: "app".to_owned(),
        };
        let config = ProbeConfig::load("r", Vec::new(), Vec::new(), login);
        assert!(Setting::new(config, Stopwatch::start(), b"nothing").is_err());
    }
}
