//! `/floating_ips` and their actions.

use ennead_hcloud::types::CreateFloatingIp;
use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/floating_ips", list),
    Route::new(Method::Post, "/floating_ips", create),
    Route::new(Method::Get, "/floating_ips/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/floating_ips/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/floating_ips/{id}", get),
    Route::new(Method::Put, "/floating_ips/{id}", update),
    Route::new(Method::Delete, "/floating_ips/{id}", delete),
    Route::new(Method::Get, "/floating_ips/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/floating_ips/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/floating_ips/{id}/actions/assign", assign),
    Route::new(Method::Post, "/floating_ips/{id}/actions/unassign", unassign),
    Route::new(Method::Post, "/floating_ips/{id}/actions/change_dns_ptr", change_dns_ptr),
    Route::new(Method::Post, "/floating_ips/{id}/actions/change_protection", change_protection),
];

/// As actions name it.
const KIND: &str = "floating_ip";

/// As people name it.
const WORDS: &str = "floating IP";

const LISTING: Listing = Listing {
    key: "floating_ips",
    filters: &["name"],
    sorts: &["id", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    let all = state.floating_ips.keys().filter_map(|id| state.floating_ip(*id).ok());
    LISTING.reply(call.request, all)
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateFloatingIp {
        kind: body.required_text("type"),
        server: body.id("server"),
        home_location: body.id_or_name("home_location"),
        description: body.text("description"),
        name: body.name("name"),
        labels: body.labels().unwrap_or_default(),
    };
    body.check()?;
    let (floating_ip, action) = call.state.create_floating_ip(wanted, call.moment)?;
    let mut answer = json!({ "floating_ip": floating_ip });
    if let Some(action) = action {
        answer["action"] = json!(action);
    }
    Ok(Reply::json(201, answer))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let floating_ip = call.state.floating_ip(call.id(0, WORDS)?)?;
    Ok(Reply::json(200, json!({ "floating_ip": floating_ip })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    let description = body.text("description");
    body.check()?;
    let floating_ip = call.state.update_floating_ip(id, name, description, labels)?;
    Ok(Reply::json(200, json!({ "floating_ip": floating_ip })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    call.state.delete_floating_ip(id)?;
    Ok(Reply::no_content())
}

fn assign(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let server = body.required_id("server");
    body.check()?;
    Ok(Reply::begun(&call.state.assign_floating_ip(id, server, call.moment)?))
}

fn unassign(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    Ok(Reply::begun(&call.state.unassign_floating_ip(id, call.moment)?))
}

fn change_dns_ptr(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let (ip, name) = (body.required_text("ip"), body.text("dns_ptr"));
    body.check()?;
    Ok(Reply::begun(&call.state.name_floating_ip(id, &ip, name.as_deref(), call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.required_flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_floating_ip(id, delete, call.moment)?))
}
