//! `/images`.

use serde_json::json;

use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::catalogue;
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/images", list), Route::new(Method::Get, "/images/{id}", get)];

const KIND: &str = "image";

const LISTING: Listing = Listing {
    key: "images",
    filters: &["name", "type", "status", "architecture", "bound_to"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    LISTING.reply(call.request, catalogue::images())
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let found = catalogue::images().into_iter().find(|found| found.id == id);
    let found = found.ok_or_else(|| Refusal::not_found(KIND, id))?;
    Ok(Reply::json(200, json!({ "image": found })))
}
