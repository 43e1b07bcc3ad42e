//! etcd's v3 JSON: keys and values in base64, 64-bit numbers as texts, absent means zero or false.
//!
//! Source: etcd 3.5, `api_grpc_gateway` and `rpc.proto`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// Returns base64 of a text.
fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// Returns the end of the range of all keys that begin with `prefix`: its last byte is one higher.
/// Our prefixes are ASCII, so the last byte never overflows.
pub(crate) fn prefix_end(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    end
}

/// One key, or all keys that begin so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keys {
    /// This one.
    One(String),
    /// All that begin with this text.
    Prefix(String),
    /// From the first, to before the second.
    Between(String, String),
}

impl Keys {
    fn fields(&self) -> serde_json::Map<String, Value> {
        let (key, end) = match self {
            Self::One(key) => (key, None),
            Self::Prefix(prefix) => (prefix, Some(STANDARD.encode(prefix_end(prefix)))),
            Self::Between(first, end) => (first, Some(base64(end))),
        };
        let mut fields = serde_json::Map::new();
        fields.insert("key".to_owned(), base64(key).into());
        if let Some(end) = end {
            fields.insert("range_end".to_owned(), end.into());
        }
        fields
    }
}

/// What a transaction compares before it does anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Compare {
    /// The key was created at this revision; 0 is "there is no such key".
    CreatedAt(String, u64),
    /// The key was last written at this revision; 0 is "there is no such key".
    WrittenAt(String, u64),
    /// No key that begins so was written after this revision.
    NoneWrittenAfter(String, u64),
}

impl Compare {
    fn json(&self) -> Value {
        let (keys, target, result, field, revision) = match self {
            Self::CreatedAt(key, at) => {
                (Keys::One(key.clone()), "CREATE", "EQUAL", "create_revision", *at)
            }
            Self::WrittenAt(key, at) => {
                (Keys::One(key.clone()), "MOD", "EQUAL", "mod_revision", *at)
            }
            Self::NoneWrittenAfter(prefix, at) => {
                let keys = Keys::Prefix(prefix.clone());
                (keys, "MOD", "LESS", "mod_revision", at.saturating_add(1))
            }
        };
        let mut fields = keys.fields();
        fields.insert("target".to_owned(), target.into());
        fields.insert("result".to_owned(), result.into());
        fields.insert(field.to_owned(), revision.to_string().into());
        fields.into()
    }
}

/// One part of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Reads keys in their order.
    Range(Keys),
    /// Reads keys without their values.
    Names(Keys),
    /// Reads the last key of them.
    Last(Keys),
    /// Writes a key; it vanishes with the lease, if there is one.
    Put {
        /// Which.
        key: String,
        /// Its value.
        value: String,
        /// The lease's id.
        lease: Option<i64>,
    },
    /// Removes keys.
    Delete(Keys),
}

impl Part {
    fn json(&self) -> Value {
        let ranged = |keys: &Keys, more: Value| {
            let mut fields = keys.fields();
            if let Value::Object(more) = more {
                fields.extend(more);
            }
            json!({ "request_range": fields })
        };
        match self {
            Self::Range(keys) => ranged(keys, Value::Null),
            Self::Names(keys) => ranged(keys, json!({ "keys_only": true })),
            Self::Last(keys) => {
                ranged(keys, json!({ "limit": "1", "sort_order": "DESCEND", "sort_target": "KEY" }))
            }
            Self::Put { key, value, lease } => json!({ "request_put": {
                "key": base64(key), "value": base64(value),
                "lease": lease.unwrap_or(0).to_string(),
            } }),
            Self::Delete(keys) => json!({ "request_delete_range": keys.fields() }),
        }
    }
}

/// A transaction: if all comparisons hold `then`, else `otherwise`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Txn {
    pub(crate) compare: Vec<Compare>,
    pub(crate) then: Vec<Part>,
    pub(crate) otherwise: Vec<Part>,
}

impl Txn {
    /// Makes one that reads only, all at one revision.
    pub(crate) fn reading(parts: Vec<Part>) -> Self {
        Self { then: parts, ..Self::default() }
    }

    /// Returns whether it changes nothing, whatever it finds.
    pub(crate) fn reads_only(&self) -> bool {
        let reads = |part: &Part| !matches!(part, Part::Put { .. } | Part::Delete(_));
        self.then.iter().chain(&self.otherwise).all(reads)
    }

    /// Returns the request's body.
    pub(crate) fn json(&self) -> Value {
        let parts = |parts: &[Part]| parts.iter().map(Part::json).collect::<Vec<_>>();
        json!({
            "compare": self.compare.iter().map(Compare::json).collect::<Vec<_>>(),
            "success": parts(&self.then),
            "failure": parts(&self.otherwise),
        })
    }
}

