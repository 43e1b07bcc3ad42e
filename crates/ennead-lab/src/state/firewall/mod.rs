//! Firewalls: what passes the public interface of servers.
//!
//! A firewall says what it is applied to; what a server's filter is follows from all firewalls
//! that apply to it and is worked out anew after each change ([`filter`]).

pub mod apply;
mod change;
pub mod filter;
pub mod rules;

use ennead_hcloud::types::{
    Action, CreateFirewall, Firewall, FirewallResource, FirewallRule, Labels,
};
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Lane};
use super::moment::{Moment, rfc3339};
use super::selector::Selector;
use super::server::ServerRecord;
use super::{Change, Code, Refusal, State, check_name_free};
pub use change::FirewallChange;
use rules::check_rules;

/// Firewalls in one project. Source: the official FAQ on firewalls.
pub const FIREWALLS_MAX: usize = 50;

/// What a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppliedTo {
    /// A server.
    Server(u64),
    /// All servers with such labels.
    Selector(String),
}

impl AppliedTo {
    /// Returns whether the server is meant.
    pub fn means(&self, server: &ServerRecord) -> bool {
        match self {
            Self::Server(id) => *id == server.id,
            Self::Selector(text) => {
                Selector::parse(text).is_ok_and(|selector| selector.matches(&server.labels))
            }
        }
    }
}

/// Something that a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What.
    pub to: AppliedTo,
    /// Whether it is being removed: it counts no more, and is shown until that has ended.
    pub is_leaving: bool,
}

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirewallRecord {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// What passes.
    pub rules: Vec<FirewallRule>,
    /// What it is applied to.
    pub targets: Vec<Target>,
}

impl State {
    /// Adds a firewall and applies it.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`, `server_already_added`,
    /// `firewall_resource_not_found`, `private_net_only_server`.
    pub fn create_firewall(
        &mut self,
        wanted: CreateFirewall,
        moment: &Moment<'_>,
    ) -> Result<(Firewall, Vec<Action>), Refusal> {
        check_rules(&wanted.rules)?;
        check_name_free(&wanted.name, self.firewalls.values().map(|other| other.name.as_str()))?;
        if self.firewalls.len() >= FIREWALLS_MAX {
            return Err(Refusal::limit("firewall_limit", "firewall limit exceeded"));
        }
        let id = self.fresh_id();
        let has_rules = !wanted.rules.is_empty();
        let record = FirewallRecord {
            id,
            name: wanted.name,
            labels: wanted.labels,
            created: rfc3339(moment.now),
            rules: wanted.rules,
            targets: Vec::new(),
        };
        self.firewalls.insert(id, record);
        let mut actions = Vec::new();
        if has_rules {
            let change = FirewallChange::Rules(id, Vec::new());
            actions.push(self.begin_firewall("set_firewall_rules", id, Vec::new(), change, moment));
        }
        let applied = self.begin_apply(id, &wanted.apply_to, moment);
        actions.extend(applied.map_err(as_when_made)?);
        Ok((self.firewall(id)?, actions))
    }

    /// Returns a firewall as the API shows it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn firewall(&self, id: u64) -> Result<Firewall, Refusal> {
        let record = self.firewall_record(id)?;
        let applied_to = record.targets.iter().map(|target| match &target.to {
            AppliedTo::Server(server) => FirewallResource::server(*server),
            AppliedTo::Selector(text) => {
                let servers = self.servers.values().filter(|server| target.to.means(server));
                let servers = servers.map(|server| FirewallResource::server(server.id)).collect();
                let applied_to_resources = Some(servers);
                FirewallResource {
                    applied_to_resources,
                    ..FirewallResource::selector(text.clone())
                }
            }
        });
        Ok(Firewall {
            id,
            name: record.name.clone(),
            labels: record.labels.clone(),
            created: record.created.clone(),
            rules: record.rules.clone(),
            applied_to: applied_to.collect(),
        })
    }

    /// Changes name or labels.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `uniqueness_error`.
    pub fn update_firewall(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
    ) -> Result<Firewall, Refusal> {
        self.firewall_record(id)?;
        if self.is_locked(Lane::Firewall(id)) {
            let message = "the firewall is being changed by another request";
            return Err(Refusal::new(Code::Conflict, message));
        }
        if let Some(name) = &name {
            let others = self.firewalls.values().filter(|other| other.id != id);
            check_name_free(name, others.map(|other| other.name.as_str()))?;
        }
        self.with_firewall(id, |record| {
            record.name = name.unwrap_or_else(|| record.name.clone());
            record.labels = labels.unwrap_or_else(|| record.labels.clone());
        });
        self.firewall(id)
    }

    /// Removes a firewall that is not applied to anything.
    ///
    /// # Errors
    /// `not_found`, `resource_in_use`, `locked`.
    pub fn delete_firewall(&mut self, id: u64) -> Result<(), Refusal> {
        if !self.firewall_record(id)?.targets.is_empty() {
            let message = format!("firewall with ID '{id}' is still in use");
            return Err(Refusal::new(Code::ResourceInUse, message));
        }
        self.free_firewall(id)?;
        self.firewalls.remove(&id);
        Ok(())
    }

    fn firewall_record(&self, id: u64) -> Result<&FirewallRecord, Refusal> {
        self.firewalls.get(&id).ok_or_else(|| Refusal::not_found("firewall", id))
    }

    /// Returns a firewall on which no action runs.
    fn free_firewall(&self, id: u64) -> Result<&FirewallRecord, Refusal> {
        let record = self.firewall_record(id)?;
        if self.is_locked(Lane::Firewall(id)) {
            Err(Refusal::locked("firewall"))
        } else {
            Ok(record)
        }
    }

    fn with_firewall(&mut self, id: u64, change: impl FnOnce(&mut FirewallRecord)) {
        if let Some(record) = self.firewalls.get_mut(&id) {
            change(record);
        }
    }

    /// Begins an action of a firewall; it names the servers whose filter it sets.
    fn begin_firewall(
        &mut self,
        command: &str,
        id: u64,
        effects: Vec<Effect>,
        change: FirewallChange,
        moment: &Moment<'_>,
    ) -> Action {
        let servers = effects.iter().filter_map(|effect| match effect {
            Effect::SetFilter(server, _) => Some(("server", *server)),
            _ => None,
        });
        let named = match &change {
            FirewallChange::Apply(_, AppliedTo::Server(server))
            | FirewallChange::Remove(_, AppliedTo::Server(server)) => Some(("server", *server)),
            _ => None,
        };
        let mut resources = vec![("firewall", id)];
        resources.extend(named);
        for server in servers {
            if !resources.contains(&server) {
                resources.push(server);
            }
        }
        let (lane, change) = (Lane::Firewall(id), Change::Firewall(change));
        self.begin(command, &resources, lane, effects, change, moment)
    }
}

/// Returns the refusal as it is answered when a firewall is made; it differs in status and code.
fn as_when_made(refusal: Refusal) -> Refusal {
    let code = match refusal.code {
        Code::FirewallResourceNotFound => Code::FirewallResourceMissing,
        Code::FirewallAlreadyApplied => Code::ServerAlreadyAdded,
        other => other,
    };
    Refusal { code, ..refusal }
}
