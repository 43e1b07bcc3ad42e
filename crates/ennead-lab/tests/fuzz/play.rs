//! Requests are sent and their answers checked.

use ennead_lab::api::{Method, Reply, Request, answer, routes};
use ennead_lab::state::{Code, Ending, Moment, Rules, State};
use jiff::Timestamp;
use serde_json::json;

use crate::requests::Sent;

/// A project with one of everything, at rest.
pub(crate) fn project() -> State {
    let rules = Rules::default();
    let mut state = State::default();
    for (path, body) in [
        (
            "/networks",
            json!({ "name": "n", "ip_range": "10.0.0.0/16", "subnets": [
            { "type": "cloud", "ip_range": "10.0.0.0/24", "network_zone": "us-west" }] }),
        ),
        ("/placement_groups", json!({ "name": "g", "type": "spread" })),
        (
            "/zones",
            json!({ "name": "example.com", "mode": "primary", "rrsets": [
            { "name": "www", "type": "A", "records": [{ "value": "203.0.113.1" }] }] }),
        ),
        ("/zones", json!({ "name": "other.de", "mode": "secondary" })),
        (
            "/servers",
            json!({ "name": "web", "server_type": "ccx13", "image": "debian-13",
            "location": "hil", "networks": [1] }),
        ),
    ] {
        let reply = send(&mut state, &rules, Method::Post, path, &[], body.to_string().as_bytes());
        assert_eq!(reply.status, 201, "{path}: {:?}", reply.body);
        end_jobs(&mut state, &rules, 0);
    }
    state
}

fn moment(rules: &Rules) -> Moment<'_> {
    Moment { now: Timestamp::UNIX_EPOCH, salt: 7, rules }
}

fn send(
    state: &mut State,
    rules: &Rules,
    method: Method,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Reply {
    let (path, root) = (path.to_owned(), "http://127.0.0.1/v1".to_owned());
    let request = Request { method, path, query: query.to_vec(), body: body.to_vec(), root };
    answer(state, &request, &moment(rules))
}

/// Ends all jobs; every fifth way of ending is a failure.
fn end_jobs(state: &mut State, rules: &Rules, ending: u8) {
    // Some jobs bring others.
    for _ in 0..20 {
        let Some(job) = state.jobs.first().map(|job| job.id) else { return };
        let failed = Ending::Failed { code: "action_failed".into(), message: "as told".into() };
        let ending = if ending % 5 == 4 { failed } else { Ending::Done };
        state.finish(job, &ending, &moment(rules));
    }
}

/// Sends requests one after another and checks each answer; returns how many changed something.
pub(crate) fn play(mut state: State, requests: &[Sent]) -> usize {
    let (rules, all): (_, Vec<_>) = (Rules::default(), routes().collect());
    let mut changes = 0;
    for (route, parts, query, body, ending) in requests {
        let route = all[route % all.len()];
        let mut path = String::new();
        let mut parts = [&parts.0, &parts.1, &parts.2].into_iter();
        let body = &body.bytes(route.pattern);
        for segment in route.pattern.split('/').skip(1) {
            path.push('/');
            let is_open = segment.starts_with('{');
            path.push_str(if is_open { parts.next().unwrap() } else { segment });
        }
        let before = state.clone();
        let reply = send(&mut state, &rules, route.method, &path, query, body);
        let what =
            || format!("{:?} {path} {query:?} {}", route.method, String::from_utf8_lossy(body));
        check(&reply, &what);
        let is_read = route.method == Method::Get || reply.status >= 300;
        assert!(!is_read || before == state, "something changed: {}", what());
        changes += usize::from(before != state);
        if ending % 2 == 0 {
            end_jobs(&mut state, &rules, ending / 2);
        }
    }
    changes
}

fn check(reply: &Reply, what: &dyn Fn() -> String) {
    if reply.status < 300 {
        let is_known = matches!((reply.status, &reply.body), (200 | 201, Some(_)) | (204, None));
        assert!(is_known, "{} {:?}: {}", reply.status, reply.body, what());
        return;
    }
    let error = reply.body.as_ref().map(|body| &body["error"]).unwrap();
    let code: Result<Code, _> = serde_json::from_value(error["code"].clone());
    assert!(code.is_ok(), "{error}: {}", what());
    assert_eq!(code.unwrap().status(), reply.status, "{error}: {}", what());
    assert!(reply.status < 500, "{error}: {}", what());
    assert!(!error["message"].as_str().unwrap().is_empty(), "{}", what());
}
