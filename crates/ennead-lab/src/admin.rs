//! The lab's own routes, beside the cloud's API: faults on order.
//!
//! `GET /_lab/faults` lists, `POST /_lab/faults` adds one, `DELETE /_lab/faults` removes all and
//! `DELETE /_lab/faults/{id}` one.

use serde_json::json;

use crate::api::{self, Method, Reply};
use crate::fault::{Fault, Faults};
use crate::state::{Code, Refusal};

/// Where these routes begin.
pub(crate) const ROOT: &str = "/_lab";

/// Answers a request; `path` is what follows [`ROOT`].
///
/// # Errors
/// `not_found`, `method_not_allowed`, `json_error`.
pub(crate) fn answer(
    faults: &mut Faults,
    method: Method,
    path: &str,
    body: &[u8],
) -> Result<Reply, Refusal> {
    match (method, path) {
        (Method::Get, "/faults") => Ok(Reply::json(200, json!({ "faults": faults.orders() }))),
        (Method::Post, "/faults") => {
            let wrong = |error: serde_json::Error| Refusal::new(Code::JsonError, error.to_string());
            let fault: Fault = serde_json::from_slice(body).map_err(wrong)?;
            Ok(Reply::json(201, json!({ "fault": faults.add(fault) })))
        }
        (Method::Delete, "/faults") => {
            faults.clear();
            Ok(Reply::no_content())
        }
        (_, "/faults") => Err(api::wrong_method()),
        (Method::Delete, path) => {
            let id = path.strip_prefix("/faults/").and_then(|id| id.parse().ok());
            let id: u64 = id.ok_or_else(api::unknown_route)?;
            if faults.remove(id) {
                Ok(Reply::no_content())
            } else {
                Err(Refusal::not_found("fault", id))
            }
        }
        _ => Err(api::unknown_route()),
    }
}
