//! From text to claims; never stops at the first mistake.

use ennead_model::{Finding, Severity};
use toml::de::DeValue;

use super::unit::{Quantity, UNITS, Unit};
use super::value::{Claimed, checked};
use super::{Claim, Kind, RateKey, Vocabulary};
use crate::text::{Document, Section, did_you_mean, without_errors};

/// What came of a text.
#[derive(Debug, Clone, Default)]
pub struct ParsedClaims {
    /// The claims that could be read, in the order of the text.
    pub claims: Vec<Claim>,
    /// The rates that are given, by key.
    pub rates: Vec<(&'static str, f64)>,
    /// Everything that is wrong, with line and column.
    pub findings: Vec<Finding>,
}

impl ParsedClaims {
    /// Returns whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// How a value may be written.
const VALUE_HINT: &str =
    "write value = 72, \">= 1000\", \"<= 52\", \"~ 1800\", \"10000..50000\", true or false";

/// Reads a claims file. Pure: the same text and vocabulary give the same result.
#[must_use]
pub fn parse_claims(text: &str, vocabulary: &Vocabulary) -> ParsedClaims {
    let readable = without_errors(text);
    let document = Document::read(text, &readable);
    let root = document.root();
    let tables = root.tables("claim");
    let mut claims = Vec::new();
    for table in &tables {
        let claim = read_claim(table, vocabulary);
        let position = document.places().locate(table.path());
        claims.extend(claim.map(|claim| Claim { position, ..claim }));
    }
    let rates = root.section("rates").map_or_else(Vec::new, |it| read_rates(&it, vocabulary));
    if tables.is_empty() && rates.is_empty() {
        let finding = Finding::error("no-claims", "claim", "the file claims nothing");
        root.note(finding.hint("add [[claim]] with name, value and unit"));
    }
    root.finish();
    let (mut findings, _) = document.finish();
    // A text that could not be read claims something, only nobody knows what.
    if findings.len() > 1 {
        findings.retain(|finding| finding.code != "no-claims");
    }
    ParsedClaims { claims, rates, findings }
}

fn read_claim(table: &Section<'_, '_>, vocabulary: &Vocabulary) -> Option<Claim> {
    let name = table.required_text("name", "fleet.servers");
    let value = table.value("value");
    let unit = table.text("unit");
    let note = table.text("note").unwrap_or_default();
    table.finish();
    let missing = |key: &str, hint: &str| {
        let finding = Finding::error("missing-key", table.place(key), "is missing");
        table.note(finding.hint(hint));
    };
    if value.is_none() {
        missing("value", VALUE_HINT);
    }
    let name = name?;
    let Some(kind) = vocabulary.names.get(name) else {
        table.note(unknown_name(table.place("name"), name, vocabulary));
        return None;
    };
    let claimed = read_value(table, value?)?;
    let (claimed, unit) = match (kind, claimed) {
        (Kind::YesNo, Claimed::YesNo(_)) => {
            if unit.is_some() {
                let message = format!("{name} is yes or no and has no unit");
                table.note(Finding::error("wrong-unit", table.place("unit"), message));
                return None;
            }
            (claimed, None)
        }
        (Kind::Amount(quantity), Claimed::YesNo(_)) => {
            let message = format!("{name} is an amount in {}, not yes or no", quantity.base().name);
            wrong_value(table, message);
            return None;
        }
        (Kind::YesNo, _) => {
            wrong_value(table, format!("{name} is yes or no: write true or false"));
            return None;
        }
        (Kind::Amount(quantity), _) => {
            let Some(unit) = unit else {
                missing("unit", &format!("add unit = {:?}", quantity.base().name));
                return None;
            };
            let unit = read_unit(table, name, *quantity, unit)?;
            (claimed.map(|amount| amount * unit.factor), Some(unit))
        }
    };
    if matches!(kind, Kind::Amount(Quantity::Share)) && claimed.largest() > Some(100.0) {
        wrong_value(table, format!("{name} is a share and cannot be above 100 %"));
        return None;
    }
    Some(Claim { name: name.to_owned(), claimed, unit, note: note.to_owned(), position: None })
}

fn unknown_name(place: String, name: &str, vocabulary: &Vocabulary) -> Finding {
    let shown: String = name.chars().take(80).collect();
    let names = vocabulary.names.keys().map(String::as_str);
    // There are many names: when none is near, those of the same family help most.
    let family = name.split_once('.').map_or(name, |(family, _)| family);
    let kin = |other: &&str| other.split('.').next() == Some(family);
    let kin: Vec<&str> = names.clone().filter(kin).collect();
    let hint = match did_you_mean(name, "names", names) {
        hint if kin.is_empty() || hint.starts_with("did") => hint,
        _ => did_you_mean("", "names", kin.iter().copied()),
    };
    Finding::error("unknown-claim", place, format!("there is nothing called {shown:?}")).hint(hint)
}

fn wrong_value(table: &Section<'_, '_>, message: impl Into<String>) {
    table.note(Finding::error("bad-value", table.place("value"), message).hint(VALUE_HINT));
}

fn read_value(table: &Section<'_, '_>, value: &DeValue<'_>) -> Option<Claimed> {
    let read = match value {
        DeValue::Boolean(yes) => Ok(Claimed::YesNo(*yes)),
        DeValue::String(text) => Claimed::parse(text),
        DeValue::Integer(_) | DeValue::Float(_) => {
            checked(table.number("value")?).map(Claimed::Exactly)
        }
        _ => Err("is neither a number nor a text nor true or false".to_owned()),
    };
    read.map_err(|message| wrong_value(table, message)).ok()
}

fn read_unit(
    table: &Section<'_, '_>,
    name: &str,
    quantity: Quantity,
    written: &str,
) -> Option<Unit> {
    let fitting: Vec<&str> = quantity.units().map(|unit| unit.name).collect();
    let unit = Unit::named(written);
    if let Some(unit) = unit.filter(|unit| unit.quantity == quantity) {
        return Some(unit);
    }
    let shown: String = written.chars().take(40).collect();
    let message = if unit.is_some() {
        format!("{name} is not in {shown} but in {}", fitting.join(", "))
    } else {
        format!("there is no unit {shown:?}")
    };
    let known = UNITS.map(|unit| unit.name);
    let hint = if unit.is_some() {
        format!("write unit = {:?}", quantity.base().name)
    } else {
        let hint = did_you_mean(written, "units", known);
        if hint.starts_with("did") { hint } else { format!("units here: {}", fitting.join(", ")) }
    };
    table.note(Finding::error("wrong-unit", table.place("unit"), message).hint(hint));
    None
}

fn read_rates(section: &Section<'_, '_>, vocabulary: &Vocabulary) -> Vec<(&'static str, f64)> {
    let read = |key: &RateKey| {
        let value = section.number(key.name)?;
        let place = section.place(key.name);
        let problem = match checked(value) {
            Ok(value) if value <= key.most => return Some((key.name, value)),
            Ok(_) => format!("is too large: at most {} ({})", key.most, key.unit),
            Err(problem) => problem,
        };
        let hint = format!("write a number from 0 to {} ({})", key.most, key.unit);
        section.note(Finding::error("bad-value", place, problem).hint(hint));
        None
    };
    let rates = vocabulary.rates.iter().filter_map(read).collect();
    section.finish();
    rates
}
