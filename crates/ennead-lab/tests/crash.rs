//! A daemon that is killed at any moment, under load, forgets nothing that it said.
//!
//! The daemon is this test's own program, run again and told so by a variable; it ends with a
//! SIGKILL after a number of answers that a seed decides.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test starts a program and tells it where to keep its files"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_host::clock::wait_until;
use ennead_lab::serve::{ServeOptions, serve};
use ennead_lab::world::memory::MemoryWorld;
use libtest_mimic::{Arguments, Trial};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};

const FOLDER: &str = "ENNEAD_LAB_CRASH_FOLDER";
const ROUNDS: u64 = 10;
/// In every other round; in the rest there is one, so that nothing is stored after its last change.
const WORKERS: usize = 4;
const KINDS: [&str; 3] = ["networks", "placement_groups", "servers"];
const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> ExitCode {
    if let Ok(folder) = std::env::var(FOLDER) {
        daemon(&folder);
        return ExitCode::SUCCESS;
    }
    let test = Trial::test("whatever_was_acknowledged_is_there_after_a_kill", || {
        tokio::runtime::Runtime::new()?.block_on(whatever_was_acknowledged_is_there_after_a_kill());
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}

/// What the test starts and kills.
fn daemon(folder: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = ServeOptions {
            state_dir: Some(Utf8PathBuf::from(folder)),
            requests_per_hour: u32::MAX,
            ..ServeOptions::default()
        };
        let world = Arc::new(MemoryWorld::new());
        serve(options, world, std::future::pending()).await.unwrap().ended().await;
    });
}

/// A daemon that runs. Killed when dropped.
struct Daemon {
    child: Child,
    endpoint: String,
    token: String,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may be dead already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Daemon {
    async fn start(folder: &Path) -> Self {
        drop(std::fs::remove_file(folder.join("endpoint")));
        let child = Command::new(std::env::current_exe().unwrap())
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let word = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let mut daemon = Self { child, endpoint: String::new(), token: String::new() };
        daemon.endpoint = wait_until(PATIENCE, Duration::from_millis(5), || async {
            let endpoint = word("endpoint").trim().to_owned();
            if endpoint.is_empty() { Err("no endpoint".to_owned()) } else { Ok(endpoint) }
        })
        .await
        .unwrap();
        word("token").trim().clone_into(&mut daemon.token);
        daemon
    }

    /// Kills it as a power cut would.
    fn kill(&self) {
        let process = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    }

    /// Sends a request; none when no whole answer came.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Option<(u16, Value)> {
        let request = client().request(method, format!("{}{path}", self.endpoint));
        let request = request.bearer_auth(&self.token).body(body.to_string());
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).ok()? };
        Some((status, body))
    }

    async fn list(&self, kind: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let path = format!("/{kind}?per_page=50&page={page}");
            let (status, body) = self.ask(Method::GET, &path, Value::Null).await.unwrap();
            assert_eq!(status, 200, "{body}");
            all.extend(body[kind].as_array().unwrap().iter().cloned());
            if body["meta"]["pagination"]["next_page"].is_null() {
                break;
            }
        }
        all
    }
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

