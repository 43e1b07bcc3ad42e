//! `/servers/{id}/metrics`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, json};

use super::request::{Method, Reply, Request};
use super::route::{Call, Route};
use crate::state::Refusal;
use crate::state::metrics::{Kind, Window};

/// Its route.
pub const ROUTES: &[Route] = &[Route::new(Method::Get, "/servers/{id}/metrics", metrics)];

fn metrics(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, "server")?;
    call.state.server_record(id)?;
    let (kinds, window) = (kinds(call.request)?, window(call.request)?);
    let mut all = Map::new();
    for kind in kinds {
        for (name, values) in call.state.samples.series(id, kind, &window) {
            all.insert(name.to_owned(), json!({ "values": values }));
        }
    }
    let [start, end] = [window.start, window.end].map(crate::state::moment::rfc3339);
    let metrics = json!({ "start": start, "end": end, "step": window.step, "time_series": all });
    Ok(Reply::json(200, json!({ "metrics": metrics })))
}

fn kinds(request: &Request) -> Result<BTreeSet<Kind>, Refusal> {
    let words = request.values("type").flat_map(|value| value.split(','));
    let kinds: Option<BTreeSet<_>> = words.map(Kind::parse).collect();
    kinds
        .filter(|kinds| !kinds.is_empty())
        .ok_or_else(|| Refusal::invalid("type", "must be one of: cpu, disk, network"))
}

fn window(request: &Request) -> Result<Window, Refusal> {
    let time = |name: &str| {
        let time = request.value(name).and_then(|text| text.parse::<Timestamp>().ok());
        time.ok_or_else(|| Refusal::invalid(name, "must be a time of RFC 3339"))
    };
    let (start, end) = (time("start")?, time("end")?);
    let step = match request.value("step").map(str::parse::<i64>) {
        None => None,
        Some(Ok(step)) if step > 0 => Some(step),
        Some(_) => return Err(Refusal::invalid("step", "must be a positive integer")),
    };
    Window::new(start, end, step).ok_or_else(|| Refusal::invalid("end", "must be after start"))
}
