//! Compares answers with the official description: its form of each operation's success and of errors.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

use crate::documented::{Met, details_fault, may_refuse};

const RESPONSES: &str = include_str!("../fixtures/responses.json");

static ALL: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(RESPONSES).unwrap());

/// Returns all operations, for example `GET /servers/{id}`.
pub(crate) fn operations() -> BTreeSet<String> {
    ALL["routes"].as_object().unwrap().keys().cloned().collect()
}

/// Returns the operation that a request is one of. Of several, the one with fewest parameters.
pub(crate) fn operation(method: &str, path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (wanted, given) = (pattern.split('/'), path.split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    let matching = operations().into_iter().filter(|operation| {
        operation.split_once(' ').is_some_and(|(verb, pattern)| verb == method && fits(pattern))
    });
    matching.min_by_key(|operation| operation.matches('{').count())
}

/// Returns what was answered. Fails the test unless the answer to a request has a described status,
/// a documented error code and the described form.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, status: u16, text: &str) -> Met {
    let request = format!("{method} {path} answered {status}");
    let operation = operation(method, path);
    if !(200..300).contains(&status) {
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        assert_eq!(faults(&ALL["error"], &answer, "answer"), [""; 0], "{request}: {text}");
        assert!(answer["error"].get("details").is_some(), "{request}: no details, not even null");
        let code = answer["error"]["code"].as_str().unwrap_or_default().to_owned();
        let operation = operation.unwrap_or_else(|| format!("{method} {path}"));
        let is_documented = may_refuse(&operation, status, &code);
        assert!(is_documented, "{request}: {code} is not documented: {text}");
        let fault = details_fault(&code, &answer["error"]["details"]);
        assert_eq!(fault, None, "{request}: {text}");
        return Met { operation, status, code };
    }
    let Some(operation) = operation else {
        panic!("{request}, but is no described operation");
    };
    let described = &ALL["routes"][&operation];
    assert_eq!(described["status"], status, "{request}");
    let met = Met { operation, status, code: String::new() };
    if described["body"].is_null() {
        assert_eq!(text, "", "{request}");
        return met;
    }
    let answer: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{request}: {text}"));
    assert_eq!(faults(&described["body"], &answer, "answer"), [""; 0], "{request}: {text}");
    met
}

/// Returns what is wrong with a value, each with its place.
fn faults(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = schema["$ref"].as_str().map_or(schema, |name| &ALL["shared"][name]);
    if !has_type(&schema["type"], value) {
        return vec![format!("{place} is {value}, not {}", schema["type"])];
    }
    let mut found = Vec::new();
    let words = schema["enum"].as_array();
    if !value.is_null() && words.is_some_and(|words| !words.contains(value)) {
        found.push(format!("{place} is {value}, not one of {}", schema["enum"]));
    }
    if schema["format"] == "date-time" && value.as_str().is_some_and(is_no_time) {
        found.push(format!("{place} is {value}, no time"));
    }
    for one in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(faults(one, value, place));
    }
    for key in ["oneOf", "anyOf"] {
        let Some(all) = schema[key].as_array() else { continue };
        let each: Vec<_> = all.iter().map(|one| faults(one, value, place)).collect();
        if each.iter().all(|faults| !faults.is_empty()) {
            found.push(format!("{place} is none of {}: {each:?}", all.len()));
        }
    }
    found.extend(faults_inside(schema, value, place));
    found
}

fn faults_inside(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        if value.is_object() && value.get(name).is_none() {
            found.push(format!("{place}.{name} is missing"));
        }
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(faults(inner, value, &format!("{place}.{name}")));
        }
    }
    if schema["additionalProperties"].is_object() {
        for (name, value) in value.as_object().into_iter().flatten() {
            found.extend(faults(
                &schema["additionalProperties"],
                value,
                &format!("{place}.{name}"),
            ));
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            found.extend(faults(&schema["items"], value, &format!("{place}[{index}]")));
        }
    }
    found
}

fn is_no_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_err()
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let one = |word: &str| match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    match wanted {
        Value::String(word) => one(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(one),
        _ => true,
    }
}

#[test]
fn a_wrong_answer_is_found() {
    let wrong = [
        r#"{"placement_group":{"id":1}}"#,
        r#"{"placement_group":null}"#,
        r"{}",
        r#"{"placement_group":{"id":1,"name":"g","labels":{"a":7},"type":"spread",
            "created":"2026-11-01T00:00:00Z","servers":[]}}"#,
        r#"{"placement_group":{"id":1,"name":"g","labels":{},"type":"spread",
            "created":"yesterday","servers":[]}}"#,
        r#"{"placement_group":{"id":1,"name":"g","labels":{},"type":"heap",
            "created":"2026-11-01T00:00:00Z","servers":[]}}"#,
    ];
    let schema = &ALL["routes"]["GET /placement_groups/{id}"]["body"];
    for text in wrong {
        let answer = serde_json::from_str(text).unwrap();
        assert!(!faults(schema, &answer, "answer").is_empty(), "{text}");
    }
}
