//! The lab's daemon as a process: started in the background, found again, asked to end.
//!
//! Its servers go on without it. Everything that it needs to be the same lab after a restart (port,
//! public prefix, whether it only remembers) lies in `lab.json` in its folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, LocalHost, files};
use ennead_model::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::ask::ask;
use crate::distance::Distance;
use crate::pace::Pace;
use crate::serve::{Bound, ServeOptions, serve};
use crate::state::{Limits, Prefix};
use crate::world::memory::MemoryWorld;
use crate::world::place::{MARK, name_server_of};
use crate::world::process::{Process, Run};
use crate::world::why::Why;
use crate::world::{LabPlace, RealWorld, World, WorldError, cgroup};

/// How long the daemon may take to answer after its start.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// How long it may take to end what is under way.
const STOP_DEADLINE: Duration = Duration::from_mins(1);

/// Prefixes of 256 addresses are taken from 198.18.0.0/15, which is set aside for tests of networks.
/// Source: RFC 2544, appendix C.2.2.
const PREFIXES: u32 = 512;
const FIRST_PREFIX: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);

/// What stays the same over restarts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabConfig {
    /// The lab's name.
    pub lab: String,
    /// Where public addresses come from, for example `198.18.7.0/24`.
    pub public_prefix: String,
    /// Its servers are only remembered.
    pub remember_only: bool,
    /// The port on loopback; 0 before the first start.
    pub port: u16,
    /// Quotas of the account.
    #[serde(default)]
    pub limits: Limits,
    /// How long actions take.
    #[serde(default)]
    pub pace: Pace,
    /// How far locations are from each other.
    #[serde(default)]
    pub distance: Vec<Distance>,
    /// Servers reach this machine's network, and through it the real internet.
    #[serde(default)]
    pub egress: bool,
    /// Servers that are created have disks of their own, as large as their types say.
    #[serde(default)]
    pub own_disks: bool,
}

impl LabConfig {
    /// Where the lab's name server answers, over UDP and TCP; `None` when servers are only
    /// remembered, because nobody could ask it.
    pub fn name_server(&self) -> Option<SocketAddr> {
        let public = Prefix::parse(&self.public_prefix).filter(|_| !self.remember_only);
        public.map(name_server_of)
    }
}

/// What is to be different from the next start on; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConfigChange {
    /// Quotas of the account.
    pub limits: Option<Limits>,
    /// How long actions take.
    pub pace: Option<Pace>,
    /// Whether servers that are created have disks of their own.
    pub own_disks: Option<bool>,
}

/// A lab's folder and name.
#[derive(Debug, Clone)]
pub struct Lab {
    /// Its name, unique on this machine.
    pub name: String,
    /// Its folder, absolute.
    pub folder: Utf8PathBuf,
}

