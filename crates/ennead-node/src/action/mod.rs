//! The actions of an order, each idempotent: looks first, changes only what differs.

mod account;
mod command;
mod package;
mod path;
mod sysctl;
mod unit;

use ennead_host::{FileWrite, Host};
use ennead_model::{ComponentName, NodeAction};

pub(crate) use account::missing as missing_users;
pub(crate) use package::missing as missing_packages;
pub(crate) use sysctl::{live_value, same_value};
pub(crate) use unit::{UnitState, show_units};

use crate::problem::Problem;
use crate::state::StateDirectory;

/// What a successful action did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// Something is different now.
    Changed,
    /// It was so already.
    Unchanged,
    /// A kernel setting that is another's to make: the file is right, the live value is not ours.
    OutOfReach { key: String, why: String, changed: bool },
}

impl Done {
    pub(crate) fn changed(changed: bool) -> Self {
        if changed { Self::Changed } else { Self::Unchanged }
    }
}

/// Where actions are carried out.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) state: &'a StateDirectory,
    pub(crate) component: &'a ComponentName,
}

/// Carries out one action.
///
/// Actions that only touch this node take turns with those of other components. Those that may wait
/// for other nodes (a unit that starts when its cluster has a quorum, a command, a condition) do
/// not: a node on which one component waits for a second node must still obey the orders of others,
/// or two nodes could wait for each other for ever.
pub(crate) async fn carry_out(place: Place<'_>, action: &NodeAction) -> Result<Done, Problem> {
    let host = place.host;
    match action {
        NodeAction::Packages { names } => {
            let _turn = place.state.turn("node").await?;
            package::install(host, names).await
        }
        NodeAction::User { name, home, groups } => {
            let _turn = place.state.turn("node").await?;
            account::ensure(host, name, home, groups).await
        }
        NodeAction::Directory { path, owner, group, mode } => {
            path::ensure_directory(host, path, owner, group, *mode).await
        }
        NodeAction::File { path, content, owner, group, mode, .. } => {
            let file = FileWrite {
                path: path.clone(),
                content: content.as_bytes().to_vec(),
                owner: owner.clone(),
                group: group.clone(),
                mode: *mode,
            };
            path::ensure_file(host, &file).await
        }
        NodeAction::Absent { path } => Ok(Done::changed(host.remove(path).await?)),
        NodeAction::Sysctl { key, value } => sysctl::ensure(host, key, value).await,
        NodeAction::Unit { name, enabled, running, on_change, watches } => {
            let wanted = unit::Wanted {
                name,
                enabled: *enabled,
                running: *running,
                on_change: *on_change,
                watches,
            };
            unit::ensure(place, &wanted).await
        }
        NodeAction::Command { argv, stdin, user, unless, deadline_s } => {
            let wanted =
                command::Wanted { argv, stdin: stdin.as_deref(), user, deadline_s: *deadline_s };
            command::run(host, &wanted, unless.as_ref()).await
        }
        NodeAction::WaitUntil { condition, deadline_s } => {
            command::wait(host, condition, *deadline_s).await
        }
        NodeAction::Component { verb, arguments, deadline_s } => {
            command::component(place, verb, arguments, *deadline_s).await
        }
    }
}
