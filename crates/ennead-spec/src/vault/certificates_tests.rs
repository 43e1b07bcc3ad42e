//! Tests of certificates as an operator looks at them.

use std::time::Duration;

use super::*;
use crate::vault::LeafRequest;

const DAY: Duration = Duration::from_hours(24);

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn wanted() -> Wanted {
    let mut wanted = Wanted::nothing("demo", []);
    for name in ["etcd/a", "etcd/b", "postgres/a"] {
        let request = LeafRequest {
            common_name: name.into(),
            dns_names: vec!["localhost".into()],
            addresses: Vec::new(),
            usage: Usage::Server,
        };
        wanted.leaves.insert(name.to_owned(), request);
    }
    wanted
}

fn founded() -> Vault {
    let mut vault = Vault::new();
    vault.ensure(&wanted(), now()).unwrap();
    vault
}

fn findings(vault: &Vault, at: Timestamp) -> Vec<(String, String)> {
    let findings = vault.certificate_findings(at).into_iter();
    findings.map(|one| (one.code, one.place)).collect()
}

#[test]
fn those_that_are_picked_are_issued_anew_and_no_others() {
    let mut vault = founded();
    let before = vault.clone();
    let picked = |name: &str, node: &str| name == "etcd" && node == "b";
    assert_eq!(vault.reissue(&wanted(), now(), picked).unwrap(), 1);
    for (name, leaf) in &vault.leaves {
        let same = leaf.certificate == before.leaves[name].certificate;
        assert_eq!(same, name != "etcd/b", "{name}");
    }
    assert_eq!(vault.reissue(&wanted(), now(), |_, node| node == "nowhere").unwrap(), 0);
}

#[test]
fn what_a_node_has_is_noted_until_the_new_one_is_there() {
    let mut vault = founded();
    let first = vault.clone();
    let later = now() + DAY * 5;
    vault.reissue(&wanted(), later, |_, _| true).unwrap();
    let second = vault.clone();
    vault.reissue(&wanted(), later + DAY, |name, _| name == "etcd").unwrap();
    let on_node = |vault: &Vault| vault.certificates().map(|one| one.on_node).collect::<Vec<_>>();
    let oldest = Some(first.leaves["etcd/a"].life());
    assert_eq!(on_node(&vault), [oldest; 3], "the oldest that may still be there");
    // A run that began before the last ones were issued has brought only the third.
    assert!(vault.confirm_rolled_out(&second));
    assert_eq!(on_node(&vault), [oldest, oldest, None]);
    let all = vault.clone();
    assert!(vault.has_unconfirmed_certificates() && vault.confirm_rolled_out(&all));
    assert!(!vault.has_unconfirmed_certificates() && !vault.confirm_rolled_out(&all));
}

#[test]
fn a_certificate_is_reported_from_its_renewal_on_until_its_node_has_another() {
    let mut vault = founded();
    assert_eq!(findings(&vault, now() + DAY * 19), []);
    let due = now() + DAY * 21;
    let all: Vec<_> = ["etcd/a", "etcd/b", "postgres/a"]
        .map(|name| ("certificate-due".to_owned(), format!("certificates.{name}")))
        .to_vec();
    assert_eq!(findings(&vault, due), all);
    // Renewed in the vault, not on the nodes: looking alone must not end the warning.
    assert!(!vault.ensure_present(&wanted(), due).unwrap());
    vault.ensure(&wanted(), due).unwrap();
    assert_eq!(findings(&vault, due), all);
    let ended = vault.certificate_findings(now() + DAY * 31);
    assert!(ended.iter().all(|one| one.code == "certificate-ended"), "{ended:?}");
    let seen = vault.clone();
    vault.confirm_rolled_out(&seen);
    assert_eq!(findings(&vault, due), []);
}

#[test]
fn a_vault_of_the_first_format_opens_with_one_authority_and_no_recipients() {
    let mut json = serde_json::to_value(founded()).unwrap();
    json["authority"].as_object_mut().unwrap().remove("number");
    for leaf in json["leaves"].as_object_mut().unwrap().values_mut() {
        leaf.as_object_mut().unwrap().remove("issuer");
    }
    let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert!(!fields.iter().any(|field| *field == "overlap" || *field == "recipients"));
    let vault: Vault = serde_json::from_value(json).unwrap();
    assert_eq!(vault.trust_phase(), super::super::TrustPhase::Single);
    assert!(vault.certificates().all(|one| one.authority == 1 && one.on_node.is_none()));
    assert!(!vault.clone().ensure(&wanted(), now()).unwrap());
}
