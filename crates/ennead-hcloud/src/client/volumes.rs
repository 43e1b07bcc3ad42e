//! Volumes.

use super::ensure::{Ensured, Owner};
use super::rounds::Rounds;
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Action, CreateVolume, Volume};

impl Client {
    /// Returns the volumes that a label selector finds; an empty selector finds all.
    pub async fn volumes(&self, selector: &str) -> Result<Vec<Volume>, CloudError> {
        self.find(selector).await
    }

    /// Returns the volume of that name.
    pub async fn volume_named(&self, name: &str) -> Result<Option<Volume>, CloudError> {
        self.find_named(name).await
    }

    /// Makes a volume exist. One that exists is left as it is.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request or action.
    pub async fn ensure_volume(
        &self,
        body: &CreateVolume,
        owner: &Owner,
    ) -> Result<Ensured<Volume>, CloudError> {
        self.ensure_made(&body.name, body, owner).await
    }

    /// Makes a volume be attached to a server.
    ///
    /// # Errors
    /// [`CloudError::Differs`] when it is attached to another one, and as any request or action.
    pub async fn ensure_volume_at(
        &self,
        id: u64,
        server: u64,
    ) -> Result<Ensured<Volume>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let object: Volume = self.find_id(id).await?;
            match object.server {
                Some(at) if at == server => return Ok(Ensured { object, changed }),
                Some(at) => {
                    return Err(CloudError::Differs {
                        kind: "volume",
                        name: object.name,
                        what: "server",
                        found: at.to_string(),
                        wanted: server.to_string(),
                    });
                }
                None => {}
            }
            changed = true;
            let attached = match self.attach_volume(id, server).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            if let Err(error) = attached {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes a volume with its data be gone, from whichever server has it; true when there was one.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_no_volume(&self, name: &str, owner: &Owner) -> Result<bool, CloudError> {
        self.ensure_freed_and_gone(name, owner, "detach", |volume: &Volume| volume.server).await
    }

    async fn attach_volume(&self, id: u64, server: u64) -> Result<Action, CloudError> {
        let body = serde_json::json!({ "server": server, "automount": false });
        let request = Request::post(format!("/volumes/{id}/actions/attach")).body(&body)?;
        self.send(request).await?.part("action")
    }
}
