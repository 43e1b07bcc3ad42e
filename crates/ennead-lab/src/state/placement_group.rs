//! Placement groups: servers of one group stand on different physical hosts.

use ennead_hcloud::types::{CreatePlacementGroup, Labels, PlacementGroup};

use super::moment::{Moment, rfc3339};
use super::{Code, Refusal, State, check_name_free};

/// Servers in one group. Source: the official description of placement groups.
pub const SERVERS_MAX: usize = 10;

/// Groups in one project. Source: as above.
pub const GROUPS_MAX: usize = 50;

impl State {
    /// Adds a placement group.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`.
    pub fn create_placement_group(
        &mut self,
        wanted: CreatePlacementGroup,
        moment: &Moment<'_>,
    ) -> Result<PlacementGroup, Refusal> {
        if wanted.kind != "spread" {
            return Err(Refusal::invalid("type", "must be one of: spread"));
        }
        let names = self.placement_groups.values().map(|group| group.name.as_str());
        check_name_free(&wanted.name, names)?;
        if self.placement_groups.len() >= GROUPS_MAX {
            return Err(Refusal::limit("placement_group_limit", "placement group limit exceeded"));
        }
        let group = PlacementGroup {
            id: self.fresh_id(),
            name: wanted.name,
            kind: wanted.kind,
            labels: wanted.labels,
            created: rfc3339(moment.now),
            servers: Vec::new(),
        };
        self.placement_groups.insert(group.id, group.clone());
        Ok(group)
    }

    /// Returns a placement group with its servers.
    ///
    /// # Errors
    /// `not_found`.
    pub fn placement_group(&self, id: u64) -> Result<PlacementGroup, Refusal> {
        let group = self
            .placement_groups
            .get(&id)
            .ok_or_else(|| Refusal::not_found("placement group", id))?;
        let members = self.servers.values().filter(|server| server.placement_group == Some(id));
        Ok(PlacementGroup { servers: members.map(|server| server.id).collect(), ..group.clone() })
    }

    /// Checks that one more server fits into a group.
    ///
    /// # Errors
    /// `not_found`, `placement_group_member_limit_reached`.
    pub(crate) fn check_group_has_room(&self, id: u64) -> Result<(), Refusal> {
        if self.placement_group(id)?.servers.len() >= SERVERS_MAX {
            let message =
                format!("placement group with ID {id} contains already {SERVERS_MAX} servers");
            return Err(Refusal::new(Code::PlacementGroupMemberLimitReached, message));
        }
        Ok(())
    }

    /// Changes name or labels.
    ///
    /// # Errors
    /// `not_found`, `uniqueness_error`.
    pub fn update_placement_group(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
    ) -> Result<PlacementGroup, Refusal> {
        if let Some(name) = &name {
            let others = self.placement_groups.values().filter(|group| group.id != id);
            check_name_free(name, others.map(|group| group.name.as_str()))?;
        }
        if let Some(group) = self.placement_groups.get_mut(&id) {
            group.name = name.unwrap_or_else(|| group.name.clone());
            group.labels = labels.unwrap_or_else(|| group.labels.clone());
        }
        self.placement_group(id)
    }

    /// Removes a placement group that no server is in.
    ///
    /// # Errors
    /// `not_found`, `resource_in_use`.
    pub fn delete_placement_group(&mut self, id: u64) -> Result<(), Refusal> {
        if !self.placement_group(id)?.servers.is_empty() {
            let message = format!("placement group with ID '{id}' is still in use");
            return Err(Refusal::new(Code::ResourceInUse, message));
        }
        self.placement_groups.remove(&id);
        Ok(())
    }
}
