//! The `[components.NAME]` tables: each component's own options.
//!
//! Components describe their options as plain serde types, which stop at the first mistake. To find
//! all of them, the entry that was refused is taken out and the rest is read again.

use ennead_components::{ALL, Component, Options};
use ennead_model::Finding;
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::text::{Document, Section, did_you_mean, join, one_line};

/// Key of the topmost table.
const COMPONENTS: &str = "components";

/// Reads the options. The second value says whether all of them could be read.
pub(crate) fn read_options<'t>(document: &Document<'t>, root: &Section<'_, 't>) -> (Options, bool) {
    let Some(DeValue::Table(table)) = root.value(COMPONENTS) else {
        return (Options::default(), root.section(COMPONENTS).is_none());
    };
    let mut table = table.clone();
    let mut whole = drop_unknown(document, &mut table);
    // Each refusal takes out at least one entry, so this ends; the limit guards that reasoning.
    for _ in 0..1000 {
        let spanned = Spanned::new(0..0, table.clone());
        let error = match Options::deserialize(toml::Deserializer::from(spanned)) {
            Ok(options) => return (options, whole),
            Err(error) => error,
        };
        whole = false;
        let span = error.span().unwrap_or(0..0);
        let path = document.places().path_at(span.start).unwrap_or(COMPONENTS).to_owned();
        document.note(options_finding(&path, error.message()));
        if !remove_at(&mut table, span.start) {
            break;
        }
    }
    (Options::default(), false)
}

/// Takes out the tables of components that do not exist, with a finding for each.
fn drop_unknown(document: &Document<'_>, table: &mut DeTable<'_>) -> bool {
    let known = |name: &str| ALL.iter().any(|component| component.name() == name);
    let before = table.len();
    for key in table.keys() {
        let name: &str = key.get_ref();
        if !known(name) {
            document.note(unknown_component(join(COMPONENTS, name), name));
        }
    }
    keep(table, |key, _| known(key.get_ref()));
    table.len() == before
}

/// Returns the finding for a component that does not exist.
pub(crate) fn unknown_component(place: String, name: &str) -> Finding {
    let names = ALL.iter().map(|component: &&dyn Component| component.name());
    Finding::error("unknown-component", place, format!("there is no component {name:?}"))
        .hint(did_you_mean(name, "components", names))
}

/// Keeps the entries for which the test is true.
fn keep<'t>(
    table: &mut DeTable<'t>,
    test: impl Fn(&Spanned<DeString<'t>>, &Spanned<DeValue<'t>>) -> bool,
) {
    let entries = std::mem::take(table);
    *table = entries.into_iter().filter(|(key, value)| test(key, value)).collect();
}

/// Takes out the innermost entry that holds this byte; false when there is none. A list's item is
/// no entry: the whole list goes, because an item less can be a mistake of its own.
fn remove_at(table: &mut DeTable<'_>, offset: usize) -> bool {
    for (_, value) in &mut *table {
        if let DeValue::Table(inner) = value.get_mut()
            && remove_at(inner, offset)
        {
            return true;
        }
    }
    let before = table.len();
    keep(table, |key, value| !key.span().contains(&offset) && !value.span().contains(&offset));
    table.len() < before
}

/// Turns serde's message into a finding. Values are left out: one may be a misplaced secret.
fn options_finding(path: &str, message: &str) -> Finding {
    let message = one_line(message);
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let words: Vec<String> = quoted(&message);
    if message.starts_with("unknown field") {
        let (unknown, known) = words.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
        return Finding::error("unknown-key", path, "unknown key").hint(did_you_mean(
            unknown,
            "keys here",
            known.iter().map(String::as_str),
        ));
    }
    if message.starts_with("unknown variant") {
        let (unknown, known) = words.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
        return Finding::error("bad-value", path, format!("{unknown:?} is not possible here"))
            .hint(did_you_mean(unknown, "possible", known.iter().map(String::as_str)));
    }
    if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        let found = found.split(['"', '`']).next().unwrap_or_default().trim();
        let (expected, found) = (plain_type(expected), plain_type(found));
        let message = format!("has the wrong type: {expected} is expected, but it is {found}");
        return Finding::error("wrong-type", path, message);
    }
    if message.starts_with("invalid value: integer") {
        return Finding::error("wrong-type", path, "is a whole number out of range");
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return Finding::error(
            "missing-key",
            path,
            format!("{} is missing", rest.replace('`', "\"")),
        );
    }
    Finding::error("bad-value", path, message.chars().take(200).collect::<String>())
}

/// Says in words what serde calls a type.
fn plain_type(name: &str) -> &str {
    match name {
        "string" | "a string" | "str" | "borrowed string" => "a text",
        "integer" | "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => "a whole number",
        "floating point" | "f64" => "a number with a fraction",
        "boolean" | "a boolean" => "true or false",
        "sequence" | "a sequence" => "a list",
        "map" | "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}
