//! A whole text with everything found wrong in it so far.

use std::borrow::Cow;
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
    /// Reads as much of a text as can be read; syntax errors become findings. `readable` is the text
    /// or, after a syntax error, what [`without_errors`] makes of it.
    pub(crate) fn read(text: &str, readable: &'t str) -> Self {
        let (_, errors) = DeTable::parse_recoverable(text);
        let (root, _) = DeTable::parse_recoverable(readable);
        let places = Places::of(text, root.get_ref());
        let findings = syntax_findings(text, &errors);
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

/// Returns the text with the lines of syntax errors made blank, so that the rest of it can be read;
/// the parser itself gives up at some errors. The text stays as it is where that does not help, or
/// where the line opens a table, without which its keys would be taken for another table's.
pub(crate) fn without_errors(text: &str) -> Cow<'_, str> {
    let syntax = |text: &str| {
        let errors = DeTable::parse_recoverable(text).1;
        let errors = errors.into_iter().filter(|error| error.message() != DUPLICATE);
        errors.map(|error| error.span().unwrap_or(0..0).start).collect::<Vec<_>>()
    };
    let errors = syntax(text);
    if errors.is_empty() || errors.iter().any(|at| in_header(text, *at)) {
        return Cow::Borrowed(text);
    }
    let mut at = 0;
    let mut blanked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        if errors.iter().any(|error| (at..next).contains(error)) {
            blanked.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            blanked.push_str(line);
        }
        at = next;
    }
    if syntax(&blanked).is_empty() { Cow::Owned(blanked) } else { Cow::Borrowed(text) }
}

/// A second table of one name makes each key in it a second one too; only the table is reported.
fn syntax_findings(text: &str, errors: &[toml::de::Error]) -> Vec<Finding> {
    let lines = Lines::of(text);
    let at = |error: &toml::de::Error| error.span().unwrap_or(0..0).start;
    let doubled = |error: &&toml::de::Error| error.message() == DUPLICATE;
    let second_tables: Vec<usize> = errors
        .iter()
        .filter(doubled)
        .filter_map(|error| header_start(text, at(error)).filter(|_| in_header(text, at(error))))
        .collect();
    let told = |error: &&toml::de::Error| {
        let header = header_start(text, at(error));
        doubled(error)
            && !in_header(text, at(error))
            && header.is_some_and(|header| second_tables.contains(&header))
    };
    let mut errors: Vec<_> = errors.iter().filter(|error| !told(error)).collect();
    errors.sort_by_key(|error| at(error));
    errors.into_iter().map(|error| syntax_finding(text, &lines, error)).collect()
}

fn syntax_finding(text: &str, lines: &Lines<'_>, error: &toml::de::Error) -> Finding {
    let span = error.span().unwrap_or(0..0);
    let position = lines.position(span.start);
    let message = one_line(error.message());
    if message == DUPLICATE {
        let key: String = text.get(span.clone()).unwrap_or_default().chars().take(80).collect();
        let header = header_start(text, span.start).and_then(|start| text.get(start..));
        let header = header.and_then(|header| header.lines().next()).unwrap_or_default();
        let path = header.trim().trim_start_matches('[').split(']').next().unwrap_or_default();
        let path = one_line(path);
        let place = match (in_header(text, span.start), path.is_empty()) {
            (true, _) => path,
            (false, true) => key.clone(),
            (false, false) => format!("{path}.{key}"),
        };
        let message = format!("{key:?} stands here a second time ({position})");
        return Finding::error("duplicate-name", place, message)
            .hint("every name and every key may stand once: rename or remove one of the two");
    }
    Finding::error("syntax", position.to_string(), format!("{message} ({position})"))
        .hint("the file is TOML: key = \"value\", and [table.name] above the keys of a table")
}

/// What the parser says of a name that stands twice.
const DUPLICATE: &str = "duplicate key";

/// Returns where the `[table]` line begins to which a byte belongs.
fn header_start(text: &str, offset: usize) -> Option<usize> {
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > offset {
            break;
        }
        if line.trim_start().starts_with('[') {
            start = Some(at);
        }
        at += line.len();
    }
    start
}

fn in_header(text: &str, offset: usize) -> bool {
    let line = header_start(text, offset).and_then(|start| text.get(start..offset));
    line.is_some_and(|line| !line.contains('\n'))
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
