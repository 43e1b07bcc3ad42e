//! Verdicts of single claims, and of the example's whole table.

use ennead_model::Catalogue;
use ennead_spec::claims::{Claimed, Kind, Quantity, parse_claims};
use ennead_spec::{Spec, parse_spec};
use proptest::prelude::*;

use super::*;
use crate::availability::{Rates, SEED, availability};
use crate::survive::Layout;

const SPEC: &str = include_str!("../../../../examples/crm.toml");
const CLAIMS: &str = include_str!("../../../../examples/claims-crm.toml");

fn spec() -> Spec {
    parse_spec(SPEC, Catalogue::embedded()).spec.unwrap()
}

fn truth() -> Truth {
    Truth::of(&spec(), Catalogue::embedded())
}

fn rows(truth: &Truth, text: &str) -> Vec<Row> {
    let parsed = parse_claims(text, &truth.vocabulary());
    assert_eq!(parsed.findings, []);
    judge(&parsed.claims, truth)
}

fn one(truth: &Truth, name: &str, value: &str, unit: &str) -> Row {
    let unit = if unit.is_empty() { String::new() } else { format!("unit = {unit:?}\n") };
    let text = format!("[[claim]]\nname = {name:?}\nvalue = {value}\n{unit}");
    rows(truth, &text).remove(0)
}

