//! `/images` and their actions. How one is made stands with the actions of servers.

use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::catalogue;
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/images", list),
    Route::new(Method::Get, "/images/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/images/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/images/{id}", get),
    Route::new(Method::Put, "/images/{id}", update),
    Route::new(Method::Delete, "/images/{id}", delete),
    Route::new(Method::Get, "/images/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/images/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/images/{id}/actions/change_protection", change_protection),
];

const KIND: &str = "image";

const LISTING: Listing = Listing {
    key: "images",
    filters: &["name", "type", "status", "architecture", "bound_to"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    // The cloud's own Python clients write `True`.
    let asked = call.request.value("include_deprecated").map(str::to_ascii_lowercase);
    let with_deprecated = match asked.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("include_deprecated", "must be a boolean")),
    };
    let own = call.state.images.values().map(|record| record.image.clone());
    let all = catalogue::images().into_iter().chain(own);
    let shown = all.filter(|image| with_deprecated || image.deprecated.is_none());
    LISTING.reply(call.request, shown)
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let image = call.state.image(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "image": image })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (description, labels) = (body.text("description"), body.labels());
    let kind = body.text("type");
    body.check()?;
    let image = call.state.update_image(id, description, labels, kind.as_deref())?;
    Ok(Reply::json(200, json!({ "image": image })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_image(id)?;
    Ok(Reply::no_content())
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_image(id, delete, call.moment)?))
}
