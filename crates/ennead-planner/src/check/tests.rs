//! What `check` says about layouts, in the order in which people read it.

use ennead_model::Catalogue;
use ennead_spec::{Places, parse_spec, preset};
use proptest::prelude::*;

use super::*;

/// Codes of this folder; components add codes of their own, which their own tests cover.
const STRUCTURAL: [&str; 9] = [
    "one-site",
    "options-idle",
    "single-site",
    "site-full",
    "site-holds-majority",
    "voters-even",
    "voters-few",
    "voters-many",
    "voters-one-site",
];

/// Makes a spec with `layout[i]` nodes in site `i`; the voters are numbered from the first.
fn text(layout: &[usize], components: &str, rest: &str) -> String {
    use std::fmt::Write as _;
    let mut text = "format_version = 1\n[platform]\nname = \"demo\"\n".to_owned();
    let server_type = "ccx13";
    writeln!(text, "[tiers.all]\nserver_type = {server_type:?}\ncomponents = {components}")
        .unwrap();
    let mut number = 0;
    for (index, count) in layout.iter().enumerate() {
        let location = ["fsn1", "nbg1", "hel1"][index];
        writeln!(text, "[sites.s{index}]\nlocation = {location:?}").unwrap();
        writeln!(text, "private_prefix = \"10.{index}.0.0/24\"").unwrap();
        for _ in 0..*count {
            number += 1;
            writeln!(text, "[nodes.n{number}]\nsite = \"s{index}\"\ntier = \"all\"").unwrap();
            writeln!(text, "address = \"10.{index}.0.{}\"", number + 10).unwrap();
        }
    }
    text + rest
}

fn said(text: &str) -> Vec<String> {
    let parsed = parse_spec(text, Catalogue::embedded());
    assert_eq!(parsed.findings, []);
    let findings = check_spec(&parsed.spec.unwrap(), &Places::default());
    let structural = findings.iter().filter(|it| STRUCTURAL.contains(&it.code.as_str()));
    structural.map(|it| format!("{}: {}", it.severity, it.message)).collect()
}