/// What the daemon was asked for and what it said.
#[derive(Debug, Default)]
struct Told {
    /// Kind and name of what it said it made, with the id.
    made: BTreeMap<(&'static str, String), u64>,
    /// What was asked to be removed: it said so, or nobody knows.
    removed: BTreeSet<(&'static str, String)>,
    /// Actions that it said it began.
    actions: BTreeSet<u64>,
}

impl Told {
    fn note_actions(&mut self, body: &Value) {
        let next = body["next_actions"].as_array().into_iter().flatten();
        let all = next.chain([&body["action"]]);
        self.actions.extend(all.filter_map(|action| action["id"].as_u64()));
    }

    fn merge(&mut self, other: Self) {
        self.made.extend(other.made);
        self.removed.extend(other.removed);
        self.actions.extend(other.actions);
    }
}

/// One client: makes and removes until no answer comes.
async fn work(
    daemon: Arc<Daemon>,
    mut chance: StdRng,
    prefix: String,
    left: Arc<AtomicUsize>,
) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        let kind = KINDS[chance.random_range(0..KINDS.len())];
        let name = format!("{prefix}-{number}");
        let (method, path, key, body) = match told.made.iter().next() {
            Some(((kind, name), id)) if number % 5 == 4 => {
                let key = (*kind, name.clone());
                (Method::DELETE, format!("/{kind}/{id}"), key, Value::Null)
            }
            _ => (Method::POST, format!("/{kind}"), (kind, name.clone()), wish(kind, &name)),
        };
        let is_removal = method == Method::DELETE;
        if is_removal {
            told.made.remove(&key);
            told.removed.insert(key.clone());
        }
        let Some((status, body)) = daemon.ask(method, &path, body).await else { return told };
        // Others may hold what is to be removed, and quotas end: refused is an answer, too.
        if status < 300 {
            told.note_actions(&body);
            let made = body[key.0.trim_end_matches('s')]["id"].as_u64();
            told.made.extend(made.filter(|_| !is_removal).map(|id| (key, id)));
        }
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            daemon.kill();
        }
    }
    told
}

fn wish(kind: &str, name: &str) -> Value {
    match kind {
        "networks" => {
            let subnet = json!({ "type": "cloud", "network_zone": "us-west" });
            json!({ "name": name, "ip_range": "10.0.0.0/16", "subnets": [subnet] })
        }
        "placement_groups" => json!({ "name": name, "type": "spread" }),
        _ => json!({ "name": name, "server_type": "ccx13", "image": "debian-13",
                     "location": "hil" }),
    }
}

async fn whatever_was_acknowledged_is_there_after_a_kill() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("lab");
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let mut chance = StdRng::seed_from_u64(0x00c0_ffee + round);
        let daemon = Arc::new(Daemon::start(&folder).await);
        check(&daemon, &told).await;
        let left = Arc::new(AtomicUsize::new(chance.random_range(1..60)));
        let workers: Vec<_> = (0..if round % 2 == 0 { 1 } else { WORKERS })
            .map(|worker| {
                let chance = StdRng::seed_from_u64(chance.random());
                let name = format!("r{round}w{worker}");
                tokio::spawn(work(Arc::clone(&daemon), chance, name, Arc::clone(&left)))
            })
            .collect();
        for worker in workers {
            told.merge(tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap());
        }
    }
    let daemon = Daemon::start(&folder).await;
    check(&daemon, &told).await;
    assert!(told.made.len() > 30, "the load made too little: {}", told.made.len());
}

/// Everything acknowledged is there once, and every action ends.
async fn check(daemon: &Daemon, told: &Told) {
    for chunk in told.actions.iter().collect::<Vec<_>>().chunks(25) {
        let ids: Vec<_> = chunk.iter().map(|id| format!("id={id}")).collect();
        let path = format!("/actions?per_page=50&{}", ids.join("&"));
        wait_until(PATIENCE, Duration::from_millis(5), || async {
            let (_, body) = daemon.ask(Method::GET, &path, Value::Null).await.unwrap();
            let actions = body["actions"].as_array().unwrap();
            assert_eq!(actions.len(), chunk.len(), "an action is forgotten: {body}");
            let running = actions.iter().find(|action| action["status"] == "running");
            running.map_or(Ok(()), |action| Err(action.to_string()))
        })
        .await
        .unwrap();
    }
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        let mut there = BTreeMap::new();
        for object in daemon.list(kind).await {
            let id = object["id"].as_u64().unwrap();
            assert!(ids.insert(id), "id {id} is given twice");
            let name = object["name"].as_str().unwrap().to_owned();
            assert!(there.insert(name.clone(), id).is_none(), "{kind} {name} is there twice");
        }
        for ((_, name), id) in told.made.iter().filter(|((other, _), _)| *other == kind) {
            assert_eq!(there.get(name), Some(id), "{kind} {name} was acknowledged");
        }
    }
}
