//! Keeps every router's rules for distance and faults as they should be.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use super::{Inner, RealWorld};
use crate::distance::Distance;
use crate::world::harm::Side;
use crate::world::hold::Holds;
use crate::world::place::ids;
use crate::world::record::all_servers;
use crate::world::ruleset::Ruleset;
use crate::world::why::Why;
use crate::world::wires::{self, Wires};
use crate::world::{Harm, WorldError, egress, namespace};

/// What is in force.
#[derive(Debug, Default)]
pub(super) struct Wiring {
    wanted: std::sync::Mutex<Wanted>,
    /// What each router has; also whose turn it is to change it.
    applied: Mutex<BTreeMap<String, Wires>>,
    holds: Holds,
}

#[derive(Debug, Clone, Default)]
struct Wanted {
    distances: Vec<Distance>,
    harm: Vec<Harm>,
}

impl Wiring {
    fn wanted(&self) -> std::sync::MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns the faults in force.
    pub(super) fn harm(&self) -> Vec<Harm> {
        self.wanted().harm.clone()
    }

    /// Writes down which faults are to be in force.
    pub(super) fn set_harm(&self, all: &[Harm]) {
        self.wanted().harm = all.to_vec();
    }

    /// Ends what is done to a router's packets, before it is removed.
    pub(super) async fn forget(&self, router: &str) -> Result<(), Why> {
        let mut applied = self.applied.lock().await;
        if applied.remove(router).is_some_and(|wires| !wires.holds.is_empty()) {
            self.holds.end(router).await?;
        }
        Ok(())
    }

    /// Brings a router's rules in line; a packet that is being held back goes in its time.
    async fn apply(&self, router: &str, new: &Wires, old: Option<&Wires>) -> Result<(), Why> {
        if old == Some(new) {
            return Ok(());
        }
        let held = old.is_some_and(|old| !old.holds.is_empty());
        if !new.holds.is_empty() {
            self.holds.set(router, &new.holds).await?;
        } else if held {
            // First no new packet is marked, then the old ones go, then the tables.
            let bases = old.map(|old| old.rules.bases.clone()).unwrap_or_default();
            let bases = bases.into_iter().map(|(name, hook, _)| (name, hook, Vec::new()));
            let empty = Ruleset { bases: bases.collect(), chains: Vec::new(), ..new.rules };
            empty.apply(router).await?;
            self.holds.end(router).await?;
        } else if old.is_none() {
            // Left by a daemon that is gone: nobody lets its packets go.
            self.holds.end(router).await?;
        }
        new.rules.apply(router).await
    }
}

impl Inner {
    /// Brings all routers in line with the servers, the distances and the faults that there are.
    pub(super) async fn rewire(&self) -> Result<(), Why> {
        let mut applied = self.wires.applied.lock().await;
        let wanted = self.wires.wanted().clone();
        let records = all_servers(&self.place)?;
        let servers: Vec<(u64, String)> =
            records.into_iter().map(|record| (record.seed.id, record.seed.location)).collect();
        let names = self.place.names();
        let (distances, harm) = (wanted.distances.as_slice(), wanted.harm.as_slice());
        let public = wires::Plan { servers: &servers, distances, harm, side: Side::Public };
        let private =
            wires::Plan { servers: &servers, distances: &[], harm, side: Side::Private }.wires();
        let mut routers = vec![(names.internet(), public.wires())];
        for id in ids(&self.place.networks())? {
            routers.push((names.network(id), private.clone()));
        }
        for (router, new) in routers {
            if !namespace::exists(&router)? {
                continue;
            }
            self.wires.apply(&router, &new, applied.get(&router)).await?;
            applied.insert(router, new);
        }
        Ok(())
    }
}

impl RealWorld {
    /// Sets how far locations are from each other. In force until the next call or the end of this.
    ///
    /// # Errors
    /// When the kernel refuses, for example because it has no packet queues.
    pub async fn set_distances(&self, all: &[Distance]) -> Result<(), WorldError> {
        self.inner.wires.wanted().distances = all.to_vec();
        let lab = format!("lab {}", self.place().lab);
        self.inner.rewire().await.map_err(|why| why.about(lab, "set distances"))
    }

    /// Lets servers reach this machine's network, or not.
    ///
    /// # Errors
    /// When this machine has no default route, or the kernel refuses.
    pub async fn set_egress(&self, is_open: bool) -> Result<(), WorldError> {
        let place = self.place();
        let lab = format!("lab {}", place.lab);
        let set = async {
            if is_open { egress::open(place).await } else { egress::close_all(place).await }
        };
        set.await.map_err(|why| why.about(lab, "set egress"))
    }
}