/// A 64-bit number, which the gateway writes as a text and leaves out when it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) i64);

impl Number {
    /// Returns it as a revision or count, which is never negative.
    pub(crate) fn count(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom("no 64-bit number"))
    }
}

/// The head of each answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Header {
    /// The store's revision when it answered.
    #[serde(default)]
    pub(crate) revision: Number,
}

/// A key as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Kv {
    /// In base64.
    #[serde(default)]
    key: String,
    /// In base64.
    #[serde(default)]
    value: String,
    #[serde(default)]
    pub(crate) create_revision: Number,
    #[serde(default)]
    pub(crate) mod_revision: Number,
    #[serde(default)]
    pub(crate) lease: Number,
}

impl Kv {
    /// Returns the key's text; none when it is no text.
    pub(crate) fn key(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(&self.key).ok()?).ok()
    }

    /// Returns the value's text; none when it is no text.
    pub(crate) fn value(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(&self.value).ok()?).ok()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct RangeAnswer {
    #[serde(default)]
    kvs: Vec<Kv>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct PartAnswer {
    response_range: Option<RangeAnswer>,
}

/// A transaction's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct TxnAnswer {
    #[serde(default)]
    pub(crate) header: Header,
    /// Whether all comparisons held.
    #[serde(default)]
    pub(crate) succeeded: bool,
    #[serde(default)]
    responses: Vec<PartAnswer>,
}

impl TxnAnswer {
    /// Returns what the part of that number read; none when it was no reading.
    pub(crate) fn range(&self, part: usize) -> Option<&[Kv]> {
        let range = self.responses.get(part)?.response_range.as_ref()?;
        Some(&range.kvs)
    }

    /// Returns the one key that the part of that number read; none if it is not there.
    ///
    /// # Errors
    /// That part was no reading.
    pub(crate) fn one(&self, part: usize) -> Result<Option<&Kv>, String> {
        let read = self.range(part).ok_or_else(|| format!("part {part} of it is missing"))?;
        Ok(read.first())
    }
}

/// A lease's answer, to granting and to renewing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct LeaseAnswer {
    #[serde(rename = "ID", default)]
    pub(crate) id: Number,
    /// Seconds; 0 when there is no such lease any more.
    #[serde(rename = "TTL", default)]
    pub(crate) ttl_s: Number,
}

/// One message of a stream.
#[derive(Debug, Deserialize)]
pub(crate) struct Streamed<T> {
    pub(crate) result: T,
}

/// An error's body.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) code: i32,
    #[serde(default)]
    pub(crate) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_written_as_the_gateway_reads_it() {
        let txn = Txn {
            compare: vec![
                Compare::CreatedAt("k".into(), 7),
                Compare::NoneWrittenAfter("acts/".into(), 9),
            ],
            then: vec![Part::Put { key: "k".into(), value: "v".into(), lease: Some(-3) }],
            otherwise: vec![Part::Range(Keys::Prefix("p/".into()))],
        };
        let expected = json!({
            "compare": [
                {"key": "aw==", "target": "CREATE", "result": "EQUAL", "create_revision": "7"},
                {"key": "YWN0cy8=", "range_end": "YWN0czA=", "target": "MOD", "result": "LESS",
                 "mod_revision": "10"},
            ],
            "success": [{"request_put": {"key": "aw==", "value": "dg==", "lease": "-3"}}],
            "failure": [{"request_range": {"key": "cC8=", "range_end": "cDA="}}],
        });
        assert_eq!(txn.json(), expected);
        assert!(!txn.reads_only());
        assert!(Txn::reading(txn.otherwise).reads_only());
    }

    #[test]
    fn an_answer_is_read_with_what_the_gateway_leaves_out() {
        let text = r#"{"header":{"cluster_id":"1","revision":"12"},"responses":[
            {"response_range":{"kvs":[{"key":"aw==","create_revision":"3","mod_revision":"4",
                "version":"2","value":"dg==","lease":"7587"}],"count":"1"}},
            {"response_range":{}},{"response_put":{}}]}"#;
        let answer: TxnAnswer = serde_json::from_str(text).unwrap();
        assert!(!answer.succeeded);
        assert_eq!(answer.header.revision, Number(12));
        let kv = answer.one(0).unwrap().unwrap();
        assert_eq!((kv.key().unwrap(), kv.value().unwrap()), ("k".into(), "v".into()));
        assert_eq!((kv.create_revision, kv.lease), (Number(3), Number(7587)));
        assert_eq!(answer.one(1), Ok(None), "read, and not there");
        assert!(answer.one(2).is_err(), "no reading");
        assert!(serde_json::from_str::<Number>("true").is_err());
    }
}
