//! One table of the text, read key by key.

use std::cell::RefCell;

use ennead_model::Finding;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::document::{Document, type_word};
use super::place::join;
use super::suggest::did_you_mean;

/// A table. Reading a key makes it known; [`Section::finish`] reports the keys that nobody read.
pub(crate) struct Section<'d, 't> {
    document: &'d Document<'t>,
    path: String,
    table: &'d DeTable<'t>,
    known: RefCell<Vec<&'static str>>,
}

impl<'d, 't> Section<'d, 't> {
    pub(crate) fn new(document: &'d Document<'t>, path: String, table: &'d DeTable<'t>) -> Self {
        Self { document, path, table, known: RefCell::default() }
    }

    /// Returns the path of a key of this table.
    pub(crate) fn place(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Returns the path of this table.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether nothing stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Returns whether a table inside this one has a key.
    pub(crate) fn holds(&self, table: &str, key: &str) -> bool {
        let inner = self.table.get(table).and_then(|value| value.get_ref().as_table());
        inner.is_some_and(|inner| inner.contains_key(key))
    }

    /// Notes a finding.
    pub(crate) fn note(&self, finding: Finding) {
        self.document.note(finding);
    }

    /// Returns a key's value, whatever it is, and makes the key known.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'d DeValue<'t>> {
        self.known.borrow_mut().push(key);
        self.table.get(key).map(Spanned::get_ref)
    }

    /// Makes a key known that was not read, for want of what it is judged by.
    pub(crate) fn know(&self, key: &'static str) {
        self.known.borrow_mut().push(key);
    }

    /// Returns a text; `None` when absent or, with a finding, when it is no text.
    pub(crate) fn text(&self, key: &'static str) -> Option<&'d str> {
        self.typed(key, "a text", DeValue::as_str)
    }

    /// Returns a text that has to be there.
    pub(crate) fn required_text(&self, key: &'static str, example: &str) -> Option<&'d str> {
        if self.value(key).is_none() {
            self.missing(key, &format!("{key} = {example:?}"));
        }
        self.text(key)
    }

    /// Returns true or false; `None` when absent or, with a finding, when it is something else.
    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// Returns a whole number; `None` when absent or, with a finding, when it is something else.
    pub(crate) fn integer(&self, key: &'static str) -> Option<i64> {
        self.typed(key, "a whole number", |value| {
            let number = value.as_integer()?;
            i64::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    /// Returns a number as it is written, without `_`; `None` when absent or, with a finding, when it
    /// is something else.
    pub(crate) fn decimal(&self, key: &'static str) -> Option<String> {
        self.typed(key, "a number", |value| {
            let whole = value.as_integer().filter(|number| number.radix() == 10);
            let whole = whole.map(toml::de::DeInteger::as_str);
            let text = whole.or_else(|| value.as_float().map(toml::de::DeFloat::as_str))?;
            Some(text.replace('_', ""))
        })
    }

    /// Returns the texts of a list with their paths; empty when absent. An item that is no text is
    /// a finding and left out.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<(String, &'d str)> {
        let Some(list) = self.typed(key, "a list of texts", DeValue::as_array) else {
            return Vec::new();
        };
        let place = self.place(key);
        let items =
            list.iter().enumerate().map(|(index, item)| (format!("{place}[{index}]"), item));
        items
            .filter_map(|(place, item)| {
                let text = item.get_ref().as_str();
                if text.is_none() {
                    self.note(wrong_type(place.clone(), "a text", item.get_ref()));
                }
                Some((place, text?))
            })
            .collect()
    }

    /// Returns a table; `None` when absent or, with a finding, when it is something else.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'d, 't>> {
        let table = self.typed(key, "a table", DeValue::as_table)?;
        Some(Section::new(self.document, self.place(key), table))
    }

    /// Returns a number, with a fraction or without; `None` when absent or, with a finding, when it is
    /// something else. It may be infinite or no number, as TOML allows.
    pub(crate) fn number(&self, key: &'static str) -> Option<f64> {
        if let DeValue::Integer(_) = self.value(key)? {
            // Exact up to 2^53; a number beyond that is refused by whoever asked for it.
            return self.integer(key)?.to_string().parse().ok();
        }
        self.typed(key, "a number", |value| value.as_float()?.as_str().parse().ok())
    }

    /// Returns each table of a list of tables; empty when absent. An item that is no table is a finding
    /// and left out.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Section<'d, 't>> {
        let wanted = "a list of tables";
        let list = self.typed(key, wanted, DeValue::as_array).into_iter().flatten();
        let place = self.place(key);
        let items = list.enumerate().map(|(index, item)| (format!("{place}[{index}]"), item));
        items
            .filter_map(|(place, item)| {
                let Some(table) = item.get_ref().as_table() else {
                    self.note(wrong_type(place, "a table", item.get_ref()));
                    return None;
                };
                Some(Section::new(self.document, place, table))
            })
            .collect()
    }

    /// Returns a table that has to be there.
    pub(crate) fn required_section(&self, key: &'static str) -> Option<Section<'d, 't>> {
        if self.value(key).is_none() {
            self.missing(key, &format!("[{key}]"));
        }
        self.section(key)
    }

    /// Returns each table inside this one with its name. What is no table is a finding.
    pub(crate) fn sections(&self) -> Vec<(&'d str, Section<'d, 't>)> {
        let entry = |key: &'d Spanned<DeString<'t>>, value: &'d Spanned<DeValue<'t>>| {
            let name: &'d str = key.get_ref();
            let place = self.place(name);
            let Some(table) = value.get_ref().as_table() else {
                self.note(wrong_type(place, "a table", value.get_ref()));
                return None;
            };
            Some((name, Section::new(self.document, place, table)))
        };
        self.table.iter().filter_map(|(key, value)| entry(key, value)).collect()
    }

    /// Reports every key that nobody read.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let mut keys = known.clone();
                keys.sort_unstable();
                keys.dedup();
                let finding = Finding::error("unknown-key", self.place(name), "unknown key");
                self.note(finding.hint(did_you_mean(name, "keys here", keys.iter().copied())));
            }
        }
    }

    pub(crate) fn missing(&self, key: &str, example: &str) {
        let finding = Finding::error("missing-key", self.place(key), "is missing");
        self.note(finding.hint(format!("add {example}")));
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&'d DeValue<'t>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let typed = read(value);
        if typed.is_none() {
            self.note(wrong_type(self.place(key), wanted, value));
        }
        typed
    }
}

/// The value itself is not shown: it may be a secret that was put in the wrong place.
fn wrong_type(place: String, wanted: &str, value: &DeValue<'_>) -> Finding {
    let found = type_word(value);
    let message = if wanted == found {
        format!("is {found} out of range")
    } else {
        format!("has the wrong type: {wanted} is expected, but it is {found}")
    };
    Finding::error("wrong-type", place, message)
}
