//! A world that only remembers, for tests and for machines without root.
//!
//! It can be told to fail or to slow down a call, and a server in it can be stopped from inside.

mod disks;
mod harm;
mod public_side;
mod usage;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ennead_host::clock::pause_for;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    Attachment, Harm, NetworkRoute, NetworkSeed, PacketFilter, ServerSeed, Usage, VolumeSeed,
    VolumeUse, World, WorldError, WorldEvent, ZoneSeed,
};
use crate::names::NameServer;

/// A remembered server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryServer {
    /// What it was made from.
    pub seed: ServerSeed,
    /// Whether it runs.
    pub is_running: bool,
    /// Its places in networks.
    pub attachments: Vec<Attachment>,
    /// What passes its public interface; everything when absent.
    pub filter: Option<PacketFilter>,
    /// Further addresses by network.
    pub aliases: BTreeMap<u64, Vec<Ipv4Addr>>,
    /// How often its disk was made anew.
    pub rebuilt: usize,
}

/// A remembered volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryVolume {
    /// What it was made from; its size grows.
    pub seed: VolumeSeed,
    /// Where it is.
    pub place: Option<VolumeUse>,
}

/// What is to happen at a later call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    Fail,
    Slow(Duration),
}

#[derive(Debug, Default)]
struct Memory {
    networks: BTreeMap<u64, NetworkSeed>,
    servers: BTreeMap<u64, MemoryServer>,
    floating: BTreeMap<Ipv4Addr, u64>,
    routes: BTreeMap<u64, Vec<NetworkRoute>>,
    zones: BTreeMap<String, ZoneSeed>,
    /// Image by id: the server that it was made from.
    images: BTreeMap<u64, u64>,
    volumes: BTreeMap<u64, MemoryVolume>,
    harm: Vec<Harm>,
    usages: BTreeMap<u64, Usage>,
    calls: Vec<String>,
    /// Verb, calls of it that pass before, trouble.
    troubles: Vec<(String, usize, Trouble)>,
}

/// A world in memory.
#[derive(Debug)]
pub struct MemoryWorld {
    memory: Mutex<Memory>,
    names: NameServer,
    sender: UnboundedSender<WorldEvent>,
    events: tokio::sync::Mutex<UnboundedReceiver<WorldEvent>>,
}

impl Default for MemoryWorld {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            memory: Mutex::default(),
            names: NameServer::default(),
            sender,
            events: tokio::sync::Mutex::new(receiver),
        }
    }
}

impl MemoryWorld {
    /// Makes an empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the n-th call of a method from now on fail, for example `start`, 1 for the next one.
    pub fn fail(&self, verb: &str, nth: usize) {
        self.trouble(verb, nth, Trouble::Fail);
    }

    /// Lets the n-th call of a method from now on take a time more.
    pub fn slow(&self, verb: &str, nth: usize, time: Duration) {
        self.trouble(verb, nth, Trouble::Slow(time));
    }

    /// Stops a server from inside, as `poweroff` in it would.
    pub fn stop_from_inside(&self, server: u64) {
        self.set_running(server, false);
        self.say(WorldEvent::Stopped(server));
    }

    /// Stops a server without a word, as a crash of the whole machine would.
    pub fn lose_power(&self, server: u64) {
        self.set_running(server, false);
    }

    /// Says something that may not be true.
    pub fn say(&self, event: WorldEvent) {
        // The receiver is as old as the sender, so that nothing is ever sent to nobody.
        self.sender.send(event).unwrap_or_default();
    }

    /// Returns a server.
    pub fn server(&self, id: u64) -> Option<MemoryServer> {
        self.memory().servers.get(&id).cloned()
    }

    /// Returns a network.
    pub fn network(&self, id: u64) -> Option<NetworkSeed> {
        self.memory().networks.get(&id).cloned()
    }

    /// Returns all calls so far that change something, for example `start 12`.
    pub fn calls(&self) -> Vec<String> {
        self.memory().calls.clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self, verb: &str, nth: usize, trouble: Trouble) {
        self.memory().troubles.push((verb.to_owned(), nth.max(1) - 1, trouble));
    }

    fn set_running(&self, server: u64, is_running: bool) {
        if let Some(server) = self.memory().servers.get_mut(&server) {
            server.is_running = is_running;
        }
    }

