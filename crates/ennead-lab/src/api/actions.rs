//! `/actions`, and the lists of actions below each resource.

use ennead_hcloud::types::Action;
use serde_json::json;

use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/actions", list), Route::new(Method::Get, "/actions/{id}", get)];

const KIND: &str = "action";

const LISTING: Listing = Listing {
    key: "actions",
    filters: &["id", "status"],
    sorts: &["id", "command", "status", "started", "finished"],
    has_labels: false,
};

/// Announces that actions can no longer be listed without ids.
const REMOVAL: &str = "https://docs.hetzner.cloud/changelog\
                       #2023-07-20-actions-list-endpoint-is-deprecated";

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    if call.request.value("id").is_none() {
        return Err(Refusal::gone(REMOVAL));
    }
    if call.request.values("id").any(|id| id.parse::<u64>().is_err()) {
        return Err(Refusal::invalid("id", "must be an integer"));
    }
    LISTING.reply(call.request, call.state.actions.values())
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let action = call.state.actions.get(&id).ok_or_else(|| Refusal::not_found(KIND, id))?;
    Ok(Reply::json(200, json!({ "action": action })))
}

fn concerns(action: &Action, kind: &str, id: Option<u64>) -> bool {
    let is_it = |id_of: u64| id.is_none_or(|id| id == id_of);
    action.resources.iter().any(|resource| resource.kind == kind && is_it(resource.id))
}

/// Answers `GET /<kind>s/{id}/actions`.
///
/// # Errors
/// `not_found`, `invalid_input`.
pub fn list_actions_of(kind: &str, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, kind)?;
    check_exists(kind, id, call)?;
    let actions = call.state.actions.values().filter(|action| concerns(action, kind, Some(id)));
    LISTING.reply(call.request, actions)
}

/// Answers `GET /<kind>s/actions`.
///
/// # Errors
/// `invalid_input`.
pub fn list_all_actions_of(kind: &str, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let actions = call.state.actions.values().filter(|action| concerns(action, kind, None));
    LISTING.reply(call.request, actions)
}

/// Answers `GET /<kind>s/{id}/actions/{id}`.
///
/// # Errors
/// `not_found`.
pub fn one_action_of(kind: &str, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (id, action) = (call.id(0, kind)?, call.id(1, KIND)?);
    one(call, action, |found| concerns(found, kind, Some(id)))
}

/// Answers `GET /<kind>s/actions/{id}`.
///
/// # Errors
/// `not_found`.
pub fn one_action_of_kind(kind: &str, call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let action = call.id(0, KIND)?;
    one(call, action, |found| concerns(found, kind, None))
}

fn one(call: &Call<'_>, id: u64, concerns: impl Fn(&Action) -> bool) -> Result<Reply, Refusal> {
    let action = call.state.actions.get(&id).filter(|action| concerns(action));
    let action = action.ok_or_else(|| Refusal::not_found(KIND, id))?;
    Ok(Reply::json(200, json!({ "action": action })))
}

fn check_exists(kind: &str, id: u64, call: &Call<'_>) -> Result<(), Refusal> {
    let exists = match kind {
        "server" => call.state.servers.contains_key(&id),
        "volume" => call.state.volumes.contains_key(&id),
        "image" => call.state.image(id).is_ok(),
        "firewall" => call.state.firewalls.contains_key(&id),
        "floating_ip" => call.state.floating_ips.contains_key(&id),
        "primary_ip" => call.state.primary_ips.contains_key(&id),
        _ => call.state.networks.contains_key(&id),
    };
    if exists { Ok(()) } else { Err(Refusal::not_found(kind, id)) }
}

/// Answers `GET /<kind>s/{id_or_name}/actions` of an object that was found.
///
/// # Errors
/// `invalid_input`.
pub fn list_actions_with(kind: &str, id: u64, call: &Call<'_>) -> Result<Reply, Refusal> {
    let actions = call.state.actions.values().filter(|action| concerns(action, kind, Some(id)));
    LISTING.reply(call.request, actions)
}

/// Answers `GET /<kind>s/{id_or_name}/actions/{id}` of an object that was found.
///
/// # Errors
/// `not_found`.
pub fn one_action_with(
    kind: &str,
    id: u64,
    action: u64,
    call: &Call<'_>,
) -> Result<Reply, Refusal> {
    one(call, action, |found| concerns(found, kind, Some(id)))
}
