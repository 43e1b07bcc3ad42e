//! One text for one value, so that a hash over it means something.
//!
//! Source: RFC 8785 (JSON Canonicalization Scheme), as far as records need it: no white space, keys
//! in ascending order. Records hold no fractions, and their keys are ASCII, where the order of code
//! units and of bytes is the same.

use serde_json::Value;

/// Returns the canonical text of a value.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth_and_nothing_is_between() {
        let value = json!({ "b": [{ "z": 1, "a": "x\n\"" }, null], "a": true });
        let expected = r#"{"a":true,"b":[{"a":"x\n\"","z":1},null]}"#;
        assert_eq!(super::canonical(&value), expected);
    }
}
