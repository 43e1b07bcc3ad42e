//! Tests of passwords as an operator handles them.

use ennead_model::RefKind;

use super::*;
use crate::vault::Wanted;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn vault() -> Vault {
    let mut wanted = Wanted::nothing("demo", []);
    for name in ["app", "replication"] {
        wanted.secrets.insert(name.to_owned(), format!("password of {name}"));
    }
    let mut vault = Vault::new();
    vault.ensure(&wanted, now()).unwrap();
    vault
}

fn value(vault: &Vault, name: &str) -> String {
    vault.value(RefKind::Secret, name).unwrap().into_owned()
}

#[test]
fn a_value_is_set_once_and_its_age_begins_anew() {
    let mut vault = vault();
    let later = now() + jiff::SignedDuration::from_hours(24);
    let new = SecretString::from("abcdefghijklmnop".to_owned());
    assert!(vault.set_secret("app", &new, later).unwrap());
    assert!(!vault.set_secret("app", &new, later).unwrap(), "it has this value already");
    assert_eq!(value(&vault, "app"), "abcdefghijklmnop");
    let since: Vec<_> = vault.secrets().map(|one| (one.name, one.since.unwrap())).collect();
    assert_eq!(since, [("app", later), ("replication", now())]);
}

#[test]
fn values_that_a_program_could_not_take_are_refused_and_not_told() {
    let mut vault = vault();
    let before = value(&vault, "app");
    let long = "x".repeat(129);
    for (bad, said) in [
        ("quote'quote'quote'", "has characters other than A-Z a-z 0-9 - _"),
        ("line\nline\nline\nline", "has characters other than A-Z a-z 0-9 - _"),
        ("-abcdefghijklmnop", "begins with a dash, which programs read as an option"),
        ("short", "has 5 characters; at least 16 are needed"),
        ("", "has 0 characters; at least 16 are needed"),
        (&long, "has 129 characters; at most 128 are taken"),
    ] {
        let error = vault.set_secret("app", &bad.to_owned().into(), now()).unwrap_err();
        assert_eq!(error.to_string(), format!("the value for app {said}"));
    }
    assert_eq!(value(&vault, "app"), before);
}

#[test]
fn a_name_that_is_not_there_is_refused_with_the_nearest() {
    let error = vault().rotate_secret("aps", now()).unwrap_err();
    assert_eq!(error.to_string(), "there is no secret \"aps\"");
    assert_eq!(error.hint(), "did you mean \"app\"?");
}

#[test]
fn rotating_changes_one_value_alone() {
    let mut vault = vault();
    let before = (value(&vault, "app"), value(&vault, "replication"));
    vault.rotate_secret("app", now()).unwrap();
    let after = (value(&vault, "app"), value(&vault, "replication"));
    assert_ne!(before.0, after.0);
    assert_eq!((before.1, after.0.len()), (after.1, 32));
}

#[test]
fn an_edited_text_changes_what_differs() {
    let mut vault = vault();
    let text = vault.to_edit();
    assert!(vault.read_edit(&text).unwrap().is_empty());
    let new = text.expose_secret().replace(&value(&vault, "app"), "  abcdefghijklmnop ");
    let edited = vault.read_edit(&new.into()).unwrap();
    assert_eq!(edited.keys().collect::<Vec<_>>(), ["app"]);
    let shown = vault.clone();
    vault.apply_edit(&shown, &edited, now()).unwrap();
    assert_eq!(value(&vault, "app"), "abcdefghijklmnop");
    // Against what was shown before: somebody else was faster.
    let error = vault.apply_edit(&shown, &edited, now()).unwrap_err();
    assert_eq!(error.to_string(), "app was changed by somebody else meanwhile");
}

#[test]
fn an_edited_text_that_is_wrong_is_refused_without_a_value() {
    let vault = vault();
    let text = vault.to_edit().expose_secret().to_owned();
    let secret = value(&vault, "app");
    let line = format!("app = {secret}\n");
    for (bad, said) in [
        (text.replace(&line, ""), "the line of app is missing"),
        (format!("{text}{line}"), "app stands there twice"),
        (format!("{text}{secret} = x\n"), "line 8 names no secret"),
        (format!("{text}{secret}\n"), "line 8 is not like NAME = VALUE"),
        (text.replace(&secret, "a b c d e f g h i"), "the value for app has characters other"),
    ] {
        let error = vault.read_edit(&bad.into()).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        assert!(!error.to_string().contains(&secret) && !error.hint().contains(&secret));
    }
}
