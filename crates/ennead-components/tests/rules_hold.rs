//! The rules of every case of the firewall, checked by `nft` in a network namespace of their own.
//! Without `nft`, or without the right to make a namespace, there is nothing to check them with.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its cases and runs nft"
)]

use std::path::Path;
use std::process::{Command, Stdio};

/// The rules as the snapshot of a case has them.
fn rules(snapshot: &str) -> &str {
    let (_, rest) = snapshot.split_once("=== /etc/ennead/firewall.nft ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("\n=== ").unwrap().0
}

/// Runs a script in a new network namespace, which goes away with it.
fn in_namespace(script: &str, input: &Path) -> std::process::Output {
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "sh", "-c", script, "sh"]).arg(input).stdin(Stdio::null());
    unshare.output().unwrap()
}

fn can_check() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "nft", "list", "tables"]).stdout(Stdio::null()).stderr(Stdio::null());
    unshare.status().is_ok_and(|status| status.success())
}

#[test]
fn nft_takes_the_rules_and_lists_them_the_same_each_time() {
    if !can_check() {
        eprintln!("skipped: nft or a network namespace is missing");
        return;
    }
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/firewall/cases");
    let directory = tempfile::tempdir().unwrap();
    let mut checked = 0;
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|it| it != "snap") || name == "wrong-options" {
            continue;
        }
        let file = directory.path().join(name);
        std::fs::write(&file, rules(&std::fs::read_to_string(&path).unwrap())).unwrap();
        // Loaded over what is there, other tables stay, and the listing is always the same.
        let script = "set -e; nft add table inet other; nft --check --file \"$1\"
            nft --file \"$1\"; first=$(nft --stateless list table inet ennead)
            nft --file \"$1\"; test \"$first\" = \"$(nft --stateless list table inet ennead)\"
            nft list table inet other; nft list table inet ennead | grep -q 'policy drop'";
        let output = in_namespace(script, &file);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        checked += 1;
    }
    assert_eq!(checked, 4);
}
