//! `ennead check --availability`: the minutes of a year, as tables.

use ennead_planner::availability::{
    Availability, MINUTES_PER_YEAR, Rates, SEED, STATED, YEARS, availability,
};
use ennead_planner::survive::{Layout, SERVERS_MAX};
use ennead_spec::Spec;

use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::ui::{self, Cell, Tone};

/// Terms that --explain lists; the others are added up in one line.
const TERMS_MAX: usize = 40;

/// Computes how long the platform is away in a year.
pub(super) fn compute(spec: &Spec, rates: &Rates) -> Result<Availability, CommandError> {
    let layout = Layout::of(&spec.fleet, &spec.options).ok_or_else(|| {
        let message = format!("more than {SERVERS_MAX} servers cannot be computed");
        CommandError::new(Exit::Usage, message)
    })?;
    Ok(availability(&layout, rates, YEARS, SEED))
}

/// Prints services, their spread and the sum by kinds; with `explain` also rates and terms.
pub(super) fn print(availability: &Availability, explain: bool) {
    services(availability);
    ui::line("");
    groups(availability);
    if explain {
        ui::line("");
        rates(availability);
        ui::line("");
        terms(availability);
    }
    ui::line("");
    if !availability.doubt.is_empty() {
        ui::line(format!("{}: {}.", ui::paint("Doubt", Tone::Warn), availability.doubt));
    }
    let stated = availability.rates.iter().filter(|rate| rate.from == STATED).count();
    ui::line(format!(
        "Rates: {stated} stated, {} estimates; `--explain` shows them, `[rates]` in a claims file \
         states them.",
        availability.rates.len() - stated
    ));
    ui::line(format!("Not counted: {}.", availability.not_counted.join("; ")));
}

fn services(availability: &Availability) {
    let target = availability.target_minutes;
    let percent = 100.0 - 100.0 * target / MINUTES_PER_YEAR;
    ui::line(format!(
        "Minutes a year; the target of {percent} % allows {target:.1}. Spread over {} simulated \
         years, seed {}.",
        availability.years, availability.seed
    ));
    ui::line("");
    let rows = availability.services.iter().map(|it| {
        let tone = if it.kept { Tone::Good } else { Tone::Bad };
        let name = match it.service {
            "writes" => "database writes",
            "either" => "writes or entry",
            other => other,
        };
        let spread = &it.spread;
        vec![
            name.into(),
            Cell(format!("{:.2}", it.minutes_per_year), tone),
            Cell(format!("{:.4} %", it.percent), tone),
            format!("{:.2}", spread.mean).into(),
            format!("{:.2}", spread.p5).into(),
            format!("{:.2}", spread.p50).into(),
            format!("{:.2}", spread.p95).into(),
            format!("{:.1} %", 100.0 * spread.within_target).into(),
        ]
    });
    let header =
        ["AWAY", "FORMULA", "AVAILABLE", "SIMULATED", "P5", "P50", "P95", "YEARS IN TARGET"];
    ui::table(&header, rows.collect());
}

fn groups(availability: &Availability) {
    let mut rows: Vec<Vec<Cell>> = availability
        .groups
        .iter()
        .map(|it| {
            let mut row = vec![it.what.into(), amount(it.per_year)];
            row.extend(it.minutes.map(amount));
            row
        })
        .collect();
    let mut sum = vec!["sum".into(), "".into()];
    sum.extend(availability.services.iter().map(|it| amount(it.minutes_per_year)));
    rows.push(sum);
    ui::table(&["WHAT HAPPENS", "A YEAR", "NO WRITES", "NO ENTRY", "EITHER"], rows);
}

fn rates(availability: &Availability) {
    let rows = availability.rates.iter().map(|rate| {
        let tone = if rate.from == STATED { Tone::Plain } else { Tone::Quiet };
        let value = format!("{} {}", rate.value, rate.unit);
        vec![rate.name.into(), value.into(), Cell(rate.from.to_owned(), tone)]
    });
    ui::table(&["RATE", "VALUE", "FROM"], rows.collect());
}

fn terms(availability: &Availability) {
    let counted = availability.terms.iter().filter(|term| term.minutes[2] > 0.0);
    let rows = counted.clone().take(TERMS_MAX).map(|term| {
        let from = Cell(term.from.clone(), Tone::Quiet);
        vec![term.what.as_str().into(), amount(term.per_year), amount(term.minutes[2]), from]
    });
    ui::table(&["TERM", "A YEAR", "MINUTES A YEAR", "EACH TIME"], rows.collect());
    let rest: Vec<f64> = counted.skip(TERMS_MAX).map(|term| term.minutes[2]).collect();
    if !rest.is_empty() {
        let minutes: f64 = rest.iter().sum();
        ui::line(format!("and {} smaller terms: {minutes:.6} minutes a year", rest.len()));
    }
}

/// Shows small amounts with enough digits, and none as 0.
fn amount(amount: f64) -> Cell {
    if amount <= 0.0 {
        Cell("0".to_owned(), Tone::Quiet)
    } else if amount < 0.01 {
        format!("{amount:.6}").into()
    } else {
        format!("{amount:.2}").into()
    }
}
