//! `ennead check --survive`: what the layout survives, as tables.

use ennead_planner::survive::{
    Formula, Layout, Outcome, Row, SERVERS_MAX, SERVICES, Sets, survive,
};
use ennead_planner::survive::{Kept, Matrix, Survival};
use ennead_spec::Spec;

use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::ui::{self, Cell, Tone};

/// Computes what the platform survives.
pub(super) fn compute(spec: &Spec) -> Result<Survival, CommandError> {
    Ok(survive(&layout(spec)?))
}

/// Returns what matters of a spec for what it survives.
pub(super) fn layout(spec: &Spec) -> Result<Layout, CommandError> {
    Layout::of(&spec.fleet, &spec.options).ok_or_else(|| {
        let message = format!("more than {SERVERS_MAX} servers cannot be computed");
        CommandError::new(Exit::Usage, message)
    })
}

/// Prints promises and cases; with `explain` also how the times are made up.
pub(super) fn print(survival: &Survival, explain: bool) {
    ui::line(format!("{}.", survival.layout));
    ui::line("");
    promises(&survival.promises);
    ui::line("");
    matrix(&survival.matrix);
    ui::line("");
    cases(&survival.rows);
    ui::line("");
    reasons(&survival.rows);
    ui::line("");
    sets(&survival.sets);
    if explain {
        survival.times.iter().for_each(formula);
    }
    ui::line("");
    ui::line(format!("Not computed: {}.", survival.not_computed.join("; ")));
}

fn promises(promises: &[Kept]) {
    let rows = promises.iter().map(|it| {
        let kept = if it.kept { ("yes", Tone::Good) } else { ("no", Tone::Bad) };
        let kept = Cell(kept.0.to_owned(), kept.1);
        vec![it.promise.as_str().into(), kept, it.counterexample.as_str().into()]
    });
    ui::table(&["PROMISE", "KEPT", "SMALLEST COUNTEREXAMPLE"], rows.collect());
}

/// Shows every service against every kind of loss, and why for those besides the components; the
/// cases tell it of the others.
fn matrix(matrix: &Matrix) {
    let columns = matrix.columns.iter().map(|column| column.to_uppercase());
    let header: Vec<String> = std::iter::once("SERVICE".to_owned()).chain(columns).collect();
    let rows = matrix.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|it| Cell(it.outcome.to_string(), tone(it.outcome)));
        std::iter::once(row.service.as_str().into()).chain(cells).collect()
    });
    ui::table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows.collect());
    for row in matrix.rows.iter().skip(SERVICES.len()) {
        for (kind, it) in matrix.columns.iter().zip(&row.cells) {
            if !it.outcome.by_itself() {
                let place = ui::paint(&format!("{}, {kind}", row.service), Tone::Quiet);
                ui::line(format!("{place}: {}: {}.", it.outcome, it.reason));
            }
        }
    }
}

fn cases(rows: &[Row]) {
    let services = SERVICES.map(str::to_uppercase);
    let header: Vec<&str> =
        std::iter::once("CASE").chain(services.iter().map(String::as_str)).collect();
    let rows = rows.iter().map(|row| {
        let cells = row.services.iter().map(|it| Cell(it.outcome.to_string(), tone(it.outcome)));
        std::iter::once(row.case.as_str().into()).chain(cells).collect()
    });
    ui::table(&header, rows.collect());
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Up => Tone::Good,
        Outcome::UpAfter { .. } => Tone::Warn,
        Outcome::ReadOnly | Outcome::ByHand | Outcome::DataLost { .. } | Outcome::Down => Tone::Bad,
    }
}

/// Says why, for whatever does not come back by itself.
fn reasons(rows: &[Row]) {
    let mut any = false;
    for row in rows {
        for it in row.services.iter().filter(|it| !it.outcome.by_itself()) {
            any = true;
            let case = ui::paint(&row.case, Tone::Quiet);
            ui::line(format!("{case}: {} {}: {}.", it.service, it.outcome, it.reason));
        }
    }
    if !any {
        ui::line("Every service comes back by itself in each of these cases.");
    }
}

fn sets(sets: &Sets) {
    let rows = sets.sizes.iter().filter(|size| size.lost > 0).map(|size| {
        let tone = if size.kept == size.sets { Tone::Good } else { Tone::Warn };
        let kept = Cell(format!("{} of {}", size.kept, size.sets), tone);
        vec![size.lost.to_string().into(), kept]
    });
    ui::table(&["SERVERS LOST AT ONCE", "SETS SURVIVED"], rows.collect());
    if sets.smallest > 0 {
        ui::line(format!("{} smallest sets that are not survived:", sets.smallest));
        for set in &sets.named {
            ui::line(format!("  {}", set.join(", ")));
        }
        let more = sets.smallest.saturating_sub(sets.named.len());
        if more > 0 {
            ui::line(format!("  and {more} more"));
        }
    }
    if !sets.left_out.is_empty() {
        ui::line(format!("Not looked at: {}.", sets.left_out));
    }
}

fn formula(formula: &Formula) {
    ui::line("");
    ui::line(format!("{}: {} to {} s", formula.of, formula.least_s(), formula.most_s()));
    let rows = formula.terms.iter().map(|term| {
        let range = format!("{} to {} ms", term.least_ms, term.most_ms);
        vec![format!("  {}", term.what).into(), range.into(), Cell(term.from.clone(), Tone::Quiet)]
    });
    ui::table(&["  TERM", "TIME", "FROM"], rows.collect());
}
