//! A whole text with everything found wrong in it so far.

use std::cell::RefCell;

use ennead_model::Finding;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Lines, Places};
use super::section::Section;

/// Findings that a syntax error elsewhere in the text can cause.
const CONSEQUENCES: [&str; 6] =
    ["missing-key", "empty-fleet", "unknown-site", "unknown-tier", "site-unused", "tier-unused"];

/// A text on its way to a spec.
pub(crate) struct Document<'t> {
    root: Spanned<DeTable<'t>>,
    places: Places,
    findings: RefCell<Vec<Finding>>,
}

impl<'t> Document<'t> {
    /// Reads as much of a text as can be read; syntax errors become findings.
    pub(crate) fn read(text: &'t str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let places = Places::of(text, root.get_ref());
        let lines = Lines::of(text);
        let findings = errors.iter().map(|error| syntax_finding(text, &lines, error)).collect();
        Self { root, places, findings: RefCell::new(findings) }
    }

    /// Returns the topmost table.
    pub(crate) fn root(&self) -> Section<'_, 't> {
        Section::new(self, String::new(), self.root.get_ref())
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Notes a finding, with its line and column. A second one that says the same is dropped: one
    /// mistake in a tier is met again at each of its nodes.
    pub(crate) fn note(&self, finding: Finding) {
        let finding = self.places.annotate(finding);
        let mut findings = self.findings.borrow_mut();
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }

    /// Returns what was found and where everything stands.
    ///
    /// After a syntax error parts of the text may be missing, so what only says that something is
    /// missing is left out.
    pub(crate) fn finish(self) -> (Vec<Finding>, Places) {
        let mut findings = self.findings.into_inner();
        if findings.iter().any(|finding| finding.code == "syntax") {
            findings.retain(|finding| !CONSEQUENCES.contains(&finding.code.as_str()));
        }
        (findings, self.places)
    }
}

fn syntax_finding(text: &str, lines: &Lines<'_>, error: &toml::de::Error) -> Finding {
    let span = error.span().unwrap_or(0..0);
    let position = lines.position(span.start);
    let message = one_line(error.message());
    if message == "duplicate key" {
        let key: String = text.get(span).unwrap_or_default().chars().take(80).collect();
        let message = format!("{key:?} stands here a second time ({position})");
        return Finding::error("duplicate-name", position.to_string(), message)
            .hint("every name and every key may stand once: rename or remove one of the two");
    }
    Finding::error("syntax", position.to_string(), format!("{message} ({position})"))
        .hint("the file is TOML: key = \"value\", and [table.name] above the keys of a table")
}

/// Returns a text of a library on one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the kind of a value with its article.
pub(crate) fn type_word(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
