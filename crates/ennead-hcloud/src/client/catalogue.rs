//! What can be bought, and where.

use super::transport::Client;
use crate::error::CloudError;
use crate::types::{Image, Location, ServerType};

impl Client {
    /// Returns all locations.
    pub async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.whole_list("/locations", "locations", &[]).await
    }

    /// Returns all server types with their prices and stock.
    pub async fn server_types(&self) -> Result<Vec<ServerType>, CloudError> {
        self.whole_list("/server_types", "server_types", &[]).await
    }

    /// Returns the operating systems that can be installed.
    pub async fn system_images(&self) -> Result<Vec<Image>, CloudError> {
        self.whole_list("/images", "images", &[("type", "system")]).await
    }
}
