//! Makes servers exist, attached and running, whatever happened before.

use super::ensure::{Ensured, Owner};
use super::looks::Looks;
use super::resource::Resource;
use super::rounds::Rounds;
use super::transport::Client;
use crate::error::CloudError;
use crate::types::{AttachToNetwork, CreateServer, Server};
use std::net::Ipv4Addr;

impl Client {
    /// Makes a server exist and waits until no action holds it. One that exists is left as it is.
    ///
    /// A server whose `create_server` action failed in this very call is removed and made again: it
    /// was never started and holds nothing.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, [`CloudError::ActionFailed`] when it
    /// failed each time, and as any request.
    pub async fn ensure_server(
        &self,
        body: &CreateServer,
        owner: &Owner,
    ) -> Result<Ensured<Server>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            if let Some(found) = self.server_named(&body.name).await? {
                match self.wait_until_settled(owner.take(found)?.id).await {
                    Ok(object) => return Ok(Ensured { object, changed }),
                    // It was being deleted.
                    Err(error) if error.is_not_found() => rounds.once_more(error).await?,
                    Err(error) => return Err(error),
                }
            } else {
                match self.create_server_now(body).await {
                    Ok(object) => return Ok(Ensured { object, changed: true }),
                    Err(error) => rounds.after(error).await?,
                }
            }
            changed = true;
        }
    }

    async fn create_server_now(&self, body: &CreateServer) -> Result<Server, CloudError> {
        let created = self.create_server(body).await?;
        let id = created.server.id;
        let action_max = self.policy().action_max;
        let mut actions = vec![created.action];
        actions.extend(created.next_actions);
        match self.wait_until_succeeded(&actions, action_max).await {
            Ok(()) => self.wait_until_settled(id).await,
            Err(error) => {
                if matches!(&error, CloudError::ActionFailed { command, .. } if command == "create_server")
                {
                    tracing::warn!(%error, server = body.name, "a half-made server is removed");
                    self.remove_server(id).await?;
                }
                Err(error)
            }
        }
    }

    /// Waits until a server is `running` or `off` and no action holds it.
    ///
    /// # Errors
    /// [`CloudError::Deadline`] after the policy's `action_max`, [`CloudError::NotFound`] when it is
    /// gone, and as any request.
    pub async fn wait_until_settled(&self, id: u64) -> Result<Server, CloudError> {
        let mut looks = Looks::new(self.budget(), self.policy().action_max);
        loop {
            let server = self.server(id).await?;
            if !server.locked && matches!(server.status.as_str(), "running" | "off") {
                return Ok(server);
            }
            let locked = if server.locked { ", locked" } else { "" };
            let seen = || (format!("server {} settled", server.name), server.status + locked);
            looks.next(1, seen).await?;
        }
    }

    /// Makes a server run.
    ///
    /// # Errors
    /// [`CloudError::ActionFailed`] when it failed each time, and as any request.
    pub async fn ensure_running(&self, id: u64) -> Result<Ensured<Server>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let server = self.wait_until_settled(id).await?;
            if server.status == "running" {
                return Ok(Ensured { object: server, changed });
            }
            changed = true;
            let started = match self.power_on(id).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            if let Err(error) = started {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes a server be attached to a network with this address.
    ///
    /// # Errors
    /// [`CloudError::Differs`] when it is attached with another address, and as any request.
    pub async fn ensure_attached(
        &self,
        id: u64,
        network: u64,
        ip: Ipv4Addr,
    ) -> Result<Ensured<Server>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let body = AttachToNetwork {
            network,
            ip: Some(ip.to_string()),
            alias_ips: Vec::new(),
            ip_range: None,
        };
        let mut changed = false;
        loop {
            let server = self.wait_until_settled(id).await?;
            if let Some(place) = server.private_net.iter().find(|place| place.network == network) {
                if place.ip == body.ip.as_deref().unwrap_or_default() {
                    return Ok(Ensured { object: server, changed });
                }
                return Err(CloudError::Differs {
                    kind: Server::KIND,
                    name: server.name,
                    what: "private address",
                    found: place.ip.clone(),
                    wanted: ip.to_string(),
                });
            }
            changed = true;
            let attached = match self.attach_to_network(id, &body).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            if let Err(error) = attached {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes the cloud make backups of a server's disk, or stop to, which deletes those there are.
    ///
    /// # Errors
    /// [`CloudError::ActionFailed`] when it failed each time, and as any request.
    pub async fn ensure_backups(
        &self,
        id: u64,
        enabled: bool,
    ) -> Result<Ensured<Server>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let server = self.wait_until_settled(id).await?;
            if server.backup_window.is_some() == enabled {
                return Ok(Ensured { object: server, changed });
            }
            changed = true;
            let ended = match self.set_backups(id, enabled).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                rounds.after(error).await?;
            }
        }
    }
}
