//! How steps are named and how long each may take.

use ennead_model::{CloudAction, NodeAction, NodeName, NodeOrder, Risk, Step, StepAction, StepId};

/// Seconds for a call that makes, changes or deletes a small object. The cloud takes a second or
/// two; the rest is for rate limits and locks.
const SMALL_OBJECT_S: u32 = 120;
/// Seconds to make a server: placement can fail for minutes while stock moves.
const CREATE_SERVER_S: u32 = 300;
/// Seconds until a node answers over SSH: a boot, cloud-init's first run and the program's upload.
pub const REACH_S: u32 = 300;
/// Seconds added to an order's own deadlines: connection, upload, many small files.
const ORDER_S: u32 = 60;
/// Seconds to install packages from a mirror.
const PACKAGES_S: u32 = 300;
/// Seconds to start, restart or stop a unit. Source: systemd's default start limit is 90 s.
const UNIT_S: u32 = 90;
/// Seconds that gates may take to hold.
const GATES_S: u32 = 180;

/// Returns the id of a step about a cloud object.
pub(super) fn object_id(kind: &str, name: &str) -> StepId {
    StepId(format!("cloud/{kind}/{name}"))
}

/// Returns the id of a step about a server.
pub(super) fn server_id(name: &str, verb: &str) -> StepId {
    StepId(format!("cloud/server/{name}/{verb}"))
}

/// Returns the id of the step that reaches a node.
pub(super) fn reach_id(node: &NodeName) -> StepId {
    StepId(format!("node/{node}/reach"))
}

/// Returns the id of the step that converges a component on a node.
pub(super) fn converge_id(node: &NodeName, component: &str) -> StepId {
    StepId(format!("node/{node}/{component}"))
}

/// Makes a step that changes the cloud.
pub(super) fn cloud_step(
    id: StepId,
    action: CloudAction,
    after: Vec<StepId>,
    why: impl Into<String>,
) -> Step {
    let destroys = action.destroys();
    let deadline_s = match action {
        CloudAction::CreateServer { .. } => CREATE_SERVER_S,
        _ => SMALL_OBJECT_S,
    };
    Step {
        id,
        action: StepAction::Cloud { action },
        after,
        gates: Vec::new(),
        risk: if destroys { Risk::Destroys } else { Risk::None },
        deadline_s,
        why: why.into(),
    }
}

/// Makes the step that reaches a node.
pub(super) fn reach_step(node: &NodeName, after: Vec<StepId>, why: impl Into<String>) -> Step {
    Step {
        id: reach_id(node),
        action: StepAction::Reach { node: node.clone() },
        after,
        gates: Vec::new(),
        risk: Risk::None,
        deadline_s: REACH_S,
        why: why.into(),
    }
}

/// Returns the seconds that an order may take: its own deadlines and room for the rest.
pub(super) fn order_deadline_s(order: &NodeOrder, has_gates: bool) -> u32 {
    let of_action = |action: &NodeAction| match action {
        NodeAction::Command { deadline_s, .. }
        | NodeAction::WaitUntil { deadline_s, .. }
        | NodeAction::Component { deadline_s, .. } => *deadline_s,
        NodeAction::Packages { .. } => PACKAGES_S,
        NodeAction::Unit { .. } => UNIT_S,
        _ => 0,
    };
    let own = order.all_actions().map(of_action).fold(ORDER_S, u32::saturating_add);
    if has_gates { own.saturating_add(GATES_S) } else { own }
}