impl Lab {
    /// Returns the configuration; `None` when the lab does not exist.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn config(&self) -> Result<Option<LabConfig>, WorldError> {
        self.read_config().map_err(|why| self.error("read", why))
    }

    pub(crate) fn read_config(&self) -> Result<Option<LabConfig>, Why> {
        let path = self.config_path();
        let Some(text) = files::read_text(&path)? else { return Ok(None) };
        let config = serde_json::from_str(&text);
        config.map(Some).map_err(|error| Why(format!("{path}: {error}")))
    }

    /// Returns the configuration, making the lab when it does not exist.
    ///
    /// # Errors
    /// When the folder cannot be used, or belongs to a lab of another kind.
    pub async fn ensure(&self, remember_only: bool) -> Result<LabConfig, WorldError> {
        self.ensure_config(remember_only).await.map_err(|why| self.error("make", why))
    }

    async fn ensure_config(&self, remember_only: bool) -> Result<LabConfig, Why> {
        if let Some(config) = self.read_config()? {
            if config.remember_only != remember_only {
                let kind = if config.remember_only { "only remembers" } else { "boots servers" };
                return Err(Why(format!("it {kind}; remove it with `ennead lab down` first")));
            }
            return Ok(config);
        }
        let public_prefix = free_prefix(&self.name).await?;
        let config = LabConfig {
            lab: self.name.clone(),
            public_prefix,
            remember_only,
            port: 0,
            limits: Limits::default(),
            pace: Pace::default(),
            distance: Vec::new(),
            egress: false,
            own_disks: false,
        };
        files::make_private_directory(&self.folder)?;
        files::write(&self.folder.join(MARK), format!("{}\n", self.name))?;
        self.save(&config)?;
        Ok(config)
    }

    /// Changes the configuration from the daemon's next start on. Returns whether anything is new.
    ///
    /// # Errors
    /// When the lab does not exist, or the file cannot be written.
    pub fn configure(&self, change: ConfigChange) -> Result<bool, WorldError> {
        self.change_config(change).map_err(|why| self.error("configure", why))
    }

    fn change_config(&self, change: ConfigChange) -> Result<bool, Why> {
        let before = self.read_config()?.ok_or_else(|| Why("it does not exist".to_owned()))?;
        let mut config = before.clone();
        config.limits = change.limits.unwrap_or(config.limits);
        config.pace = change.pace.unwrap_or(config.pace);
        config.own_disks = change.own_disks.unwrap_or(config.own_disks);
        let is_new = config != before;
        if is_new {
            self.save(&config)?;
        }
        Ok(is_new)
    }

    /// Asks the daemon one of the lab's own questions, for example `GET`, `/tokens`; gives the
    /// answer's JSON.
    ///
    /// # Errors
    /// When it is not served, or refuses.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, WorldError> {
        self.ask_daemon(method, path, body).await.map_err(|why| self.error("ask", why))
    }

    async fn ask_daemon(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Why> {
        if self.daemon()?.is_none() {
            return Err(Why("it is not served; start it with `ennead lab up`".to_owned()));
        }
        let word = |name: &str| -> Result<String, Why> {
            let text = files::read_text(&self.folder.join(name))?.unwrap_or_default();
            Ok(text.trim().to_owned())
        };
        ask(&word("endpoint")?, &word("token")?, method, path, body).await
    }

    pub(crate) fn save(&self, config: &LabConfig) -> Result<(), Why> {
        let text = serde_json::to_string_pretty(config).map_err(|error| Why::of(&error))?;
        Ok(files::write(&self.config_path(), text)?)
    }

    /// Returns whether its daemon runs.
    ///
    /// # Errors
    /// When this machine does not tell.
    pub fn is_served(&self) -> Result<bool, WorldError> {
        Ok(self.daemon().map_err(|why| self.error("look for", why))?.is_some())
    }

    fn daemon(&self) -> Result<Option<Process>, Why> {
        let text = files::read_text(&self.daemon_path())?;
        text.and_then(|text| Run::parse(&text)).map_or(Ok(None), |run| run.hold())
    }

    /// Serves the lab in this process until `shutdown` is there.
    ///
    /// # Errors
    /// When another daemon serves it, or this machine refuses.
    pub async fn serve(
        &self,
        image: Option<Utf8PathBuf>,
        port: u16,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Bound, WorldError> {
        self.serve_here(image, port, shutdown).await.map_err(|why| self.error("serve", why))
    }

    async fn serve_here(
        &self,
        image: Option<Utf8PathBuf>,
        port: u16,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Bound, Why> {
        // Held until the process ends, so that two daemons never serve one lab.
        let lock = files::try_lock(&self.folder.join("daemon.lock"))?;
        std::mem::forget(lock.ok_or_else(|| Why("another daemon serves it".to_owned()))?);
        let mut config = self.read_config()?.ok_or_else(|| Why("it does not exist".to_owned()))?;
        let public_prefix = Prefix::parse(&config.public_prefix)
            .ok_or_else(|| Why(format!("{} is no prefix", config.public_prefix)))?;
        let world: Arc<dyn World> = match image {
            Some(image) if !config.remember_only => {
                let public = public_prefix;
                let place =
                    LabPlace { lab: self.name.clone(), state: self.folder.clone(), image, public };
                let world = RealWorld::open(place).await.map_err(|error| Why::of(&error))?;
                let wired = world.set_distances(&config.distance).await;
                wired.map_err(|error| Why::of(&error))?;
                let open = world.set_egress(config.egress).await;
                open.map_err(|error| Why::of(&error))?;
                world.set_own_disks(config.own_disks);
                Arc::new(world)
            }
            _ => Arc::new(MemoryWorld::new()),
        };
        let port = if port == 0 { config.port } else { port };
        let options = ServeOptions {
            bind: (Ipv4Addr::LOCALHOST, port).into(),
            state_dir: Some(self.folder.clone()),
            public_prefix,
            limits: config.limits,
            pace: config.pace,
            ..ServeOptions::default()
        };
        let bound = serve(options, world, shutdown).await.map_err(|error| Why::of(&error))?;
        config.port = bound.address.port();
        self.save(&config)?;
        files::write(&self.daemon_path(), Run::of_this_process()?)?;
        Ok(bound)
    }

    /// Starts `program lab serve` in the background and waits until it answers.
    ///
    /// # Errors
    /// When it ends or does not answer; the end of its log is in the error.
    pub async fn start(&self, serve: &Command) -> Result<(), WorldError> {
        self.start_background(serve).await.map_err(|why| self.error("start", why))
    }

    async fn start_background(&self, serve: &Command) -> Result<(), Why> {
        let log = self.folder.join("daemon.log");
        // Its own session: a Ctrl-C on the terminal that started it must not end it.
        let command = Command::new("setsid").arg(&serve.program).args(&serve.args);
        let process = crate::world::run::detached(&command, &log)?;
        let answers = wait_until(START_DEADLINE, Duration::from_millis(20), || async {
            match self.daemon().map_err(|why| why.to_string())? {
                Some(_) => Ok(Ok(())),
                None if Process::hold(process).is_none() => Ok(Err("it ended")),
                None => Err("it does not answer yet".to_owned()),
            }
        });
        let answered = answers.await.map_err(|error| Why::of(&error))?;
        answered.map_err(|why| {
            let text = files::read_text(&log).ok().flatten().unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(3).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            Why(format!("{why}; its log {log} ends with: {}", last.join(" | ")))
        })
    }

    /// Ends the daemon; servers go on. No-op when it does not run.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&self) -> Result<(), WorldError> {
        self.stop_daemon().await.map_err(|why| self.error("stop", why))
    }

    async fn stop_daemon(&self) -> Result<(), Why> {
        let Some(process) = self.daemon()? else { return Ok(()) };
        process.terminate();
        let ended = tokio::time::timeout(STOP_DEADLINE, process.ended()).await;
        if let Ok(ended) = ended {
            return ended;
        }
        if let Some(process) = self.daemon()? {
            process.kill();
            process.ended().await?;
        }
        Ok(())
    }

    /// Returns the memory of the daemon in bytes, when it runs.
    ///
    /// # Errors
    /// When this machine does not tell.
    pub fn daemon_memory_bytes(&self) -> Result<Option<u64>, WorldError> {
        let process = self.daemon().map_err(|why| self.error("look for", why))?;
        let Some(process) = process else { return Ok(None) };
        let path = format!("/proc/{}/status", process.id());
        let status = files::read_text(Utf8Path::new(&path)).ok().flatten().unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.map(|kib| kib << 10))
    }

    /// Returns the memory that a server uses in bytes: what its programs hold, without the files
    /// that the kernel keeps for speed.
    pub fn server_memory_bytes(&self, server: u64) -> Option<u64> {
        let names = crate::world::names::LabNames::new(&self.name);
        cgroup::memory_bytes(&names.server_cgroup(server))
    }

    fn config_path(&self) -> Utf8PathBuf {
        self.folder.join("lab.json")
    }

    fn daemon_path(&self) -> Utf8PathBuf {
        self.folder.join("daemon")
    }

    pub(crate) fn error(&self, verb: &str, why: Why) -> WorldError {
        why.about(format!("lab {}", self.name), verb)
    }
}

/// Returns a prefix to which this machine has no route, beginning at one that the name decides.
async fn free_prefix(name: &str) -> Result<String, Why> {
    let listed = LocalHost::new("lab")
        .run_ok(&Command::new("ip").args(["-4", "-o", "route", "show"]))
        .await?
        .stdout_text();
    let start = u32::from_str_radix(sha256_hex(name).get(..6).unwrap_or("0"), 16).unwrap_or(0);
    (0..PREFIXES)
        .map(|step| (start + step) % PREFIXES)
        .map(|number| Ipv4Addr::from(u32::from(FIRST_PREFIX) + (number << 8)))
        .map(|address| format!("{address}/24"))
        .find(|prefix| !listed.lines().any(|line| line.starts_with(prefix.as_str())))
        .ok_or_else(|| Why("every prefix of 198.18.0.0/15 has a route already".to_owned()))
}
