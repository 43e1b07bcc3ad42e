//! The client: one endpoint is preferred, a silent one is left quickly.
//!
//! A reading that is not answered within [`HEDGE`] is asked of the next endpoint too, and the first
//! answer counts. A write is sent once: another endpoint gets it only when the first was not even
//! connected to, so that nothing happens twice.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ennead_guard::LeaseId;
use ennead_host::clock::{Stopwatch, pause_for};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::timeout;

use super::preference::Preference;
use super::wire::{LeaseAnswer, Refusal, Streamed, Txn, TxnAnswer};
use crate::problem::chain;

/// Silence after which a reading is asked of the next endpoint too. Twice the round trip between
/// the sites (some 70 ms), so that a healthy endpoint is not left for its distance.
const HEDGE: Duration = Duration::from_millis(150);

/// gRPC's code for "there is no such thing".
const NOT_FOUND: i32 = 5;

/// gRPC's codes of refusals that are made before anything is done: invalid argument, not found,
/// permission denied, resource exhausted, failed precondition, out of range, unauthenticated.
/// Source: etcd 3.5, `api/v3rpc/rpctypes/error.go`. All others, timeouts among them, leave it open.
const SURE: [i32; 7] = [3, NOT_FOUND, 7, 8, 9, 11, 16];

/// A request that was not answered well.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum EtcdError {
    /// It certainly did not happen: no endpoint could be connected to.
    #[error("no endpoint of etcd can be reached: {0}")]
    NotSent(String),
    /// It certainly did not happen: etcd said so.
    #[error("etcd refused: {message} (code {code})")]
    Refused {
        /// gRPC's code.
        code: i32,
        /// etcd's words.
        message: String,
    },
    /// It may have happened, or may still happen.
    #[error("etcd did not answer: {0}")]
    Unknown(String),
}

impl EtcdError {
    /// Returns whether etcd says that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { code: NOT_FOUND, .. })
    }

    /// Returns whether it may have happened.
    pub(crate) fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// What came of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// It lasts so many seconds from when the renewal was sent, at least.
    Lasts {
        /// Seconds.
        ttl_s: u64,
    },
    /// There is no such lease any more.
    Gone,
}

/// Certificates as PEM texts.
#[derive(Clone)]
pub(crate) struct TlsFiles {
    /// The platform's authority; nothing else is trusted.
    pub(crate) ca: Vec<u8>,
    /// The client's certificate.
    pub(crate) cert: Vec<u8>,
    /// Its key.
    pub(crate) key: Vec<u8>,
}

/// etcd, by all its endpoints.
#[derive(Debug)]
pub(crate) struct Etcd {
    http: reqwest::Client,
    endpoints: Vec<String>,
    preference: Mutex<Preference>,
    deadline: Duration,
    clock: Stopwatch,
}

impl Etcd {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with the certificates.
    pub(crate) fn new(
        endpoints: &[String],
        tls: &TlsFiles,
        deadline: Duration,
    ) -> Result<Self, String> {
        // A second installation is refused; whoever was first chose the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let told = |error: reqwest::Error| chain(&error);
        let authority = reqwest::Certificate::from_pem_bundle(&tls.ca).map_err(told)?;
        let pem = [tls.cert.as_slice(), tls.key.as_slice()].join(&b'\n');
        let identity = reqwest::Identity::from_pem(&pem).map_err(told)?;
        let http = reqwest::Client::builder()
            .tls_certs_only(authority)
            .identity(identity)
            .no_proxy()
            // One connection per request: a hanging one holds up nothing else, and is closed with
            // the request that is given up.
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(deadline / 3)
            .timeout(deadline)
            .build()
            .map_err(told)?;
        let endpoints: Vec<String> =
            endpoints.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        let preference = Mutex::new(Preference::new(endpoints.len()));
        Ok(Self { http, endpoints, preference, deadline, clock: Stopwatch::start() })
    }

