//! `/server_types`.

use serde_json::json;

use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::catalogue;
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/server_types", list),
    Route::new(Method::Get, "/server_types/{id}", get),
];

const KIND: &str = "server type";

const LISTING: Listing =
    Listing { key: "server_types", filters: &["name"], sorts: &["id", "name"], has_labels: false };

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    LISTING.reply(call.request, catalogue::server_types(call.moment.rules))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let found = catalogue::server_types(call.moment.rules).into_iter().find(|found| found.id == id);
    let found = found.ok_or_else(|| Refusal::not_found(KIND, id))?;
    Ok(Reply::json(200, json!({ "server_type": found })))
}
