//! `/placement_groups`.

use ennead_hcloud::types::CreatePlacementGroup;
use serde_json::json;

use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/placement_groups", list),
    Route::new(Method::Post, "/placement_groups", create),
    Route::new(Method::Get, "/placement_groups/{id}", get),
    Route::new(Method::Put, "/placement_groups/{id}", update),
    Route::new(Method::Delete, "/placement_groups/{id}", delete),
];

const KIND: &str = "placement group";

const LISTING: Listing = Listing {
    key: "placement_groups",
    filters: &["name", "type"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    let groups = state.placement_groups.keys().filter_map(|id| state.placement_group(*id).ok());
    LISTING.reply(call.request, groups)
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreatePlacementGroup {
        name: body.required_name("name"),
        kind: body.required_text("type"),
        labels: body.labels().unwrap_or_default(),
    };
    body.check()?;
    let group = call.state.create_placement_group(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "placement_group": group, "action": null })))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let group = call.state.placement_group(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "placement_group": group })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    body.check()?;
    let group = call.state.update_placement_group(id, name, labels)?;
    Ok(Reply::json(200, json!({ "placement_group": group })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_placement_group(id)?;
    Ok(Reply::no_content())
}
