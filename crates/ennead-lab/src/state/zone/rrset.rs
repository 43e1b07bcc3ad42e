//! Record sets are made, changed and removed.

use ennead_hcloud::types::{Action, CreateRrSet, Labels, ResourceRecord, RrSet};
use hickory_proto::rr::{Name, RData};

use super::name::check_set_name;
use super::{KINDS, RrSetRecord, SOA, ZoneRecord, parse_value, set_of};
use crate::state::{Code, Moment, Refusal, State};

impl State {
    /// Adds a record set.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `uniqueness_error`, `locked`.
    pub fn create_rrset(
        &mut self,
        zone: u64,
        wanted: &CreateRrSet,
        moment: &Moment<'_>,
    ) -> Result<(RrSet, Action), Refusal> {
        self.primary_zone(zone)?;
        self.edit_zone(zone, "create_rrset", moment, |zone| {
            let set = make_set(wanted, zone, "")?;
            if zone.sets.contains_key(&set.id()) {
                let message = format!("RRSet with ID '{}' exists already", set.id());
                return Err(Refusal::unique("name", &message));
            }
            check_alone(zone, &set, "name")?;
            let shown = zone.show_set(&set);
            zone.sets.insert(set.id(), set);
            Ok(shown)
        })
    }

    /// Changes a set's labels.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `locked`.
    pub fn update_rrset(
        &mut self,
        zone: u64,
        id: &str,
        labels: Option<Labels>,
    ) -> Result<RrSet, Refusal> {
        self.rrset(zone, id)?;
        if self.zone_record(zone)?.is_deleting {
            return Err(Refusal::locked("zone"));
        }
        let record = self.zones.get_mut(&zone).and_then(|zone| zone.sets.get_mut(id));
        if let Some((set, labels)) = record.zip(labels) {
            set.labels = labels;
        }
        self.rrset(zone, id)
    }

    /// Removes a set.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `protected`, `locked`; `invalid_input` for the SOA.
    pub fn delete_rrset(
        &mut self,
        zone: u64,
        id: &str,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        check_unprotected(set_of(self.primary_zone(zone)?, id)?)?;
        check_removable(id)?;
        let edit = self.edit_zone(zone, "delete_rrset", moment, |zone| {
            zone.sets.remove(id);
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Sets whether a set's records and TTL can be changed.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `locked`.
    pub fn protect_rrset(
        &mut self,
        zone: u64,
        id: &str,
        change: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        self.rrset(zone, id)?;
        let command = "change_rrset_protection";
        self.edit_set(zone, id, command, moment, |set| set.is_protected = change)
    }

    /// Sets a set's TTL; without one it has the zone's.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `protected`, `locked`.
    pub fn change_rrset_ttl(
        &mut self,
        zone: u64,
        id: &str,
        ttl: Option<u32>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        check_unprotected(set_of(self.primary_zone(zone)?, id)?)?;
        self.edit_set(zone, id, "change_rrset_ttl", moment, |set| set.ttl = ttl)
    }
}

/// Makes a set from a request, checked by itself.
///
/// # Errors
/// `invalid_input`.
pub(super) fn make_set(
    wanted: &CreateRrSet,
    zone: &ZoneRecord,
    place: &str,
) -> Result<RrSetRecord, Refusal> {
    let field = |name: &str| match place {
        "" => name.to_owned(),
        _ => format!("{place}.{name}"),
    };
    check_set_name(&wanted.name, &zone.name)
        .map_err(|why| Refusal::invalid(&field("name"), why))?;
    if !KINDS.contains(&wanted.kind.as_str()) {
        let why = format!("must be one of: {}", KINDS.join(", "));
        return Err(Refusal::invalid(&field("type"), why));
    }
    check_records(&wanted.kind, &wanted.records, &zone.name)
        .map_err(|why| Refusal::invalid(&field("records"), why))?;
    Ok(RrSetRecord {
        name: wanted.name.clone(),
        kind: wanted.kind.clone(),
        ttl: wanted.ttl,
        labels: wanted.labels.clone(),
        is_protected: false,
        records: wanted.records.clone(),
    })
}

/// Checks the records of one set and returns what they say.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check_records(
    kind: &str,
    records: &[ResourceRecord],
    zone: &str,
) -> Result<Vec<RData>, String> {
    if records.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if matches!(kind, "CNAME" | "SOA") && records.len() > 1 {
        return Err(format!("must be one record only in a set of type {kind}"));
    }
    let origin = origin(zone)?;
    let mut all: Vec<RData> = Vec::new();
    for record in records {
        let value = &record.value;
        let data =
            parse_value(kind, value, &origin).map_err(|why| format!("value '{value}' {why}"))?;
        if all.contains(&data) {
            return Err(format!("value '{value}' is there twice"));
        }
        if record.comment.chars().any(char::is_control) {
            return Err("comments must not contain control characters".to_owned());
        }
        all.push(data);
    }
    Ok(all)
}

/// Returns a zone's name for the DNS library.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn origin(zone: &str) -> Result<Name, String> {
    Name::from_ascii(format!("{zone}.")).map_err(|error| format!("{zone}: {error}"))
}

/// Checks that an alias stands alone and that the SOA is the zone's own.
///
/// # Errors
/// `invalid_input`.
pub(super) fn check_alone(
    zone: &ZoneRecord,
    set: &RrSetRecord,
    field: &str,
) -> Result<(), Refusal> {
    if set.kind == "SOA" && set.name != "@" {
        return Err(Refusal::invalid(field, "only the zone itself has a SOA record"));
    }
    let mut others = zone.sets.values().filter(|other| other.name == set.name);
    let is_alias = |kind: &str| kind == "CNAME";
    if others.any(|other| other.kind != set.kind && (is_alias(&set.kind) || is_alias(&other.kind)))
    {
        let why = "a CNAME record cannot stand beside records of other types";
        return Err(Refusal::invalid(field, why));
    }
    Ok(())
}

/// Checks that a set can be changed.
///
/// # Errors
/// `protected`.
pub(super) fn check_unprotected(set: &RrSetRecord) -> Result<(), Refusal> {
    let refusal = || Refusal::new(Code::Protected, "RRSet(s) is/are change protected");
    if set.is_protected { Err(refusal()) } else { Ok(()) }
}

/// Checks that a set is not the one without which there is no zone.
///
/// # Errors
/// `invalid_input`.
pub(super) fn check_removable(id: &str) -> Result<(), Refusal> {
    let refusal = || Refusal::invalid("type", "the SOA record of a zone cannot be removed");
    if id == SOA { Err(refusal()) } else { Ok(()) }
}
