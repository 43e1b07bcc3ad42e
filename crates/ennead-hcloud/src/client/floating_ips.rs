//! Floating IPs.

use super::ensure::{Ensured, Owner};
use super::rounds::Rounds;
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Action, CreateFloatingIp, FloatingIp};

impl Client {
    /// Returns the floating IPs that a label selector finds; an empty selector finds all.
    pub async fn floating_ips(&self, selector: &str) -> Result<Vec<FloatingIp>, CloudError> {
        self.find(selector).await
    }

    /// Returns the floating IP of that name.
    pub async fn floating_ip_named(&self, name: &str) -> Result<Option<FloatingIp>, CloudError> {
        self.find_named(name).await
    }

    /// Makes a floating IP exist, as it is when it does.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request or action.
    pub async fn ensure_floating_ip(
        &self,
        name: &str,
        body: &CreateFloatingIp,
        owner: &Owner,
    ) -> Result<Ensured<FloatingIp>, CloudError> {
        self.ensure_made(name, body, owner).await
    }

    /// Leads a floating IP to a server, unless it leads to some server already: whoever moved it
    /// there knows better.
    ///
    /// # Errors
    /// [`CloudError::ActionFailed`] when it failed each time, and as any request.
    pub async fn ensure_led(
        &self,
        id: u64,
        server: u64,
    ) -> Result<Ensured<FloatingIp>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let object: FloatingIp = self.find_id(id).await?;
            if object.server.is_some() {
                return Ok(Ensured { object, changed });
            }
            changed = true;
            let led = match self.lead(id, server).await {
                Ok(action) => self.wait_until_succeeded(&[action], self.policy().action_max).await,
                Err(error) => Err(error),
            };
            if let Err(error) = led {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes a floating IP be gone, from whichever server it leads to; true when there was one.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_no_floating_ip(
        &self,
        name: &str,
        owner: &Owner,
    ) -> Result<bool, CloudError> {
        self.ensure_freed_and_gone(name, owner, "unassign", |it: &FloatingIp| it.server).await
    }

    async fn lead(&self, id: u64, server: u64) -> Result<Action, CloudError> {
        let body = serde_json::json!({ "server": server });
        let request = Request::post(format!("/floating_ips/{id}/actions/assign")).body(&body)?;
        self.send(request).await?.part("action")
    }
}
