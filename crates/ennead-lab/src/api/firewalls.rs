//! `/firewalls` and their actions.

use ennead_hcloud::types::{
    CreateFirewall, FirewallResource, FirewallRule, FirewallSelector, FirewallServer,
};
use serde_json::json;

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/firewalls", list),
    Route::new(Method::Post, "/firewalls", create),
    Route::new(Method::Get, "/firewalls/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/firewalls/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/firewalls/{id}", get),
    Route::new(Method::Put, "/firewalls/{id}", update),
    Route::new(Method::Delete, "/firewalls/{id}", delete),
    Route::new(Method::Get, "/firewalls/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/firewalls/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/firewalls/{id}/actions/set_rules", set_rules),
    Route::new(Method::Post, "/firewalls/{id}/actions/apply_to_resources", apply),
    Route::new(Method::Post, "/firewalls/{id}/actions/remove_from_resources", remove),
];

const KIND: &str = "firewall";

const LISTING: Listing = Listing {
    key: "firewalls",
    filters: &["name"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    LISTING.reply(call.request, state.firewalls.keys().filter_map(|id| state.firewall(*id).ok()))
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateFirewall {
        name: body.required_name("name"),
        labels: body.labels().unwrap_or_default(),
        rules: body.objects("rules", read_rule),
        apply_to: body.objects("apply_to", read_resource),
    };
    body.check()?;
    let (firewall, actions) = call.state.create_firewall(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "firewall": firewall, "actions": actions })))
}

fn read_rule(body: &mut Body) -> FirewallRule {
    FirewallRule {
        description: body.text("description"),
        direction: body.required_text("direction"),
        source_ips: body.texts("source_ips"),
        destination_ips: body.texts("destination_ips"),
        protocol: body.required_text("protocol"),
        port: body.text("port"),
    }
}

fn read_resource(body: &mut Body) -> FirewallResource {
    FirewallResource {
        kind: body.required_text("type"),
        server: body.object("server", |server| FirewallServer { id: server.required_id("id") }),
        label_selector: body.object("label_selector", |selector| FirewallSelector {
            selector: selector.required_text("selector"),
        }),
        applied_to_resources: None,
    }
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let firewall = call.state.firewall(call.id(0, KIND)?)?;
    Ok(Reply::json(200, json!({ "firewall": firewall })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (name, labels) = (body.name("name"), body.labels());
    body.check()?;
    let firewall = call.state.update_firewall(id, name, labels)?;
    Ok(Reply::json(200, json!({ "firewall": firewall })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    call.state.delete_firewall(id)?;
    Ok(Reply::no_content())
}

fn set_rules(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let rules = body.objects("rules", read_rule);
    body.expect("rules");
    body.check()?;
    Ok(Reply::all_begun(&call.state.set_firewall_rules(id, rules, call.moment)?))
}

fn apply(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let resources = body.objects("apply_to", read_resource);
    body.expect("apply_to");
    body.check()?;
    Ok(Reply::all_begun(&call.state.apply_firewall(id, &resources, call.moment)?))
}

fn remove(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let resources = body.objects("remove_from", read_resource);
    body.expect("remove_from");
    body.check()?;
    Ok(Reply::all_begun(&call.state.remove_firewall(id, &resources, call.moment)?))
}
