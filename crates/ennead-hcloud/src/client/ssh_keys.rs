//! SSH keys.

use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{CreateSshKey, Labels, SshKey};

impl Client {
    /// Returns the keys that a label selector finds; an empty selector finds all.
    pub async fn ssh_keys(&self, selector: &str) -> Result<Vec<SshKey>, CloudError> {
        self.find(selector).await
    }

    /// Returns the key of that name.
    pub async fn ssh_key_named(&self, name: &str) -> Result<Option<SshKey>, CloudError> {
        self.find_named(name).await
    }

    /// Makes a key. Not sent again after a lost answer; see [`Client::ensure_ssh_key`].
    pub async fn create_ssh_key(&self, body: &CreateSshKey) -> Result<SshKey, CloudError> {
        self.send(Request::post("/ssh_keys").body(body)?).await?.part("ssh_key")
    }

    /// Replaces a key's labels.
    pub async fn label_ssh_key(&self, id: u64, labels: &Labels) -> Result<SshKey, CloudError> {
        let body = serde_json::json!({ "labels": labels });
        self.send(Request::put(format!("/ssh_keys/{id}")).body(&body)?).await?.part("ssh_key")
    }

    /// Deletes a key.
    pub async fn delete_ssh_key(&self, id: u64) -> Result<(), CloudError> {
        self.send(Request::delete(format!("/ssh_keys/{id}"))).await.map(drop)
    }
}
