//! What no request leads to in the lab: it is ordered to refuse with the code.

use serde_json::json;

use super::every::aimless;
use crate::client::{Lab, lab_with};
use crate::described;
use crate::documented::{How, Record};
use ennead_lab::serve::ServeOptions;

/// Codes of the cloud's own troubles and of its accounts, for every operation.
const EVERYWHERE: [(u16, &str); 6] = [
    (403, "forbidden"),
    (403, "maintenance"),
    (500, "server_error"),
    (502, "bad_gateway"),
    (503, "unavailable"),
    (504, "timeout"),
];

/// Answers of single operations, each with why no request leads to it.
pub(crate) const OWN: [(&str, u16, &str, &str); 6] = [
    (
        "POST /firewalls",
        422,
        "incompatible_network_type",
        "every server of the lab has the one kind of public interface that firewalls support",
    ),
    (
        "POST /firewalls/{id}/actions/apply_to_resources",
        422,
        "incompatible_network_type",
        "as above",
    ),
    (
        "POST /primary_ips/{id}/actions/unassign",
        422,
        "server_is_load_balancer_target",
        "the lab has no load balancers",
    ),
    (
        "POST /servers",
        422,
        "placement_error",
        "a stock-out is `resource_unavailable`; what else the cloud means is not documented",
    ),
    (
        "POST /volumes",
        422,
        "no_space_left_in_location",
        "the space for volumes is the machine's disk, on which volumes take up what is written",
    ),
    (
        "PUT /placement_groups/{id}",
        409,
        "conflict",
        "the lab carries out one request after the other, and no action runs on a placement group",
    ),
];

async fn refuse(lab: &Lab, operation: &str, status: u16, code: &str) {
    let (method, pattern) = operation.split_once(' ').unwrap();
    let fault = json!({ "kind": "refuse", "code": code,
                        "on": { "method": method, "path": pattern } });
    lab.post("/_lab/faults", fault).await.ok();
    let (method, path) = aimless(operation);
    let token = Some(lab.lab.token.text());
    lab.send_as(token, method, &path, None, How::ByFault).await.refused(status, code);
}

/// Provokes them all.
pub(super) async fn walk() -> Record {
    let lab = lab_with(ServeOptions { requests_per_hour: 10_000, ..Default::default() }).await;
    for operation in described::operations() {
        for (status, code) in EVERYWHERE {
            refuse(&lab, &operation, status, code).await;
        }
    }
    for (operation, status, code, _) in OWN {
        refuse(&lab, operation, status, code).await;
    }
    lab.record()
}
