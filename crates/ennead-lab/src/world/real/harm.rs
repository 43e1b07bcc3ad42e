//! Faults of servers and of the network.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::{Inner, RealWorld};
use crate::world::place::ids;
use crate::world::record::find_server;
use crate::world::why::Why;
use crate::world::{Harm, Harmful, WorldError, freezer, throttle};

/// Whose turn it is to do harm.
const HARM: &str = "harm";

#[async_trait]
impl Harmful for RealWorld {
    async fn set_harm(&self, all: &[Harm]) -> Result<(), WorldError> {
        let _turn = self.inner.turn(HARM.to_owned()).await;
        let lab = format!("lab {}", self.place().lab);
        self.inner.set_harm(all).await.map_err(|why| why.about(lab, "do harm"))
    }
}

impl Inner {
    async fn set_harm(&self, all: &[Harm]) -> Result<(), Why> {
        possible(all)?;
        let before = self.wires.harm();
        self.wires.set_harm(all);
        let done = self.change_harm(&before, all).await;
        if done.is_err() {
            // All or nothing: what was in force stays in force.
            self.wires.set_harm(&before);
            self.change_harm(all, &before).await?;
        }
        done
    }

    async fn change_harm(&self, before: &[Harm], after: &[Harm]) -> Result<(), Why> {
        self.rewire().await?;
        let (was, is) = (frozen(before), frozen(after));
        for server in was.symmetric_difference(&is) {
            let _turn = self.server_turn(*server).await;
            if self.running(*server)?.is_some() {
                let group = self.place.names().server_cgroup(*server);
                freezer::set(&group, is.contains(server))?;
            }
        }
        let (was, is) = (slow(before), slow(after));
        for server in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
            let _turn = self.server_turn(*server).await;
            if was.get(server) != is.get(server) {
                self.throttle(*server, is.get(server).copied())?;
            }
        }
        Ok(())
    }

    /// Ends what a daemon that is gone did to servers: faults are not remembered.
    pub(super) fn heal(&self) -> Result<(), Why> {
        for server in ids(&self.place.servers())? {
            let group = self.place.names().server_cgroup(server);
            if freezer::is_frozen(&group)? {
                freezer::set(&group, false)?;
            }
            if self.running(server)?.is_some() && throttle::is_set(&group)? {
                self.throttle(server, None)?;
            }
        }
        Ok(())
    }

    /// Limits a running server's disk as the faults in force say; called at each start.
    pub(super) fn slow_down(&self, server: u64) -> Result<(), Why> {
        let all = slow(&self.wires.harm());
        all.get(&server).map_or(Ok(()), |bytes| self.throttle(server, Some(*bytes)))
    }

    fn throttle(&self, server: u64, bytes_per_second: Option<u64>) -> Result<(), Why> {
        if find_server(&self.place, server)?.is_none() || self.running(server)?.is_none() {
            return Ok(());
        }
        let group = self.place.names().server_cgroup(server);
        throttle::set(&group, &self.place.server(server).upper(), bytes_per_second)
    }
}

/// Says what this machine cannot do, before anything is done.
fn possible(all: &[Harm]) -> Result<(), Why> {
    let missing = "a full disk needs a file system of its own for each server: in this lab all \
                   servers' disks lie in the lab's folder, and filling it would fill them all";
    if all.iter().any(|harm| matches!(harm, Harm::FullDisk { .. })) {
        return Err(Why(missing.to_owned()));
    }
    Ok(())
}

fn frozen(all: &[Harm]) -> BTreeSet<u64> {
    let servers = all.iter().filter_map(|harm| match harm {
        Harm::Freeze { servers } => Some(servers),
        _ => None,
    });
    servers.flatten().copied().collect()
}

/// The slowest of all that are asked for.
fn slow(all: &[Harm]) -> BTreeMap<u64, u64> {
    let mut slowest: BTreeMap<u64, u64> = BTreeMap::new();
    for harm in all {
        let Harm::SlowDisk { servers, bytes_per_second } = harm else { continue };
        for server in servers {
            let own = slowest.entry(*server).or_insert(*bytes_per_second);
            *own = (*own).min(*bytes_per_second);
        }
    }
    slowest
}
