//! `ennead net check`: whether nodes reach what they have to, and nothing else.

use ennead_components::Context;
use ennead_host::clock::Stopwatch;
use ennead_model::{Inventory, Severity};
use ennead_planner::net::{NetReport, judge, pairs, targets};
use serde::Serialize;

use super::check;
use crate::cli::{Global, NetCommand};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::Session;
use crate::ui;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Answer {
    platform: String,
    took_ms: u64,
    #[serde(flatten)]
    report: NetReport,
}

/// Asks every node to try every port of every other; error findings decide the exit code.
pub(crate) async fn run(global: &Global, command: &NetCommand) -> Result<Exit, CommandError> {
    let NetCommand::Check { json } = command;
    let session = Session::open(global)?;
    session.observe_cloud().await?;
    let spec = session.spec();
    let inventory = Inventory::empty();
    let context = Context { fleet: &spec.fleet, options: &spec.options, inventory: &inventory };
    let pairs = pairs(&context);
    let watch = Stopwatch::start();
    let answers = session.reach_from_each(targets(&pairs)).await;
    let report = judge(&pairs, &answers);
    let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let exit = if report.as_declared { Exit::Done } else { Exit::Findings };
    if *json {
        ui::json(&Answer { platform: spec.platform.clone(), took_ms, report });
    } else {
        print(&spec.platform, took_ms, &report);
    }
    Ok(exit)
}

fn print(platform: &str, took_ms: u64, report: &NetReport) {
    check::print(&report.findings, Severity::Note);
    let untold = match report.untold {
        0 => String::new(),
        count => format!(", {count} over UDP give no answer and tell nothing"),
    };
    ui::say(format!(
        "{platform}: {} pairs of node and port: {} have to connect and do, {} must not and do \
         not{untold}; {} findings, {took_ms} ms.",
        report.pairs.len(),
        report.open,
        report.closed,
        report.findings.len(),
    ));
}
