//! `ennead check`: findings about the spec, what its layout survives, what it carries and what it
//! costs. There is no network unless the cloud is asked for its prices.

use camino::Utf8Path;
use ennead_host::files;
use ennead_model::{Finding, Severity};

use super::{capacity, cost, survive};
use crate::cli::{CheckArgs, Global};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::page;
use crate::session;
use crate::ui::{self, Tone};

/// Prints the findings; error findings decide the exit code.
pub(crate) async fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CommandError> {
    let checked = session::check_spec(&global.spec)?;
    if args.survive {
        return show_survival(&checked, args);
    }
    if let Some(file) = &args.html {
        return write_page(&checked, file);
    }
    if args.cost.cost {
        return show_cost(&checked, global, args).await;
    }
    if args.capacity {
        return Ok(show_capacity(&checked, args));
    }
    if args.json {
        ui::json(&checked.findings);
    } else {
        print(&checked.findings, Severity::Note);
        let count = |severity| checked.findings.iter().filter(|f| f.severity == severity).count();
        ui::say(format!(
            "{}: {} errors, {} warnings, {} notes.",
            global.spec,
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Note)
        ));
    }
    Ok(if checked.has_errors() { Exit::Findings } else { Exit::Done })
}

/// Prints what the layout survives. Error findings are said besides, since a spec with mistakes may
/// have another layout than it seems to have; they decide the exit code as without the table.
fn show_survival(checked: &session::Checked, args: &CheckArgs) -> Result<Exit, CommandError> {
    say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    let survival = survive::compute(spec)?;
    if args.json {
        ui::json(&survival);
    } else {
        survive::print(&survival, args.explain);
    }
    Ok(if checked.has_errors() { Exit::Findings } else { Exit::Done })
}

/// Writes the page about what the layout survives; findings as with the table.
fn write_page(checked: &session::Checked, file: &Utf8Path) -> Result<Exit, CommandError> {
    say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    let layout = survive::layout(spec)?;
    let survival = ennead_planner::survive::survive(&layout);
    let text = page::check(&spec.platform, &checked.sha256, &layout, &survival);
    files::write(file, text.or_exit(Exit::Internal)?).or_exit(Exit::Usage)?;
    ui::say(format!("{file} is written."));
    Ok(if checked.has_errors() { Exit::Findings } else { Exit::Done })
}

/// Prints what the platform costs. Error findings are said besides and decide the exit code.
async fn show_cost(
    checked: &session::Checked,
    global: &Global,
    args: &CheckArgs,
) -> Result<Exit, CommandError> {
    say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    let report = cost::compute(global, &args.cost, spec).await?;
    if args.json {
        ui::json(&report);
    } else {
        cost::show(&report);
    }
    Ok(if checked.has_errors() { Exit::Findings } else { Exit::Done })
}

/// Prints what the platform carries; error findings as in [`show_survival`].
fn show_capacity(checked: &session::Checked, args: &CheckArgs) -> Exit {
    say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Exit::Findings };
    let capacity = capacity::capacity(spec);
    if args.json {
        ui::json(&capacity);
    } else {
        capacity::print(&capacity, args.explain);
    }
    if checked.has_errors() { Exit::Findings } else { Exit::Done }
}

/// Prints findings of at least this severity as data, each with its hint.
pub(crate) fn print(findings: &[Finding], least: Severity) {
    lines(findings, least).iter().for_each(ui::line);
}

/// As [`print`], as talk.
pub(crate) fn say(findings: &[Finding], least: Severity) {
    lines(findings, least).iter().for_each(ui::say);
}

fn lines(findings: &[Finding], least: Severity) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity >= least) {
        let tone = match finding.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warn,
            Severity::Note => Tone::Quiet,
        };
        let severity = ui::paint(&format!("{}", finding.severity), tone);
        let code = ui::paint(&format!("[{}]", finding.code), Tone::Quiet);
        lines.push(format!("{severity}: {}: {} {code}", finding.place, finding.message));
        if !finding.hint.is_empty() {
            lines.push(format!("  {}: {}", ui::paint("hint", Tone::Good), finding.hint));
        }
    }
    lines
}
