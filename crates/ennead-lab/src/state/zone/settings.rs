//! What is changed of a zone besides its records.

use ennead_hcloud::types::{Action, Labels, PrimaryNameserver, Zone};

use super::create::check_nameservers;
use super::rrset::check_unprotected;
use super::zonefile::{read_zonefile, render_zonefile};
use super::{Mode, wrong_mode};
use crate::state::{Moment, Refusal, State};

impl State {
    /// Changes labels.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn update_zone(&mut self, id: u64, labels: Option<Labels>) -> Result<Zone, Refusal> {
        if self.zone_record(id)?.is_deleting {
            return Err(Refusal::locked("zone"));
        }
        if let Some((zone, labels)) = self.zones.get_mut(&id).zip(labels) {
            zone.labels = labels;
        }
        self.zone(id)
    }

    /// Sets the TTL of all sets that have none of their own.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `locked`.
    pub fn change_zone_ttl(
        &mut self,
        id: u64,
        ttl: u32,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        self.primary_zone(id)?;
        let edit = self.edit_zone(id, "change_ttl", moment, |zone| {
            zone.settings.ttl = ttl;
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Sets whether a zone can be deleted.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn protect_zone(
        &mut self,
        id: u64,
        delete: Option<bool>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let edit = self.edit_zone(id, "change_protection", moment, |zone| {
            zone.settings.is_protected = delete.unwrap_or(zone.settings.is_protected);
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Sets where a secondary zone comes from.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `locked`.
    pub fn change_primary_nameservers(
        &mut self,
        id: u64,
        servers: Vec<PrimaryNameserver>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        if self.zone_record(id)?.mode == Mode::Primary {
            return Err(wrong_mode(Mode::Primary));
        }
        check_nameservers(&servers)?;
        let edit = self.edit_zone(id, "change_primary_nameservers", moment, |zone| {
            zone.settings.primary_nameservers = servers;
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Replaces all records by those of a zone file. Labels of sets that stay are kept.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`, `invalid_input`, `protected`, `locked`.
    pub fn import_zonefile(
        &mut self,
        id: u64,
        text: &str,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let zone = self.primary_zone(id)?;
        let mut read =
            read_zonefile(text, &zone.name).map_err(|why| Refusal::invalid("zonefile", why))?;
        for set in zone.sets.values() {
            check_unprotected(set)?;
        }
        let edit = self.edit_zone(id, "import_zonefile", moment, |zone| {
            for (id, set) in &mut read.sets {
                if let Some(before) = zone.sets.get(id) {
                    set.labels.clone_from(&before.labels);
                }
            }
            zone.sets = read.sets;
            zone.settings.ttl = read.ttl.unwrap_or(zone.settings.ttl);
            Ok(())
        });
        edit.map(|((), action)| action)
    }

    /// Returns a zone as a zone file.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`.
    pub fn export_zonefile(&self, id: u64) -> Result<String, Refusal> {
        self.primary_zone(id).map(render_zonefile)
    }
}
