//! Two daemons, a real etcd, a lab in memory; and a primary that stops answering.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_guard::config::{Config, Database};
use ennead_guard::timing::Timing;
use ennead_guard::{LeaseId, ServerId};
use ennead_hcloud::types::CreateServer;
use ennead_hcloud::{Client, RetryPolicy};
use ennead_host::files;
use ennead_lab::{LabInMemory, lab_in_memory};
use ennead_model::{NodeName, SiteName};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::echo;
use super::super::evidence::Line;
use super::super::run::{Surroundings, run};
use super::super::status;
use super::super::store::Store;
use super::super::testing::{self, Balancer, closed_port};
use super::server::{PATIENCE, Server, all, put};

const PRIMARY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 21);
const REPLICA: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 22);

/// Oldest reading that an act is based on.
const CLUSTER_MAX_AGE_MS: u64 = 2_000;

/// Everything around the guards.
struct Platform {
    etcd: Server,
    store: Arc<Store>,
    lab: LabInMemory,
    cloud: Client,
    server: u64,
    lease: LeaseId,
    echo_port: u16,
    rest: TcpListener,
    echoes: BTreeMap<Ipv4Addr, JoinHandle<()>>,
    guards: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
    balancers: Vec<Balancer>,
}

/// What both load balancers say of their servers.
const SERVERS: &str = "1\n# be_id be_name srv_id srv_name srv_admin_state srv_check_state\n\
    1 write 1 p 0 6\n1 write 2 r 0 6\n\n";

