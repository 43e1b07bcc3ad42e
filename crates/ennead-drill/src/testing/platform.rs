//! A cloud and nodes for tests. Probes run in this process.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::fault::{LabFault, Process};
use crate::ground::Ground;
use crate::platform::{Pipe, Platform, PlatformError};

const SERVER_NAME: &str = "db.shop.internal";

/// What a test may set and see.
pub(crate) struct World {
    pub(crate) primary: NodeName,
    /// Servers without power, or that do not answer.
    pub(crate) off: BTreeSet<NodeName>,
    pub(crate) frozen: BTreeSet<NodeName>,
    /// The lab's faults in force, by id.
    pub(crate) faults: BTreeMap<u64, LabFault>,
    /// A guard gives power back at once.
    pub(crate) guard: bool,
    /// No lab.
    pub(crate) real: bool,
    /// The old primary acknowledges a write while it is cut off, which is gone afterwards.
    pub(crate) forget_after_mend: bool,
    /// The same, by the client on the other side.
    pub(crate) forget_beyond: bool,
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
            off: BTreeSet::new(),
            frozen: BTreeSet::new(),
            faults: BTreeMap::new(),
            guard: false,
            real: false,
            forget_after_mend: false,
            forget_beyond: false,
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

    /// Takes the database away until another is primary.
    fn lose_primary(&self, world: &World, next: &str) -> tokio::task::JoinHandle<()> {
        self.database.feel(super::Mood::Dead);
        let (database, shared) = (Arc::clone(&self.database), Arc::clone(&self.world));
        let (failover, lose, never) = (self.failover, world.lose_a_row, world.no_failover);
        let next = name(next);
        tokio::spawn(async move {
            pause_for(failover).await;
            if lose {
                database.forget_one();
            }
            if !never {
                database.promote();
                shared.lock().unwrap().primary = next;
            }
        })
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
        for node in world.off.iter().chain(&world.frozen) {
            inventory.nodes.insert(node.clone(), Known::unknown("no answer"));
        }
        Ok(inventory)
    }

    async fn power_off(&self, node: &NodeName) -> Result<(), PlatformError> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(format!("off {node}"));
        if !world.guard {
            world.off.insert(node.clone());
        }
        if world.primary == *node {
            self.lose_primary(&world, "db-2");
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
        world.off.remove(node);
        if world.no_failover {
            self.database.feel(super::Mood::Well);
        }
        Ok(())
    }

    async fn server_status(&self, node: &NodeName) -> Result<String, PlatformError> {
        let off = self.world.lock().unwrap().off.contains(node);
        Ok(if off { "off" } else { "running" }.to_owned())
    }

    async fn kill(&self, node: &NodeName, process: Process) -> Result<(), PlatformError> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(format!("kill {process} on {node}"));
        if process == Process::Postgres {
            // The same one may be primary again.
            self.lose_primary(&world, node.as_str());
        }
        Ok(())
    }

    async fn switch_over(&self, from: &NodeName, to: &NodeName) -> Result<(), PlatformError> {
        let wait = {
            let mut world = self.world.lock().unwrap();
            world.calls.push(format!("move {from} to {to}"));
            assert_eq!(world.primary, *from);
            self.lose_primary(&world, to.as_str())
        };
        wait.await.unwrap();
        Ok(())
    }

    async fn forget_acts(&self, node: &NodeName) -> Result<(), PlatformError> {
        self.world.lock().unwrap().calls.push(format!("forget acts {node}"));
        Ok(())
    }

    fn is_lab(&self) -> bool {
        !self.world.lock().unwrap().real
    }

    async fn order_fault(&self, fault: &LabFault, _: Duration) -> Result<u64, PlatformError> {
        // Being ordered takes a moment, in which an interrupt may come.
        pause_for(Duration::from_millis(20)).await;
        let mut world = self.world.lock().unwrap();
        world.calls.push(fault.to_string());
        let id = world.faults.keys().next_back().map_or(7, |last| last + 1);
        world.faults.insert(id, fault.clone());
        let primary = world.primary.to_string();
        let gone = match fault {
            LabFault::Freeze { servers } => {
                world.frozen.extend(servers.iter().map(|server| name(server)));
                servers.contains(&primary)
            }
            LabFault::Partition { from, .. } => from.contains(&primary),
            LabFault::Unreachable => false,
        };
        if gone {
            self.lose_primary(&world, "db-2");
        }
        Ok(id)
    }

    async fn clear_fault(&self, id: u64) -> Result<(), PlatformError> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(format!("clear {id}"));
        let fault = world.faults.remove(&id);
        if matches!(fault, Some(LabFault::Freeze { .. })) {
            world.frozen.clear();
        }
        if world.forget_after_mend && fault.is_some() {
            self.database.forget_one();
        }
        if world.forget_beyond {
            self.database.forget_one_of("beyond-");
        }
        if world.no_failover {
            self.database.feel(super::Mood::Well);
        }
        Ok(())
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
