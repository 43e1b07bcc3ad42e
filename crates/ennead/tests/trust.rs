//! Secrets and certificates on the command line, without a lab.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at this machine from outside; a failure here fails the test"
)]

mod support;

use std::path::Path;

use support::scan::Scan;
use support::{Answer, Place, preset};

const VALUE: &str = "Abcdefgh-ijklmnop_1234";

fn place() -> Place {
    Place::new("trust", preset("seed"))
}

/// Runs with an editor of this script; `$1` is the file, which is made below `memory`.
fn edited(place: &Place, memory: &Path, script: &str) -> Answer {
    place.put("editor", &format!("#!/bin/sh\n{script}\n"));
    let mut command = place.command(&["secrets", "edit"]);
    command.env("EDITOR", "sh ./editor").env("XDG_RUNTIME_DIR", memory).output().unwrap().into()
}

#[test]
fn secrets_are_listed_set_and_rotated_and_their_values_never_shown() {
    let place = place();
    let answers = [
        place.ennead(&["secrets", "list"]).expect_code(0),
        place.ennead(&["secrets", "list", "--json"]).expect_code(0),
        place
            .ennead_told(&["secrets", "set", "postgres-app"], &format!("{VALUE}\n"))
            .expect_code(0),
        place.ennead_told(&["secrets", "set", "postgres-app"], VALUE).expect_code(0),
        place.ennead(&["-vv", "secrets", "rotate", "patroni-rest"]).expect_code(0),
        place.ennead(&["secrets", "list", "--json"]).expect_code(0),
    ];
    assert!(answers[0].out.contains("password of the application's role"), "{:?}", answers[0]);
    let listed = answers[1].json();
    let app = listed.as_array().unwrap().iter().find(|one| one["name"] == "postgres-app").unwrap();
    assert_eq!((&app["age_days"], &app["can_change"]), (&0.into(), &true.into()));
    assert!(answers[2].err.contains("postgres-app is set"), "{:?}", answers[2]);
    assert!(answers[3].err.contains("has this value already"), "{:?}", answers[3]);
    let scan = Scan::of(&place);
    assert!(scan.knows(VALUE), "what was set is in the vault");
    for answer in &answers {
        assert_eq!(scan.found_in(&format!("{answer:?}")), Vec::<String>::new());
    }
    let folder = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path());
    for file in folder.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = scan.found_in(&String::from_utf8_lossy(&bytes));
        assert_eq!(found, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn what_cannot_be_set_is_one_line_and_changes_nothing() {
    let place = place();
    place.ennead(&["secrets", "list"]).expect_code(0);
    let vault = || std::fs::read(place.path().join("ennead.secrets.age")).unwrap();
    let before = vault();
    let set = |name, value| place.ennead_told(&["secrets", "set", name], value).expect_code(2);
    let short = set("postgres-app", "geheim\n").expect_error("at least 16 are needed");
    assert!(!short.err.contains("geheim"), "{short:?}");
    set("postgres-ap", VALUE).expect_error("there is no secret").expect_hint("\"postgres-app\"");
    set("postgres-replication", VALUE).expect_error("cannot be changed").expect_hint("0009");
    let rotate = place.ennead(&["secrets", "rotate", "nothing"]).expect_code(2);
    rotate.expect_error("there is no secret").expect_hint("secrets: ");
    assert_eq!(vault(), before);
}

#[test]
fn an_editor_changes_secrets_in_a_text_that_is_gone_afterwards() {
    let place = place();
    let app = format!("sed -i 's/^postgres-app = .*/postgres-app = {VALUE}/' \"$1\"");
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let edited = |script: &str| edited(&place, memory.path(), script);
    let looks = format!("stat -c '%a %A %n' \"$1\" \"$(dirname \"$1\")\" > seen; {app}");
    edited(&looks).expect_code(0);
    assert!(Scan::of(&place).knows(VALUE));
    let seen = place.get("seen");
    assert!(
        seen.starts_with("600 ") && seen.contains("\n700 ") && seen.contains("/dev/shm/"),
        "{seen}"
    );
    assert!(edited("true").expect_code(0).err.contains("Nothing was changed"));
    let other = app.replace(VALUE, "another-value-of-it");
    for (script, said) in [
        (format!("{other}; exit 3"), "the editor \"sh ./editor\" failed"),
        (app.replace(VALUE, "short"), "has 5 characters"),
        ("sed -i /^postgres-app/d \"$1\"".to_owned(), "the line of postgres-app is missing"),
        ("rm \"$1\"".to_owned(), "the editor left no file"),
        (app.replace("postgres-app", "postgres-rewind"), "postgres-rewind cannot be changed"),
    ] {
        edited(&script).expect_code(2).expect_error(said);
    }
    assert!(Scan::of(&place).knows(VALUE));
    assert_eq!(memory.path().read_dir().unwrap().count(), 0, "nothing is left in memory");
}

#[test]
fn a_second_operator_is_let_in_and_out() {
    let place = place();
    place.ennead(&["secrets", "list"]).expect_code(0);
    let other = |arguments: &[&str]| -> Answer {
        let home = place.path().join("other");
        place.command(arguments).env("HOME", home).output().unwrap().into()
    };
    let recipient = other(&["secrets", "recipients", "mine"]).expect_code(0).out.trim().to_owned();
    assert!(recipient.starts_with("age1"), "{recipient}");
    other(&["secrets", "list"])
        .expect_code(2)
        .expect_error("it was encrypted for another identity");
    place.ennead(&["secrets", "recipients", "add", "bob", &recipient]).expect_code(0);
    other(&["secrets", "rotate", "postgres-app"]).expect_code(0);
    place.ennead(&["secrets", "list"]).expect_code(0);
    let listed = place.ennead(&["secrets", "recipients", "list", "--json"]).expect_code(0).json();
    let listed: Vec<_> =
        listed.as_array().unwrap().iter().map(|one| (&one["name"], &one["mine"])).collect();
    assert_eq!(listed, [(&"bob".into(), &false.into()), (&"operator".into(), &true.into())]);
    // A text that lacks somebody stops every change but the one that puts it right.
    place.put("ennead.recipients.txt", "");
    let rotate = place.ennead(&["secrets", "rotate", "postgres-app"]).expect_code(2);
    rotate.expect_error("does not name bob").expect_hint("recipients add bob");
    place.ennead(&["secrets", "recipients", "add", "bob", &recipient]).expect_code(0);
    place.ennead(&["secrets", "rotate", "postgres-app"]).expect_code(0);
    let remove = |who| place.ennead(&["secrets", "recipients", "remove", who]);
    remove("operator").expect_code(2).expect_error("operator is you").expect_hint("--own");
    remove("bob").expect_code(0);
    remove("operator").expect_code(2).expect_error("is the last");
    other(&["secrets", "list"]).expect_code(2).expect_error("cannot be opened");
}

#[test]
fn certificates_are_listed_and_issued_anew_for_a_node_or_a_name() {
    let place = place();
    let listed = || {
        let listed = place.ennead(&["certs", "list", "--json"]).expect_code(0).json();
        assert_eq!(listed["authority"], "single");
        listed["certificates"].as_array().unwrap().clone()
    };
    let first = listed();
    assert!(first.iter().all(|one| one["state"] == "good"), "{first:?}");
    assert!(first.iter().all(|one| one["days_left"] == 29 || one["days_left"] == 30), "{first:?}");
    let node = first[0]["node"].as_str().unwrap().to_owned();
    place.ennead(&["certs", "rotate", "--node", &node, "--name", "etcd"]).expect_code(0);
    for one in listed() {
        let picked = one["node"] == node.as_str() && one["name"] == "etcd";
        assert_eq!(one["state"] == "waits", picked, "{one:?}");
    }
    let table = place.ennead(&["certs", "list"]).expect_code(0);
    assert!(table.out.contains("new one waits for up"), "{table:?}");
    let nothing = place.ennead(&["certs", "rotate", "--name", "nothing"]).expect_code(2);
    nothing.expect_error("no certificate is of that name and node");
    place.ennead(&["certs", "rotate"]).expect_code(0);
    assert!(listed().iter().all(|one| one["state"] == "waits"));
    place.ennead(&["certs", "rotate", "--ca", "--node", &node]).expect_code(2);
}

#[test]
fn a_check_without_the_identity_says_that_certificates_were_not_looked_at() {
    let place = place();
    let clean = place.ennead(&["check"]).expect_code(0);
    assert!(!clean.out.contains("certificates"), "there is no vault: {clean:?}");
    place.ennead(&["secrets", "list"]).expect_code(0);
    assert!(!place.ennead(&["check"]).expect_code(0).out.contains("certificates"));
    std::fs::remove_dir_all(place.path().join(".config")).unwrap();
    let blind = place.ennead(&["check"]).expect_code(0);
    assert!(blind.out.contains("certificates-unknown"), "{blind:?}");
}
