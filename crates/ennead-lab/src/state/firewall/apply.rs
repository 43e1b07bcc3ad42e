//! Setting a firewall's rules, applying it and removing it.

use ennead_hcloud::types::{Action, FirewallResource, FirewallRule};

use super::rules::check_rules;
use super::{AppliedTo, FirewallChange, Target};
use crate::state::effect::Effect;
use crate::state::moment::Moment;
use crate::state::selector::Selector;
use crate::state::server::Status;
use crate::state::{Code, Refusal, State};

/// Firewalls of one server. Source: the official description of applying a firewall.
pub const PER_SERVER_MAX: usize = 5;

impl State {
    /// Sets all rules of a firewall; each server's filter is an action of its own.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn set_firewall_rules(
        &mut self,
        id: u64,
        rules: Vec<FirewallRule>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Action>, Refusal> {
        let before = self.free_firewall(id)?.rules.clone();
        check_rules(&rules)?;
        self.with_firewall(id, |record| record.rules = rules);
        let change = FirewallChange::Rules(id, before);
        let set = self.begin_firewall("set_firewall_rules", id, Vec::new(), change, moment);
        let mut actions = vec![set];
        for effect in self.filter_effects() {
            let change = FirewallChange::Follow;
            actions.push(self.begin_firewall("apply_firewall", id, vec![effect], change, moment));
        }
        Ok(actions)
    }

    /// Applies a firewall.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`, `firewall_resource_not_found`,
    /// `firewall_already_applied`, `private_net_only_server`, `resource_limit_exceeded`.
    pub fn apply_firewall(
        &mut self,
        id: u64,
        resources: &[FirewallResource],
        moment: &Moment<'_>,
    ) -> Result<Vec<Action>, Refusal> {
        self.free_firewall(id)?;
        self.begin_apply(id, resources, moment)
    }

    /// Applies a firewall that may be just being made: one action for each resource.
    pub(super) fn begin_apply(
        &mut self,
        id: u64,
        resources: &[FirewallResource],
        moment: &Moment<'_>,
    ) -> Result<Vec<Action>, Refusal> {
        let mut actions = Vec::new();
        for (place, resource) in resources.iter().enumerate() {
            let to = read_resource(resource, &format!("apply_to.{place}"))?;
            self.add_target(id, &to)?;
            let effects = self.filter_effects();
            let change = FirewallChange::Apply(id, to);
            actions.push(self.begin_firewall("apply_firewall", id, effects, change, moment));
        }
        Ok(actions)
    }

    /// Applies firewalls to a server that is just being made; its first filter holds them.
    ///
    /// # Errors
    /// `not_found`, `server_already_added`, `private_net_only_server`, `resource_limit_exceeded`.
    pub(crate) fn apply_to_new_server(
        &mut self,
        server: u64,
        firewalls: impl Iterator<Item = u64>,
    ) -> Result<(), Refusal> {
        for id in firewalls {
            self.firewall_record(id)?;
            self.check_public(server)?;
            self.check_room(id, &AppliedTo::Server(server))?;
            let already = |_| Refusal::new(Code::ServerAlreadyAdded, "server was added twice");
            self.check_not_applied(id, &AppliedTo::Server(server)).map_err(already)?;
            let target = Target { to: AppliedTo::Server(server), is_leaving: false };
            self.with_firewall(id, |record| record.targets.push(target));
        }
        Ok(())
    }

    /// Removes a firewall from what it was applied to: one action for each resource.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`, `firewall_resource_not_found`,
    /// `firewall_managed_by_label_selector`.
    pub fn remove_firewall(
        &mut self,
        id: u64,
        resources: &[FirewallResource],
        moment: &Moment<'_>,
    ) -> Result<Vec<Action>, Refusal> {
        self.free_firewall(id)?;
        let mut actions = Vec::new();
        for (place, resource) in resources.iter().enumerate() {
            let to = read_resource(resource, &format!("remove_from.{place}"))?;
            self.mark_leaving(id, &to)?;
            let effects = self.filter_effects();
            let change = FirewallChange::Remove(id, to);
            actions.push(self.begin_firewall("remove_firewall", id, effects, change, moment));
        }
        Ok(actions)
    }

