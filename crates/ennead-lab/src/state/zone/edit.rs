//! Changes of a zone: written down at once, published by a job, taken back when that fails.

use std::collections::{BTreeMap, BTreeSet};

use ennead_hcloud::types::Action;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RrSetRecord, SOA, ZoneRecord, ZoneSettings};
use crate::state::effect::{Effect, Ending, Job, Lane};
use crate::state::{Change, Moment, Refusal, State};

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneChange {
    /// The zone stays; or never was.
    Create(u64),
    /// The zone is gone; or stays.
    Delete(u64),
    /// The zone stays as changed; or becomes again what it was.
    Edit {
        /// Which.
        zone: u64,
        /// The settings before, when they changed.
        settings: Option<ZoneSettings>,
        /// The changed sets as they were before; none for one that was not there.
        sets: BTreeMap<String, Option<RrSetRecord>>,
    },
}

impl ZoneChange {
    /// The job ended well.
    pub(in crate::state) fn carry_over(&self, state: &mut State, _job: &Job) {
        if let Self::Delete(zone) = self {
            state.zones.remove(zone);
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
            Self::Create(zone) => forget_zone(state, *zone, ending, moment),
            Self::Delete(zone) => {
                if let Some(zone) = state.zones.get_mut(zone) {
                    zone.is_deleting = false;
                }
            }
            Self::Edit { zone, settings, sets } => {
                restore(state, *zone, settings.as_ref(), sets, moment);
            }
        }
    }
}

/// A zone that could not be made vanishes, and everything that was to follow fails with it.
fn forget_zone(state: &mut State, id: u64, ending: &Ending, moment: &Moment<'_>) {
    let lane = Lane::Zone(id);
    state.end_followers(|job| job.lane == lane, ending, moment.now);
    if let Some(zone) = state.zones.remove(&id) {
        state.add_job(lane, None, vec![Effect::WithdrawZone(zone.name)], Change::Nothing);
    }
}

/// Takes a change back, but for what a later job changes too, and publishes what is left.
fn restore(
    state: &mut State,
    id: u64,
    settings: Option<&ZoneSettings>,
    sets: &BTreeMap<String, Option<RrSetRecord>>,
    moment: &Moment<'_>,
) {
    let (changes_settings, later) = later_changes(state, id);
    let Some(zone) = state.zones.get_mut(&id) else { return };
    if let Some(settings) = settings.filter(|_| !changes_settings) {
        zone.settings = settings.clone();
    }
    for (set, before) in sets.iter().filter(|(set, _)| !later.contains(*set)) {
        match before {
            Some(before) => zone.sets.insert(set.clone(), before.clone()),
            None => zone.sets.remove(set),
        };
    }
    raise_serial(zone, moment.now);
    if let Some(seed) = zone.seed().filter(|_| !zone.is_deleting) {
        state.add_job(Lane::Zone(id), None, vec![Effect::PublishZone(seed)], Change::Nothing);
    }
}

/// Returns whether a job that is queued changes the settings of a zone, and which sets.
fn later_changes(state: &State, id: u64) -> (bool, BTreeSet<String>) {
    let mut changes_settings = false;
    let mut later = BTreeSet::new();
    for job in &state.jobs {
        if let Change::Zone(ZoneChange::Edit { zone, settings, sets }) = &job.change
            && *zone == id
        {
            changes_settings |= settings.is_some();
            later.extend(sets.keys().cloned());
        }
    }
    (changes_settings, later)
}

impl State {
    /// Changes a zone and begins the action that publishes it. A change that nobody can see from
    /// outside, such as a comment, publishes nothing.
    ///
    /// # Errors
    /// `locked` when the zone is being deleted; what `edit` refuses.
    pub(super) fn edit_zone<T>(
        &mut self,
        id: u64,
        command: &str,
        moment: &Moment<'_>,
        edit: impl FnOnce(&mut ZoneRecord) -> Result<T, Refusal>,
    ) -> Result<(T, Action), Refusal> {
        let before = self.zone_record(id)?;
        if before.is_deleting {
            return Err(Refusal::locked("zone"));
        }
        let mut zone = before.clone();
        let made = edit(&mut zone)?;
        let settings = (zone.settings != before.settings).then(|| before.settings.clone());
        let sets = changed_sets(before, &zone);
        let mut effects = Vec::new();
        if zone.seed() != before.seed() {
            raise_serial(&mut zone, moment.now);
            effects.extend(zone.seed().map(Effect::PublishZone));
        }
        self.zones.insert(id, zone);
        let change = Change::Zone(ZoneChange::Edit { zone: id, settings, sets });
        let resources = [("zone", id)];
        let action = self.begin(command, &resources, Lane::Zone(id), effects, change, moment);
        Ok((made, action))
    }

    /// Changes one set of a zone, as `edit_zone` does. A set without records does not stay.
    ///
    /// # Errors
    /// `locked` when the zone is being deleted.
    pub(super) fn edit_set(
        &mut self,
        zone: u64,
        id: &str,
        command: &str,
        moment: &Moment<'_>,
        edit: impl FnOnce(&mut RrSetRecord),
    ) -> Result<Action, Refusal> {
        let edited = self.edit_zone(zone, command, moment, |zone| {
            let Some(set) = zone.sets.get_mut(id) else { return Ok(()) };
            edit(set);
            if set.records.is_empty() {
                zone.sets.remove(id);
            }
            Ok(())
        });
        edited.map(|((), action)| action)
    }
}

fn changed_sets(before: &ZoneRecord, after: &ZoneRecord) -> BTreeMap<String, Option<RrSetRecord>> {
    let ids: BTreeSet<_> = before.sets.keys().chain(after.sets.keys()).collect();
    ids.into_iter()
        .filter(|id| before.sets.get(*id) != after.sets.get(*id))
        .map(|id| (id.clone(), before.sets.get(id).cloned()))
        .collect()
}

/// Raises the serial number: the day and two digits that count, or one more than before.
/// Source: the official description, "SOA Serial".
pub(super) fn raise_serial(zone: &mut ZoneRecord, now: Timestamp) {
    let Some(soa) = zone.sets.get_mut(SOA).and_then(|set| set.records.first_mut()) else { return };
    let today = first_serial(now);
    let words: Vec<_> = soa.value.split_whitespace().collect();
    let serial = words.get(2).and_then(|serial| serial.parse::<u32>().ok()).unwrap_or(0);
    let raised = today.max(serial.wrapping_add(1)).to_string();
    let words = words.iter().enumerate();
    let words: Vec<_> =
        words.map(|(place, word)| if place == 2 { raised.as_str() } else { word }).collect();
    soa.value = words.join(" ");
}

/// Returns the first serial number of a day, for example 2026112300.
pub(super) fn first_serial(now: Timestamp) -> u32 {
    now.strftime("%Y%m%d00").to_string().parse().unwrap_or(0)
}
