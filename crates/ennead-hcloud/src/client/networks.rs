//! Private networks.

use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Action, CreateNetwork, Network, Subnet};

impl Client {
    /// Returns the networks that a label selector finds; an empty selector finds all.
    pub async fn networks(&self, selector: &str) -> Result<Vec<Network>, CloudError> {
        self.find(selector).await
    }

    /// Returns the network of that name.
    pub async fn network_named(&self, name: &str) -> Result<Option<Network>, CloudError> {
        self.find_named(name).await
    }

    /// Returns a network.
    pub async fn network(&self, id: u64) -> Result<Network, CloudError> {
        self.find_id(id).await
    }

    /// Makes a network. Not sent again after a lost answer; see [`Client::ensure_network`].
    pub async fn create_network(&self, body: &CreateNetwork) -> Result<Network, CloudError> {
        self.send(Request::post("/networks").body(body)?).await?.part("network")
    }

    /// Adds a subnet.
    pub async fn add_subnet(&self, network: u64, subnet: &Subnet) -> Result<Action, CloudError> {
        let path = format!("/networks/{network}/actions/add_subnet");
        self.send(Request::post(path).body(subnet)?).await?.part("action")
    }

    /// Deletes a network. The cloud detaches what is attached to it.
    pub async fn delete_network(&self, id: u64) -> Result<(), CloudError> {
        self.send(Request::delete(format!("/networks/{id}"))).await.map(drop)
    }
}
