//! One run of the operator's program: a client that knows nothing yet, and `up`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ennead_executor::cloud::{WantedNames, cloud_hint, observe_cloud};
use ennead_executor::journal::Journal;
use ennead_executor::walk::{Limits, NoProgress, StepResult, WalkReport, walk_within};
use ennead_hcloud::{Client, CloudError, RetryPolicy};
use ennead_model::inventory::INVENTORY_FORMAT_VERSION;
use ennead_model::{Fingerprints, Inventory, Known, NodeName, Plan, Ref, RefKind};
use ennead_planner::plan::{PlanInput, plan};
use ennead_spec::vault::Resolver;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;
use crate::effects::Kill;

/// Plans after which all must be so; as in the program.
const ROUNDS_MAX: usize = 5;

/// Tiny pauses, and patience with a busy machine.
pub(crate) const POLICY: RetryPolicy = RetryPolicy {
    tries_max: 8,
    pause_min: Duration::from_millis(1),
    pause_max: Duration::from_millis(20),
    total_max: Duration::from_secs(4),
    connect_total_max: Duration::from_secs(4),
    connect_max: Duration::from_secs(5),
    answer_max: Duration::from_mins(1),
    action_max: Duration::from_mins(1),
    jitter_seed: Some(1),
};

/// The program while it runs.
pub(crate) struct Operator<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) client: Client,
    pub(crate) resolver: Resolver,
    pub(crate) kill: Kill,
}

/// What `up` did.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) rounds: usize,
    /// Steps of the walked plans.
    pub(crate) steps: usize,
    /// Those of them that change the cloud.
    pub(crate) cloud_steps: usize,
}

/// Why `up` ended without success: what it says, on one line, and what to do next.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) error: String,
    pub(crate) hint: String,
}

impl<'a> Operator<'a> {
    /// Starts the program.
    pub(crate) fn start(bench: &'a Bench) -> Self {
        let token = SecretString::from(bench.lab.token.text().to_owned());
        let client = Client::new(&bench.lab.endpoint, &token, POLICY).unwrap();
        let resolver = Resolver::new(Arc::clone(&bench.wish.vault));
        for kind in [RefKind::CloudEndpoint, RefKind::CloudToken] {
            resolver.learn(Ref::new(kind, "nodes"), "as nodes reach the cloud");
        }
        Self { bench, client, resolver, kill: Kill::default() }
    }

    /// As `ennead up`: observe, plan, walk, until there is nothing left to do. What was walked is
    /// told also when it ends badly.
    pub(crate) async fn up(&self, walked: &mut Walked) -> Result<(), Stopped> {
        loop {
            let inventory = self.observe().await.map_err(|error| Stopped {
                error: error.to_string(),
                hint: cloud_hint(&error).to_owned(),
            })?;
            let next = self.plan(&inventory);
            if let Some(blocked) = next.blocked.first() {
                let error = format!("{}: {}", blocked.what, blocked.why);
                return Err(Stopped { error, hint: blocked.hint.clone() });
            }
            if next.steps.is_empty() {
                return Ok(());
            }
            if walked.rounds == ROUNDS_MAX {
                let left: Vec<String> =
                    next.steps.iter().map(|s| format!("{}: {}", s.id, s.why)).collect();
                return Err(Stopped { error: format!("left: {left:?}"), hint: String::new() });
            }
            walked.rounds += 1;
            walked.steps += next.steps.len();
            walked.cloud_steps += next.steps.iter().filter(|s| s.node().is_none()).count();
            let limits = Limits { gate_pause: Duration::from_millis(1), ..Limits::default() };
            let (journal, cancel) = (Journal::none(), CancellationToken::new());
            let report = walk_within(&next, self, &journal, &NoProgress, &cancel, limits).await;
            if !report.is_done() {
                return Err(stopped(&report));
            }
        }
    }

    async fn observe(&self) -> Result<Inventory, CloudError> {
        let spec = &self.bench.wish.spec;
        let wanted = WantedNames::of(&spec.fleet, &spec.options);
        let cloud = observe_cloud(&self.client, &spec.platform, &wanted).await?;
        self.bench.bind_nodes();
        let mut told = self.bench.nodes.inventory().nodes;
        let mut nodes = BTreeMap::new();
        for (name, server) in &cloud.servers {
            let node = NodeName::new(name.as_str()).unwrap();
            if let Some(address) = server.public_ip {
                self.resolver.learn_server(&node, server.id, address);
            }
            let facts = if server.status == "running" {
                told.remove(&node).unwrap_or_else(|| Known::unknown("no answer"))
            } else {
                Known::unknown(format!("its server is {}", server.status))
            };
            nodes.insert(node, facts);
        }
        Ok(Inventory { format_version: INVENTORY_FORMAT_VERSION, cloud, nodes })
    }

    fn plan(&self, inventory: &Inventory) -> Plan {
        let spec = &self.bench.wish.spec;
        let fingerprints = self.fingerprints(inventory);
        plan(&PlanInput {
            fleet: &spec.fleet,
            options: &spec.options,
            image: &spec.cloud.image,
            inventory,
            fingerprints: &fingerprints,
            allow_destroy: &BTreeSet::new(),
        })
    }

    /// Returns the fingerprints of all that orders refer to, as the simulated nodes make them: of
    /// an address only when the server is seen.
    fn fingerprints(&self, inventory: &Inventory) -> Fingerprints {
        let facts = inventory.cloud.servers.keys().flat_map(|name| {
            [RefKind::PublicIp, RefKind::ServerId].map(|kind| Ref::new(kind, name))
        });
        let ways =
            [RefKind::CloudEndpoint, RefKind::CloudToken].map(|kind| Ref::new(kind, "nodes"));
        let references = self.bench.wish.references.iter().cloned();
        self.bench.nodes.fingerprints(references.chain(facts).chain(ways))
    }
}

fn stopped(report: &WalkReport) -> Stopped {
    let first = report.failed().next();
    let Some((first, StepResult::Failed { error, hint })) = first.map(|step| (step, &step.result))
    else {
        panic!("nothing failed and not all is done: {report:?}");
    };
    let again = "run the same command again: it goes on from here";
    let hint = if hint.is_empty() { again.to_owned() } else { hint.clone() };
    Stopped { error: format!("{}: {error}", first.id), hint }
}

/// Returns an error and its causes on one line, as the program says them.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
