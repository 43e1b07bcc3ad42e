//! A cloud and nodes for tests. Probes run in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8Path;
use ennead_host::clock::pause_for;
use ennead_host::{Command, FileFacts, FileWrite, Host, HostError, Output};
use ennead_model::{Inventory, Known, NodeName};
use ennead_node::probe::{Login, Password};
use tokio::io::{AsyncWriteExt as _, BufReader};

use super::{Database, fleet, healthy, name};
use crate::ground::Ground;
use crate::platform::{Pipe, Platform, PlatformError};

const SERVER_NAME: &str = "db.shop.internal";

/// What a test may set and see.
pub(crate) struct World {
    pub(crate) primary: NodeName,
    pub(crate) off: Option<NodeName>,
    pub(crate) calls: Vec<String>,
    /// The cloud answers a power-off with an error, but does it.
    pub(crate) deny_power_off: bool,
    /// Nobody takes over.
    pub(crate) no_failover: bool,
    /// A row is lost in the takeover.
    pub(crate) lose_a_row: bool,
}

/// A platform whose failover takes a stated time.
pub(crate) struct FakePlatform {
    pub(crate) database: Arc<Database>,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) failover: Duration,
}

impl FakePlatform {
    pub(crate) async fn start(failover: Duration) -> Self {
        let balancers: Vec<_> = fleet().running("haproxy").map(|node| node.address).collect();
        let world = World {
            primary: name("db-1"),
            off: None,
            calls: Vec::new(),
            deny_power_off: false,
            no_failover: false,
            lose_a_row: false,
        };
        Self {
            database: Arc::new(Database::start(SERVER_NAME, &balancers).await),
            world: Arc::new(Mutex::new(world)),
            failover,
        }
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.world.lock().unwrap().calls.clone()
    }
}

/// What a drill on that platform stands on.
pub(crate) fn ground(platform: &FakePlatform) -> Ground {
    Ground {
        fleet: fleet(),
        drills: true,
        spec_sha256: ennead_model::sha256_hex("spec"),
        versions: BTreeMap::from([("ennead".to_owned(), "0.1.0".to_owned())]),
        login: Login {
            server_name: SERVER_NAME.to_owned(),
            ca: "/etc/ennead/ca.pem".into(),
            user: "app".to_owned(),
            password: Password::new("secret"),
            database: "app".to_owned(),
        },
        write_port: platform.database.port,
        read_port: platform.database.port,
        repeat: "ennead drill power-loss --target primary".to_owned(),
    }
}

#[async_trait]
impl Platform for FakePlatform {
    async fn observe(&self) -> Result<Inventory, PlatformError> {
        let world = self.world.lock().unwrap();
        let mut inventory = healthy(world.primary.as_str());
        if let Some(off) = &world.off {
            inventory.nodes.insert(off.clone(), Known::unknown("no answer"));
        }
        Ok(inventory)
    }

    async fn power_off(&self, node: &NodeName) -> Result<(), PlatformError> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(format!("off {node}"));
        world.off = Some(node.clone());
        if world.primary == *node {
            self.database.feel(super::Mood::Dead);
            let (database, shared) = (Arc::clone(&self.database), Arc::clone(&self.world));
            let (failover, lose, never) = (self.failover, world.lose_a_row, world.no_failover);
            tokio::spawn(async move {
                pause_for(failover).await;
                if lose {
                    database.forget_one();
                }
                if !never {
                    database.promote();
                    shared.lock().unwrap().primary = name("db-2");
                }
            });
        }
        if world.deny_power_off {
            let why = "the answer was lost".to_owned();
            return Err(PlatformError { what: format!("power off {node}"), why });
        }
        Ok(())
    }

    async fn power_on(&self, node: &NodeName) -> Result<(), PlatformError> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(format!("on {node}"));
        world.off = None;
        if world.no_failover {
            self.database.feel(super::Mood::Well);
        }
        Ok(())
    }

    async fn server_status(&self, node: &NodeName) -> Result<String, PlatformError> {
        let off = self.world.lock().unwrap().off.as_ref() == Some(node);
        Ok(if off { "off" } else { "running" }.to_owned())
    }

    async fn open_probe(&self, node: &NodeName) -> Result<Pipe, PlatformError> {
        self.world.lock().unwrap().calls.push(format!("probe {node}"));
        let (stdin, input) = tokio::io::duplex(1 << 16);
        let (mut output, stdout) = tokio::io::duplex(1 << 16);
        let host = CaHost(self.database.ca_pem.clone());
        let program = tokio::spawn(async move {
            ennead_node::probe::run(&host, BufReader::new(input), &mut output).await.unwrap();
            output.shutdown().await.unwrap();
        });
        let keep = Box::new(Ended(program));
        Ok(Pipe { stdin: Box::new(stdin), stdout: Box::new(BufReader::new(stdout)), keep })
    }
}

/// Ends a probe when nobody holds its pipe any more.
struct Ended(tokio::task::JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A host with one file.
struct CaHost(String);

#[async_trait]
impl Host for CaHost {
    fn name(&self) -> &'static str {
        "probe"
    }
    async fn run(&self, _: &Command) -> Result<Output, HostError> {
        unreachable!()
    }
    async fn read(&self, _: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
        Ok(Some(self.0.clone().into_bytes()))
    }
    async fn write(&self, _: &FileWrite) -> Result<(), HostError> {
        unreachable!()
    }
    async fn make_directory(
        &self,
        _: &Utf8Path,
        _: &str,
        _: &str,
        _: u32,
    ) -> Result<(), HostError> {
        unreachable!()
    }
    async fn facts(&self, _: &Utf8Path) -> Result<Option<FileFacts>, HostError> {
        unreachable!()
    }
    async fn remove(&self, _: &Utf8Path) -> Result<bool, HostError> {
        unreachable!()
    }
}
