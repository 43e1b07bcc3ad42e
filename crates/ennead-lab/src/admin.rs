//! The lab's own routes, beside the cloud's API: faults on order.
//!
//! `GET /_lab/faults` lists, `POST /_lab/faults` adds one, `DELETE /_lab/faults` removes all and
//! `DELETE /_lab/faults/{id}` one. A fault that is added may say after how many milliseconds it
//! ends by itself: `for_ms`.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::{self, Method, Reply};
use crate::engine::Engine;
use crate::state::{Code, Refusal};
use crate::world_fault::WorldFault;

/// Where these routes begin.
pub(crate) const ROOT: &str = "/_lab";

/// Answers a request; `path` is what follows [`ROOT`].
///
/// # Errors
/// `not_found`, `method_not_allowed`, `json_error`, and for faults of servers `invalid_input`,
/// `unsupported_error`, `server_error`.
pub(crate) async fn answer(
    engine: &Arc<Engine>,
    method: Method,
    path: &str,
    body: &[u8],
) -> Result<Reply, Refusal> {
    match (method, path) {
        (Method::Get, "/faults") => Ok(Reply::json(200, json!({ "faults": list(engine) }))),
        (Method::Post, "/faults") => {
            Ok(Reply::json(201, json!({ "fault": add(engine, body).await? })))
        }
        (Method::Delete, "/faults") => {
            engine.end_faults().await?;
            Ok(Reply::no_content())
        }
        (_, "/faults") => Err(api::wrong_method()),
        (Method::Delete, path) => {
            let id = path.strip_prefix("/faults/").and_then(|id| id.parse().ok());
            let id: u64 = id.ok_or_else(api::unknown_route)?;
            if engine.end_fault(id).await? {
                Ok(Reply::no_content())
            } else {
                Err(Refusal::not_found("fault", id))
            }
        }
        _ => Err(api::unknown_route()),
    }
}

/// Lists both kinds in the order in which they came.
fn list(engine: &Engine) -> Vec<Value> {
    let faults = engine.faults();
    let mut all: Vec<(u64, Value)> =
        faults.orders().iter().map(|order| (order.id, json!(order))).collect();
    all.extend(faults.world().iter().map(|order| (order.id, json!(order))));
    all.sort_by_key(|(id, _)| *id);
    all.into_iter().map(|(_, order)| order).collect()
}

async fn add(engine: &Arc<Engine>, body: &[u8]) -> Result<Value, Refusal> {
    let mut fault: Value = parse(serde_json::from_slice(body))?;
    let lasts = fault.as_object_mut().and_then(|fields| fields.remove("for_ms"));
    let lasts: Option<u64> = parse(lasts.map(serde_json::from_value).transpose())?;
    let lasts = lasts.map(Duration::from_millis);
    if fault["kind"].as_str().is_some_and(WorldFault::is_kind) {
        return Ok(json!(engine.order_harm(read(fault)?, lasts).await?));
    }
    Ok(json!(engine.order(read(fault)?, lasts)))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    parse(serde_json::from_value(value))
}

fn parse<T>(parsed: serde_json::Result<T>) -> Result<T, Refusal> {
    parsed.map_err(|error| Refusal::new(Code::JsonError, error.to_string()))
}
