//! Where things of the operator's machine lie.

use camino::Utf8PathBuf;
use ennead_host::environment;
use ennead_spec::Spec;

use crate::cli::Global;

/// Returns the folder that holds what may be lost: labs, journals of runs, audit logs.
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

/// Returns the audit log of a platform. A platform of the same name in another cloud has its own.
pub(crate) fn audit_log(global: &Global, spec: &Spec) -> Utf8PathBuf {
    let cloud = match global.endpoint.as_ref().or(spec.cloud.endpoint.as_ref()) {
        None => format!("lab-{}", global.lab),
        Some(endpoint) => {
            let rest = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest);
            // The host's name without port and path.
            rest.split(['/', ':']).next().unwrap_or(rest).to_owned()
        }
    };
    // A platform's name holds no dot.
    state_folder().join("audit").join(format!("{}.{cloud}.jsonl", spec.platform))
}

/// Returns the folder of the operator's configuration; `ennead/identity.txt` in it opens secrets.
pub(crate) fn config_home() -> Utf8PathBuf {
    environment::read("XDG_CONFIG_HOME").map_or_else(|| home().join(".config"), Utf8PathBuf::from)
}

fn home() -> Utf8PathBuf {
    environment::read("HOME").map_or_else(|| Utf8PathBuf::from("/root"), Utf8PathBuf::from)
}
