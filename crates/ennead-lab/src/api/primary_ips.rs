//! `/primary_ips` and their actions.

use ennead_hcloud::types::CreatePrimaryIp;
use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/primary_ips", list),
    Route::new(Method::Post, "/primary_ips", create),
    Route::new(Method::Get, "/primary_ips/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/primary_ips/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/primary_ips/{id}", get),
    Route::new(Method::Put, "/primary_ips/{id}", update),
    Route::new(Method::Delete, "/primary_ips/{id}", delete),
    Route::new(Method::Get, "/primary_ips/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/primary_ips/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/primary_ips/{id}/actions/assign", assign),
    Route::new(Method::Post, "/primary_ips/{id}/actions/unassign", unassign),
    Route::new(Method::Post, "/primary_ips/{id}/actions/change_dns_ptr", change_dns_ptr),
    Route::new(Method::Post, "/primary_ips/{id}/actions/change_protection", change_protection),
];

/// As actions name it.
const KIND: &str = "primary_ip";

/// As people name it.
const WORDS: &str = "primary IP";

const LISTING: Listing = Listing {
    key: "primary_ips",
    filters: &["name", "ip"],
    sorts: &["id", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    let all = state.primary_ips.keys().filter_map(|id| state.primary_ip(*id).ok());
    LISTING.reply(call.request, all)
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let assignee_type = body.text("assignee_type");
    let wanted = CreatePrimaryIp {
        name: body.required_name("name"),
        kind: body.required_text("type"),
        assignee_id: body.id("assignee_id"),
        location: body.id_or_name("location"),
        auto_delete: body.flag("auto_delete").unwrap_or(false),
        labels: body.labels().unwrap_or_default(),
    };
    check_assignee_type(&mut body, assignee_type.as_deref(), wanted.assignee_id.is_some());
    if body.has("datacenter") {
        body.blame("datacenter", "was removed from the API, use location");
    }
    body.check()?;
    let (primary_ip, action) = call.state.create_primary_ip(wanted, call.moment)?;
    let mut answer = json!({ "primary_ip": primary_ip });
    if let Some(action) = action {
        answer["action"] = json!(action);
    }
    Ok(Reply::json(201, answer))
}

/// Only servers have primary IPs; without an assignee nothing has to be said about its type.
fn check_assignee_type(body: &mut Body, word: Option<&str>, has_assignee: bool) {
    match word {
        Some("server") => {}
        None | Some("unassigned") if !has_assignee => {}
        None => body.blame("assignee_type", "is missing"),
        Some(_) => body.blame("assignee_type", "must be one of: server"),
    }
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let primary_ip = call.state.primary_ip(call.id(0, WORDS)?)?;
    Ok(Reply::json(200, json!({ "primary_ip": primary_ip })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    let auto_delete = body.flag("auto_delete");
    body.check()?;
    let primary_ip = call.state.update_primary_ip(id, name, labels, auto_delete)?;
    Ok(Reply::json(200, json!({ "primary_ip": primary_ip })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    call.state.delete_primary_ip(id)?;
    Ok(Reply::no_content())
}

fn assign(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let (word, server) = (body.required_text("assignee_type"), body.required_id("assignee_id"));
    if body.has("assignee_type") {
        check_assignee_type(&mut body, Some(&word), true);
    }
    body.check()?;
    Ok(Reply::begun(&call.state.assign_primary_ip(id, server, call.moment)?))
}

fn unassign(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    Ok(Reply::begun(&call.state.unassign_primary_ip(id, call.moment)?))
}

fn change_dns_ptr(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let (ip, name) = (body.required_text("ip"), body.text("dns_ptr"));
    body.check()?;
    Ok(Reply::begun(&call.state.name_primary_ip(id, &ip, name.as_deref(), call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, WORDS)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.required_flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_primary_ip(id, delete, call.moment)?))
}