    /// Remembers the call and returns the troubles that are due.
    fn due(&self, verb: &str, object: u64) -> Vec<Trouble> {
        let mut memory = self.memory();
        memory.calls.push(format!("{verb} {object}"));
        let mut due = Vec::new();
        memory.troubles.retain_mut(|(other, left, trouble)| {
            if other != verb {
                return true;
            }
            if *left == 0 {
                due.push(trouble.clone());
                return false;
            }
            *left -= 1;
            true
        });
        due
    }

    async fn call(&self, verb: &str, kind: &str, object: u64) -> Result<(), WorldError> {
        for trouble in self.due(verb, object) {
            match trouble {
                Trouble::Slow(time) => pause_for(time).await,
                Trouble::Fail => return Err(error(kind, object, verb, "told to fail")),
            }
        }
        Ok(())
    }

    fn with_server(
        &self,
        id: u64,
        verb: &str,
        change: impl FnOnce(&mut MemoryServer),
    ) -> Result<(), WorldError> {
        let mut memory = self.memory();
        let server = memory.servers.get_mut(&id);
        change(server.ok_or_else(|| error("server", id, verb, "there is no such server"))?);
        Ok(())
    }
}

fn error(kind: &str, id: u64, verb: &str, why: &str) -> WorldError {
    WorldError { object: format!("{kind} {id}"), verb: verb.to_owned(), why: why.to_owned() }
}

#[async_trait]
impl World for MemoryWorld {
    async fn create_network(&self, network: &NetworkSeed) -> Result<(), WorldError> {
        self.call("create_network", "network", network.id).await?;
        self.memory().networks.insert(network.id, network.clone());
        Ok(())
    }

    async fn delete_network(&self, id: u64) -> Result<(), WorldError> {
        self.call("delete_network", "network", id).await?;
        let mut memory = self.memory();
        let is_member = |server: &MemoryServer| server.attachments.iter().any(|a| a.network == id);
        if memory.servers.values().any(is_member) {
            return Err(error("network", id, "delete", "a server is attached to it"));
        }
        memory.networks.remove(&id);
        Ok(())
    }

    async fn create_server(&self, server: &ServerSeed) -> Result<(), WorldError> {
        self.call("create_server", "server", server.id).await?;
        let fresh = || MemoryServer {
            seed: server.clone(),
            is_running: false,
            attachments: Vec::new(),
            filter: None,
            aliases: BTreeMap::new(),
            rebuilt: 0,
        };
        self.memory().servers.entry(server.id).or_insert_with(fresh);
        Ok(())
    }

    async fn attach(&self, server: u64, attachment: &Attachment) -> Result<(), WorldError> {
        self.call("attach", "server", server).await?;
        if self.network(attachment.network).is_none_or(|network| network.network_zone.is_none()) {
            return Err(error("server", server, "attach", "the network carries no traffic"));
        }
        self.with_server(server, "attach", |server| {
            server.attachments.retain(|other| other.network != attachment.network);
            server.attachments.push(attachment.clone());
        })
    }

    async fn detach(&self, server: u64, network: u64) -> Result<(), WorldError> {
        self.call("detach", "server", server).await?;
        if self.server(server).is_none() {
            return Ok(());
        }
        self.with_server(server, "detach", |server| {
            server.attachments.retain(|attachment| attachment.network != network);
        })
    }

    async fn start(&self, server: u64) -> Result<(), WorldError> {
        self.call("start", "server", server).await?;
        self.with_server(server, "start", |server| server.is_running = true)
    }

    async fn power_off(&self, server: u64) -> Result<(), WorldError> {
        self.call("power_off", "server", server).await?;
        self.set_running(server, false);
        Ok(())
    }

    async fn shutdown(&self, server: u64) -> Result<(), WorldError> {
        self.call("shutdown", "server", server).await?;
        self.stop_from_inside(server);
        Ok(())
    }

    async fn delete_server(&self, server: u64) -> Result<(), WorldError> {
        self.call("delete_server", "server", server).await?;
        self.memory().servers.remove(&server);
        Ok(())
    }

    async fn running(&self) -> Result<Vec<u64>, WorldError> {
        let memory = self.memory();
        let running = memory.servers.iter().filter(|(_, server)| server.is_running);
        Ok(running.map(|(id, _)| *id).collect())
    }

    async fn next_event(&self) -> WorldEvent {
        match self.events.lock().await.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}
