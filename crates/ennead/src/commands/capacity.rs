//! `ennead check --capacity`: what the platform carries, as tables.

use ennead_model::Load;
use ennead_planner::capacity::{
    Bottleneck, Capacity, Losses, Part, Removal, Resource, Use, compute, percent, quantity,
};
use ennead_spec::Spec;

use crate::ui::{self, Cell, Tone};

/// Utilisation above which a resource is worth a look: what is left is no reserve for a busy hour.
const NEARLY_FULL: f64 = 0.8;

/// Computes what the platform carries; without a stated load, what there is.
pub(super) fn capacity(spec: &Spec) -> Capacity {
    compute(&spec.fleet, &spec.options, &spec.load.unwrap_or_default())
}

/// Prints resources and what breaks first; with `explain` also what it is computed with.
pub(super) fn print(capacity: &Capacity, explain: bool) {
    ui::line(asked(&capacity.load));
    ui::line("");
    resources(&capacity.resources);
    ui::line("");
    capacity.bottlenecks.iter().for_each(|it| bottleneck(capacity, it));
    capacity.removals.iter().for_each(|it| removal(capacity, it));
    if explain {
        ui::line("");
        drawn(&capacity.resources);
        ui::line("");
        limits(&capacity.resources);
        ui::line("");
        coefficients(capacity);
    }
    ui::line("");
    let left_out = capacity.not_computed.iter().map(|it| format!("{} ({})", it.what, it.why));
    ui::line(format!("Not computed: {}.", left_out.collect::<Vec<_>>().join("; ")));
}

fn asked(load: &Load) -> String {
    let stated = |(key, _): &(&str, u64)| Some(format!("{key} = {}", load.get(key)?));
    let stated: Vec<String> = Load::KEYS.iter().filter_map(stated).collect();
    if stated.is_empty() {
        let example = "load = { requests_per_minute = 100000, connections = 1000 }";
        return format!("No load is stated: write {example} under [platform].");
    }
    format!("Asked: {}.", stated.join(", "))
}

fn resources(resources: &[Resource]) {
    let header = [
        "RESOURCE",
        "",
        "DEMAND",
        "SUPPLY",
        "NOW",
        "WORST SERVER LOST",
        "WORST SITE LOST",
        "BASIS",
    ];
    let rows = resources.iter().map(|it| {
        let amount = |of: fn(&Use) -> f64| {
            it.now.as_ref().map_or_else(|| "-".into(), |usage| quantity(of(usage), it.unit))
        };
        vec![
            it.key.clone().into(),
            Cell(it.what.clone(), Tone::Quiet),
            amount(|usage| usage.demand).into(),
            amount(|usage| usage.supply).into(),
            it.now.map_or_else(nothing, |usage| used(usage, "")),
            after(it.now, &it.server),
            after(it.now, &it.site),
            basis(it).into(),
        ]
    });
    ui::table(&header, rows.collect());
}

/// Says whether the row rests on an assumption, or on settings and sourced figures alone.
fn basis(resource: &Resource) -> &'static str {
    if resource.estimated { "estimate" } else { "sourced" }
}

/// Returns what is put behind a sentence that rests on an assumption.
fn estimated(capacity: &Capacity, key: &str) -> &'static str {
    let of = capacity.resource(key).is_some_and(|resource| resource.estimated);
    if of { " (estimate)" } else { "" }
}

/// Names what is lost where it makes a difference.
fn after(now: Option<Use>, losses: &Losses) -> Cell {
    match (&losses.worst, &losses.nothing_left) {
        (_, Some(lost)) => Cell(format!("none left, {lost}"), Tone::Bad),
        (Some(worst), None) if now == Some(worst.usage) => used(worst.usage, ""),
        (Some(worst), None) => used(worst.usage, &worst.lost),
        (None, None) => "-".into(),
    }
}

fn nothing() -> Cell {
    Cell("no supply".to_owned(), Tone::Bad)
}

fn used(usage: Use, lost: &str) -> Cell {
    let tone = if usage.utilisation > 1.0 {
        Tone::Bad
    } else if usage.utilisation > NEARLY_FULL {
        Tone::Warn
    } else {
        Tone::Good
    };
    let percent = percent(usage.utilisation);
    Cell(if lost.is_empty() { percent } else { format!("{percent}, {lost}") }, tone)
}

fn what<'c>(capacity: &'c Capacity, key: &str) -> &'c str {
    capacity.resource(key).map_or("", |resource| resource.what.as_str())
}

fn bottleneck(capacity: &Capacity, it: &Bottleneck) {
    let case = match it.case {
        "now" => "now".to_owned(),
        kind => format!("without {kind} {}", it.lost),
    };
    let what = what(capacity, &it.resource);
    ui::line(format!(
        "First bottleneck {case}: {what}, at {} times the load{}.",
        times(it.breaks_at),
        estimated(capacity, &it.resource)
    ));
}

fn removal(capacity: &Capacity, it: &Removal) {
    let (what, times) = (what(capacity, &it.resource), times(it.times));
    let basis = estimated(capacity, &it.resource);
    ui::line(format!("To carry {times} times the load, {what}: {}{basis}.", it.change));
}

/// Returns a factor, never above what it is: a load that just does not fit must not read as 1.
fn times(factor: f64) -> String {
    if factor.fract() == 0.0 && factor >= 1.0 {
        return format!("{factor:.0}");
    }
    format!("{:.2}", (factor * 100.0).floor() / 100.0)
}

/// Says who takes how much of the fullest servers.
fn drawn(resources: &[Resource]) {
    let rows = resources.iter().filter_map(|it| {
        let drawn = it.fullest.as_ref()?;
        let part = |part: &Part| format!("{} {}", part.who, quantity(part.amount, it.unit));
        let parts: Vec<String> = drawn.parts.iter().map(part).collect();
        Some(vec![it.key.clone().into(), drawn.node.clone().into(), parts.join(", ").into()])
    });
    ui::table(&["RESOURCE", "FULLEST", "TAKEN BY"], rows.collect());
}

fn limits(resources: &[Resource]) {
    let rows = resources.iter().map(|it| {
        let from = Cell(it.coefficients.join(", "), Tone::Quiet);
        vec![it.key.clone().into(), it.limit.into(), from]
    });
    ui::table(&["RESOURCE", "SUPPLY IS SET BY", "COMPUTED WITH"], rows.collect());
}

fn coefficients(capacity: &Capacity) {
    let used = |name: &str| capacity.resources.iter().any(|it| it.coefficients.contains(&name));
    let rows = capacity.coefficients.iter().filter(|it| used(it.name)).map(|it| {
        let source =
            if it.estimate { format!("estimate: {}", it.source) } else { it.source.into() };
        let tone = if it.estimate { Tone::Warn } else { Tone::Plain };
        vec![
            it.name.into(),
            format!("{} {}", it.value, it.unit).into(),
            Cell(source, tone),
            it.measured_by.into(),
        ]
    });
    ui::table(&["COEFFICIENT", "VALUE", "SOURCE", "MEASURED AGAIN BY"], rows.collect());
}
