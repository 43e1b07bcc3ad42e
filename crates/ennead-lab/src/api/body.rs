//! Reads a request's body field by field and gathers everything that is wrong with it.
//!
//! A null counts as absent. Unknown fields are ignored, as in the cloud.

use std::net::Ipv4Addr;

use ennead_hcloud::types::Labels;
use serde_json::{Map, Value};

use crate::state::labels::check_labels;
use crate::state::{Code, Refusal};

const NOTHING: &Value = &Value::Null;

/// A body that is being read.
#[derive(Debug)]
pub struct Body {
    fields: Map<String, Value>,
    wrong: Vec<(String, String)>,
}

impl Body {
    /// Parses a body; an empty one has no fields.
    ///
    /// # Errors
    /// `json_error`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let refusal = || Refusal::new(Code::JsonError, "invalid JSON input in your request");
        let fields = if bytes.trim_ascii().is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(bytes).map_err(|_| refusal())?
        };
        Ok(Self { fields, wrong: Vec::new() })
    }

    /// Makes a reader of an object inside a body.
    fn inner(value: &Value) -> Self {
        Self { fields: value.as_object().cloned().unwrap_or_default(), wrong: Vec::new() }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `invalid_input` with every wrong field.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Refusal::invalid_fields(&self.wrong)) }
    }

    /// Notes that a field is wrong.
    pub fn blame(&mut self, name: &str, why: impl Into<String>) {
        self.wrong.push((name.to_owned(), why.into()));
    }

    /// Returns whether the field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        !self.field(name).is_null()
    }

    /// Returns whether the field is there, also as null.
    pub fn is_given(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    fn field(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(NOTHING)
    }

    fn read<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.field(name);
        if value.is_null() {
            return None;
        }
        let read = read(value);
        if read.is_none() {
            self.blame(name, format!("must be {kind}"));
        }
        read
    }

    /// Blames a field that is absent; one that is wrong was blamed before.
    fn require<T: Default>(&mut self, name: &str, value: Option<T>) -> T {
        if !self.has(name) {
            self.blame(name, "is missing");
        }
        value.unwrap_or_default()
    }

    /// Reads a text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// Reads a text that must be there.
    pub fn required_text(&mut self, name: &str) -> String {
        let value = self.text(name);
        self.require(name, value)
    }

    /// Reads a name: 1 to 128 characters.
    pub fn name(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.blame(name, "is too short");
        } else if text.chars().count() > 128 {
            self.blame(name, "is too long");
        }
        Some(text)
    }

    /// Reads a name that must be there.
    pub fn required_name(&mut self, name: &str) -> String {
        let value = self.name(name);
        self.require(name, value)
    }

    /// Reads a list of texts.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let read = |value: &Value| {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        self.read(name, "a list of strings", read).unwrap_or_default()
    }

    /// Reads true or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "a boolean", Value::as_bool)
    }

    /// Reads true or false, which must be there.
    pub fn required_flag(&mut self, name: &str) -> bool {
        let value = self.flag(name);
        self.require(name, value)
    }

    /// Blames a field that is absent.
    pub fn expect(&mut self, name: &str) {
        self.require(name, Some(()));
    }

    /// Reads an id.
    pub fn id(&mut self, name: &str) -> Option<u64> {
        self.read(name, "an integer", Value::as_u64)
    }

    /// Reads an id that must be there.
    pub fn required_id(&mut self, name: &str) -> u64 {
        let value = self.id(name);
        self.require(name, value)
    }

    /// Reads an id or a name; both become texts.
    pub fn id_or_name(&mut self, name: &str) -> Option<String> {
        self.read(name, "an ID or a name", id_or_name)
    }

    /// Reads an id or a name that must be there.
    pub fn required_id_or_name(&mut self, name: &str) -> String {
        let value = self.id_or_name(name);
        self.require(name, value)
    }

    /// Reads a list of ids or names.
    pub fn ids_or_names(&mut self, name: &str) -> Vec<String> {
        let read = |value: &Value| value.as_array()?.iter().map(id_or_name).collect();
        self.read(name, "a list of IDs or names", read).unwrap_or_default()
    }

    /// Reads a list of ids.
    pub fn ids(&mut self, name: &str) -> Vec<u64> {
        let read = |value: &Value| value.as_array()?.iter().map(Value::as_u64).collect();
        self.read(name, "a list of integers", read).unwrap_or_default()
    }

    /// Reads an IPv4 address.
    pub fn address(&mut self, name: &str) -> Option<Ipv4Addr> {
        self.read(name, "an IPv4 address", |value| value.as_str()?.parse().ok())
    }

    /// Reads a list of IPv4 addresses.
    pub fn addresses(&mut self, name: &str) -> Vec<Ipv4Addr> {
        let address = |value: &Value| value.as_str()?.parse().ok();
        let read = |value: &Value| value.as_array()?.iter().map(address).collect();
        self.read(name, "a list of IPv4 addresses", read).unwrap_or_default()
    }

    /// Reads an object's fields.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value =
            self.read(name, "an object", |value| value.as_object().map(|_| value.clone()))?;
        let mut inner = Self::inner(&value);
        let read = read(&mut inner);
        for (field, why) in inner.wrong {
            self.blame(&format!("{name}.{field}"), why);
        }
        Some(read)
    }

    /// Reads a list of objects.
    pub fn objects<T>(&mut self, name: &str, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let list = self.read(name, "a list", |value| value.as_array().cloned()).unwrap_or_default();
        let mut all = Vec::new();
        for (place, value) in list.iter().enumerate() {
            let mut inner = Self::inner(value);
            all.push(read(&mut inner));
            for (field, why) in inner.wrong {
                self.blame(&format!("{name}.{place}.{field}"), why);
            }
        }
        all
    }

    /// Reads labels.
    pub fn labels(&mut self) -> Option<Labels> {
        let text =
            |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let labels: Labels = self.read("labels", "an object of strings", |value| {
            value.as_object()?.iter().map(text).collect()
        })?;
        if let Err(why) = check_labels(&labels) {
            self.blame("labels", why);
        }
        Some(labels)
    }
}

fn id_or_name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_u64().map(|id| id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut body = Body::parse(br#"{"name": 7, "labels": {"-": "x"}, "inner": {}}"#).unwrap();
        body.required_name("name");
        body.required_id("network");
        body.labels();
        body.object("inner", |inner| inner.required_id("id"));
        let refusal = body.check().unwrap_err();
        assert_eq!(
            refusal.message,
            "invalid input in fields 'name', 'network', 'labels', 'inner.id'"
        );
    }

    #[test]
    fn nulls_are_absent_and_numbers_are_names() {
        let mut body = Body::parse(br#"{"a": null, "b": 42, "c": "x", "d": [1, "y"]}"#).unwrap();
        assert_eq!(body.text("a"), None);
        assert_eq!(body.required_id_or_name("b"), "42");
        assert_eq!(body.required_id_or_name("c"), "x");
        assert_eq!(body.ids_or_names("d"), ["1", "y"]);
        assert_eq!(body.check(), Ok(()));
        assert_eq!(Body::parse(b"[1]").unwrap_err().code, Code::JsonError);
        assert_eq!(Body::parse(b"{").unwrap_err().code, Code::JsonError);
    }
}
