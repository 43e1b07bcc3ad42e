//! Serves the API on loopback.

use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use camino::Utf8PathBuf;
use ennead_host::clock::Stopwatch;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::engine::{Engine, EngineError};
use crate::http::{API_ROOT, Desk, answer};
use crate::rate::Bucket;
use crate::state::{Limits, Prefix, Rules};
use crate::store::{Store, StoreError};
use crate::world::World;

/// Length of a token. Source: the cloud's own have 64 characters.
const TOKEN_LENGTH: usize = 64;

/// Requests per hour. Source: the official description, section "Rate Limiting".
pub const REQUESTS_PER_HOUR: u32 = 3600;

/// Time that jobs under way have to end when the daemon is asked to end. What is cut off is carried
/// out again at the next start.
const SETTLE_DEADLINE: Duration = Duration::from_secs(30);

/// A token of the API. Its text appears in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct LabToken {
    text: String,
    /// Whether it may only read.
    pub is_read_only: bool,
}

impl LabToken {
    /// Makes a token that may do everything.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_read_only: false }
    }

    /// Makes a token that may only read.
    pub fn read_only(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_read_only: true }
    }

    /// Makes a random one.
    fn random() -> Self {
        let letters = rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH);
        Self::new(letters.map(char::from).collect::<String>())
    }

    /// Returns whether the text is this token's.
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// Returns the text for the one who has to send it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for LabToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabToken").field("is_read_only", &self.is_read_only).finish_non_exhaustive()
    }
}

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// A loopback address; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Tokens besides the one in the state directory.
    pub tokens: Vec<LabToken>,
    /// Where state, endpoint, token and pid are kept; nothing is kept when absent.
    pub state_dir: Option<Utf8PathBuf>,
    /// Where servers' public addresses are taken from.
    pub public_prefix: Prefix,
    /// Quotas of the account; none by default.
    pub limits: Limits,
    /// The rate limit.
    pub requests_per_hour: u32,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tokens: Vec::new(),
            state_dir: None,
            public_prefix: rules.public_prefix,
            limits: rules.limits,
            requests_per_hour: REQUESTS_PER_HOUR,
        }
    }
}

/// A lab that cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address can be reached from elsewhere.
    #[error("{address} is not a loopback address")]
    NotLoopback {
        /// Which.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The state directory cannot be used.
    #[error("cannot use the state directory")]
    Store(#[source] StoreError),
    /// The engine cannot start.
    #[error("cannot start the lab")]
    Engine(#[source] EngineError),
}

/// A lab that answers.
pub struct Bound {
    /// Where it listens.
    pub address: SocketAddr,
    /// For example `http://127.0.0.1:4000/v1`.
    pub endpoint: String,
    /// The token that may do everything.
    pub token: LabToken,
    /// The state and the faults.
    pub engine: Arc<Engine>,
    server: JoinHandle<()>,
}

impl Bound {
    /// Waits until it has ended.
    pub async fn ended(self) {
        if let Err(error) = self.server.await {
            tracing::error!(error = &error as &dyn std::error::Error, "the lab's server broke");
        }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Serves until `shutdown` is there, then ends what is under way.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    options: ServeOptions,
    world: Arc<dyn World>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Bound, ServeError> {
    if !options.bind.ip().is_loopback() {
        return Err(ServeError::NotLoopback { address: options.bind });
    }
    let store = options.state_dir.as_deref().map(Store::open).transpose();
    let store = store.map_err(ServeError::Store)?;
    let listen = |source| ServeError::Listen { address: options.bind, source };
    let listener = TcpListener::bind(options.bind).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let base = format!("http://{address}");
    let endpoint = format!("{base}{API_ROOT}");
    let token = introduce(store.as_ref(), &endpoint, &options.tokens).map_err(ServeError::Store)?;

    let rules =
        Rules { public_prefix: options.public_prefix, limits: options.limits, ..Rules::default() };
    let engine = Engine::start(world, store, rules).await.map_err(ServeError::Engine)?;
    let mut tokens = options.tokens;
    tokens.push(token.clone());
    let desk = Arc::new(Desk {
        engine: Arc::clone(&engine),
        tokens,
        bucket: Mutex::new(Bucket::new(options.requests_per_hour)),
        watch: Stopwatch::start(),
        base,
    });
    tracing::info!(endpoint, "the lab answers");
    let server = tokio::spawn(run(listener, desk, Arc::clone(&engine), shutdown));
    Ok(Bound { address, endpoint, token, engine, server })
}

/// Writes endpoint and token for the clients. The token is made once and stays.
fn introduce(
    store: Option<&Store>,
    endpoint: &str,
    others: &[LabToken],
) -> Result<LabToken, StoreError> {
    let given = || others.iter().find(|token| !token.is_read_only).cloned();
    let Some(store) = store else { return Ok(given().unwrap_or_else(LabToken::random)) };
    let stored = store.token()?.map(LabToken::new);
    let token = stored.or_else(given).unwrap_or_else(LabToken::random);
    store.save_token(token.text())?;
    store.save_endpoint(endpoint)?;
    Ok(token)
}

async fn run(
    listener: TcpListener,
    desk: Arc<Desk>,
    engine: Arc<Engine>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new().fallback(answer).with_state(desk);
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown);
    tokio::select! {
        ended = serving => {
            if let Err(error) = ended {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot serve");
            }
        }
        () = engine.listen() => {}
        () = engine.measure() => {}
    }
    if tokio::time::timeout(SETTLE_DEADLINE, engine.settle()).await.is_err() {
        tracing::warn!("jobs were cut off; they are carried out again at the next start");
    }
}
