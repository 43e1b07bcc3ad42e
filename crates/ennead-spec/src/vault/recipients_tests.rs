//! Tests of who can open a vault.

use super::*;

fn public() -> String {
    Identity::generate().to_public().to_string()
}

#[test]
fn the_text_reads_back_and_names_are_for_people_only() {
    let list =
        Recipients(BTreeMap::from([("alice".to_owned(), public()), ("bob".to_owned(), public())]));
    let text = list.render("demo.secrets.age");
    assert_eq!(list.difference(&text), Ok(None));
    assert_eq!(list.difference(&text.replace("# alice", "# eve")), Ok(None));
    assert_eq!(list.difference("\nhello\n"), Err("line 2 is no recipient".to_owned()));
}

#[test]
fn names_and_recipients_are_checked_before_anything_changes() {
    let mut vault = Vault::new();
    let own = [Identity::generate()];
    let good = public();
    for (name, recipient, said) in [
        ("", good.as_str(), "\"\" is no name of an operator"),
        ("a b", &good, "\"a b\" is no name of an operator"),
        ("age1x", &good, "\"age1x\" is no name of an operator"),
        ("bob", "ssh-ed25519 AAAA", "\"ssh-ed25519 AAAA\" is no recipient"),
        ("bob", "age1qqqq", "\"age1qqqq\" is no recipient"),
    ] {
        let error = vault.add_recipient(name, recipient, &own).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert!(vault.recipients.is_empty());
    }
}

#[test]
fn a_name_stands_for_one_recipient_and_a_recipient_has_one_name() {
    let mut vault = Vault::new();
    let own = [Identity::generate()];
    let bob = public();
    vault.add_recipient("bob", &bob, &own).unwrap();
    let error = vault.add_recipient("bob", &public(), &own).unwrap_err();
    assert_eq!(error.to_string(), "bob is there already, with another recipient");
    vault.add_recipient("robert", &format!(" {bob}\n"), &own).unwrap();
    let names: Vec<&str> = vault.recipients().map(|(name, _)| name).collect();
    assert_eq!(names, ["operator", "robert"]);
    // One's own gets another name in the same way.
    vault.add_recipient("alice", &own[0].to_public().to_string(), &own).unwrap();
    let names: Vec<&str> = vault.recipients().map(|(name, _)| name).collect();
    assert_eq!(names, ["alice", "robert"]);
}