#[test]
fn three_voters_in_three_sites_give_nothing_to_say() {
    assert_eq!(said(&text(&[1, 1, 1], r#"["etcd", "haproxy"]"#, "")), Vec::<String>::new());
}

#[test]
fn an_even_number_of_voters_is_an_error() {
    let said = said(&text(&[2, 1, 1], r#"["etcd"]"#, ""));
    let even = "error: etcd has 4 voters, an even number: the majority is 3, so it survives the \
                loss of 1 as 3 would";
    let site = "note: losing site s0 loses the majority of etcd: 2 of 4 voters";
    assert_eq!(said, [even, site]);
}

#[test]
fn one_voter_is_a_warning() {
    let said = said(&text(&[2], "[]", "[components.etcd]\nvoters = [\"n1\"]\n"));
    let few = "warning: etcd has one voter: when it is down nothing can be decided";
    assert_eq!(said, [few, "note: every node stands in site s0: losing it loses the platform"]);
}

#[test]
fn voters_in_one_of_several_sites_are_a_warning() {
    let voters = "[components.etcd]\nvoters = [\"n1\", \"n2\", \"n3\"]\n";
    let said = said(&text(&[3, 1], r#"["etcd"]"#, voters));
    let one = "warning: all voters of etcd stand in site s0";
    assert_eq!(said, [one, "note: losing site s0 loses the majority of etcd: 3 of 3 voters"]);
}

#[test]
fn a_component_in_one_of_several_sites_is_a_warning() {
    let site = text(&[1, 1, 1], r#"["etcd"]"#, "[nodes.m]\nsite = \"s1\"\ntier = \"all\"\n")
        + "address = \"10.1.0.99\"\nadd = [\"haproxy\"]\nremove = [\"etcd\"]\n";
    let site = site.replace("[nodes.n2]", "[nodes.n2]\nadd = [\"haproxy\"]");
    assert_eq!(said(&site), ["warning: haproxy runs in site s1 alone"]);
}

#[test]
fn options_of_a_component_that_runs_nowhere_are_a_warning() {
    let text = text(&[1, 1, 1], r#"["etcd"]"#, "[components.haproxy]\n");
    let parsed = parse_spec(&text, Catalogue::embedded());
    let findings = check(&parsed);
    let idle = findings.iter().find(|finding| finding.code == "options-idle").unwrap();
    assert!(
        idle.message.starts_with("no node runs haproxy, so these options have no effect (line")
    );
}

#[test]
fn a_site_has_room_for_a_hundred_nodes() {
    let said = said(&text(&[101], "[]", ""));
    let full = "error: 101 nodes, but a network takes at most 100 servers";
    assert!(said.iter().any(|line| line == full), "{said:?}");
}

#[test]
fn the_nine_servers_survive_one_of_their_sites() {
    let parsed = parse_spec(preset("crm").unwrap().text, Catalogue::embedded());
    let findings = check(&parsed);
    let notes: Vec<_> = findings.iter().filter(|it| it.code == "site-holds-majority").collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let expected = "losing site ash loses the majority of etcd: 3 of 5 voters (line ";
    assert!(notes[0].message.starts_with(expected), "{}", notes[0]);
}

#[test]
fn a_voter_that_is_no_node_is_found_with_its_line() {
    let voters = "[components.etcd]\nvoters = [\"n1\", \"n2\", \"stranger\"]\n";
    let parsed = parse_spec(&text(&[1, 1, 1], r#"["etcd"]"#, voters), Catalogue::embedded());
    let findings = check(&parsed);
    let found = |it: &Finding| it.message.contains("stranger") && it.message.contains("(line ");
    assert!(findings.iter().any(found), "{findings:?}");
    assert!(has_errors(&findings));
}

#[test]
fn presets_and_examples_are_sound() {
    let seven = include_str!("../../../../examples/three-sites.toml");
    let texts = ennead_spec::PRESETS.iter().map(|preset| preset.text).chain([seven]);
    for text in texts {
        let findings = check(&parse_spec(text, Catalogue::embedded()));
        let bad: Vec<_> = findings.iter().filter(|it| it.severity > Severity::Note).collect();
        assert!(bad.is_empty(), "{bad:?}");
    }
}

#[test]
fn errors_come_first_and_what_reading_found_is_among_them() {
    let text = text(&[2], r#"["etcd"]"#, "").replace("10.0.0.12", "10.0.0.11");
    let findings = check(&parse_spec(&text, Catalogue::embedded()));
    assert_eq!(findings[0].severity, Severity::Error);
    assert!(findings.iter().any(|finding| finding.code == "duplicate-address"));
    assert!(findings.is_sorted_by_key(|finding| Reverse(finding.severity)));
}

#[test]
fn ssh_that_is_open_to_everybody_is_a_warning_where_that_is_not_this_machine() {
    let severity = |text: &str| {
        let findings = check(&parse_spec(text, Catalogue::embedded()));
        let it = findings.into_iter().find(|finding| finding.code == "ssh-from-everywhere");
        it.map(|finding| finding.severity)
    };
    let cloud = "[cloud]\nimage = \"debian-13\"\nendpoint = \"https://api.hetzner.cloud/v1\"\n";
    let production = text(&[1], "[]", cloud);
    let with = |list: &str| format!("{production}[components.firewall]\nssh_from = [{list}]\n");
    assert_eq!(severity(&production), Some(Severity::Warning));
    assert_eq!(severity(&with("\"0.0.0.0/0\"")), Some(Severity::Warning));
    assert_eq!(severity(&with("\"203.0.113.0/24\"")), None);
    assert_eq!(severity(&text(&[1], "[]", "")), Some(Severity::Note));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn valid_specs_have_no_error_and_the_answer_is_always_the_same(
        spec in ennead_spec::generate::any_spec()
    ) {
        let findings = check_spec(&spec, &Places::default());
        prop_assert!(!has_errors(&findings), "{findings:?}");
        prop_assert_eq!(check_spec(&spec, &Places::default()), findings);
    }
}
