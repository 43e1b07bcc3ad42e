//! `ennead check --claims FILE`: claims about the platform beside what is computed of it.

use camino::Utf8Path;
use ennead_host::files;
use ennead_model::{Catalogue, Severity};
use ennead_planner::availability::{Availability, Rates};
use ennead_planner::claims::{Row, Truth, Verdict, judge};
use ennead_spec::Spec;
use ennead_spec::claims::{ParsedClaims, parse_claims};
use serde::Serialize;

use super::{availability, check};
use crate::cli::CheckArgs;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::session::Checked;
use crate::ui::{self, Cell, Tone};

/// What `--json` prints.
#[derive(Serialize)]
struct Judged<'a> {
    format_version: u32,
    claims: &'a [Row],
    /// With `--availability` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    availability: Option<&'a Availability>,
}

/// Prints the table; a claim that does not hold decides the exit code, as an error finding does.
pub(super) fn run(
    checked: &Checked,
    args: &CheckArgs,
    path: &Utf8Path,
) -> Result<Exit, CommandError> {
    check::say(&checked.findings, Severity::Error);
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    let mut truth = Truth::of(spec, Catalogue::embedded());
    let parsed = read(path, &truth)?;
    let availability = availability_of(spec, args, &parsed)?;
    if let Some(availability) = &availability {
        truth.insert_availability(availability);
    }
    let rows = judge(&parsed.claims, &truth);
    let shown = availability.as_ref().filter(|_| args.availability);
    if args.json {
        ui::json(&Judged { format_version: 1, claims: &rows, availability: shown });
    } else {
        if let Some(availability) = shown {
            availability::print(availability, args.explain);
        }
        // A file may only state rates for the minutes.
        if !rows.is_empty() || shown.is_none() {
            print(&rows);
        }
    }
    let broken = rows.iter().any(|row| row.verdict == Verdict::DoesNotHold);
    Ok(if broken || checked.has_errors() { Exit::Findings } else { Exit::Done })
}

/// Reads the file, or says everything that is wrong with it.
fn read(path: &Utf8Path, truth: &Truth) -> Result<ParsedClaims, CommandError> {
    let text = files::read_text(path).or_exit(Exit::Usage)?.ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("there is no claims file at {path}"))
            .hint("write one with [[claim]] tables: name, value, unit")
    })?;
    let parsed = parse_claims(&text, &truth.vocabulary());
    if parsed.has_errors() {
        check::say(&parsed.findings, Severity::Error);
        return Err(CommandError::new(Exit::Usage, format!("{path} has errors")));
    }
    Ok(parsed)
}

/// Computes the minutes of a year when they are asked for, by a flag or a claim.
fn availability_of(
    spec: &Spec,
    args: &CheckArgs,
    parsed: &ParsedClaims,
) -> Result<Option<Availability>, CommandError> {
    let claimed = parsed.claims.iter().any(|it| it.name.starts_with("availability."));
    if !args.availability && !claimed {
        return Ok(None);
    }
    let computed = availability::compute(spec, &Rates::default().with(&parsed.rates));
    // A platform that is too large has no such value; its claims are then not computed.
    if args.availability { computed.map(Some) } else { Ok(computed.ok()) }
}

fn print(rows: &[Row]) {
    let cells = rows.iter().map(|row| {
        let tone = match row.verdict {
            Verdict::Holds => Tone::Good,
            Verdict::NotComputed => Tone::Quiet,
            Verdict::DoesNotHold => Tone::Bad,
        };
        vec![
            row.name.as_str().into(),
            row.claimed.as_str().into(),
            row.computed.as_str().into(),
            Cell(row.verdict.to_string(), tone),
            Cell(row.source.clone(), Tone::Quiet),
        ]
    });
    ui::table(&["CLAIM", "CLAIMED", "COMPUTED", "VERDICT", "SOURCE"], cells.collect());
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    ui::line("");
    ui::line(format!(
        "{} claims: {} hold, {} do not hold, {} are not computed.",
        rows.len(),
        count(Verdict::Holds),
        count(Verdict::DoesNotHold),
        count(Verdict::NotComputed)
    ));
}
