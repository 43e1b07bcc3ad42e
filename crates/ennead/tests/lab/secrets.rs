//! No secret of the vault stands where somebody other than its users could read it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use camino::Utf8Path;
use ennead_model::{Ref, RefKind, RefResolver as _};
use ennead_spec::vault::VaultFiles;
use secrecy::ExposeSecret as _;

use super::real::Real;
use crate::support::command_output;

/// Fails when a secret is found in a plan, a journal, a log, a list of processes, or a file that
/// everybody can read.
pub(super) fn expect_no_secret_outside(lab: &Real) {
    let secrets = secrets(lab);
    assert!(secrets.len() > 6, "{:?}", secrets.keys());
    let mut places = BTreeMap::new();
    places.insert("plan".to_owned(), lab.place.ennead(&["plan", "--json"]).out);
    places.insert("status".to_owned(), lab.place.ennead(&["-vv", "status", "--json"]).err);
    places.insert("processes here".to_owned(), command_output("ps", &["-eww", "-o", "args"]));
    let state = lab.place.path().join(".local/state/ennead/runs");
    let mut journals = 0;
    files_below(&state, &mut |path| {
        journals += 1;
        places.insert(path.display().to_string(), text(path));
    });
    assert!(journals > 3, "runs leave journals");
    places.insert("daemon.log".to_owned(), text(&lab.place.lab_folder().join("daemon.log")));
    for (_, node, _) in lab.place.servers() {
        let journal = lab.on_ok(&node, "journalctl --no-pager -o cat");
        assert!(journal.len() > 1000, "{node} has a journal");
        places.insert(format!("journal of {node}"), journal);
        places.insert(format!("processes of {node}"), lab.on_ok(&node, "ps -eww -o args"));
        let readable = "find /etc /opt/ennead /var/lib /usr/local -xdev -type f -perm -o=r \
                        -newer /etc/machine-id -size -200k -exec cat {} + 2>/dev/null || true";
        places.insert(format!("readable files of {node}"), lab.on_ok(&node, readable));
    }
    for (place, text) in &places {
        for (name, secret) in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} stands in {place}");
        }
    }
    expect_state_holds_only_what_the_cloud_was_given(lab, &secrets);
    for file in ["state.json", "token"] {
        let mode = std::fs::metadata(lab.place.lab_folder().join(file)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o077, 0, "{file} is for its owner only");
    }
}

/// What the lab keeps plays the cloud, which is told each server's own host key in its user data, as
/// the real one is, and nothing else of the vault.
fn expect_state_holds_only_what_the_cloud_was_given(
    lab: &Real,
    secrets: &BTreeMap<String, String>,
) {
    let folder = lab.place.lab_folder();
    let everybody = |name: &str| name.starts_with("@{host-key:");
    expect_without(&folder.join("lab.json"), secrets, |_| false);
    expect_without(&folder.join("token"), secrets, |_| false);
    expect_without(&folder.join("state.json"), secrets, everybody);
    for (id, node, _) in lab.place.servers() {
        let own = format!("@{{host-key:{node}}}");
        expect_without(&folder.join(format!("servers/{id}/server.json")), secrets, |name| {
            name == own
        });
    }
}

fn expect_without(path: &Path, secrets: &BTreeMap<String, String>, allowed: impl Fn(&str) -> bool) {
    let text = text(path);
    for (name, secret) in secrets.iter().filter(|(name, _)| !allowed(name)) {
        assert!(!text.contains(secret.as_str()), "{name} stands in {}", path.display());
    }
}

/// Opens the vault as the program does.
fn secrets(lab: &Real) -> BTreeMap<String, String> {
    let folder = Utf8Path::from_path(lab.place.path()).unwrap();
    let mut files = VaultFiles::beside(&folder.join("ennead.toml"), &folder.join(".config"));
    let vault = files.load().unwrap();
    let mut secrets = BTreeMap::new();
    let names: Vec<String> = vault.secret_purposes().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let value = vault.resolve(&Ref::new(RefKind::Secret, &name)).unwrap();
        secrets.insert(name, value);
    }
    let key = vault.operator_key().unwrap().expose_secret().to_owned();
    // One line from the middle is enough, and no line is shared with other keys.
    secrets.insert("operator's key".to_owned(), key.lines().nth(3).unwrap().to_owned());
    for reference in vault.fingerprints().into_keys() {
        if matches!(reference.kind, RefKind::Key | RefKind::HostKey | RefKind::WgPrivate) {
            let value = vault.resolve(&reference).unwrap();
            let line = value.lines().nth(value.lines().count() / 2).unwrap_or_default();
            secrets.insert(reference.to_string(), line.to_owned());
        }
    }
    assert!(secrets.values().all(|secret| secret.len() >= 16));
    secrets
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

fn files_below(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found(&path);
        }
    }
}
