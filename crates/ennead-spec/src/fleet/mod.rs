//! The `[sites]`, `[tiers]` and `[nodes]` tables: all machines, and what runs where.

mod addresses;
mod nodes;
mod placement;
mod server_types;
mod sites;
mod tiers;

pub(crate) use nodes::{Exceptions, read_nodes};
pub(crate) use placement::{everywhere, place_components};
pub(crate) use sites::read_sites;
pub(crate) use tiers::read_tiers;

use ennead_model::{Finding, NameError};

use crate::text::Section;

/// Makes a name from a key; a bad one is a finding.
pub(crate) fn named<T>(section: &Section<'_, '_>, made: Result<T, NameError>) -> Option<T> {
    let note = |error: NameError| {
        let text: String = error.text.chars().take(80).collect();
        let message = format!("{text:?} is not a name");
        let hint = "use 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends";
        section.note(Finding::error("bad-name", section.path(), message).hint(hint));
    };
    made.map_err(note).ok()
}