    /// Carries a transaction out: hedged if it only reads, else once.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn txn(&self, txn: &Txn) -> Result<TxnAnswer, EtcdError> {
        let body = txn.json();
        let path = "/v3/kv/txn";
        let text = if txn.reads_only() {
            self.read(path, &body).await
        } else {
            self.write(path, &body).await
        };
        parse(&text?)
    }

    /// Grants a lease of so many seconds. Returns its id and how long it is.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn grant(&self, ttl_s: u64) -> Result<(LeaseId, u64), EtcdError> {
        let body = json!({ "TTL": ttl_s.to_string() });
        let answer: LeaseAnswer = parse(&self.write("/v3/lease/grant", &body).await?)?;
        Ok((LeaseId(answer.id.0), answer.ttl_s.count()))
    }

    /// Renews a lease. Twice is as good as once, so it is hedged.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn renew(&self, lease: LeaseId) -> Result<Renewal, EtcdError> {
        let body = json!({ "ID": lease.0.to_string() });
        let text = self.read("/v3/lease/keepalive", &body).await?;
        // A stream with one message, on one line.
        let line = text.lines().next().unwrap_or_default();
        let answer: Streamed<LeaseAnswer> = parse(line)?;
        Ok(match answer.result.ttl_s.count() {
            0 => Renewal::Gone,
            ttl_s => Renewal::Lasts { ttl_s },
        })
    }

    /// Revokes a lease; sent once.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn revoke(&self, lease: LeaseId) -> Result<(), EtcdError> {
        let body = json!({ "ID": lease.0.to_string() });
        self.write("/v3/lease/revoke", &body).await.map(drop)
    }

    async fn read(&self, path: &str, body: &Value) -> Result<String, EtcdError> {
        let order = self.preference().for_reading(self.now_ms());
        let asking = self.hedged(path, body, &order);
        match timeout(self.deadline, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(self.too_slow()),
        }
    }

    async fn hedged(&self, path: &str, body: &Value, order: &[usize]) -> Result<String, EtcdError> {
        let mut left = order.iter();
        let mut asked = FuturesUnordered::new();
        let mut last = EtcdError::NotSent("there is none".to_owned());
        let ask = async |index: usize| (index, self.send(index, path, body).await);
        asked.extend(left.next().map(|index| ask(*index)));
        loop {
            tokio::select! {
                answer = asked.next() => match answer {
                    Some((index, Ok(text))) => {
                        self.preference().answered(index, self.now_ms());
                        return Ok(text);
                    }
                    Some((_, Err(error @ EtcdError::Refused { .. }))) => return Err(error),
                    Some((_, Err(error))) => {
                        last = error;
                        asked.extend(left.next().map(|index| ask(*index)));
                    }
                    None => return Err(last),
                },
                () = pause_for(HEDGE), if !left.as_slice().is_empty() => {
                    asked.extend(left.next().map(|index| ask(*index)));
                }
            }
        }
    }

    async fn write(&self, path: &str, body: &Value) -> Result<String, EtcdError> {
        let order = self.preference().for_writing();
        let asking = async {
            let mut last = EtcdError::NotSent("there is none".to_owned());
            for index in order {
                let answer = self.send(index, path, body).await;
                match answer {
                    Ok(text) => return Ok(text),
                    Err(error @ EtcdError::Refused { .. }) => return Err(error),
                    Err(error) => {
                        self.preference().failed(index, self.now_ms());
                        if error.may_have_happened() {
                            return Err(error);
                        }
                        last = error;
                    }
                }
            }
            Err(last)
        };
        match timeout(self.deadline, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(self.too_slow()),
        }
    }

    async fn send(&self, index: usize, path: &str, body: &Value) -> Result<String, EtcdError> {
        let Some(endpoint) = self.endpoints.get(index) else {
            return Err(EtcdError::NotSent("there is none".to_owned()));
        };
        let lost = |error: reqwest::Error| {
            let not_sent = error.is_connect();
            let why = format!("{endpoint}: {}", chain(&error.without_url()));
            if not_sent { EtcdError::NotSent(why) } else { EtcdError::Unknown(why) }
        };
        let request = self.http.post(format!("{endpoint}{path}")).json(body);
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let text = answer.text().await.map_err(lost)?;
        if status.is_success() {
            return Ok(text);
        }
        let said: Refusal = serde_json::from_str(&text).unwrap_or_default();
        if SURE.contains(&said.code) {
            return Err(EtcdError::Refused { code: said.code, message: said.message });
        }
        Err(EtcdError::Unknown(format!("{endpoint}: status {status}: {}", said.message)))
    }

    fn preference(&self) -> MutexGuard<'_, Preference> {
        // No holder panics; and any order of endpoints is a valid one.
        self.preference.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn too_slow(&self) -> EtcdError {
        EtcdError::Unknown(format!("not within {} ms", self.deadline.as_millis()))
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, EtcdError> {
    serde_json::from_str(text)
        .map_err(|error| EtcdError::Unknown(format!("its answer is not understood: {error}")))
}
