//! `ennead down`: the platform's objects in the cloud are deleted, data included.

use ennead_audit::Verdict;
use ennead_planner::plan::down_plan;

use super::up;
use crate::cli::{DownArgs, Global};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::{Session, add_walk, cancelled_by_ctrl_c, nothing_yet};
use crate::ui;

/// Deletes the platform after the operator typed its name, or gave `--yes`.
pub(crate) async fn run(global: &Global, args: &DownArgs) -> Result<Exit, CommandError> {
    let session = Session::open(global)?;
    let platform = session.spec().platform.clone();
    let cloud = session.observe_cloud().await?;
    let plan = down_plan(&platform, &cloud);
    if plan.steps.is_empty() {
        ui::say(format!("{platform} has nothing in the cloud."));
        return Ok(Exit::Done);
    }
    if !args.yes {
        for step in &plan.steps {
            ui::say(format!("  {}", step.summary()));
        }
        let question = format!("This deletes all data of {platform}. Type its name to go on:");
        if ui::ask(&question).as_deref() != Some(platform.as_str()) {
            return Err(CommandError::new(Exit::Usage, "not confirmed; nothing was deleted")
                .hint("type the platform's name, or give --yes"));
        }
    }
    let cancel = cancelled_by_ctrl_c()?;
    let audit = session.begin_audit(global, "down", Some(&plan)).await?;
    let walked = session.walk(&plan, &cancel).await;
    let mut tally = nothing_yet();
    if let Ok(walked) = &walked {
        add_walk(&mut tally, &walked.report);
    }
    // The nodes that kept copies are gone, unless something failed.
    let ended = audit.end(tally, tally.verdict != Verdict::Done).await;
    let walked = walked?;
    ended?;
    if !walked.report.is_done() {
        return Err(up::failed(&walked.report));
    }
    session.forget_connections().await;
    ui::say(format!("{platform} is deleted: {} objects.", plan.steps.len()));
    Ok(Exit::Done)
}