impl Platform {
    async fn new() -> Self {
        let etcd = Server::start().await;
        let store = etcd.store("test");
        let lab = lab_in_memory().await.unwrap();
        let token = SecretString::from(lab.token.text().to_owned());
        let cloud = Client::new(&lab.endpoint, &token, RetryPolicy::default()).unwrap();
        files::write_private(&etcd.path("token"), lab.token.text()).unwrap();
        let body: CreateServer = serde_json::from_value(json!({ "name": "p",
            "server_type": "ccx23", "image": "debian-13", "location": "hil",
            "start_after_create": true, "labels": {} }))
        .unwrap();
        let server = cloud.create_server(&body).await.unwrap().server.id;
        lab.quiet().await.unwrap();
        let (lease, _) = store.etcd.grant(600).await.unwrap();
        put(&store, &store.keys.primary(), "p", Some(lease)).await;
        let sync = r#"{"leader":"p","sync_standby":"r","quorum":0}"#;
        put(&store, &store.keys.sync(), sync, None).await;
        let member = r#"{"state":"running","role":"replica","replication_state":"streaming"}"#;
        put(&store, &format!("{}r", store.keys.members()), member, None).await;
        put(&store, &store.keys.config(), r#"{"ttl":20}"#, None).await;
        // Opens connections and never says a word, as a frozen node would.
        let rest = TcpListener::bind((PRIMARY, 0)).await.unwrap();
        let mut platform = Self {
            etcd,
            store,
            lab,
            cloud,
            server,
            lease,
            echo_port: closed_port(),
            rest,
            echoes: BTreeMap::new(),
            guards: Vec::new(),
            balancers: Vec::new(),
        };
        for node in [PRIMARY, REPLICA] {
            platform.answer_echoes(node).await;
        }
        platform
    }

    async fn answer_echoes(&mut self, node: Ipv4Addr) {
        let socket = UdpSocket::bind((node, self.echo_port)).await.unwrap();
        let task = tokio::spawn(async move { echo::answer(&socket).await.unwrap() });
        self.echoes.insert(node, task);
    }

    async fn freeze(&mut self) {
        let task = self.echoes.remove(&PRIMARY).unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    fn config(&self, own: &str, address: Ipv4Addr, endpoint: &str) -> Config {
        let site = |text: &str| SiteName::new(text).unwrap();
        let name = |text: &str| NodeName::new(text).unwrap();
        let rest_port = self.rest.local_addr().unwrap().port();
        let mut config = testing::config(&[], &[], self.echo_port, rest_port);
        (config.node, config.address) = (name(own), address);
        let sites = [("g1", "east"), ("g2", "west"), ("p", "east"), ("r", "west")];
        config.vantages = sites.map(|(node, place)| (name(node), site(place))).into();
        let database = |server, place: &str, address| Database {
            server: ServerId(server),
            site: site(place),
            address,
        };
        config.databases = BTreeMap::from([
            (name("p"), database(self.server, "east", PRIMARY)),
            (name("r"), database(self.server + 1_000, "west", REPLICA)),
        ]);
        config.balancers = [name("g1"), name("g2"), name("p")].into();
        config.balancer_socket = Some(self.etcd.path(&format!("{own}.sock")));
        config.etcd.endpoints = vec![self.etcd.url.clone()];
        config.etcd.ca = self.etcd.path("ca");
        config.etcd.cert = self.etcd.path("cert");
        config.etcd.key = self.etcd.path("key");
        config.cloud.endpoint = endpoint.to_owned();
        config.cloud.token = self.etcd.path("token");
        config.timing = Timing {
            probe_every_ms: 200,
            vote_every_ms: 400,
            primary_settle_ms: 500,
            doubt_ms: 3_500,
            restore_poll_ms: 200,
            // A busy machine may be slow, and this is not what is tested.
            cluster_max_age_ms: CLUSTER_MAX_AGE_MS,
            vote_max_age_ms: 10_000,
            sighting_max_age_ms: 10_000,
            takeover_ms: 60_000,
            ..Timing::default()
        };
        config.etcd.lease_s = 10;
        config
    }

    fn status(&self, own: &str) -> Utf8PathBuf {
        self.etcd.path(&format!("{own}/guard.json"))
    }

    /// Starts both guards and waits until one leads and both reach the primary.
    async fn guard(&mut self, endpoint: &str) {
        let all = [("g1", Ipv4Addr::new(127, 0, 0, 11)), ("g2", Ipv4Addr::new(127, 0, 0, 12))];
        for (own, address) in all {
            let config = self.config(own, address, endpoint);
            let socket = config.balancer_socket.clone().unwrap();
            self.balancers.push(Balancer::start(&socket, SERVERS, "\n"));
            let (stop, stopped) = oneshot::channel::<()>();
            let place = Surroundings { status: self.status(own), notify: None };
            let task = tokio::spawn(async move {
                let stop = async move { stopped.await.unwrap_or_default() };
                run(config, place, stop).await.unwrap();
            });
            self.guards.push((stop, task));
        }
        self.until("both guards are at work", async || {
            let read = |own: &str| {
                let text = files::read_text(&self.status(own)).ok()??;
                serde_json::from_str::<status::Status>(&text).ok()
            };
            let (Some(one), Some(two)) = (read("g1"), read("g2")) else {
                return Err("no status".to_owned());
            };
            let alive = |it: &status::Status| {
                let all = it.verdicts.values();
                it.verdicts.len() == 2
                    && all.into_iter().all(|it| *it == ennead_guard::detect::Verdict::Alive)
            };
            let leads = u8::from(one.leads) + u8::from(two.leads);
            let done = alive(&one) && alive(&two) && leads == 1;
            let settled = one.primary.is_some() && two.primary.is_some();
            if done && settled { Ok(()) } else { Err(format!("{one:?} {two:?}")) }
        })
        .await;
    }

    async fn until<F>(&self, what: &str, mut test: F)
    where
        F: AsyncFnMut() -> Result<(), String>,
    {
        let watch = ennead_host::clock::Stopwatch::start();
        loop {
            let Err(seen) = test().await else { return };
            let said = self.evidence().await;
            assert!(watch.elapsed() < PATIENCE, "not so: {what}: {seen}\n{said:#?}");
            ennead_host::clock::pause_for(Duration::from_millis(50)).await;
        }
    }

    /// All lines of evidence, in the order of their times.
    async fn evidence(&self) -> Vec<String> {
        let lines = all(&self.store, "/ennead/guard/s/evidence/").await;
        let mut lines: Vec<Line> =
            lines.iter().map(|(_, line)| serde_json::from_str(line).unwrap()).collect();
        lines.sort_by_key(|line| line.at.parse::<jiff::Timestamp>().unwrap());
        lines.into_iter().map(|line| line.text).collect()
    }

    async fn until_said(&self, words: &str) {
        self.until(words, async || {
            let said = self.evidence().await;
            if said.iter().any(|line| line.contains(words)) { Ok(()) } else { Err(String::new()) }
        })
        .await;
    }

    async fn power(&self) -> String {
        self.cloud.server(self.server).await.unwrap().status
    }

    async fn end(mut self) {
        for (stop, task) in self.guards.drain(..) {
            stop.send(()).unwrap();
            task.await.unwrap();
        }
        // Votes and leadership hang on leases that were given up.
        let left = all(&self.store, "/ennead/guard/s/").await;
        let left =
            left.iter().filter(|(key, _)| key.contains("/votes/") || key.ends_with("leader"));
        assert_eq!(left.count(), 0);
        for (_, task) in self.echoes {
            task.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_freezes_is_fenced_revoked_and_brought_back() {
    let mut platform = Platform::new().await;
    let endpoint = platform.lab.endpoint.clone();
    platform.guard(&endpoint).await;
    assert_eq!(platform.power().await, "running");

    platform.freeze().await;
    platform.until_said(&format!("lease {} revoked", platform.lease)).await;
    assert!(platform.store.read_lease().await.unwrap().is_none(), "the leader key is gone");
    assert!(
        platform
            .store
            .etcd
            .renew(platform.lease)
            .await
            .is_ok_and(|it| { it == super::super::etcd::Renewal::Gone })
    );
    assert!(!platform.lab.world.server(platform.server).unwrap().is_running);
    // The leading guard's own load balancer at once, the other's through the coordination cluster.
    platform
        .until("both load balancers are told", async || {
            let told: Vec<_> = platform.balancers.iter().map(Balancer::told).collect();
            let expected = ["show servers state", "set server write/p health down"];
            if told.iter().all(|it| *it == expected) { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;

    // A replica takes over, as Patroni would.
    let (lease, _) = platform.store.etcd.grant(600).await.unwrap();
    put(&platform.store, &platform.store.keys.primary(), "r", Some(lease)).await;
    platform.until_said("switching it on").await;
    platform.answer_echoes(PRIMARY).await;
    platform.until_said("running again").await;
    assert_eq!(platform.power().await, "running");
    platform
        .until("the record is removed", async || {
            let record = all(&platform.store, &platform.store.keys.intent()).await;
            if record.is_empty() { Ok(()) } else { Err(format!("{record:?}")) }
        })
        .await;
    let said = platform.evidence().await;
    let order = ["fencing it", "switches it off", "p: confirmed off", " revoked", "r took over"];
    let mut lines = said.iter();
    for words in order {
        assert!(lines.any(|line| line.contains(words)), "{words} in {said:#?}");
    }
    let offs = platform.lab.world.calls();
    assert_eq!(offs.iter().filter(|call| call.starts_with("power_off")).count(), 1, "{offs:?}");
    assert!(platform.balancers.iter().all(|it| it.told().len() == 2), "once each");
    platform.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_cloud_nothing_is_revoked() {
    let mut platform = Platform::new().await;
    let nobody = format!("http://127.0.0.1:{}/v1", closed_port());
    platform.guard(&nobody).await;
    platform.freeze().await;
    platform.until_said("nothing is revoked").await;
    let holder = platform.store.read_lease().await.unwrap().unwrap();
    assert_eq!((holder.member.as_str(), holder.lease), ("p", platform.lease));
    assert_eq!(platform.power().await, "running");
    let record = all(&platform.store, &platform.store.keys.intent()).await;
    assert_eq!(record.len(), 1, "who leads next can see what was tried");
    let said = platform.evidence().await;
    assert!(!said.iter().any(|line| line == "p: confirmed off"), "{said:#?}");
    platform.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_patronis_that_cannot_be_read_disarms_the_guard_and_is_told() {
    let mut platform = Platform::new().await;
    let endpoint = platform.lab.endpoint.clone();
    platform.guard(&endpoint).await;
    put(&platform.store, &platform.store.keys.config(), "odd", None).await;
    let trouble = |own: &str| {
        let text = files::read_text(&platform.status(own)).unwrap().unwrap();
        serde_json::from_str::<status::Status>(&text).unwrap().trouble.unwrap_or_default()
    };
    platform
        .until("both say what they cannot read", async || {
            let seen = [trouble("g1"), trouble("g2")];
            if seen.iter().all(|it| it.contains("config key")) {
                Ok(())
            } else {
                Err(seen.join(";"))
            }
        })
        .await;
    // What was read before is too old from then on.
    ennead_host::clock::pause_for(Duration::from_millis(CLUSTER_MAX_AGE_MS)).await;
    platform.freeze().await;
    platform.until_said("its reading is too old").await;
    assert!(platform.store.read_lease().await.unwrap().is_some());
    assert_eq!(platform.power().await, "running");
    put(&platform.store, &platform.store.keys.config(), "{}", None).await;
    platform.until_said(&format!("lease {} revoked", platform.lease)).await;
    platform.end().await;
}
