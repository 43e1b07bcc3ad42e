//! Starting and stopping servers.

use ennead_hcloud::types::Action;

use super::Status;
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::{Change, Refusal, State};

/// What is asked of a server's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Boots; a running server goes on.
    On,
    /// Cuts the power.
    Off,
    /// Cuts the power and boots.
    Reset,
    /// Asks the system to shut down.
    Shutdown,
    /// Asks the system to shut down, and boots it when it has.
    Reboot,
}

impl State {
    /// Begins an action on a server's power.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn power(&mut self, id: u64, power: Power, moment: &Moment<'_>) -> Result<Action, Refusal> {
        let before = self.free_server(id)?.status;
        let (command, during, after, effects) = match power {
            Power::On => {
                ("start_server", Status::Starting, Status::Running, vec![Effect::Start(id)])
            }
            Power::Off => {
                ("stop_server", Status::Stopping, Status::Off, vec![Effect::PowerOff(id)])
            }
            Power::Reset => {
                let effects = vec![Effect::PowerOff(id), Effect::Start(id)];
                ("reset_server", Status::Starting, Status::Running, effects)
            }
            Power::Shutdown | Power::Reboot => return self.ask_to_stop(id, power, moment),
        };
        if let Some(record) = self.servers.get_mut(&id) {
            record.restart_on_stop = false;
            record.status = if before == after { before } else { during };
        }
        let change = Change::Power { server: id, to: after, before };
        let resources = [("server", id)];
        Ok(self.begin(command, &resources, Lane::Server(id), effects, change, moment))
    }

    /// The action ends when the system was asked; what it does then is its own affair. A server
    /// that is off hears nothing.
    fn ask_to_stop(
        &mut self,
        id: u64,
        power: Power,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let is_running = self.free_server(id)?.status == Status::Running;
        let reboots = power == Power::Reboot;
        if let Some(record) = self.servers.get_mut(&id) {
            record.restart_on_stop = reboots && is_running;
        }
        let command = if reboots { "reboot_server" } else { "shutdown_server" };
        let effects = if is_running { vec![Effect::Shutdown(id)] } else { Vec::new() };
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        Ok(self.begin(command, &resources, lane, effects, Change::Nothing, moment))
    }

    /// Notes that a server said it has stopped: whether it did is looked at in its turn, after
    /// what is already under way.
    pub fn note_stopped(&mut self, server: u64) {
        let change = Change::Look(server);
        let is_noted = self.jobs.iter().any(|job| job.change == change);
        if self.servers.contains_key(&server) && !is_noted {
            let effects = vec![Effect::LookWhetherRuns(server)];
            self.add_job(Lane::Server(server), None, effects, change);
        }
    }
}
