//! `ennead check`: findings about the spec, what its layout survives, how long it is away in a year,
//! what it carries, what it costs, which claims about it hold, and what to change. There is no network unless the
//! cloud is asked for its prices.

use camino::Utf8Path;
use ennead_host::files;
use ennead_model::{Finding, Severity};
use ennead_planner::availability::Rates;
use ennead_spec::Spec;

use super::{availability, capacity, claims, cost, suggest, survive};
use crate::cli::{CheckArgs, Global};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::page;
use crate::session;
use crate::ui::{self, Tone};

/// Prints the findings, or what is asked for in their place; error findings decide the exit code.
pub(crate) async fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CommandError> {
    let mut checked = session::check_spec(&global.spec)?;
    if let Some(path) = &args.claims {
        return claims::run(&checked, args, path);
    }
    if args.suggest {
        say(&checked.findings, Severity::Error);
        return suggest::run(global, args, &checked);
    }
    let asked = args.survive || args.availability || args.capacity || args.cost.cost;
    if !asked && args.html.is_none() {
        checked.findings.extend(session::certificate_findings(global));
        show_findings(global, args, &checked);
        return Ok(exit_of(&checked));
    }
    // A spec with mistakes may have another layout than it seems to have.
    say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    if args.survive {
        show_survival(spec, args)?;
    } else if args.availability {
        show_availability(spec, args)?;
    } else if args.capacity {
        show_capacity(spec, args);
    } else if let Some(file) = &args.html {
        write_page(spec, &checked.sha256, file)?;
    } else {
        show_cost(spec, global, args).await?;
    }
    Ok(exit_of(&checked))
}

fn exit_of(checked: &session::Checked) -> Exit {
    if checked.has_errors() { Exit::Findings } else { Exit::Done }
}

fn show_findings(global: &Global, args: &CheckArgs, checked: &session::Checked) {
    if args.json {
        return ui::json(&checked.findings);
    }
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

fn show_survival(spec: &Spec, args: &CheckArgs) -> Result<(), CommandError> {
    let survival = survive::compute(spec)?;
    if args.json {
        ui::json(&survival);
    } else {
        survive::print(&survival, args.explain);
    }
    Ok(())
}

/// Shows the minutes of a year with the estimated rates.
fn show_availability(spec: &Spec, args: &CheckArgs) -> Result<(), CommandError> {
    let availability = availability::compute(spec, &Rates::default())?;
    if args.json {
        ui::json(&availability);
    } else {
        availability::print(&availability, args.explain);
    }
    Ok(())
}

fn show_capacity(spec: &Spec, args: &CheckArgs) {
    let capacity = capacity::capacity(spec);
    if args.json {
        ui::json(&capacity);
    } else {
        capacity::print(&capacity, args.explain);
    }
}

async fn show_cost(spec: &Spec, global: &Global, args: &CheckArgs) -> Result<(), CommandError> {
    let report = cost::compute(global, &args.cost, spec).await?;
    if args.json {
        ui::json(&report);
    } else {
        cost::show(&report);
    }
    Ok(())
}

/// Writes the page about what the layout survives.
fn write_page(spec: &Spec, sha256: &str, file: &Utf8Path) -> Result<(), CommandError> {
    let layout = survive::layout(spec)?;
    let survival = ennead_planner::survive::survive(&layout);
    let text = page::check(&spec.platform, sha256, &layout, &survival);
    files::write(file, text.or_exit(Exit::Internal)?).or_exit(Exit::Usage)?;
    ui::say(format!("{file} is written."));
    Ok(())
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
