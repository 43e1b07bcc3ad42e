//! What becomes of images when a job has ended.

use serde::{Deserialize, Serialize};

use super::BACKUPS_MAX;
use crate::state::State;
use crate::state::effect::{Ending, Job};
use crate::state::moment::Moment;

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageChange {
    /// The image can be used; or never was.
    Create(u64),
    /// The protection stays as changed; or is as before.
    Protect(u64, bool),
}

impl ImageChange {
    /// The job ended well.
    pub(in crate::state) fn carry_over(&self, state: &mut State, ending: &Ending) {
        let Self::Create(id) = self else { return };
        let Some(record) = state.images.get_mut(id) else { return };
        record.image.status = "available".into();
        if let Ending::Copied(bytes) = ending {
            record.image.image_size = Some(gigabytes(*bytes));
        }
        if let Some(server) = record.image.bound_to {
            let backups = state.backups_of(server);
            for oldest in backups.iter().rev().skip(BACKUPS_MAX) {
                state.drop_image(*oldest);
            }
        }
    }

    /// The job failed.
    pub(in crate::state) fn take_back(
        &self,
        state: &mut State,
        _job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match self {
            Self::Create(id) => state.drop_image(*id),
            Self::Protect(id, before) => {
                if let Some(record) = state.images.get_mut(id) {
                    record.image.protection.delete = *before;
                }
            }
        }
    }
}

/// Returns GB with two decimals, as the cloud shows sizes.
#[expect(clippy::cast_precision_loss, reason = "a copy has far fewer than 2^52 bytes")]
fn gigabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1e7).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_gb() {
        let cases = [(0, "0.0"), (2_345_678_901, "2.35"), (4_000_000, "0.0")];
        for (bytes, shown) in cases {
            assert_eq!(format!("{:?}", gigabytes(bytes)), shown);
        }
    }
}
