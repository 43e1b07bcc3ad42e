//! `/networks` and their actions.

use ennead_hcloud::types::{CreateNetwork, Route as NetworkRoute, Subnet};
use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/networks", list),
    Route::new(Method::Post, "/networks", create),
    Route::new(Method::Get, "/networks/actions", |call| list_all_actions_of("network", call)),
    Route::new(Method::Get, "/networks/actions/{id}", |call| one_action_of_kind("network", call)),
    Route::new(Method::Get, "/networks/{id}", get),
    Route::new(Method::Put, "/networks/{id}", update),
    Route::new(Method::Delete, "/networks/{id}", delete),
    Route::new(Method::Get, "/networks/{id}/actions", |call| list_actions_of("network", call)),
    Route::new(Method::Get, "/networks/{id}/actions/{id}", |call| one_action_of("network", call)),
    Route::new(Method::Post, "/networks/{id}/actions/add_subnet", add_subnet),
    Route::new(Method::Post, "/networks/{id}/actions/delete_subnet", delete_subnet),
    Route::new(Method::Post, "/networks/{id}/actions/change_protection", change_protection),
    Route::new(Method::Post, "/networks/{id}/actions/add_route", add_route),
    Route::new(Method::Post, "/networks/{id}/actions/delete_route", delete_route),
    Route::new(Method::Post, "/networks/{id}/actions/change_ip_range", change_ip_range),
];

const KIND: &str = "network";

const LISTING: Listing = Listing {
    key: "networks",
    filters: &["name"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    LISTING.reply(call.request, state.networks.keys().filter_map(|id| state.network(*id).ok()))
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateNetwork {
        name: body.required_name("name"),
        ip_range: body.required_text("ip_range"),
        subnets: body.objects("subnets", read_subnet),
        routes: body.objects("routes", read_route),
        labels: body.labels().unwrap_or_default(),
        expose_routes_to_vswitch: body.flag("expose_routes_to_vswitch").unwrap_or(false),
    };
    body.check()?;
    let network = call.state.create_network(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "network": network })))
}

fn read_subnet(body: &mut Body) -> Subnet {
    Subnet {
        kind: body.required_text("type"),
        ip_range: body.text("ip_range"),
        network_zone: body.required_text("network_zone"),
        gateway: None,
        vswitch_id: body.id("vswitch_id"),
    }
}

fn read_route(body: &mut Body) -> NetworkRoute {
    NetworkRoute {
        destination: body.required_text("destination"),
        gateway: body.required_text("gateway"),
    }
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let network = call.state.network(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "network": network })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    let expose = body.flag("expose_routes_to_vswitch");
    body.check()?;
    let network = call.state.update_network(id, name, labels, expose)?;
    Ok(Reply::json(200, json!({ "network": network })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_network(id)?;
    Ok(Reply::no_content())
}

fn add_subnet(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let subnet = read_subnet(&mut body);
    body.check()?;
    Ok(Reply::begun(&call.state.add_subnet(id, &subnet, call.moment)?))
}

fn delete_subnet(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let range = body.required_text("ip_range");
    body.check()?;
    Ok(Reply::begun(&call.state.delete_subnet(id, &range, call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_network(id, delete, call.moment)?))
}

fn add_route(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let route = read_route(&mut body);
    body.check()?;
    Ok(Reply::begun(&call.state.add_route(id, &route, call.moment)?))
}

fn delete_route(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let route = read_route(&mut body);
    body.check()?;
    Ok(Reply::begun(&call.state.delete_route(id, &route, call.moment)?))
}

fn change_ip_range(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let range = body.required_text("ip_range");
    body.check()?;
    Ok(Reply::begun(&call.state.change_ip_range(id, &range, call.moment)?))
}
