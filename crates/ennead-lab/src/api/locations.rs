//! `/locations`.

use serde_json::json;

use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::catalogue;
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/locations", list), Route::new(Method::Get, "/locations/{id}", get)];

const KIND: &str = "location";

const LISTING: Listing =
    Listing { key: "locations", filters: &["name"], sorts: &["id", "name"], has_labels: false };

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    LISTING.reply(call.request, catalogue::locations())
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let found = catalogue::locations().into_iter().find(|found| found.id == id);
    let found = found.ok_or_else(|| Refusal::not_found(KIND, id))?;
    Ok(Reply::json(200, json!({ "location": found })))
}
