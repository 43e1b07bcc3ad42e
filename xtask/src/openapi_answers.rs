//! Which answers the official OpenAPI description documents: statuses and error codes of each
//! operation, and the codes that any operation may answer with.
//!
//! The description declares error answers as `4xx` and `5xx` only. The codes stand in tables of the
//! texts: one for all operations, and one in the text of each operation that has codes of its own.
//! `conflict` is named in sentences as well.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

/// Heading of the table in an operation's text.
const OWN: &str = "#### Operation specific errors";

/// Heading of the table for all operations.
const GENERAL: &str = "### Error Codes";

/// Codes that an operation's sentences may name; a code there is written as in prose, in `` `…` ``
/// or quotes.
const IN_SENTENCES: [(u16, &str); 1] = [(409, "conflict")];

/// Returns the codes for all operations, as `[status, code]` in the description's order.
pub(crate) fn general(description: &Value) -> anyhow::Result<Value> {
    let text = description["info"]["description"].as_str().context("no text")?;
    let codes = table(text, GENERAL);
    anyhow::ensure!(!codes.is_empty(), "no table below {GENERAL:?}");
    Ok(pairs(&codes))
}

/// Returns what `details` of an error hold, by code: the examples that follow the table for all
/// operations, each a code in bold and its JSON.
pub(crate) fn details(description: &Value) -> anyhow::Result<Value> {
    let text = description["info"]["description"].as_str().context("no text")?;
    let mut found = Map::new();
    for example in below(text, GENERAL).join("\n").split("\n```json\n").skip(1) {
        let json = example.split("\n```").next().unwrap_or_default();
        let error: Value = serde_json::from_str(json).with_context(|| json.to_owned())?;
        let code = error["error"]["code"].as_str().context("an example without a code")?;
        found.insert(code.to_owned(), error["error"]["details"].clone());
    }
    anyhow::ensure!(!found.is_empty(), "no examples below {GENERAL:?}");
    Ok(found.into())
}

/// Returns what an operation's entry documents: its statuses, its own codes, the codes that its
/// sentences name and whether it takes a body.
pub(crate) fn of_operation(operation: &Value) -> anyhow::Result<Value> {
    let responses = operation["responses"].as_object().context("no responses")?;
    let statuses: Vec<_> = responses.keys().collect();
    let text = operation["description"].as_str().unwrap_or_default();
    let mut answers = Map::new();
    answers.insert("statuses".to_owned(), json!(statuses));
    answers.insert("has_body".to_owned(), json!(operation.get("requestBody").is_some()));
    for (name, codes) in [("codes", table(text, OWN)), ("in_sentences", sentences(text))] {
        if !codes.is_empty() {
            answers.insert(name.to_owned(), pairs(&codes));
        }
    }
    Ok(answers.into())
}

fn pairs(codes: &[(u16, String)]) -> Value {
    codes.iter().map(|(status, code)| json!([status, code])).collect()
}

/// Reads the rows `` | `422` | `code` | … `` that follow a heading.
fn table(text: &str, heading: &str) -> Vec<(u16, String)> {
    below(text, heading).into_iter().filter_map(row).collect()
}

/// Returns the lines between a heading and the next.
fn below<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let below = text.lines().skip_while(|line| line.trim() != heading).skip(1);
    below.take_while(|line| !line.starts_with('#')).collect()
}

fn row(line: &str) -> Option<(u16, String)> {
    let mut cells = line.strip_prefix('|')?.split('|').map(|cell| cell.trim().trim_matches('`'));
    let (status, code) = (cells.next()?, cells.next()?);
    Some((status.parse().ok()?, code.to_owned()))
}

fn sentences(text: &str) -> Vec<(u16, String)> {
    let named = |code: &str| {
        let forms = [format!("`{code}`"), format!("\u{201c}{code}\u{201d}")];
        text.lines().filter(|line| !line.starts_with('|')).any(|line| {
            line.contains("error") && forms.iter().any(|form| line.contains(form.as_str()))
        })
    };
    let found = IN_SENTENCES.iter().filter(|(_, code)| named(code));
    found.map(|(status, code)| (*status, (*code).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operations_codes_come_from_its_table_and_its_sentences() {
        let text = "Adds.\n\nIf it changes, a error response with code `conflict` is returned.\n\n\
                    #### Operation specific errors\n\n| Status | Code | Description |\n\
                    | --- | --- | --- |\n| `404` | `gone_away` | It is gone |\n\
                    | `422` | `in_the_way` | See [x](#y) |\n\n#### Other\n\n| `422` | `no` | x |\n";
        let operation = json!({ "description": text, "requestBody": {},
                                "responses": { "201": {}, "4xx": {}, "5xx": {} } });
        let expected = json!({ "statuses": ["201", "4xx", "5xx"], "has_body": true,
                               "codes": [[404, "gone_away"], [422, "in_the_way"]],
                               "in_sentences": [[409, "conflict"]] });
        assert_eq!(of_operation(&operation).unwrap(), expected);
        let bare = json!({ "description": "Reads.", "responses": { "200": {} } });
        let expected = json!({ "statuses": ["200"], "has_body": false });
        assert_eq!(of_operation(&bare).unwrap(), expected);
    }

    #[test]
    fn the_codes_for_all_operations_are_read_and_not_missed_in_silence() {
        let text = "## Errors\n\n| Keys | Meaning |\n| --- | --- |\n| `code` | word |\n\n\
                    ### Error Codes\n\n| Status | Code | Description |\n| --- | --- | --- |\n\
                    | `400` | `json_error` | x |\n\n**a**\n\n```json\n{\"error\": {\"code\": \
                    \"a\",\n\"details\": {\"b\": 1}}}\n```\n\n## Labels\n\n| `500` | `x` | y |\n";
        let described = |text: &str| json!({ "info": { "description": text } });
        assert_eq!(general(&described(text)).unwrap(), json!([[400, "json_error"]]));
        assert_eq!(details(&described(text)).unwrap(), json!({ "a": { "b": 1 } }));
        let none = described("## Errors\n");
        assert!(general(&none).is_err() && details(&none).is_err());
    }
}
