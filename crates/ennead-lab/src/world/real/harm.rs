//! Faults of servers and of the network.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ennead_host::files;

use super::{Inner, RealWorld};
use crate::world::place::ids;
use crate::world::record::{ServerRecord, find_server};
use crate::world::why::Why;
use crate::world::{Harm, Harmful, WorldError, freezer, own_disk, throttle};

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
        self.check_possible(all)?;
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
        let (was, is) = (full(before), full(after));
        for server in was.symmetric_difference(&is) {
            let _turn = self.server_turn(*server).await;
            let place = self.place.server(*server);
            match find_server(&self.place, *server)? {
                Some(record) if self.running(*server)?.is_none() || !record.own_disk => {}
                Some(_) if is.contains(server) => own_disk::fill(&place).await?,
                Some(_) => own_disk::empty(&place)?,
                None => {}
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

    /// Ends what a daemon that is gone did to servers: faults are not remembered, and a disk is
    /// mounted only while its server runs.
    pub(super) async fn heal(&self) -> Result<(), Why> {
        for server in ids(&self.place.servers())? {
            let group = self.place.names().server_cgroup(server);
            if freezer::is_frozen(&group)? {
                freezer::set(&group, false)?;
            }
            let place = self.place.server(server);
            if self.running(server)?.is_none() {
                // Still mounted when a copy of a server that is off was cut short. What has stopped
                // without us is cleared when it is adopted.
                if !files::exists(&place.run())? {
                    own_disk::put_away(&place).await?;
                }
                continue;
            }
            if throttle::is_set(&group)? {
                self.throttle(server, None)?;
            }
            own_disk::empty(&place)?;
        }
        Ok(())
    }

    /// Limits a running server's disk as the faults in force say; called at each start.
    pub(super) fn slow_down(&self, server: u64) -> Result<(), Why> {
        let all = slow(&self.wires.harm());
        all.get(&server).map_or(Ok(()), |bytes| self.throttle(server, Some(*bytes)))
    }

    /// Fills a server's disk before it boots when the faults in force say so.
    pub(super) async fn fill_up(&self, record: &ServerRecord) -> Result<(), Why> {
        if record.own_disk && full(&self.wires.harm()).contains(&record.seed.id) {
            own_disk::fill(&self.place.server(record.seed.id)).await?;
        }
        Ok(())
    }

    pub(super) fn throttle(&self, server: u64, bytes_per_second: Option<u64>) -> Result<(), Why> {
        let Some(record) = find_server(&self.place, server)? else { return Ok(()) };
        if self.running(server)?.is_none() {
            return Ok(());
        }
        let group = self.place.names().server_cgroup(server);
        let upper = record.disk(&self.place).upper();
        throttle::set(&group, &upper, bytes_per_second)?;
        if record.own_disk {
            throttle::set_for_nobody(&throttle::whole_disk(&upper)?, bytes_per_second)?;
        }
        Ok(())
    }

    /// Says what this machine cannot do, before anything is done.
    fn check_possible(&self, all: &[Harm]) -> Result<(), Why> {
        for server in full(all) {
            if find_server(&self.place, server)?.is_some_and(|record| !record.own_disk) {
                return Err(Why(format!(
                    "a full disk needs a file system of its own: server {server} writes to the \
                     lab's folder as others do, and filling it would fill them all; servers that \
                     are created after `ennead lab up --own-disks` have one"
                )));
            }
        }
        Ok(())
    }
}

fn frozen(all: &[Harm]) -> BTreeSet<u64> {
    servers(all, |harm| match harm {
        Harm::Freeze { servers } => Some(servers),
        _ => None,
    })
}

fn full(all: &[Harm]) -> BTreeSet<u64> {
    servers(all, |harm| match harm {
        Harm::FullDisk { servers } => Some(servers),
        _ => None,
    })
}

fn servers(all: &[Harm], whose: impl Fn(&Harm) -> Option<&Vec<u64>>) -> BTreeSet<u64> {
    all.iter().filter_map(whose).flatten().copied().collect()
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
