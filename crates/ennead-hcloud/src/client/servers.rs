//! Servers.

use serde::Serialize;

use super::transport::{Client, Request, Resend};
use crate::error::CloudError;
use crate::types::{
    Action, AttachToNetwork, CreateServer, Labels, Server, ServerCreated, UpdateServer,
};

impl Client {
    /// Returns the servers that a label selector finds; an empty selector finds all.
    pub async fn servers(&self, selector: &str) -> Result<Vec<Server>, CloudError> {
        self.find(selector).await
    }

    /// Returns the server of that name.
    pub async fn server_named(&self, name: &str) -> Result<Option<Server>, CloudError> {
        self.find_named(name).await
    }

    /// Returns a server.
    pub async fn server(&self, id: u64) -> Result<Server, CloudError> {
        self.find_id(id).await
    }

    /// Makes a server. Not sent again after a lost answer; see [`Client::ensure_server`].
    pub async fn create_server(&self, body: &CreateServer) -> Result<ServerCreated, CloudError> {
        let mut answer = self.send(Request::post("/servers").body(body)?).await?;
        let body = std::mem::take(&mut answer.body);
        serde_json::from_value(body).map_err(|error| answer.odd(error.to_string()))
    }

    /// Replaces a server's labels.
    pub async fn label_server(&self, id: u64, labels: &Labels) -> Result<Server, CloudError> {
        let body = UpdateServer { name: None, labels: Some(labels.clone()) };
        self.send(Request::put(format!("/servers/{id}")).body(&body)?).await?.part("server")
    }

    /// Deletes a server with its disk.
    pub async fn delete_server(&self, id: u64) -> Result<Action, CloudError> {
        self.send(Request::delete(format!("/servers/{id}"))).await?.part("action")
    }

    /// Turns a server's power on.
    pub async fn power_on(&self, id: u64) -> Result<Action, CloudError> {
        self.change(id, "poweron", Resend::Harmless).await
    }

    /// Cuts a server's power.
    pub async fn power_off(&self, id: u64) -> Result<Action, CloudError> {
        self.change(id, "poweroff", Resend::Harmless).await
    }

    /// Asks a server to shut down. The action ends when it was asked, not when it is off.
    pub async fn shutdown(&self, id: u64) -> Result<Action, CloudError> {
        self.change(id, "shutdown", Resend::Harmless).await
    }

    /// Asks a server to boot anew. Not sent again after a lost answer.
    pub async fn reboot(&self, id: u64) -> Result<Action, CloudError> {
        self.change(id, "reboot", Resend::Harmful).await
    }

    /// Cuts a server's power and turns it on again. Not sent again after a lost answer.
    pub async fn reset(&self, id: u64) -> Result<Action, CloudError> {
        self.change(id, "reset", Resend::Harmful).await
    }

    /// Lets the cloud make backups of a server's disk, or stop to and delete those there are.
    pub async fn set_backups(&self, id: u64, enabled: bool) -> Result<Action, CloudError> {
        let verb = if enabled { "enable_backup" } else { "disable_backup" };
        self.change(id, verb, Resend::Harmless).await
    }

    /// Attaches a server to a network. Not sent again after a lost answer; see
    /// [`Client::ensure_attached`].
    pub async fn attach_to_network(
        &self,
        id: u64,
        body: &AttachToNetwork,
    ) -> Result<Action, CloudError> {
        self.change_with(id, "attach_to_network", Resend::Harmful, body).await
    }

    async fn change(&self, id: u64, verb: &str, resend: Resend) -> Result<Action, CloudError> {
        self.change_with(id, verb, resend, &serde_json::json!({})).await
    }

    async fn change_with(
        &self,
        id: u64,
        verb: &str,
        resend: Resend,
        body: &(impl Serialize + Sync),
    ) -> Result<Action, CloudError> {
        let request = Request::post(format!("/servers/{id}/actions/{verb}")).resend(resend);
        self.send(request.body(body)?).await?.part("action")
    }
}
