//! The records of a set are set, added, removed and commented on.

use std::collections::BTreeMap;

use ennead_hcloud::types::{Action, CreateRrSet, ResourceRecord};

use super::rrset::{check_alone, check_records, check_removable, check_unprotected, make_set};
use super::{RrSetRecord, ZoneRecord, set_id, set_of};
use crate::state::{Moment, Refusal, State};

fn invalid(why: String) -> Refusal {
    Refusal::invalid("records", why)
}

impl State {
    /// Replaces all records of a set.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `protected`, `locked`.
    pub fn set_records(
        &mut self,
        zone: u64,
        id: &str,
        records: Vec<ResourceRecord>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.primary_zone(zone)?;
        let set = set_of(before, id)?;
        check_unprotected(set)?;
        check_records(&set.kind, &records, &before.name).map_err(invalid)?;
        self.edit_set(zone, id, "set_rrset_records", moment, |set| set.records = records)
    }

    /// Adds records to a set; makes the set when it is not there.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `uniqueness_error`, `protected`,
    /// `locked`.
    pub fn add_records(
        &mut self,
        zone: u64,
        wanted: &CreateRrSet,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        self.primary_zone(zone)?;
        let edit = self.edit_zone(zone, "add_rrset_records", moment, |zone| {
            let id = set_id(&wanted.name, &wanted.kind);
            let set = match zone.sets.get(&id) {
                Some(set) => extended(set, wanted, zone)?,
                None => make_set(wanted, zone, "")?,
            };
            check_alone(zone, &set, "name")?;
            zone.sets.insert(id, set);
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Removes records from a set; removes the set when none is left.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `protected`, `locked`.
    pub fn remove_records(
        &mut self,
        zone: u64,
        id: &str,
        records: &[ResourceRecord],
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.primary_zone(zone)?;
        check_unprotected(set_of(before, id)?)?;
        check_removable(id)?;
        let places = find_records(before, id, records)?;
        self.edit_set(zone, id, "remove_rrset_records", moment, |set| {
            let mut place = 0;
            set.records.retain(|_| {
                place += 1;
                !places.contains_key(&(place - 1))
            });
        })
    }

    /// Changes the comments of records.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `protected`, `locked`.
    pub fn update_records(
        &mut self,
        zone: u64,
        id: &str,
        records: &[ResourceRecord],
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.primary_zone(zone)?;
        check_unprotected(set_of(before, id)?)?;
        let places = find_records(before, id, records)?;
        self.edit_set(zone, id, "update_rrset_records", moment, |set| {
            for (place, record) in set.records.iter_mut().enumerate() {
                if let Some(comment) = places.get(&place) {
                    record.comment.clone_from(comment);
                }
            }
        })
    }
}

/// Returns a set with further records.
fn extended(
    set: &RrSetRecord,
    wanted: &CreateRrSet,
    zone: &ZoneRecord,
) -> Result<RrSetRecord, Refusal> {
    check_unprotected(set)?;
    if set.ttl.is_some() && wanted.ttl.is_some() && set.ttl != wanted.ttl {
        return Err(Refusal::invalid("ttl", "is not the TTL that the RRSet has already"));
    }
    let added = check_records(&set.kind, &wanted.records, &zone.name).map_err(invalid)?;
    let present = check_records(&set.kind, &set.records, &zone.name).map_err(invalid)?;
    if added.iter().any(|data| present.contains(data)) {
        return Err(Refusal::unique("records", "record exists already in the RRSet"));
    }
    let mut set = set.clone();
    set.ttl = set.ttl.or(wanted.ttl);
    set.records.extend(wanted.records.iter().cloned());
    check_records(&set.kind, &set.records, &zone.name).map_err(invalid)?;
    Ok(set)
}

/// Returns the places of records in their set, each with the comment that the request gives.
fn find_records(
    zone: &ZoneRecord,
    id: &str,
    records: &[ResourceRecord],
) -> Result<BTreeMap<usize, String>, Refusal> {
    let set = set_of(zone, id)?;
    let wanted = check_records(&set.kind, records, &zone.name).map_err(invalid)?;
    let present = check_records(&set.kind, &set.records, &zone.name).map_err(invalid)?;
    let mut places = BTreeMap::new();
    for (data, record) in wanted.iter().zip(records) {
        let place = present.iter().position(|other| other == data);
        let missing = || invalid(format!("value '{}' is not in the RRSet", record.value));
        places.insert(place.ok_or_else(missing)?, record.comment.clone());
    }
    Ok(places)
}
