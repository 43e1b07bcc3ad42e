//! `ennead check`: findings about the spec, without any network.

use ennead_model::Severity;

use crate::cli::{CheckArgs, Global};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session;
use crate::ui::{self, Tone};

/// Prints the findings; error findings decide the exit code.
pub(crate) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CommandError> {
    let checked = session::check_spec(&global.spec)?;
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

/// Prints findings of at least this severity, each with its hint.
pub(crate) fn print(findings: &[ennead_model::Finding], least: Severity) {
    for finding in findings.iter().filter(|finding| finding.severity >= least) {
        let tone = match finding.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warn,
            Severity::Note => Tone::Quiet,
        };
        let severity = ui::paint(&finding.severity.to_string(), tone);
        let code = ui::paint(&format!("[{}]", finding.code), Tone::Quiet);
        ui::line(format!("{severity}: {}: {} {code}", finding.place, finding.message));
        if !finding.hint.is_empty() {
            ui::line(format!("  {}: {}", ui::paint("hint", Tone::Good), finding.hint));
        }
    }
}
