//! No secret of the vault stands where somebody other than its users could read it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::real::Real;
use crate::support::command_output;
use crate::support::scan::Scan;

/// Fails when a secret is found in a plan, a journal, a log, a list of processes, or a file that
/// everybody can read.
pub(super) fn expect_no_secret_outside(lab: &Real) {
    let scan = Scan::of(&lab.place);
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
        assert_eq!(scan.found_in(text), Vec::<String>::new(), "{place}");
    }
    expect_state_holds_only_what_the_cloud_was_given(lab);
    for file in ["state.json", "token"] {
        let mode = std::fs::metadata(lab.place.lab_folder().join(file)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o077, 0, "{file} is for its owner only");
    }
}

/// What the lab keeps plays the cloud, which is told each server's own host key in its user data, as
/// the real one is, and nothing else of the vault.
fn expect_state_holds_only_what_the_cloud_was_given(lab: &Real) {
    let folder = lab.place.lab_folder();
    let everybody = |name: &str| name.starts_with("@{host-key:");
    expect_without(lab, &folder.join("lab.json"), |_| false);
    expect_without(lab, &folder.join("token"), |_| false);
    expect_without(lab, &folder.join("state.json"), everybody);
    for (id, node, _) in lab.place.servers() {
        let own = format!("@{{host-key:{node}}}");
        expect_without(lab, &folder.join(format!("servers/{id}/server.json")), |name| name == own);
    }
}

fn expect_without(lab: &Real, path: &Path, allowed: impl Fn(&str) -> bool) {
    let found = Scan::of(&lab.place).without(allowed).found_in(&text(path));
    assert_eq!(found, Vec::<String>::new(), "{}", path.display());
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