#[test]
fn the_examples_verdicts() {
    let (spec, mut truth) = (spec(), truth());
    let layout = Layout::of(&spec.fleet, &spec.options).unwrap();
    // Fewer years than the program plays: the spread is not what is looked at here.
    truth.insert_availability(&availability(&layout, &Rates::default(), 10_000, SEED));
    let rows = rows(&truth, CLAIMS);
    let shown = rows
        .iter()
        .map(|row| format!("{} | {} | {} | {}", row.name, row.claimed, row.computed, row.verdict));
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_operator_decides() {
    let truth = truth();
    let cases = [
        ("9", true),
        ("10", false),
        ("\"9\"", true),
        ("\">= 9\"", true),
        ("\">= 10\"", false),
        ("\"<= 9\"", true),
        ("\"<= 8\"", false),
        ("\"~ 9.4\"", true),
        ("\"~ 9.5\"", false),
        ("\"9..10\"", true),
        ("\"10..11\"", false),
    ];
    for (value, holds) in cases {
        let row = one(&truth, "fleet.servers", value, "servers");
        let verdict = if holds { Verdict::Holds } else { Verdict::DoesNotHold };
        assert_eq!(row.verdict, verdict, "{row:?}");
    }
    assert_eq!(one(&truth, "survive.partition", "true", "").verdict, Verdict::Holds);
    assert_eq!(one(&truth, "survive.partition", "false", "").verdict, Verdict::DoesNotHold);
}

#[test]
fn units_are_converted_and_shown_as_claimed() {
    let truth = truth();
    let row = one(&truth, "fleet.storage", "1.44", "TB");
    assert_eq!((row.computed.as_str(), row.verdict), ("1.44 TB", Verdict::Holds));
    let row = one(&truth, "fleet.storage", "1440", "GB");
    assert_eq!((row.computed.as_str(), row.verdict), ("1440 GB", Verdict::Holds));
    let row = one(&truth, "recovery.any-one-server", "\"<= 0.5\"", "min");
    assert_eq!((row.computed.as_str(), row.verdict), ("0.45 min", Verdict::Holds));
}

#[test]
fn what_nothing_computes_is_said_with_its_reason_until_somebody_does() {
    // Nobody is said to let users in.
    let mut spec = spec();
    spec.fleet.services.clear();
    let mut truth = Truth::of(&spec, Catalogue::embedded());
    let row = one(&truth, "capacity.users", "270", "users");
    assert_eq!((row.computed.as_str(), row.verdict), ("-", Verdict::NotComputed));
    assert!(row.source.contains("carries = \"sessions\""), "{row:?}");
    truth.insert("capacity.users", Value::amount(926.0, Quantity::Count("users"), "a list"));
    let row = one(&truth, "capacity.users", "270", "users");
    assert_eq!((row.computed.as_str(), row.verdict), ("926 users", Verdict::DoesNotHold));
    let row = one(&truth, "recovery.any-site", "60", "s");
    assert_eq!(row.verdict, Verdict::NotComputed);
    assert!(row.source.contains("by themselves"), "{row:?}");
}

#[test]
fn servers_that_differ_are_a_range() {
    let mut spec = spec();
    let name = spec.fleet.nodes.keys().next().unwrap().clone();
    spec.fleet.nodes.get_mut(&name).unwrap().cores = 8;
    let truth = Truth::of(&spec, Catalogue::embedded());
    let row = one(&truth, "node.cores", "4", "vCPU");
    assert_eq!((row.computed.as_str(), row.verdict), ("4 to 8 vCPU", Verdict::DoesNotHold));
    assert_eq!(one(&truth, "node.cores", "\">= 4\"", "vCPU").verdict, Verdict::Holds);
    assert_eq!(one(&truth, "node.cores", "\"<= 7\"", "vCPU").verdict, Verdict::DoesNotHold);
}

#[test]
fn the_largest_fleet_and_one_more_are_known_names() {
    let mut spec = spec();
    let node = spec.fleet.nodes.values().next().unwrap().clone();
    for index in 0..130 {
        let name = format!("more-{index}").parse().unwrap();
        spec.fleet.nodes.insert(name, node.clone());
    }
    let truth = Truth::of(&spec, Catalogue::embedded());
    let row = one(&truth, "survive.site:hil", "true", "");
    assert_eq!(row.verdict, Verdict::NotComputed);
    assert!(row.source.contains("128"), "{row:?}");
}

#[test]
fn what_availability_inserts_is_known_before() {
    let spec = spec();
    let layout = Layout::of(&spec.fleet, &spec.options).unwrap();
    let mut truth = truth();
    let before = truth.vocabulary();
    truth.insert_availability(&availability(&layout, &Rates::default(), 10, SEED));
    assert_eq!(before, truth.vocabulary());
    for (name, ..) in KNOWN.iter().filter(|(name, ..)| name.starts_with("availability.")) {
        assert!(truth.get(name).is_some(), "{name}");
    }
}

proptest! {
    #[test]
    fn a_verdict_says_where_the_amount_lies(
        claimed in 0.0..1000.0_f64,
        more in 0.0..100.0_f64,
        computed in 0.0..1000.0_f64,
    ) {
        let mut truth = truth();
        let quantity = Quantity::Count("users");
        truth.insert("capacity.users", Value::amount(computed, quantity, "a test"));
        let verdict = |claimed: Claimed| {
            let words = claimed.words(None).replace(" to ", "..");
            one(&truth, "capacity.users", &format!("{words:?}"), "users").verdict
        };
        // What is claimed has four digits after the point.
        prop_assume!((claimed - computed).abs() > 0.001);
        prop_assume!((claimed + more - computed).abs() > 0.001);
        let holds = |yes: bool| if yes { Verdict::Holds } else { Verdict::DoesNotHold };
        prop_assert_eq!(verdict(Claimed::AtLeast(claimed)), holds(computed > claimed));
        prop_assert_eq!(verdict(Claimed::AtMost(claimed)), holds(computed < claimed));
        prop_assert_eq!(verdict(Claimed::Exactly(claimed)), Verdict::DoesNotHold);
        let inside = claimed < computed && computed < claimed + more;
        prop_assert_eq!(verdict(Claimed::Between(claimed, claimed + more)), holds(inside));
        let kind = truth.vocabulary().names.get("capacity.users").copied();
        prop_assert_eq!(kind, Some(Kind::Amount(quantity)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_spec_has_facts(spec in ennead_spec::generate::any_spec()) {
        let truth = Truth::of(&spec, Catalogue::embedded());
        let servers = spec.fleet.nodes.len();
        let row = one(&truth, "fleet.servers", &servers.to_string(), "servers");
        prop_assert_eq!(row.verdict, Verdict::Holds);
        let (name, _) = spec.fleet.sites.iter().next().unwrap();
        let promise = format!("survive.site:{name}");
        prop_assert!(truth.get(&promise).is_some());
    }
}
