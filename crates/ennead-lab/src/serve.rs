//! Serves the API on loopback, and to the lab's servers where these are real.

use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use crate::connections::Patience;
use crate::connections::accept;
use crate::engine::{Engine, EngineOptions};
use crate::http::{API_ROOT, Desk, Door};
use crate::pace::Pace;
use crate::projects::{Common, ProjectError, Projects};
use crate::rate::Gate;
use crate::state::{Limits, Prefix, Rules};
use crate::store::{Store, StoreError};
pub use crate::token::LabToken;
use crate::world::{API_PORT, World, WorldError};

/// Requests per hour. Source: the official description, section "Rate Limiting".
pub const REQUESTS_PER_HOUR: u32 = 3600;

/// Time that jobs under way have to end when the daemon is asked to end. What is cut off is carried
/// out again at the next start.
const SETTLE_DEADLINE: Duration = Duration::from_secs(30);

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
    /// The rate limit of each project.
    pub requests_per_hour: u32,
    /// How long actions take.
    pub pace: Pace,
    /// What clients are granted.
    pub patience: Patience,
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
            pace: Pace::default(),
            patience: Patience::default(),
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
    /// Servers cannot be let in.
    #[error("cannot open the API to servers")]
    World(#[source] WorldError),
    /// The state directory cannot be used.
    #[error("cannot use the state directory")]
    Store(#[source] StoreError),
    /// A project cannot be opened.
    #[error("cannot open the lab's projects")]
    Project(#[source] ProjectError),
}

/// A lab that answers.
pub struct Bound {
    /// Where it listens.
    pub address: SocketAddr,
    /// For example `http://127.0.0.1:4000/v1`.
    pub endpoint: String,
    /// The token that may do everything.
    pub token: LabToken,
    /// The state and the faults of the default project.
    pub engine: Arc<Engine>,
    /// How many requests of the default project there were, and how many more may be.
    pub gate: Arc<Gate>,
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
    let store = store.map_err(ServeError::Store)?.map(Arc::new);
    let listen = |source| ServeError::Listen { address: options.bind, source };
    let listener = TcpListener::bind(options.bind).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let base = format!("http://{address}");
    let endpoint = format!("{base}{API_ROOT}");
    let token =
        introduce(store.as_deref(), &endpoint, &options.tokens).map_err(ServeError::Store)?;

    let mut tokens = options.tokens;
    tokens.push(token.clone());
    let rules =
        Rules { public_prefix: options.public_prefix, limits: options.limits, ..Rules::default() };
    let inner = inner_door(world.as_ref(), store.as_deref()).await?;
    let common = Common {
        world,
        store,
        options: EngineOptions { rules, pace: options.pace, ..EngineOptions::default() },
        requests_per_hour: options.requests_per_hour,
    };
    let projects = Projects::open(common, &tokens).await.map_err(ServeError::Project)?;
    let (engine, gate) = (Arc::clone(&projects.main().engine), Arc::clone(&projects.main().gate));
    let desk = Arc::new(Desk { projects, base, patience: options.patience });
    tracing::info!(endpoint, "the lab answers");
    let server = tokio::spawn(run(listener, inner, desk, shutdown));
    Ok(Bound { address, endpoint, token, engine, gate, server })
}

/// Opens the API to servers, and writes down where they find it.
async fn inner_door(
    world: &dyn World,
    store: Option<&Store>,
) -> Result<Option<TcpListener>, ServeError> {
    let listener = world.api_listener().await.map_err(ServeError::World)?;
    let Some(listener) = listener else { return Ok(None) };
    let listen = |source| ServeError::Listen {
        address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, API_PORT)),
        source,
    };
    let listener = TcpListener::from_std(listener).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?.ip();
    if let Some(store) = store {
        let endpoint = format!("http://{address}{API_ROOT}");
        store.save_servers_endpoint(&endpoint).map_err(ServeError::Store)?;
    }
    Ok(Some(listener))
}

/// Writes endpoint and token for the clients. The token is made once and stays.
fn introduce(
    store: Option<&Store>,
    endpoint: &str,
    others: &[LabToken],
) -> Result<LabToken, StoreError> {
    let given = || others.iter().find(|token| token.is_main()).cloned();
    let Some(store) = store else { return Ok(given().unwrap_or_else(LabToken::random)) };
    let stored = store.token()?.map(LabToken::new);
    let token = stored.or_else(given).unwrap_or_else(LabToken::random);
    store.save_token(token.text())?;
    store.save_endpoint(endpoint)?;
    Ok(token)
}

async fn run(
    listener: TcpListener,
    inner: Option<TcpListener>,
    desk: Arc<Desk>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let closed = CancellationToken::new();
    let close = async {
        shutdown.await;
        closed.cancel();
    };
    let answering =
        accept(listener, Door::Operator, Arc::clone(&desk), desk.patience, closed.clone());
    let servers = async {
        if let Some(inner) = inner {
            accept(inner, Door::Servers, Arc::clone(&desk), desk.patience, closed.clone()).await;
        }
    };
    let listening = closed.run_until_cancelled(desk.projects.listen());
    let measuring = closed.run_until_cancelled(desk.projects.measure());
    tokio::join!(close, answering, servers, listening, measuring);
    if tokio::time::timeout(SETTLE_DEADLINE, desk.projects.settle()).await.is_err() {
        tracing::warn!("jobs were cut off; they are carried out again at the next start");
    }
}
