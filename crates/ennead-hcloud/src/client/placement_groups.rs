//! Placement groups.

use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{CreatePlacementGroup, PlacementGroup};

impl Client {
    /// Returns the groups that a label selector finds; an empty selector finds all.
    pub async fn placement_groups(
        &self,
        selector: &str,
    ) -> Result<Vec<PlacementGroup>, CloudError> {
        self.find(selector).await
    }

    /// Returns the group of that name.
    pub async fn placement_group_named(
        &self,
        name: &str,
    ) -> Result<Option<PlacementGroup>, CloudError> {
        self.find_named(name).await
    }

    /// Makes a group. Not sent again after a lost answer; see [`Client::ensure_placement_group`].
    pub async fn create_placement_group(
        &self,
        body: &CreatePlacementGroup,
    ) -> Result<PlacementGroup, CloudError> {
        let request = Request::post("/placement_groups").body(body)?;
        self.send(request).await?.part("placement_group")
    }

    /// Deletes a group.
    pub async fn delete_placement_group(&self, id: u64) -> Result<(), CloudError> {
        self.send(Request::delete(format!("/placement_groups/{id}"))).await.map(drop)
    }
}
