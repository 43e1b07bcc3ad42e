//! Makes objects be gone, whatever happened before.

use std::time::Duration;

use super::ensure::Owner;
use super::looks::Looks;
use super::resource::Resource;
use super::rounds::{Rounds, wants_another_look};
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Firewall, Network, PlacementGroup, Server, SshKey};

/// Most time for the servers of a network or group to go away first.
const EMPTY_MAX: Duration = Duration::from_mins(1);

impl Client {
    /// Makes a server with its disk be gone; true when there was one.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_no_server(&self, name: &str, owner: &Owner) -> Result<bool, CloudError> {
        let Some(server) = self.find_named::<Server>(name).await? else { return Ok(false) };
        self.remove_server(owner.take(server)?.id).await?;
        Ok(true)
    }

    /// Makes a network be gone; true when there was one. Waits until no server is attached: the
    /// cloud would detach it from under a running system.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, [`CloudError::Deadline`] when servers
    /// stay attached, and as any request.
    pub async fn ensure_no_network(&self, name: &str, owner: &Owner) -> Result<bool, CloudError> {
        self.ensure_none(name, owner, |network: &Network| network.servers.clone()).await
    }

    /// Makes a placement group be gone; true when there was one. Waits until it is empty.
    ///
    /// # Errors
    /// As [`Client::ensure_no_network`].
    pub async fn ensure_no_placement_group(
        &self,
        name: &str,
        owner: &Owner,
    ) -> Result<bool, CloudError> {
        self.ensure_none(name, owner, |group: &PlacementGroup| group.servers.clone()).await
    }

    /// Makes a firewall be gone; true when there was one. Waits until it guards no server.
    ///
    /// # Errors
    /// As [`Client::ensure_no_network`].
    pub async fn ensure_no_firewall(&self, name: &str, owner: &Owner) -> Result<bool, CloudError> {
        self.ensure_none(name, owner, |firewall: &Firewall| firewall.servers().collect()).await
    }

    /// Makes an SSH key be gone, or takes our mark off one that is shared; true when something was
    /// changed.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request.
    pub async fn ensure_no_ssh_key(
        &self,
        name: &str,
        owner: &Owner,
        mark: &str,
    ) -> Result<bool, CloudError> {
        let keys = self.ssh_keys("").await?;
        let shared = keys.iter().find(|key| key.labels.get(mark).is_some_and(|of| of == name));
        if let Some(key) = shared {
            let mut labels = key.labels.clone();
            labels.remove(mark);
            self.label_ssh_key(key.id, &labels).await?;
            return Ok(true);
        }
        self.ensure_none(name, owner, |_: &SshKey| Vec::new()).await
    }

    /// Removes a server by id and waits until it is gone.
    pub(super) async fn remove_server(&self, id: u64) -> Result<(), CloudError> {
        let mut rounds = Rounds::new(self.policy());
        loop {
            let removed = match self.delete_server(id).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            let doubt = match removed {
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if !wants_another_look(&error) => return Err(error),
                Err(error) => Some(error),
                Ok(()) => None,
            };
            // A look decides, also after success: an action can end before its effect is seen.
            match self.server(id).await {
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(error),
                Ok(server) => {
                    let still = || CloudError::Deadline {
                        what: format!("server {} gone", server.name),
                        seconds: self.policy().action_max.as_secs(),
                        last_seen: server.status,
                    };
                    rounds.once_more(doubt.unwrap_or_else(still)).await?;
                }
            }
        }
    }

    /// Makes an object of that name be gone, which is taken from its server first by this verb.
    pub(super) async fn ensure_freed_and_gone<T: Resource>(
        &self,
        name: &str,
        owner: &Owner,
        verb: &str,
        server: impl Fn(&T) -> Option<u64> + Send + Sync,
    ) -> Result<bool, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let Some(found) = self.find_named::<T>(name).await? else { return Ok(changed) };
            let found = owner.take(found)?;
            changed = true;
            let path = format!("{}/{}", T::PATH, found.id());
            let done = if server(&found).is_some() {
                self.free(&path, verb).await
            } else {
                self.send(Request::delete(path)).await.map(drop)
            };
            match done {
                Ok(()) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => rounds.after(error).await?,
            }
        }
    }

    async fn free(&self, path: &str, verb: &str) -> Result<(), CloudError> {
        let request = Request::post(format!("{path}/actions/{verb}"));
        let action = self.send(request.body(&serde_json::json!({}))?).await?.part("action")?;
        self.wait_until_succeeded(&[action], self.policy().action_max).await
    }

    /// Makes an object of that name be gone, once no server uses it.
    async fn ensure_none<T: Resource>(
        &self,
        name: &str,
        owner: &Owner,
        users: impl Fn(&T) -> Vec<u64> + Send + Sync,
    ) -> Result<bool, CloudError> {
        let mut looks = Looks::new(self.budget(), EMPTY_MAX);
        let mut changed = false;
        loop {
            let Some(found) = self.find_named::<T>(name).await? else { return Ok(changed) };
            let found = owner.take(found)?;
            let using = users(&found);
            let seen = if using.is_empty() {
                changed = true;
                let request = Request::delete(format!("{}/{}", T::PATH, found.id()));
                match self.send(request).await {
                    Ok(_) => return Ok(true),
                    Err(error) if error.is_not_found() => return Ok(true),
                    Err(error) if is_in_use(&error) => error.to_string(),
                    Err(error) => return Err(error),
                }
            } else {
                format!("used by servers {using:?}")
            };
            looks.next(1, || (format!("{} {name} free to delete", T::KIND), seen)).await?;
        }
    }
}

fn is_in_use(error: &CloudError) -> bool {
    matches!(error, CloudError::Api { code, .. } if code == "resource_in_use")
        || wants_another_look(error)
}
