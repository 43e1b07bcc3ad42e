//! The daemon as a program: from its configuration to the end of its leadership.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_guard::config::Config;
use ennead_guard::react::{Balancers, Kernels, Postgres, Reaction};
use ennead_guard::words::domains;
use ennead_guard::{Guard, Settings, Watched};
use ennead_host::clock::{Stopwatch, pause_for};
use ennead_host::files;
use ennead_model::ComponentName;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::cloud::Cloud;
use super::daemon::Daemon;
use super::echo;
use super::etcd::Etcd;
use super::evidence;
use super::hands::{Hands, Happened};
use super::keys::KeyNames;
use super::load::{GuardError, certificates};
use super::notify::Supervisor;
use super::reach::Prober;
use super::store::Store;

/// The component whose lease is revoked, as reactions name it.
const DATABASE: &str = "postgres";

/// The component that marks servers down, as reactions name it.
const BALANCER: &str = "haproxy";

/// The component that has kernels refuse connections, as reactions name it: the guard itself.
const GUARD: &str = "guard";

/// Pause between two writings of the status file, and between two signs of life.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Most time for giving the own lease up at the end.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// Most time for the last evidence to be written at the end.
const LAST_WORDS_MAX: Duration = Duration::from_millis(500);

/// What the daemon is given besides its configuration.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where it says how it is; see [`super::STATUS_FILE`].
    pub status: Utf8PathBuf,
    /// `$NOTIFY_SOCKET`, if systemd started it.
    pub notify: Option<String>,
}

/// Runs the guard until `stop` is ready. Then it gives its lease up, and with it its leadership.
///
/// # Errors
/// [`GuardError`] when it cannot start. Once it runs, trouble with etcd, the cloud or nodes is
/// evidence, not an error.
pub async fn run(
    config: Config,
    surroundings: Surroundings,
    stop: impl Future<Output = ()>,
) -> Result<(), GuardError> {
    let supervisor = Supervisor::new(surroundings.notify.as_deref())
        .map_err(|source| GuardError::Process { what: "reach the supervisor", source })?;
    if let Some(folder) = surroundings.status.parent() {
        files::make_directory(folder)?;
    }
    let echoes = listen(&config).await?;
    let (tell, told) = mpsc::unbounded_channel();
    let guard = guard(&config)?;
    let hands = Arc::new(hands(config, tell)?);
    let (lines, last_words) = mpsc::unbounded_channel();
    let writer = tokio::spawn(evidence::write_all(Arc::clone(&hands.store), last_words));
    let answering = tokio::spawn(async move {
        while let Err(error) = echo::answer(&echoes).await {
            tracing::warn!(%error, "echoes are not answered for a moment");
            pause_for(STATUS_EVERY).await;
        }
    });
    let mut daemon = Daemon::new(Arc::clone(&hands), guard, lines);
    supervisor.ready();

    go_on(&mut daemon, told, &hands, &supervisor, &surroundings.status, stop).await;

    supervisor.stopping();
    answering.abort();
    if let Some(lease) = daemon.lease() {
        let revoked = timeout(GOODBYE_MAX, hands.store.etcd.revoke(lease)).await;
        if !matches!(revoked, Ok(Ok(()))) {
            tracing::warn!("the own lease was not given up; it runs out by itself");
        }
    }
    drop(daemon);
    if timeout(LAST_WORDS_MAX, writer).await.is_err() {
        tracing::warn!("the last evidence is in this journal only");
    }
    Ok(())
}

/// Forgets the acts that the guards counted in the last ten minutes: somebody knows why they were.
///
/// # Errors
/// [`GuardError`].
pub async fn forget_acts(config: &Config) -> Result<(), GuardError> {
    let forgotten = store(config)?.forget_acts().await;
    forgotten.map_err(|error| GuardError::Etcd { why: crate::problem::chain(&error) })
}

async fn go_on(
    daemon: &mut Daemon,
    mut told: UnboundedReceiver<Happened>,
    hands: &Arc<Hands>,
    supervisor: &Supervisor,
    status: &Utf8PathBuf,
    stop: impl Future<Output = ()>,
) {
    let every_ms = (hands.config.timing.probe_every_ms / 3).max(1);
    let mut ticks = interval(Duration::from_millis(every_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut seconds = interval(STATUS_EVERY);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            Some(happened) = told.recv() => daemon.take(happened),
            _ = ticks.tick() => daemon.tick(),
            _ = seconds.tick() => {
                supervisor.alive();
                let (file, path) = (daemon.status(), status.clone());
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = file.write(&path) {
                        tracing::warn!(%error, "the status was not written");
                    }
                });
            }
        }
    }
}

async fn listen(config: &Config) -> Result<UdpSocket, GuardError> {
    let address = SocketAddrV4::new(config.address, config.echo_port);
    let bound = UdpSocket::bind(address).await;
    bound.map_err(|source| GuardError::Listen { address: address.to_string(), source })
}

fn guard(config: &Config) -> Result<Guard, GuardError> {
    let mut sites = config.vantages.clone();
    sites.extend(config.databases.iter().map(|(node, it)| (node.clone(), it.site.clone())));
    let domains = domains(&sites);
    let mut nodes = BTreeMap::new();
    for (node, database) in &config.databases {
        if let Some(domain) = domains.get(node).cloned() {
            nodes.insert(node.clone(), Watched { server: database.server, domain });
        }
    }
    let vantages = domains.into_iter().filter(|(node, _)| config.vantages.contains_key(node));
    let settings = Settings {
        own: config.node.clone(),
        nodes,
        vantages: vantages.collect(),
        timing: config.timing.clone(),
    };
    let component = |name: &str| {
        ComponentName::new(name).map_err(|error| GuardError::Unsound {
            path: "the component".to_owned(),
            why: error.to_string(),
        })
    };
    let balancers = config.balancers.iter().cloned().collect();
    let reactions: Vec<Box<dyn Reaction>> = vec![
        Box::new(Postgres::new(component(DATABASE)?)),
        Box::new(Balancers::new(component(BALANCER)?, balancers)),
        Box::new(Kernels::new(component(GUARD)?, config.vantages.keys().cloned().collect())),
    ];
    Ok(Guard::new(Arc::new(settings), reactions.into()))
}

fn hands(config: Config, tell: mpsc::UnboundedSender<Happened>) -> Result<Hands, GuardError> {
    let store = Arc::new(store(&config)?);
    let (endpoint, token) = (config.cloud.endpoint.clone(), config.cloud.token.clone());
    let cloud = Cloud::new(endpoint, token, Duration::from_millis(config.timing.api_ms));
    let prober = Prober::new(&config)
        .map_err(|error| GuardError::Tls { why: crate::problem::chain(&error) })?;
    Ok(Hands { config, store, cloud, prober, clock: Stopwatch::start(), tell })
}

fn store(config: &Config) -> Result<Store, GuardError> {
    let tls = certificates(config)?;
    let etcd_max = Duration::from_millis(config.timing.etcd_ms);
    let etcd =
        Etcd::new(&config.etcd.endpoints, &tls, etcd_max).map_err(|why| GuardError::Tls { why })?;
    Ok(Store { etcd, keys: KeyNames::new(&config.scope), own: config.node.clone() })
}
