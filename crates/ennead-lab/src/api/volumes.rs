//! `/volumes` and their actions.

use ennead_hcloud::types::CreateVolume;
use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/volumes", list),
    Route::new(Method::Post, "/volumes", create),
    Route::new(Method::Get, "/volumes/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/volumes/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/volumes/{id}", get),
    Route::new(Method::Put, "/volumes/{id}", update),
    Route::new(Method::Delete, "/volumes/{id}", delete),
    Route::new(Method::Get, "/volumes/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/volumes/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/volumes/{id}/actions/attach", attach),
    Route::new(Method::Post, "/volumes/{id}/actions/detach", detach),
    Route::new(Method::Post, "/volumes/{id}/actions/resize", resize),
    Route::new(Method::Post, "/volumes/{id}/actions/change_protection", change_protection),
];

const KIND: &str = "volume";

const LISTING: Listing = Listing {
    key: "volumes",
    filters: &["name", "status"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    LISTING.reply(call.request, state.volumes.keys().filter_map(|id| state.volume(*id).ok()))
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateVolume {
        name: body.required_text("name"),
        size: body.required_id("size"),
        location: body.id_or_name("location"),
        server: body.id("server"),
        format: body.text("format"),
        automount: body.flag("automount"),
        labels: body.labels().unwrap_or_default(),
    };
    body.check()?;
    let (volume, action, next) = call.state.create_volume(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "volume": volume, "action": action, "next_actions": next })))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let volume = call.state.volume(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "volume": volume })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.text("name"), body.labels());
    body.check()?;
    let volume = call.state.update_volume(id, name, labels)?;
    Ok(Reply::json(200, json!({ "volume": volume })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_volume(id)?;
    Ok(Reply::no_content())
}

fn attach(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let server = body.required_id("server");
    let automount = body.flag("automount").unwrap_or(false);
    body.check()?;
    Ok(Reply::begun(&call.state.attach_volume(id, server, automount, call.moment)?))
}

fn detach(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    Ok(Reply::begun(&call.state.detach_volume(id, call.moment)?))
}

fn resize(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let size = body.required_id("size");
    body.check()?;
    Ok(Reply::begun(&call.state.resize_volume(id, size, call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_volume(id, delete, call.moment)?))
}
