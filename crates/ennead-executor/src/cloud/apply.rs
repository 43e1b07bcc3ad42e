//! Carries out one cloud action of a plan. What is so already is left alone; what is somebody
//! else's is never touched.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ennead_hcloud::types::{
    CreateFirewall, CreateNetwork, CreatePlacementGroup, CreateSshKey, FirewallRule, Labels, Subnet,
};
use ennead_hcloud::{Client, CloudError, Owner};
use ennead_model::cloud::CloudRule;
use ennead_model::reference::resolve_text;
use ennead_model::{CloudAction, Outcome, RefResolver, ResolveError};

use super::create_server::create_server;
use super::error::CloudStepError;
use super::{owner, shared_key_mark};

/// Why an action failed, before it is said which one.
pub(super) enum Why {
    Cloud(CloudError),
    Resolve(ResolveError),
    Missing { kind: &'static str, name: String },
}

impl From<CloudError> for Why {
    fn from(error: CloudError) -> Self {
        Self::Cloud(error)
    }
}

impl From<ResolveError> for Why {
    fn from(error: ResolveError) -> Self {
        Self::Resolve(error)
    }
}

/// Makes the cloud as the action says and waits until it is. References are resolved just before
/// they are sent. Returns [`Outcome::Changed`] or [`Outcome::Unchanged`].
///
/// Safe to be dropped at any time and to be run again: what was begun is found and ended.
///
/// # Errors
/// [`CloudStepError`], once the client's retries are used up.
pub async fn apply_cloud(
    client: &Client,
    platform: &str,
    action: &CloudAction,
    resolver: &dyn RefResolver,
) -> Result<Outcome, CloudStepError> {
    let scope = Scope { client, owner: owner(platform), mark: shared_key_mark(platform) };
    let summary = || action.summary();
    // Boxed: the futures of all kinds of actions together are large for a caller to hold.
    match Box::pin(scope.apply(action, resolver)).await {
        Ok(true) => Ok(Outcome::Changed),
        Ok(false) => Ok(Outcome::Unchanged),
        Err(Why::Cloud(source)) => Err(CloudStepError::Cloud { action: summary(), source }),
        Err(Why::Resolve(source)) => Err(CloudStepError::Resolve { action: summary(), source }),
        Err(Why::Missing { kind, name }) => {
            Err(CloudStepError::Missing { action: summary(), kind, name })
        }
    }
}

/// Where actions are carried out, and for whom.
pub(super) struct Scope<'a> {
    pub(super) client: &'a Client,
    pub(super) owner: Owner,
    pub(super) mark: String,
}

