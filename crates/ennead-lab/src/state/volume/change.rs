//! What becomes of volumes when a job has ended.

use serde::{Deserialize, Serialize};

use super::VolumeRecord;
use crate::state::effect::{Effect, Ending, Job, Lane};
use crate::state::moment::Moment;
use crate::state::{Change, State};

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeChange {
    /// The volume can be used; or never was.
    Create(u64),
    /// The volume is at its server; or at none.
    Attach(u64),
    /// The volume is at no server; or still at its own.
    Detach(u64),
    /// The new size stays; or the one that is given holds again.
    Resize(u64, u64),
    /// The protection stays as changed; or is as before.
    Protect(u64, bool),
}

impl VolumeChange {
    /// The job ended well.
    pub(in crate::state) fn carry_over(&self, state: &mut State, _job: &Job) {
        match self {
            Self::Create(id) => with(state, *id, |volume| volume.made = true),
            Self::Attach(id) => with(state, *id, |volume| {
                if let Some(place) = &mut volume.place {
                    place.attached = true;
                }
            }),
            Self::Detach(id) => with(state, *id, |volume| volume.place = None),
            Self::Resize(..) | Self::Protect(..) => {}
        }
    }

    /// The job failed.
    pub(in crate::state) fn take_back(
        &self,
        state: &mut State,
        _job: &Job,
        ending: &Ending,
        moment: &Moment<'_>,
    ) {
        match self {
            Self::Create(id) => forget_failed(state, *id, ending, moment),
            Self::Attach(id) => {
                with(state, *id, |volume| volume.place = None);
                // It may have been done in part.
                let effects = vec![Effect::DetachVolume(*id)];
                state.add_job(Lane::Volume(*id), None, effects, Change::Nothing);
            }
            Self::Resize(id, before) => with(state, *id, |volume| volume.size_gb = *before),
            Self::Protect(id, before) => with(state, *id, |volume| volume.protected = *before),
            Self::Detach(_) => {}
        }
    }
}

fn with(state: &mut State, id: u64, change: impl FnOnce(&mut VolumeRecord)) {
    if let Some(volume) = state.volumes.get_mut(&id) {
        change(volume);
    }
}

/// A volume that could not be made vanishes, and its attaching fails with it.
fn forget_failed(state: &mut State, id: u64, ending: &Ending, moment: &Moment<'_>) {
    let attaching = Change::Volume(VolumeChange::Attach(id));
    state.end_followers(|job| job.change == attaching, ending, moment.now);
    state.volumes.remove(&id);
    state.add_job(Lane::Volume(id), None, vec![Effect::DeleteVolume(id)], Change::Nothing);
}
