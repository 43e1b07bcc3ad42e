//! `ennead plan`: what `up` would do now.

use ennead_model::Plan;
use ennead_planner::plan::render_plan;

use crate::cli::{Global, PlanArgs};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::Session;
use crate::ui;

/// Prints the plan; changes nothing but the vault, which gets the keys that it lacks.
pub(crate) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit, CommandError> {
    let session = Session::open(global)?;
    let inventory = session.observe().await?;
    let plan = session.plan(&inventory, &args.allow_destroy);
    Ok(show(&plan, args.json))
}

/// Prints a plan and returns the exit code that it means.
pub(crate) fn show(plan: &Plan, json: bool) -> Exit {
    if json {
        ui::json(plan);
    } else {
        ui::line(render_plan(plan).trim_end());
    }
    if plan.blocked.is_empty() { Exit::Done } else { Exit::Blocked }
}
