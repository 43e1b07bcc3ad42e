//! `ennead plan`: what `up` would do now.

use ennead_model::Plan;
use ennead_planner::plan::render_plan;

use crate::cli::{Global, PlanArgs};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::Session;
use crate::ui;

/// Prints the plan; changes nothing but the vault, which gets the keys that it lacks and
/// certificates in place of those that are due.
pub(crate) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit, CommandError> {
    let session = Session::open_to_change(global)?;
    let inventory = session.observe().await?;
    let plan = session.plan(&inventory, &args.allow_destroy);
    show(&plan, args.json)
}

/// Prints a plan; a plan that refuses something is an error.
pub(crate) fn show(plan: &Plan, json: bool) -> Result<Exit, CommandError> {
    if json {
        ui::json(plan);
    } else {
        ui::line(render_plan(plan).trim_end());
    }
    refuse_blocked(plan)?;
    Ok(Exit::Done)
}

/// Refuses a plan of which something is blocked; the first reason stands for all.
fn refuse_blocked(plan: &Plan) -> Result<(), CommandError> {
    let Some(first) = plan.blocked.first() else { return Ok(()) };
    let others = plan.blocked.len() - 1;
    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
    let message = format!("nothing was changed; {}: {}{more}", first.what, first.why);
    Err(CommandError::new(Exit::Blocked, message).hint(first.hint.clone()))
}
