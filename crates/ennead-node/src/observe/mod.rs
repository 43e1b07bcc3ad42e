//! Says what a node is at this moment. Changes nothing, and is quick: everything that can be asked
//! at once is, and whatever does not answer within [`LIMIT`] is unknown.

mod drift;
mod machine;

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_components::component::Observed;
use ennead_host::Host;
use ennead_model::{ComponentName, Health, Known, NodeFacts, Observation};
use futures::future::join_all;

use crate::condition::test;
use crate::problem::Problem;
use crate::record::Record;
use crate::state::StateDirectory;

/// How long one component may take to say how it is.
const LIMIT: Duration = Duration::from_secs(2);

/// Returns what the node says of itself.
///
/// # Errors
/// A sentence when the node's own state or its system cannot be read.
pub async fn observe(host: &dyn Host, state: &StateDirectory) -> Result<NodeFacts, String> {
    gather(host, state).await.map_err(|problem| problem.error)
}

async fn gather(host: &dyn Host, state: &StateDirectory) -> Result<NodeFacts, Problem> {
    let mut records = BTreeMap::new();
    for component in ennead_components::ALL {
        let Some(record) = state.read_record(host, component.name()).await? else { continue };
        if let Ok(name) = ComponentName::new(component.name()) {
            records.insert(name, record);
        }
    }
    let each = records.iter().map(|(name, record)| observe_component(host, name, record));
    let (generation, machine, drift, each) = tokio::join!(
        state.generation(host),
        machine::facts(host),
        drift::find(host, &records),
        join_all(each)
    );
    let (machine, mut drift) = (machine?, drift?);
    let components = records.keys().cloned().zip(each).map(|(name, mut observation)| {
        observation.drift = drift.remove(&name).unwrap_or_default();
        (name, observation)
    });
    Ok(NodeFacts {
        generation: generation?,
        ennead: machine.ennead,
        os: machine.os,
        memory_bytes: machine.memory_bytes,
        disk_free_bytes: machine.disk_free_bytes,
        components: components.collect(),
    })
}

async fn observe_component(host: &dyn Host, name: &ComponentName, record: &Record) -> Observation {
    let (health, observed) = tokio::join!(health(host, record), role(host, name));
    let mut facts = observed.facts;
    for (key, why) in &record.out_of_reach {
        facts.insert(format!("sysctl {key}"), why.clone());
    }
    Observation {
        applied: record.applied.clone(),
        drift: Vec::new(),
        health,
        role: observed.role,
        facts,
    }
}

async fn health(host: &dyn Host, record: &Record) -> Known<Health> {
    // Without a condition there is nothing that could be wrong beyond drift.
    let Some(condition) = &record.health else { return Known::Known(Health::Healthy) };
    match tokio::time::timeout(LIMIT, test(host, condition)).await {
        Ok(tested) if tested.holds => Known::Known(Health::Healthy),
        Ok(tested) => Known::Known(Health::Unhealthy { why: tested.seen }),
        Err(_) => {
            let limit = LIMIT.as_secs();
            Known::unknown(format!("no answer within {limit} s whether {}", condition.summary()))
        }
    }
}

async fn role(host: &dyn Host, name: &ComponentName) -> Observed {
    let Some(component) = ennead_components::find(name.as_str()) else {
        return Observed::default();
    };
    match tokio::time::timeout(LIMIT, component.observe(host)).await {
        Ok(Ok(observed)) => observed,
        Ok(Err(error)) => {
            tracing::debug!(component = %name, %error, "its role is not known");
            Observed::default()
        }
        Err(_) => Observed::default(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
