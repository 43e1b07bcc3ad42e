//! Trims the official OpenAPI description to what the tests of the lab compare its answers with.
//!
//! Kept of each answer: types, enums, required properties, formats of times. Left out: texts,
//! examples, and the resources that the lab does not have. Schemas that stand in several places are
//! kept once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::openapi_answers::{details, general, of_operation};

/// Options of `cargo xtask openapi`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The official description, `cloud.spec.json`
    description: PathBuf,
}

const FIXTURE: &str = "crates/ennead-lab/tests/fixtures/responses.json";

/// Which answers are documented, one operation on a line.
const ANSWERS: &str = "crates/ennead-lab/tests/fixtures/answers.json";

/// Resources that the lab does not have.
const ABSENT: [&str; 5] =
    ["/certificates", "/datacenters", "/isos", "/load_balancer_types", "/load_balancers"];

/// Actions that the lab refuses.
const REFUSED: [&str; 5] =
    ["attach_iso", "detach_iso", "enable_rescue", "disable_rescue", "request_console"];

/// Writes the fixtures.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&options.description)
        .with_context(|| options.description.display().to_string())?;
    let description: Value = serde_json::from_str(&text)?;
    let mut shared = Shared::default();
    let (mut routes, mut error) = (Map::new(), &Value::Null);
    let mut answers = Vec::new();
    for (path, methods) in description["paths"].as_object().context("no paths")? {
        if ABSENT.iter().any(|absent| path.starts_with(absent))
            || REFUSED.iter().any(|action| path.ends_with(action))
        {
            continue;
        }
        for method in ["get", "post", "put", "delete"] {
            let Some(operation) = methods.get(method) else { continue };
            let name = format!("{} {path}", method.to_uppercase());
            let (status, body) = success(operation).with_context(|| name.clone())?;
            let body = body.map_or(Value::Null, |schema| shared.keep(schema));
            answers.push((name.clone(), of_operation(operation)?));
            routes.insert(name, json!({ "status": status, "body": body }));
            error = &operation["responses"]["4xx"]["content"]["application/json"]["schema"];
        }
    }
    let count = routes.len();
    let error = shared.keep(error);
    let source = "responses of the official OpenAPI description, trimmed by `cargo xtask openapi` \
                  to types, enums and required properties";
    let fixture =
        json!({ "source": source, "shared": shared.by_name(), "error": error, "routes": routes });
    std::fs::write(FIXTURE, serde_json::to_string(&fixture)? + "\n")?;
    answers.sort_by(|(one, _), (other, _)| one.cmp(other));
    std::fs::write(ANSWERS, lines(&description, &answers)?)?;
    println!("{count} operations in {FIXTURE} and {ANSWERS}");
    Ok(())
}

/// Writes one operation on a line, so that a newer description shows as a short difference.
fn lines(description: &Value, operations: &[(String, Value)]) -> anyhow::Result<String> {
    let line = |(name, answers): &(String, Value)| {
        Ok(format!("{}:{}", serde_json::to_string(name)?, serde_json::to_string(answers)?))
    };
    let operations: Vec<String> = operations.iter().map(line).collect::<anyhow::Result<_>>()?;
    let source =
        "answers that the official OpenAPI description documents, by `cargo xtask openapi`";
    Ok(format!(
        "{{\"source\":{},\n\"general\":{},\n\"details\":{},\n\"operations\":{{\n{}\n}}}}\n",
        serde_json::to_string(source)?,
        serde_json::to_string(&general(description)?)?,
        serde_json::to_string(&details(description)?)?,
        operations.join(",\n")
    ))
}

/// Returns the status of an operation's success and its schema; `None` when it has no body.
fn success(operation: &Value) -> anyhow::Result<(u16, Option<&Value>)> {
    let responses = operation["responses"].as_object().context("no responses")?;
    let found = responses.iter().find(|(status, _)| status.starts_with('2'));
    let (status, response) = found.context("no success")?;
    let body = response["content"].get("application/json").map(|content| &content["schema"]);
    Ok((status.parse()?, body))
}

/// Schemas of objects by their text, each with a name.
#[derive(Default)]
struct Shared {
    names: BTreeMap<String, String>,
}

impl Shared {
    /// Trims a schema; objects become references.
    fn keep(&mut self, schema: &Value) -> Value {
        let mut kept = Map::new();
        for key in ["type", "enum", "required"] {
            if let Some(value) = schema.get(key) {
                kept.insert(key.to_owned(), value.clone());
            }
        }
        if let Some(format) = schema.get("format").filter(|format| *format == "date-time") {
            kept.insert("format".to_owned(), format.clone());
        }
        for key in ["oneOf", "allOf", "anyOf"] {
            if let Some(all) = schema.get(key).and_then(Value::as_array) {
                let all: Vec<Value> = all.iter().map(|one| self.keep(one)).collect();
                kept.insert(key.to_owned(), all.into());
            }
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let trimmed: Map<_, _> =
                properties.iter().map(|(name, one)| (name.clone(), self.keep(one))).collect();
            kept.insert("properties".to_owned(), trimmed.into());
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
                kept.insert(key.to_owned(), self.keep(inner));
            }
        }
        drop_removed(&mut kept);
        add_added(&mut kept);
        if kept.contains_key("properties") { self.name(&kept) } else { kept.into() }
    }

    fn name(&mut self, schema: &Map<String, Value>) -> Value {
        let text = serde_json::to_string(schema).unwrap_or_default();
        let next = format!("s{}", self.names.len());
        json!({ "$ref": self.names.entry(text).or_insert(next) })
    }

    fn by_name(&self) -> Value {
        let schema = |text: &String| serde_json::from_str(text).unwrap_or_default();
        let all = self.names.iter().map(|(text, name)| (name.clone(), schema(text)));
        Value::Object(all.collect())
    }
}

/// Takes out what the cloud has announced and removed after the description was published:
/// `server_type.deprecated` on 2026-11-02.
fn drop_removed(schema: &mut Map<String, Value>) {
    let is_server_type = schema
        .get("properties")
        .is_some_and(|all| all.get("cores").is_some() && all.get("deprecated").is_some());
    if !is_server_type {
        return;
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.remove("deprecated");
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name != "deprecated");
    }
}

/// Adds what the cloud has added since: an `assignee_type` of `unassigned` on 2026-08-01.
fn add_added(schema: &mut Map<String, Value>) {
    let of_type = schema.get_mut("properties").and_then(|all| all.get_mut("assignee_type"));
    if let Some(Value::Array(words)) = of_type.and_then(|property| property.get_mut("enum")) {
        words.push("unassigned".into());
    }
}
