//! `/servers`; what can be done to one is in `server_actions`.

use ennead_hcloud::types::{CreateServer, CreateServerFirewall, CreateServerPublicNet};
use serde_json::json;

use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/servers", list),
    Route::new(Method::Post, "/servers", create),
    Route::new(Method::Get, "/servers/{id}", get),
    Route::new(Method::Put, "/servers/{id}", update),
    Route::new(Method::Delete, "/servers/{id}", delete),
];

const KIND: &str = "server";

const LISTING: Listing = Listing {
    key: "servers",
    filters: &["name", "status"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let ids = call.state.servers.keys();
    let servers = ids.filter_map(|id| call.state.server(*id, call.moment).ok());
    LISTING.reply(call.request, servers)
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateServer {
        name: body.required_name("name"),
        server_type: body.required_id_or_name("server_type"),
        image: body.required_id_or_name("image"),
        location: body.id_or_name("location"),
        start_after_create: body.flag("start_after_create").unwrap_or(true),
        ssh_keys: body.ids_or_names("ssh_keys"),
        networks: body.ids("networks"),
        volumes: body.ids("volumes"),
        automount: body.flag("automount"),
        firewalls: body.objects("firewalls", |one| CreateServerFirewall {
            firewall: one.required_id("firewall"),
        }),
        placement_group: body.id("placement_group"),
        labels: body.labels().unwrap_or_default(),
        user_data: body.text("user_data"),
        public_net: body.object("public_net", |public| CreateServerPublicNet {
            enable_ipv4: public.flag("enable_ipv4").unwrap_or(true),
            enable_ipv6: public.flag("enable_ipv6").unwrap_or(true),
            ipv4: public.id("ipv4"),
            ipv6: public.id("ipv6"),
        }),
    };
    if body.has("datacenter") {
        body.blame("datacenter", "was removed from the API, use location");
    }
    body.check()?;
    let created = call.state.create_server(wanted, call.moment)?;
    Ok(Reply::json(201, json!(created)))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let server = call.state.server(call.id(0, KIND)?, call.moment)?;
    Ok(Reply::json(200, json!({ "server": server })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    body.check()?;
    let server = call.state.update_server(id, name, labels, call.moment)?;
    Ok(Reply::json(200, json!({ "server": server })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let action = call.state.delete_server(id, call.moment)?;
    Ok(Reply::json(200, json!({ "action": action })))
}
