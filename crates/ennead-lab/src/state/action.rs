//! Actions: begun by a request, ended by a job.

use ennead_hcloud::types::{Action, ActionError, ActionResource};
use jiff::Timestamp;

use super::State;
use super::change::Change;
use super::effect::{Effect, Ending, Job, Lane};
use super::moment::{Moment, rfc3339};

/// How many ended actions are kept; programs ask for an action within minutes.
const KEPT: usize = 1000;

/// Returns what an action names as changed: `("server", 12)`.
pub(crate) type Resource = (&'static str, u64);

impl State {
    /// Begins an action and queues its job.
    pub(crate) fn begin(
        &mut self,
        command: &str,
        resources: &[Resource],
        lane: Lane,
        effects: Vec<Effect>,
        change: Change,
        moment: &Moment<'_>,
    ) -> Action {
        let action = Action {
            id: self.fresh_id(),
            command: command.into(),
            status: "running".into(),
            progress: 0,
            started: rfc3339(moment.now),
            finished: None,
            resources: resources
                .iter()
                .map(|(kind, id)| ActionResource { id: *id, kind: (*kind).into() })
                .collect(),
            error: None,
        };
        self.actions.insert(action.id, action.clone());
        self.add_job(lane, Some(action.id), effects, change);
        self.forget_old_actions();
        action
    }

    /// Shows that the action's job is being carried out now.
    pub fn show_progress(&mut self, job: u64) {
        let action = self.jobs.iter().find(|other| other.id == job).and_then(|job| job.action);
        if let Some(action) = action.and_then(|id| self.actions.get_mut(&id)) {
            action.progress = 50;
        }
    }

    /// Ends an action.
    pub(crate) fn end_action(&mut self, action: Option<u64>, ending: &Ending, now: Timestamp) {
        let Some(action) = action.and_then(|id| self.actions.get_mut(&id)) else { return };
        action.progress = 100;
        action.finished = Some(rfc3339(now));
        match ending {
            Ending::Done | Ending::Runs(_) | Ending::Copied(_) => action.status = "success".into(),
            Ending::Failed { code, message } => {
                action.status = "error".into();
                action.error = Some(ActionError { code: code.clone(), message: message.clone() });
            }
        }
    }

    /// Takes jobs that wait for what will never be out of the queue; their actions end as it did.
    pub(crate) fn end_followers(
        &mut self,
        follows: impl Fn(&Job) -> bool,
        ending: &Ending,
        now: Timestamp,
    ) {
        let (followers, rest): (Vec<_>, _) =
            std::mem::take(&mut self.jobs).into_iter().partition(follows);
        self.jobs = rest;
        for follower in followers {
            self.end_action(follower.action, ending, now);
        }
    }

    fn forget_old_actions(&mut self) {
        let ended = || self.actions.values().filter(|action| action.finished.is_some());
        let old: Vec<_> = ended().map(|action| action.id).rev().skip(KEPT).collect();
        for id in old {
            self.actions.remove(&id);
        }
    }
}
