//! `/servers/{id}/actions/...`.

use super::actions::{list_actions_of, list_all_actions_of, one_action_of, one_action_of_kind};
use super::body::Body;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::server::networks::Wish;
use crate::state::server::power::Power;
use crate::state::{Code, Prefix, Refusal};

/// Its routes. Those with a word in place of an id come before those of `servers`.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/servers/actions", |call| list_all_actions_of(KIND, call)),
    Route::new(Method::Get, "/servers/actions/{id}", |call| one_action_of_kind(KIND, call)),
    Route::new(Method::Get, "/servers/{id}/actions", |call| list_actions_of(KIND, call)),
    Route::new(Method::Get, "/servers/{id}/actions/{id}", |call| one_action_of(KIND, call)),
    Route::new(Method::Post, "/servers/{id}/actions/poweron", |call| power(call, Power::On)),
    Route::new(Method::Post, "/servers/{id}/actions/poweroff", |call| power(call, Power::Off)),
    Route::new(Method::Post, "/servers/{id}/actions/reset", |call| power(call, Power::Reset)),
    Route::new(Method::Post, "/servers/{id}/actions/shutdown", |call| power(call, Power::Shutdown)),
    Route::new(Method::Post, "/servers/{id}/actions/reboot", |call| power(call, Power::Reboot)),
    Route::new(Method::Post, "/servers/{id}/actions/attach_to_network", attach),
    Route::new(Method::Post, "/servers/{id}/actions/detach_from_network", detach),
    Route::new(Method::Post, "/servers/{id}/actions/change_alias_ips", change_alias_ips),
    Route::new(Method::Post, "/servers/{id}/actions/change_protection", change_protection),
    Route::new(Method::Post, "/servers/{id}/actions/add_to_placement_group", join_group),
    Route::new(Method::Post, "/servers/{id}/actions/remove_from_placement_group", leave_group),
    Route::new(Method::Post, "/servers/{id}/actions/{action}", unsupported),
];

const KIND: &str = "server";

/// Actions of the cloud that the lab does not carry out.
const UNSUPPORTED: &[&str] =
    &["attach_iso", "detach_iso", "disable_rescue", "enable_rescue", "request_console"];

fn power(call: &mut Call<'_>, power: Power) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    Ok(Reply::begun(&call.state.power(id, power, call.moment)?))
}

fn attach(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let range = body.text("ip_range");
    let wish = Wish {
        network: body.required_id("network"),
        ip: body.address("ip"),
        alias_ips: body.addresses("alias_ips"),
        ip_range: range.as_deref().and_then(Prefix::parse),
    };
    if range.is_some() && wish.ip_range.is_none() {
        body.blame("ip_range", "is not an IPv4 range");
    }
    body.check()?;
    Ok(Reply::begun(&call.state.attach_server(id, &wish, call.moment)?))
}

fn detach(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let network = body.required_id("network");
    body.check()?;
    Ok(Reply::begun(&call.state.detach_server(id, network, call.moment)?))
}

fn change_alias_ips(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (network, aliases) = (body.required_id("network"), body.addresses("alias_ips"));
    body.expect("alias_ips");
    body.check()?;
    Ok(Reply::begun(&call.state.change_alias_ips(id, network, &aliases, call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let (delete, rebuild) = (body.flag("delete"), body.flag("rebuild"));
    body.check()?;
    Ok(Reply::begun(&call.state.protect_server(id, delete, rebuild, call.moment)?))
}

fn join_group(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    let mut body = Body::parse(&call.request.body)?;
    let group = body.required_id("placement_group");
    body.check()?;
    Ok(Reply::begun(&call.state.join_placement_group(id, group, call.moment)?))
}

fn leave_group(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.id(0, KIND)?;
    Ok(Reply::begun(&call.state.leave_placement_group(id, call.moment)?))
}

fn unsupported(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let action = call.params.get(1).copied().unwrap_or_default();
    if !UNSUPPORTED.contains(&action) {
        return Err(super::unknown_route());
    }
    call.state.server(call.id(0, KIND)?, call.moment)?;
    Err(Refusal::new(Code::UnsupportedError, "the lab does not support this action"))
}
