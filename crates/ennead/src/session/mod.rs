//! One run's view of a platform: its spec, its secrets, its cloud and its nodes.

mod audit;
mod effects;
mod net;
mod platform;
mod spec;
mod vault;
mod vpn;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use ennead_executor::cloud::{WantedNames, cloud_hint, observe_cloud};
use ennead_executor::journal::Journal;
use ennead_executor::nodes::{NodeAccess, NodePool};
use ennead_executor::walk::{WalkReport, walk};
use ennead_hcloud::{Client, CloudError, RetryPolicy};
use ennead_host::ssh::{Identity, SshTarget, open_shell};
use ennead_host::{clock, environment};
use ennead_model::inventory::INVENTORY_FORMAT_VERSION;
use ennead_model::{
    CloudInventory, FloatingIpFacts, Inventory, Known, NodeName, Plan, Ref, RefKind,
};
use ennead_planner::plan::objects::floating_ip_name;
use ennead_planner::plan::{PlanInput, is_only_doubt, plan};
use ennead_spec::Spec;
use ennead_spec::people::People;
use ennead_spec::vault::{Resolver, Vault};
use secrecy::ExposeSecret as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Global;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::lab_desk::LabDesk;
use crate::paths;
use crate::progress::WalkView;
pub(crate) use audit::{AuditRun, add_walk, nothing_yet};
pub(crate) use effects::RealEffects;
pub(crate) use spec::{Checked, check_spec, cloud_access};
pub(crate) use vault::{OperatorVault, certificate_findings, vault_error};

/// The port of SSH on every node.
const SSH_PORT: u16 = 22;

/// A platform that can be observed, planned and changed.
pub(crate) struct Session {
    spec: Spec,
    spec_sha256: String,
    operator_vault: OperatorVault,
    vault: Arc<Vault>,
    resolver: Arc<Resolver>,
    client: Client,
    pool: Arc<NodePool>,
    identity: Identity,
    /// Where faults are ordered, when the cloud is the lab.
    lab: Option<LabDesk>,
}

/// What came of walking a plan.
pub(crate) struct Walked {
    pub(crate) report: WalkReport,
    /// Seconds from the first server's creation until the last new one answered over SSH.
    pub(crate) servers_ready_s: Option<f64>,
}

impl Session {
    /// Reads and checks the spec, opens the vault (making what it lacks), finds endpoint and token.
    pub(crate) fn open(global: &Global) -> Result<Self, CommandError> {
        Self::open_with(global, false)
    }

    /// As [`Session::open`], and renews certificates that are due: for what is to be rolled out.
    pub(crate) fn open_to_change(global: &Global) -> Result<Self, CommandError> {
        Self::open_with(global, true)
    }