    fn add_target(&mut self, id: u64, to: &AppliedTo) -> Result<(), Refusal> {
        if let AppliedTo::Server(server) = to {
            let record = self.servers.get(server).ok_or_else(|| no_resource(*server))?;
            if matches!(record.status, Status::Initializing | Status::Deleting) {
                return Err(Refusal::locked("server"));
            }
            self.check_public(*server)?;
        }
        self.check_not_applied(id, to)?;
        self.check_room(id, to)?;
        let target = Target { to: to.clone(), is_leaving: false };
        self.with_firewall(id, |record| record.targets.push(target));
        Ok(())
    }

    fn check_public(&self, server: u64) -> Result<(), Refusal> {
        if self.server_record(server)?.is_public() {
            return Ok(());
        }
        let message = format!("server with ID '{server}' has no public interface");
        Err(Refusal::new(Code::PrivateNetOnlyServer, message))
    }

    fn check_not_applied(&self, id: u64, to: &AppliedTo) -> Result<(), Refusal> {
        if self.firewall_record(id)?.targets.iter().any(|target| target.to == *to) {
            let message = format!("firewall with ID '{id}' is already applied to the resource");
            return Err(Refusal::new(Code::FirewallAlreadyApplied, message));
        }
        Ok(())
    }

    /// Checks that no server would have too many firewalls.
    fn check_room(&self, id: u64, to: &AppliedTo) -> Result<(), Refusal> {
        let is_full = |server| {
            let others = self.firewalls_of(server, false);
            others.iter().filter(|other| other.id != id).count() >= PER_SERVER_MAX
        };
        if self.servers.values().any(|server| to.means(server) && is_full(server)) {
            return Err(Refusal::limit("server_firewall_limit", "firewall limit exceeded"));
        }
        Ok(())
    }

    fn mark_leaving(&mut self, id: u64, to: &AppliedTo) -> Result<(), Refusal> {
        let record = self.firewall_record(id)?;
        let is_direct = record.targets.iter().any(|target| target.to == *to && !target.is_leaving);
        if is_direct {
            self.with_firewall(id, |record| {
                for target in record.targets.iter_mut().filter(|target| target.to == *to) {
                    target.is_leaving = true;
                }
            });
            return Ok(());
        }
        let server = match to {
            AppliedTo::Server(server) => self.servers.get(server),
            AppliedTo::Selector(_) => None,
        };
        let selects = |server| {
            record.targets.iter().any(|target| !target.is_leaving && target.to.means(server))
        };
        if server.is_some_and(selects) {
            let message = "firewall is applied via a label selector and cannot be removed manually";
            return Err(Refusal::new(Code::FirewallManagedByLabelSelector, message));
        }
        Err(match to {
            AppliedTo::Server(server) => no_resource(*server),
            AppliedTo::Selector(text) => Refusal::new(
                Code::FirewallResourceNotFound,
                format!("label selector '{text}' not found"),
            ),
        })
    }
}

/// Returns the servers whose filter an effect sets.
pub(super) fn filtered(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::SetFilter(server, _) => Some(*server),
        _ => None,
    }
}

fn no_resource(server: u64) -> Refusal {
    let message = format!("server with ID '{server}' not found");
    Refusal::new(Code::FirewallResourceNotFound, message)
}

fn read_resource(resource: &FirewallResource, place: &str) -> Result<AppliedTo, Refusal> {
    let missing = |field: &str| Refusal::invalid(&format!("{place}.{field}"), "is missing");
    match resource.kind.as_str() {
        "server" => {
            let server = resource.server.as_ref().ok_or_else(|| missing("server"))?;
            Ok(AppliedTo::Server(server.id))
        }
        "label_selector" => {
            let selector = resource.label_selector.as_ref();
            let text = selector.map(|selector| selector.selector.trim()).unwrap_or_default();
            if text.is_empty() {
                return Err(missing("label_selector"));
            }
            let field = format!("{place}.label_selector.selector");
            Selector::parse(text).map_err(|why| Refusal::invalid(&field, why))?;
            Ok(AppliedTo::Selector(text.to_owned()))
        }
        _ => {
            let field = format!("{place}.type");
            Err(Refusal::invalid(&field, "must be one of: server, label_selector"))
        }
    }
}
