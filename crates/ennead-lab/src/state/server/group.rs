//! Joining and leaving placement groups.

use ennead_hcloud::types::Action;

use super::Status;
use crate::state::effect::Lane;
use crate::state::moment::Moment;
use crate::state::{Change, Code, Refusal, State};

impl State {
    /// Puts a server that is off into a placement group.
    ///
    /// # Errors
    /// `not_found`, `locked`, `already_in_placement_group`, `server_not_stopped`,
    /// `placement_group_member_limit_reached`.
    pub fn join_placement_group(
        &mut self,
        server: u64,
        group: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_server(server)?;
        if record.placement_group.is_some() {
            let message = "server is already in a placement group";
            return Err(Refusal::new(Code::AlreadyInPlacementGroup, message));
        }
        if record.status != Status::Off {
            return Err(Refusal::new(Code::ServerNotStopped, "server must be stopped"));
        }
        self.check_group_has_room(group)?;
        if let Some(record) = self.servers.get_mut(&server) {
            record.placement_group = Some(group);
        }
        let (command, change) = ("add_to_placement_group", Change::JoinGroup(server));
        Ok(self.begin_group(command, server, group, change, moment))
    }

    /// Takes a server out of its placement group.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn leave_placement_group(
        &mut self,
        server: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let Some(group) = self.free_server(server)?.placement_group else {
            let message = "server is not in a placement group";
            return Err(Refusal::new(Code::InvalidInput, message));
        };
        let (command, change) = ("remove_from_placement_group", Change::LeaveGroup(server));
        Ok(self.begin_group(command, server, group, change, moment))
    }

    fn begin_group(
        &mut self,
        command: &str,
        server: u64,
        group: u64,
        change: Change,
        moment: &Moment<'_>,
    ) -> Action {
        let resources = [("server", server), ("placement_group", group)];
        self.begin(command, &resources, Lane::Server(server), Vec::new(), change, moment)
    }
}
