//! Firewalls: made, given their rules, applied to servers and taken off again.

use serde_json::json;

use super::ensure::{Ensured, Owner};
use super::rounds::Rounds;
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Action, CreateFirewall, Firewall, FirewallResource, FirewallRule};

impl Firewall {
    /// Returns whether it is applied to the server itself, not by its labels.
    pub fn is_applied_to(&self, server: u64) -> bool {
        self.servers().any(|id| id == server)
    }

    /// Returns the servers that it is applied to themselves.
    pub fn servers(&self) -> impl Iterator<Item = u64> {
        self.applied_to.iter().filter_map(|it| it.server.as_ref()).map(|server| server.id)
    }
}

impl Client {
    /// Returns the firewalls that a label selector finds; an empty selector finds all.
    pub async fn firewalls(&self, selector: &str) -> Result<Vec<Firewall>, CloudError> {
        self.find(selector).await
    }

    /// Returns the firewall of that name.
    pub async fn firewall_named(&self, name: &str) -> Result<Option<Firewall>, CloudError> {
        self.find_named(name).await
    }

    /// Returns a firewall.
    pub async fn firewall(&self, id: u64) -> Result<Firewall, CloudError> {
        self.find_id(id).await
    }

    /// Makes a firewall exist with exactly the body's rules, in any order. What it is applied to
    /// stays; the body's own `apply_to` counts only when it is made.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request or action.
    pub async fn ensure_firewall(
        &self,
        body: &CreateFirewall,
        owner: &Owner,
    ) -> Result<Ensured<Firewall>, CloudError> {
        let mut ensured: Ensured<Firewall> = self.ensure(&body.name, body, owner).await?;
        let wanted = sorted(&body.rules);
        let mut rounds = Rounds::new(self.policy());
        while sorted(&ensured.object.rules) != wanted {
            let id = ensured.object.id;
            let set = self.firewall_action(id, "set_rules", &json!({ "rules": body.rules })).await;
            if let Err(error) = set {
                rounds.after(error).await?;
            }
            ensured = Ensured { object: self.firewall(id).await?, changed: true };
        }
        Ok(ensured)
    }

    /// Makes a firewall apply to a server; true when it did not.
    ///
    /// # Errors
    /// As any request or action.
    pub async fn ensure_firewall_applied(&self, id: u64, server: u64) -> Result<bool, CloudError> {
        let body = json!({ "apply_to": [FirewallResource::server(server)] });
        self.ensure_applied(id, server, true, ("apply_to_resources", body)).await
    }

    /// Makes a firewall not apply to a server any more; true when it did.
    ///
    /// # Errors
    /// As any request or action.
    pub async fn ensure_firewall_lifted(&self, id: u64, server: u64) -> Result<bool, CloudError> {
        let body = json!({ "remove_from": [FirewallResource::server(server)] });
        self.ensure_applied(id, server, false, ("remove_from_resources", body)).await
    }

    async fn ensure_applied(
        &self,
        id: u64,
        server: u64,
        wanted: bool,
        (verb, body): (&str, serde_json::Value),
    ) -> Result<bool, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        while self.firewall(id).await?.is_applied_to(server) != wanted {
            changed = true;
            if let Err(error) = self.firewall_action(id, verb, &body).await {
                rounds.after(error).await?;
            }
        }
        Ok(changed)
    }

    async fn firewall_action(
        &self,
        id: u64,
        verb: &str,
        body: &serde_json::Value,
    ) -> Result<(), CloudError> {
        let request = Request::post(format!("/firewalls/{id}/actions/{verb}")).body(body)?;
        let actions: Vec<Action> = self.send(request).await?.part("actions")?;
        self.wait_until_succeeded(&actions, self.policy().action_max).await
    }
}

/// Rules as the cloud compares them: neither their order nor that of addresses matters.
fn sorted(rules: &[FirewallRule]) -> Vec<String> {
    let key = |rule: &FirewallRule| {
        let mut rule = rule.clone();
        rule.source_ips.sort();
        rule.destination_ips.sort();
        format!("{rule:?}")
    };
    let mut keys: Vec<String> = rules.iter().map(key).collect();
    keys.sort();
    keys
}