    fn open_with(global: &Global, renew: bool) -> Result<Self, CommandError> {
        let checked = check_spec(&global.spec)?;
        let (mut spec, spec_sha256) = checked.accepted()?;
        let people = People::load(&People::beside(&global.spec));
        let people = people
            .map_err(|error| CommandError::from_error(Exit::Usage, &error).hint(error.hint()))?;
        // The plan is pure: who has expired by now is left out here.
        spec.options.vpn.people = people.current(clock::now(), spec.options.vpn.prefix);
        let mut operator_vault = OperatorVault::of(global, &spec);
        let vault = Arc::new(operator_vault.open(renew)?);
        let access = cloud_access(global, &spec)?;
        let client = Client::new(&access.endpoint, &access.token, RetryPolicy::default())
            .or_exit(Exit::Usage)?;
        let key = vault.operator_key().ok_or_else(|| {
            CommandError::new(Exit::Internal, "the vault holds no operator's key")
        })?;
        let identity = Identity::new(&key).or_exit(Exit::Internal)?;
        let program = environment::executable().or_exit(Exit::Internal)?;
        let pool = Arc::new(NodePool::new(identity.clone(), &program));
        let resolver = Arc::new(Resolver::new(Arc::clone(&vault)));
        let of_nodes = |kind| Ref::new(kind, "nodes");
        resolver.learn(of_nodes(RefKind::CloudEndpoint), &access.endpoint_of_nodes);
        resolver.learn(of_nodes(RefKind::CloudToken), access.token_of_nodes.expose_secret());
        let desk = || LabDesk::new(&access.endpoint, access.token.expose_secret());
        let lab = access.is_lab.then(desk);
        Ok(Self { spec, spec_sha256, operator_vault, vault, resolver, client, pool, identity, lab })
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(crate) fn spec_sha256(&self) -> &str {
        &self.spec_sha256
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.client.endpoint()
    }

    pub(crate) fn pool(&self) -> &NodePool {
        &self.pool
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Asks the cloud only.
    pub(crate) async fn observe_cloud(&self) -> Result<Inventory, CommandError> {
        let wanted = WantedNames::of(&self.spec.fleet, &self.spec.options);
        let cloud = observe_cloud(&self.client, &self.spec.platform, &wanted)
            .await
            .map_err(|error| self.cloud_error(&error))?;
        self.resolver.forget_the_cloud();
        for (name, server) in &cloud.servers {
            if let (Ok(node), Some(address)) = (NodeName::new(name.clone()), server.public_ip) {
                self.introduce(&node, server.id, address);
            }
        }
        for (place, facts) in self.floating_ips(&cloud) {
            self.resolver.learn_floating_ip(&place, facts.ip, facts.id);
        }
        Ok(Inventory { format_version: INVENTORY_FORMAT_VERSION, cloud, nodes: BTreeMap::new() })
    }

    /// Asks the cloud and every node of the spec that has a running server.
    pub(crate) async fn observe(&self) -> Result<Inventory, CommandError> {
        let mut inventory = self.observe_cloud().await?;
        let mut asked = Vec::new();
        for (name, server) in &inventory.cloud.servers {
            let Ok(node) = NodeName::new(name.clone()) else { continue };
            if server.status == "running" {
                asked.push(node);
            } else {
                let why = format!("its server is {}", server.status);
                inventory.nodes.insert(node, Known::unknown(why));
            }
        }
        let facts = futures::future::join_all(asked.iter().map(|node| self.pool.observe(node)));
        let facts = facts.await;
        inventory.nodes.extend(asked.into_iter().zip(facts));
        Ok(inventory)
    }

    /// Decides what has to happen.
    pub(crate) fn plan(&self, inventory: &Inventory, allow_destroy: &[NodeName]) -> Plan {
        self.decide(inventory, allow_destroy, plan)
    }

    /// Returns whether a plan sends orders only because instances were not seen to be healthy.
    pub(crate) fn is_only_doubt(
        &self,
        inventory: &Inventory,
        allow_destroy: &[NodeName],
        plan: &Plan,
    ) -> bool {
        self.decide(inventory, allow_destroy, |input| is_only_doubt(input, plan))
    }

    fn decide<T>(
        &self,
        inventory: &Inventory,
        allow_destroy: &[NodeName],
        decide: impl FnOnce(&PlanInput<'_>) -> T,
    ) -> T {
        let fingerprints = self.resolver.fingerprints();
        let allow_destroy: BTreeSet<NodeName> = allow_destroy.iter().cloned().collect();
        decide(&PlanInput {
            fleet: &self.spec.fleet,
            options: &self.spec.options,
            image: &self.spec.cloud.image,
            inventory,
            fingerprints: &fingerprints,
            allow_destroy: &allow_destroy,
        })
    }

    /// Returns the floating IPs of the spec's entries that exist, by `ENTRY/SITE`.
    fn floating_ips<'c>(
        &self,
        cloud: &'c CloudInventory,
    ) -> impl Iterator<Item = (String, &'c FloatingIpFacts)> {
        let fleet = &self.spec.fleet;
        let places = fleet.entries.values().flat_map(|entry| {
            let named = |site| (site, floating_ip_name(&fleet.platform, &entry.name, site));
            entry
                .sites
                .iter()
                .map(named)
                .map(|(site, name)| (format!("{}/{site}", entry.name), name))
        });
        places.filter_map(|(place, name)| Some((place, cloud.floating_ips.get(&name)?)))
    }

    /// Carries a plan out, showing it; the token stops it after the steps that are under way.
    pub(crate) async fn walk(
        &self,
        plan: &Plan,
        cancel: &CancellationToken,
    ) -> Result<Walked, CommandError> {
        let time = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let folder = paths::state_folder().join("runs").join(format!("{}-{time}", plan.platform));
        let journal = Journal::create(&folder).or_exit(Exit::Internal)?;
        let view = WalkView::new(plan.steps.len());
        let effects = RealEffects::new(self);
        let report = walk(plan, &effects, &journal, &view, cancel).await;
        view.finish();
        let ready =
            view.making_since().and_then(|begun| Some(effects.answered()?.saturating_sub(begun)));
        Ok(Walked { report, servers_ready_s: ready.map(|time| time.as_secs_f64()) })
    }

    /// Opens a shell on a node, or runs a command there.
    pub(crate) async fn shell(
        &self,
        node: &NodeName,
        command: &[String],
    ) -> Result<u8, CommandError> {
        self.observe_cloud().await?;
        let address = self.resolver.public_ip(node.as_str()).ok_or_else(|| {
            CommandError::new(Exit::Usage, format!("{node} has no server"))
                .hint("see `ennead status`")
        })?;
        let target = SshTarget {
            name: node.to_string(),
            address: address.to_string(),
            port: SSH_PORT,
            user: "root".to_owned(),
            host_public_key: self.host_public_key(node),
        };
        let status = open_shell(&target, &self.identity, command).await;
        let status = status.or_exit(Exit::ApplyFailed);
        let status = status.map_err(|error| error.hint("`ennead status` shows every node"))?;
        Ok(u8::try_from(status).unwrap_or(u8::MAX))
    }

    /// Closes connections to nodes that are gone.
    pub(crate) async fn forget_connections(&self) {
        self.pool.close().await;
    }

    fn introduce(&self, node: &NodeName, server: u64, public_ip: Ipv4Addr) {
        self.resolver.learn_server(node, server, public_ip);
        self.pool.put(NodeAccess {
            node: node.clone(),
            public_ip,
            port: SSH_PORT,
            host_public_key: self.host_public_key(node),
        });
    }

    fn host_public_key(&self, node: &NodeName) -> String {
        // A server that the spec does not name has no key in the vault, and is never believed.
        self.vault.host_public_key(node.as_str()).unwrap_or_default().to_owned()
    }

    fn cloud_error(&self, error: &CloudError) -> CommandError {
        let exit = match error {
            CloudError::Unauthorized { .. }
            | CloudError::Unreachable { .. }
            | CloudError::Setup { .. } => Exit::Usage,
            _ => Exit::ApplyFailed,
        };
        let hint = match error {
            CloudError::Unauthorized { .. } if self.spec.cloud.is_lab() => {
                "the lab's token is in its state folder: `ennead lab up` makes both anew"
            }
            CloudError::Unauthorized { .. } => "give a token of this project, with read and write",
            CloudError::Unreachable { .. } if self.spec.cloud.is_lab() => {
                "start the lab with `ennead lab up`"
            }
            CloudError::Unreachable { .. } => "check the endpoint in the spec and your network",
            other => cloud_hint(other),
        };
        CommandError::from_error(exit, error).hint(hint)
    }
}

/// Returns a token that Ctrl-C cancels; a second Ctrl-C ends the program at once.
///
/// It holds from the moment this returns: asked before the first word about what will be changed,
/// no Ctrl-C after that word ends the program in the middle.
///
/// # Errors
/// The system takes no more signal handlers.
pub(crate) fn cancelled_by_ctrl_c() -> Result<CancellationToken, CommandError> {
    let mut asked = signal(SignalKind::interrupt()).or_exit(Exit::Internal)?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        asked.recv().await;
        crate::ui::say("Stopping after what is under way; again to stop at once.");
        cancel.cancel();
        asked.recv().await;
        #[expect(clippy::exit, reason = "the operator asked twice")]
        std::process::exit(130);
    });
    Ok(token)
}
