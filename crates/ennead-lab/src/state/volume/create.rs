//! Making a volume.

use ennead_hcloud::types::{Action, CreateVolume, Volume};

use super::{VolumeChange, VolumeRecord, check_size};
use crate::state::effect::{Effect, Lane};
use crate::state::moment::{Moment, rfc3339};
use crate::state::server::create::find_location;
use crate::state::{Change, Refusal, State, check_name_free};

/// Longest name. Source: the official description of `POST /volumes`.
const NAME_CHARACTERS_MAX: usize = 64;

impl State {
    /// Makes a volume and attaches it when a server is given. A server on which something else is
    /// being done gets it afterwards.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `not_found`, `locked`, `resource_limit_exceeded`.
    pub fn create_volume(
        &mut self,
        wanted: CreateVolume,
        moment: &Moment<'_>,
    ) -> Result<(Volume, Action, Vec<Action>), Refusal> {
        check_name(&wanted.name)?;
        check_size(wanted.size)?;
        if wanted.format.as_ref().is_some_and(|format| !matches!(format.as_str(), "ext4" | "xfs")) {
            return Err(Refusal::invalid("format", "must be one of: xfs, ext4"));
        }
        check_name_free(&wanted.name, self.volumes.values().map(|other| other.name.as_str()))?;
        let location = self.choose_location(&wanted)?;
        let id = self.fresh_id();
        let record = VolumeRecord {
            id,
            name: wanted.name,
            created: rfc3339(moment.now),
            location,
            size_gb: wanted.size,
            format: wanted.format,
            labels: wanted.labels,
            protected: false,
            made: false,
            place: None,
        };
        let effects = vec![Effect::CreateVolume(record.seed())];
        self.volumes.insert(id, record);
        let change = Change::Volume(VolumeChange::Create(id));
        let mut resources = vec![("volume", id)];
        resources.extend(wanted.server.map(|server| ("server", server)));
        let action =
            self.begin("create_volume", &resources, Lane::Volume(id), effects, change, moment);
        let automount = wanted.automount.unwrap_or(false);
        let next = match wanted.server {
            Some(server) => vec![self.begin_attach_volume(id, server, automount, moment)?],
            None => Vec::new(),
        };
        Ok((self.volume(id)?, action, next))
    }

    fn choose_location(&self, wanted: &CreateVolume) -> Result<String, Refusal> {
        let named = wanted.location.as_deref().map(find_location).transpose()?;
        let named = named.map(|found| found.name.clone());
        let Some(server) = wanted.server else {
            if wanted.automount == Some(true) {
                return Err(Refusal::invalid("automount", "needs a server"));
            }
            let why = "either a server or a location must be given".to_owned();
            let fields = [("server".to_owned(), why.clone()), ("location".to_owned(), why)];
            return named.ok_or_else(|| Refusal::invalid_fields(&fields));
        };
        let own = self.server_record(server)?.location.clone();
        match named {
            Some(named) if named != own => {
                Err(Refusal::invalid("location", "is not the location of the server"))
            }
            _ => Ok(own),
        }
    }
}

/// Checks a name: letters, digits, dashes, underscores and dots, with a letter or digit at both ends.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let is_end = |edge: Option<char>| edge.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = name.chars().count() <= NAME_CHARACTERS_MAX;
    let mut characters = name.chars();
    if fits
        && name.chars().all(is_inner)
        && is_end(name.chars().next_back())
        && is_end(characters.next())
    {
        Ok(())
    } else {
        Err(Refusal::invalid("name", "is not a valid volume name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_official_rules() {
        for good in ["a", "data-1", "a_b.c", &"n".repeat(64)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a.", "a b", "ä", &"n".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
