//! `/zones` and their actions.

use ennead_hcloud::types::{CreateZone, PrimaryNameserver};
use serde_json::json;

use super::actions::{list_actions_with, list_all_actions_of, one_action_of_kind, one_action_with};
use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use super::rrsets::{read_set, read_ttl};
use crate::state::Refusal;

/// Its routes. Where a word stands in place of a zone's name, it comes first.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/zones", list),
    Route::new(Method::Post, "/zones", create),
    Route::new(Method::Get, "/zones/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/zones/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/zones/{zone}", get),
    Route::new(Method::Put, "/zones/{zone}", update),
    Route::new(Method::Delete, "/zones/{zone}", delete),
    Route::new(Method::Get, "/zones/{zone}/zonefile", export),
    Route::new(Method::Get, "/zones/{zone}/actions", actions),
    Route::new(Method::Get, "/zones/{zone}/actions/{id}", action),
    Route::new(Method::Post, "/zones/{zone}/actions/change_ttl", change_ttl),
    Route::new(Method::Post, "/zones/{zone}/actions/change_protection", change_protection),
    Route::new(Method::Post, "/zones/{zone}/actions/import_zonefile", import),
    Route::new(
        Method::Post,
        "/zones/{zone}/actions/change_primary_nameservers",
        change_primary_nameservers,
    ),
];

const KIND: &str = "zone";

const LISTING: Listing = Listing {
    key: "zones",
    filters: &["name", "mode"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

/// Returns the id of the zone that the path names.
///
/// # Errors
/// `not_found`.
pub(super) fn zone_id(call: &Call<'_>) -> Result<u64, Refusal> {
    call.state.zone_id(call.params.first().copied().unwrap_or_default())
}

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let state = &*call.state;
    LISTING.reply(call.request, state.zones.keys().filter_map(|id| state.zone(*id).ok()))
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut body = Body::parse(&call.request.body)?;
    let wanted = CreateZone {
        name: body.required_text("name"),
        mode: body.required_text("mode"),
        ttl: read_ttl(&mut body),
        labels: body.labels().unwrap_or_default(),
        primary_nameservers: body.objects("primary_nameservers", read_nameserver),
        rrsets: body.objects("rrsets", read_set),
        zonefile: body.text("zonefile"),
    };
    body.check()?;
    let (zone, action) = call.state.create_zone(wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "zone": zone, "action": action })))
}

fn read_nameserver(body: &mut Body) -> PrimaryNameserver {
    let port = body.id("port").unwrap_or(53);
    let port = u16::try_from(port).ok().filter(|port| *port > 0).unwrap_or_else(|| {
        body.blame("port", "must be between 1 and 65535");
        53
    });
    PrimaryNameserver {
        address: body.required_text("address"),
        port,
        tsig_key: body.text("tsig_key"),
        tsig_algorithm: body.text("tsig_algorithm"),
    }
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let zone = call.state.zone(zone_id(call)?)?;
    Ok(Reply::json(200, json!({ "zone": zone })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let labels = body.labels();
    body.check()?;
    let zone = call.state.update_zone(id, labels)?;
    Ok(Reply::json(200, json!({ "zone": zone })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    Ok(Reply::begun(&call.state.delete_zone(id, call.moment)?))
}

fn export(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let text = call.state.export_zonefile(zone_id(call)?)?;
    Ok(Reply::json(200, json!({ "zonefile": text })))
}

fn actions(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    list_actions_with(KIND, id, call)
}

fn action(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (id, action) = (zone_id(call)?, call.id(1, "action")?);
    one_action_with(KIND, id, action, call)
}

fn change_ttl(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let ttl = read_ttl(&mut body);
    if !body.has("ttl") {
        body.blame("ttl", "is missing");
    }
    body.check()?;
    Ok(Reply::begun(&call.state.change_zone_ttl(id, ttl.unwrap_or_default(), call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let delete = body.flag("delete");
    body.check()?;
    Ok(Reply::begun(&call.state.protect_zone(id, delete, call.moment)?))
}

fn import(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let text = body.required_text("zonefile");
    body.check()?;
    Ok(Reply::begun(&call.state.import_zonefile(id, &text, call.moment)?))
}

fn change_primary_nameservers(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let servers = body.objects("primary_nameservers", read_nameserver);
    if !body.has("primary_nameservers") {
        body.blame("primary_nameservers", "is missing");
    }
    body.check()?;
    Ok(Reply::begun(&call.state.change_primary_nameservers(id, servers, call.moment)?))
}
