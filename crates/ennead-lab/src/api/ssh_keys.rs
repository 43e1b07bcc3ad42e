//! `/ssh_keys`.

use ennead_hcloud::types::CreateSshKey;
use serde_json::json;

use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/ssh_keys", list),
    Route::new(Method::Post, "/ssh_keys", create),
    Route::new(Method::Get, "/ssh_keys/{id}", get),
    Route::new(Method::Put, "/ssh_keys/{id}", update),
    Route::new(Method::Delete, "/ssh_keys/{id}", delete),
];

const KIND: &str = "SSH key";

const LISTING: Listing = Listing {
    key: "ssh_keys",
    filters: &["name", "fingerprint"],
    sorts: &["id", "name"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    LISTING.reply(call.request, call.state.ssh_keys.values())
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateSshKey {
        name: body.required_name("name"),
        public_key: body.required_text("public_key"),
        labels: body.labels().unwrap_or_default(),
    };
    body.check()?;
    let key = call.state.create_ssh_key(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "ssh_key": key })))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let key = call.state.ssh_key(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "ssh_key": key })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    body.check()?;
    let key = call.state.update_ssh_key(id, name, labels)?;
    Ok(Reply::json(200, json!({ "ssh_key": key })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_ssh_key(id)?;
    Ok(Reply::no_content())
}
