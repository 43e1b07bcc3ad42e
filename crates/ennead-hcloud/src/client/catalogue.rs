//! What can be bought, and where.

use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{Image, Location, Pricing, ServerType};

impl Client {
    /// Returns all locations.
    pub async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.whole_list("/locations", "locations", &[]).await
    }

    /// Returns all server types with their prices and stock.
    pub async fn server_types(&self) -> Result<Vec<ServerType>, CloudError> {
        self.whole_list("/server_types", "server_types", &[]).await
    }

    /// Returns what everything costs, in the currency of the account.
    pub async fn pricing(&self) -> Result<Pricing, CloudError> {
        self.send(Request::get("/pricing")).await?.part("pricing")
    }

    /// Returns the operating systems that can be installed.
    pub async fn system_images(&self) -> Result<Vec<Image>, CloudError> {
        self.whole_list("/images", "images", &[("type", "system")]).await
    }
}
