//! `ennead check`: findings about the spec, what its layout survives and what to change; without any
//! network.

use ennead_model::{Finding, Severity};

use super::{suggest, survive};
use crate::cli::{CheckArgs, Global};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session;
use crate::ui::{self, Tone};

/// Prints the findings; error findings decide the exit code.
pub(crate) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CommandError> {
    let checked = session::check_spec(&global.spec)?;
    if args.survive {
        return show_survival(&checked, args);
    }
    if args.suggest {
        say(&checked.findings, Severity::Error);
        return suggest::run(global, args, &checked);
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
