//! What is read from claims files, good and bad.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn vocabulary() -> Vocabulary {
    let names = [
        ("fleet.servers", Kind::Amount(Quantity::Count("servers"))),
        ("fleet.storage", Kind::Amount(Quantity::Size)),
        ("availability.percent", Kind::Amount(Quantity::Share)),
        ("survive.partition", Kind::YesNo),
    ];
    let names = names.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
    let rates = vec![
        RateKey { name: "server_loss_per_year", unit: "per server and year", most: 100.0 },
        RateKey { name: "server_loss_hours", unit: "h", most: 8766.0 },
    ];
    Vocabulary { names, rates }
}

fn read(text: &str) -> ParsedClaims {
    parse_claims(text, &vocabulary())
}

fn said(text: &str) -> String {
    let mut said = String::new();
    for finding in read(text).findings {
        assert!(!finding.message.contains('\n') && !finding.hint.contains('\n'), "{finding:?}");
        writeln!(said, "{finding}").unwrap();
        if !finding.hint.is_empty() {
            writeln!(said, "  hint: {}", finding.hint).unwrap();
        }
    }
    said
}

#[test]
fn claims_are_read_with_their_units_and_lines() {
    let parsed = read(
        "[[claim]]\nname = \"fleet.storage\"\nvalue = 2.16\nunit = \"TB\"\nnote = \"x\"\n\n\
         [[claim]]\nname = \"survive.partition\"\nvalue = false\n\n\
         [rates]\nserver_loss_hours = 12\n",
    );
    assert_eq!(parsed.findings, []);
    let [storage, partition] = parsed.claims.as_slice() else { panic!("{parsed:?}") };
    assert_eq!(storage.claimed, Claimed::Exactly(2160.0));
    assert_eq!((storage.words().as_str(), storage.note.as_str()), ("2.16 TB", "x"));
    assert_eq!(storage.position.unwrap().line, 1);
    assert_eq!((partition.claimed, partition.unit), (Claimed::YesNo(false), None));
    assert_eq!(partition.position.unwrap().line, 7);
    assert_eq!(parsed.rates, [("server_loss_hours", 12.0)]);
}

#[test]
fn every_way_to_write_a_value_is_understood() {
    let cases = [
        ("5", Claimed::Exactly(5.0)),
        (" >= 1_000 ", Claimed::AtLeast(1000.0)),
        ("<=52.6", Claimed::AtMost(52.6)),
        ("~1800", Claimed::About(1800.0)),
        ("10_000 .. 50_000", Claimed::Between(10_000.0, 50_000.0)),
        ("5..5", Claimed::Between(5.0, 5.0)),
    ];
    for (text, claimed) in cases {
        assert_eq!(Claimed::parse(text), Ok(claimed), "{text}");
    }
    for text in ["", ">=", "> 5", "10,000", "$270", "5..", "9..5", "1e9", "-1", "inf", "NaN", "~~5"]
    {
        assert!(Claimed::parse(text).is_err(), "{text}");
    }
}

#[test]
fn whatever_is_wrong_is_one_line_with_its_place() {
    let text = r#"
claims = 1
[[claim]]
name = "fleet.server"
value = 9
unit = "servers"

[[claim]]
name = "nonsense"
value = 9

[[claim]]
name = "fleet.servers"
value = "nine"
unit = "servers"

[[claim]]
name = "fleet.servers"
value = 9

[[claim]]
name = "fleet.servers"
value = 9
unit = "GB"

[[claim]]
name = "fleet.storage"
value = 9
unit = "Tb"

[[claim]]
name = "fleet.storage"
value = nan
unit = "TB"

[[claim]]
name = "fleet.storage"
value = -3
unit = "TB"

[[claim]]
name = "availability.percent"
value = ">= 999.9"
unit = "%"

[[claim]]
name = "survive.partition"
value = 1

[[claim]]
name = "survive.partition"
value = true
unit = "servers"

[[claim]]
name = "fleet.servers"
value = true
unit = "servers"

[[claim]]
value = [1]
nmae = "fleet.servers"

[[claim]]
name = "fleet.servers"
value = "50..10"
unit = "servers"

[[claim]]
name = "fleet.servers"
value = 99999999999999999999
unit = "servers"

[rates]
server_loss_per_year = 101
server_loss_hours = "four"
server_los_hours = 4
"#;
    insta::assert_snapshot!(said(text));
}

#[test]
fn a_name_that_is_far_from_all_gets_those_of_its_family() {
    let said = said("[[claim]]\nname = \"fleet.wheelbarrows\"\nvalue = 1\n");
    assert!(said.contains("hint: names: fleet.servers, fleet.storage\n"), "{said}");
}

#[test]
fn files_that_claim_nothing_or_are_no_toml_say_so() {
    insta::assert_snapshot!(
        [said(""), said("claim = 5"), said("claim = [5]"), said("[[claim]\n")].join("--\n")
    );
}

#[test]
fn base_units_come_first_and_names_are_unique() {
    for (index, unit) in UNITS.iter().enumerate() {
        assert_eq!(Unit::named(unit.name), Some(*unit));
        assert!(unit.factor > 0.0);
        let first = UNITS.iter().position(|other| other.quantity == unit.quantity);
        assert_eq!(first == Some(index), *unit == unit.quantity.base(), "{unit:?}");
        if first == Some(index) {
            assert!((unit.factor - 1.0).abs() < f64::EPSILON, "{unit:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        read(&text);
        read(&format!("[[claim]]\nname = \"fleet.servers\"\nunit = \"servers\"\nvalue = {text}\n"));
        read(&format!("[[claim]]\nname = {text}\n[rates]\n{text}"));
    }

    #[test]
    fn what_is_written_is_what_is_read(amount in 0.0..1e9_f64, more in 0.0..1e9_f64, how in 0..5) {
        let claimed = match how {
            0 => Claimed::Exactly(amount),
            1 => Claimed::AtLeast(amount),
            2 => Claimed::AtMost(amount),
            3 => Claimed::About(amount),
            _ => Claimed::Between(amount, amount + more),
        };
        let words = claimed.words(None).replace(" to ", "..");
        let read = Claimed::parse(&words).unwrap();
        let same = |one: f64, other: f64| (one - other).abs() < 1e-4;
        match (claimed, read) {
            (Claimed::Exactly(one), Claimed::Exactly(other))
            | (Claimed::AtLeast(one), Claimed::AtLeast(other))
            | (Claimed::AtMost(one), Claimed::AtMost(other))
            | (Claimed::About(one), Claimed::About(other)) => prop_assert!(same(one, other)),
            (Claimed::Between(one, to), Claimed::Between(other, end)) => {
                prop_assert!(same(one, other) && same(to, end));
            }
            _ => prop_assert!(false, "{claimed:?} became {read:?}"),
        }
    }
}
