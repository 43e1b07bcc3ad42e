//! Where things of the operator's machine lie.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::environment;

use crate::cli::Global;

/// Returns the folder that holds what may be lost: labs, journals of runs.
pub(crate) fn state_folder() -> Utf8PathBuf {
    environment::read("XDG_STATE_HOME")
        .map_or_else(|| home().join(".local/state"), Utf8PathBuf::from)
        .join("ennead")
}

/// Returns the folder of one lab.
pub(crate) fn lab_folder(global: &Global) -> Utf8PathBuf {
    let labs = global.lab_state.clone().unwrap_or_else(|| state_folder().join("labs"));
    labs.join(&global.lab)
}

/// Returns the identity that opens the secrets.
pub(crate) fn identity(global: &Global) -> Utf8PathBuf {
    global.identity.clone().unwrap_or_else(|| {
        environment::read("XDG_CONFIG_HOME")
            .map_or_else(|| home().join(".config"), Utf8PathBuf::from)
            .join("ennead/identity.txt")
    })
}

/// Returns the secrets beside a spec: `crm.toml` has `crm.secrets.age`.
pub(crate) fn secrets(spec: &Utf8Path) -> Utf8PathBuf {
    spec.with_extension("secrets.age")
}

fn home() -> Utf8PathBuf {
    environment::read("HOME").map_or_else(|| Utf8PathBuf::from("/root"), Utf8PathBuf::from)
}
