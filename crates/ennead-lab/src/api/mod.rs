//! Answers the cloud's API: from a request to the state and back, still without HTTP.
//!
//! One file for each resource: its routes, how its bodies are read and its answers are made.

pub mod actions;
pub mod body;
pub mod firewalls;
pub mod floating_ips;
pub mod images;
pub mod listing;
pub mod locations;
pub mod metrics;
pub mod networks;
pub mod placement_groups;
pub mod pricing;
pub mod primary_ips;
pub mod removed;
pub mod request;
pub mod route;
pub mod rrsets;
pub mod server_actions;
pub mod server_disks;
pub mod server_types;
pub mod servers;
pub mod ssh_keys;
pub mod volumes;
pub mod zones;

pub use request::{Method, Reply, Request};
pub use route::{Call, Found, Route};

use crate::state::{Code, Moment, Refusal, State};

/// Every resource's routes.
const RESOURCES: &[&[Route]] = &[
    actions::ROUTES,
    firewalls::ROUTES,
    floating_ips::ROUTES,
    images::ROUTES,
    locations::ROUTES,
    metrics::ROUTES,
    networks::ROUTES,
    placement_groups::ROUTES,
    pricing::ROUTES,
    primary_ips::ROUTES,
    removed::ROUTES,
    rrsets::ROUTES,
    server_types::ROUTES,
    // Before `server_actions`, which answers for every other word.
    server_disks::ROUTES,
    server_actions::ROUTES,
    servers::ROUTES,
    ssh_keys::ROUTES,
    volumes::ROUTES,
    zones::ROUTES,
];

/// Returns all routes.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    RESOURCES.iter().flat_map(|routes| routes.iter())
}

/// Returns what answers a path.
pub fn find(method: Method, path: &str) -> Found<'_> {
    route::find(routes(), method, path)
}

/// Answers a request. A refused request leaves the state as it was.
pub fn answer(state: &mut State, request: &Request, moment: &Moment<'_>) -> Reply {
    match carry_out(state, request, moment) {
        Ok(reply) => reply,
        Err(refusal) => refuse(&refusal),
    }
}

/// Returns the answer to a refused request.
pub fn refuse(refusal: &Refusal) -> Reply {
    let body = serde_json::to_value(refusal.body()).unwrap_or_default();
    Reply::json(refusal.code.status(), body)
}

/// Returns the refusal of a path that nothing answers.
pub fn unknown_route() -> Refusal {
    Refusal::new(Code::NotFound, "api route not found")
}

/// Returns the refusal of a method that the path does not have.
pub fn wrong_method() -> Refusal {
    Refusal::new(Code::MethodNotAllowed, "method not allowed")
}

fn carry_out(state: &mut State, request: &Request, moment: &Moment<'_>) -> Result<Reply, Refusal> {
    let (route, params) = match find(request.method, &request.path) {
        Found::Route(route, params) => (route, params),
        Found::WrongMethod => return Err(wrong_method()),
        Found::Nothing => return Err(unknown_route()),
    };
    if request.method == Method::Get {
        return (route.run)(&mut Call { state, moment, request, params });
    }
    let (reply, draft) = change_with(route, params, state, request, moment)?;
    *state = draft;
    Ok(reply)
}

/// Carries out a request that may change something, and returns the state afterwards.
///
/// # Errors
/// Whatever the route refuses; the state stays as it was.
pub fn change(
    state: &State,
    request: &Request,
    moment: &Moment<'_>,
) -> Result<(Reply, State), Refusal> {
    match find(request.method, &request.path) {
        Found::Route(route, params) => change_with(route, params, state, request, moment),
        Found::WrongMethod => Err(wrong_method()),
        Found::Nothing => Err(unknown_route()),
    }
}

/// A change is made on a copy, so that one that is refused halfway leaves nothing behind.
fn change_with(
    route: &Route,
    params: Vec<&str>,
    state: &State,
    request: &Request,
    moment: &Moment<'_>,
) -> Result<(Reply, State), Refusal> {
    let mut draft = state.clone();
    let reply = (route.run)(&mut Call { state: &mut draft, moment, request, params })?;
    Ok((reply, draft))
}