impl Scope<'_> {
    async fn apply(&self, action: &CloudAction, resolver: &dyn RefResolver) -> Result<bool, Why> {
        let Self { client, owner, mark } = self;
        Ok(match action {
            CloudAction::CreateSshKey { name, public_key, labels } => {
                let body = CreateSshKey {
                    name: name.clone(),
                    public_key: resolve_text(public_key, resolver)?.trim().to_owned(),
                    labels: labels.clone(),
                };
                client.ensure_ssh_key(&body, owner, mark).await?.changed
            }
            CloudAction::CreateNetwork { name, ip_range, network_zone, labels } => {
                let body = network_body(name, ip_range, network_zone, labels);
                client.ensure_network(&body, owner).await?.changed
            }
            CloudAction::CreatePlacementGroup { name, labels } => {
                let body = CreatePlacementGroup {
                    name: name.clone(),
                    kind: "spread".to_owned(),
                    labels: labels.clone(),
                };
                client.ensure_placement_group(&body, owner).await?.changed
            }
            CloudAction::SetFirewall { name, rules, labels } => {
                let body = firewall_body(name, rules, labels);
                client.ensure_firewall(&body, owner).await?.changed
            }
            CloudAction::ApplyFirewall { firewall, server } => {
                let (firewall, server) = self.guard(firewall, server).await?;
                client.ensure_firewall_applied(firewall, server).await?
            }
            CloudAction::LiftFirewall { firewall, server } => {
                let (firewall, server) = self.guard(firewall, server).await?;
                client.ensure_firewall_lifted(firewall, server).await?
            }
            CloudAction::DeleteFirewall { name } => client.ensure_no_firewall(name, owner).await?,
            CloudAction::CreateServer { .. } => create_server(self, action, resolver).await?,
            CloudAction::AttachNetwork { server, network, ip } => {
                self.attach(server, network, *ip).await?
            }
            CloudAction::PowerOn { server } => {
                client.ensure_running(self.server_id(server).await?).await?.changed
            }
            CloudAction::DeleteServer { name } => client.ensure_no_server(name, owner).await?,
            CloudAction::DeleteNetwork { name } => client.ensure_no_network(name, owner).await?,
            CloudAction::DeletePlacementGroup { name } => {
                client.ensure_no_placement_group(name, owner).await?
            }
            CloudAction::DeleteSshKey { name } => {
                client.ensure_no_ssh_key(name, owner, mark).await?
            }
            other => self.apply_beside(other).await?,
        })
    }

    async fn attach(&self, server: &str, network: &str, ip: Ipv4Addr) -> Result<bool, Why> {
        let (id, network) =
            futures::future::try_join(self.server_id(server), self.network_id(network)).await?;
        Ok(self.client.ensure_attached(id, network, ip).await?.changed)
    }

    async fn guard(&self, firewall: &str, server: &str) -> Result<(u64, u64), Why> {
        futures::future::try_join(self.firewall_id(firewall), self.server_id(server)).await
    }

    pub(super) async fn firewall_id(&self, name: &str) -> Result<u64, Why> {
        let found = self.client.firewall_named(name).await?;
        self.own("firewall", name, found.map(|firewall| (firewall.id, firewall.labels)))
    }

    pub(super) async fn server_id(&self, name: &str) -> Result<u64, Why> {
        let found = self.client.server_named(name).await?;
        self.own("server", name, found.map(|server| (server.id, server.labels)))
    }

    async fn network_id(&self, name: &str) -> Result<u64, Why> {
        let found = self.client.network_named(name).await?;
        self.own("network", name, found.map(|network| (network.id, network.labels)))
    }

    /// Returns the id of an object that must be there and be ours.
    pub(super) fn own(
        &self,
        kind: &'static str,
        name: &str,
        found: Option<(u64, Labels)>,
    ) -> Result<u64, Why> {
        match found {
            Some((id, labels)) if self.owner.owns(&labels) => Ok(id),
            Some(_) => Err(Why::Cloud(CloudError::Foreign {
                kind,
                name: name.to_owned(),
                owner: self.owner.selector(),
            })),
            None => Err(Why::Missing { kind, name: name.to_owned() }),
        }
    }
}

fn firewall_body(name: &str, rules: &BTreeSet<CloudRule>, labels: &Labels) -> CreateFirewall {
    let rule = |rule: &CloudRule| {
        let addresses: Vec<String> = rule.addresses.iter().cloned().collect();
        let is_inbound = rule.direction == "in";
        let (source_ips, destination_ips) =
            if is_inbound { (addresses, Vec::new()) } else { (Vec::new(), addresses) };
        FirewallRule {
            description: Some(rule.description.clone()),
            direction: rule.direction.clone(),
            source_ips,
            destination_ips,
            protocol: rule.protocol.clone(),
            port: rule.port.clone(),
        }
    };
    CreateFirewall {
        name: name.to_owned(),
        labels: labels.clone(),
        rules: rules.iter().map(rule).collect(),
        apply_to: Vec::new(),
    }
}

fn network_body(name: &str, ip_range: &str, zone: &str, labels: &Labels) -> CreateNetwork {
    CreateNetwork {
        name: name.to_owned(),
        ip_range: ip_range.to_owned(),
        subnets: vec![Subnet {
            kind: "cloud".to_owned(),
            ip_range: Some(ip_range.to_owned()),
            network_zone: zone.to_owned(),
            gateway: None,
            vswitch_id: None,
        }],
        routes: Vec::new(),
        labels: labels.clone(),
        expose_routes_to_vswitch: false,
    }
}
