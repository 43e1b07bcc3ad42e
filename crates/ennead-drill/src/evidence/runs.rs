//! The picture of many runs: one line each, all beginning at the moment of the fault.

use super::picture::{Axis, SECOND, at};
use super::svg::{Anchor, Canvas};
use super::words::words;
use crate::report::{DrillReport, RunReport};
use crate::verdict::seconds;

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = WIDTH - 110.0;
const TOP: f64 = 128.0;
const ROW: f64 = 26.0;
/// Seconds shown before the fault.
const BEFORE: f64 = 2.0;

/// Returns the picture.
pub(super) fn render(report: &DrillReport) -> String {
    let rows = f64::from(u32::try_from(report.runs.len()).unwrap_or(u32::MAX));
    let bottom = TOP + rows * ROW + 6.0;
    let longest = report.rto_us.as_ref().map_or(0, |spread| spread.max);
    let span = at(longest.max(report.rto_limit_ms * 1000)) / SECOND;
    let axis = Axis {
        from: -BEFORE * SECOND,
        to: (span * 1.06 + 1.0) * SECOND,
        left: LEFT,
        right: RIGHT,
        zero: 0.0,
    };
    let mut canvas = Canvas::new(WIDTH, bottom + 64.0);
    header(&mut canvas, report);
    axis.draw(&mut canvas, TOP - 6.0, bottom);
    let mut y = TOP;
    for run in &report.runs {
        row(&mut canvas, &axis, run, y);
        y += ROW;
    }
    let limit = axis.x(at(report.rto_limit_ms) * 1000.0);
    canvas.line("limit", (limit, TOP - 18.0), (limit, bottom));
    let limited = format!("limit {}", seconds(report.rto_limit_ms * 1000));
    canvas.text("limittext small", limit - 5.0, TOP - 10.0, Anchor::End, &limited);
    if let Some(spread) = &report.rto_us {
        let x = axis.x(at(spread.p50));
        canvas.line("mark", (x, TOP - 18.0), (x, bottom));
        let median = format!("median {}", seconds(spread.p50));
        canvas.text("small", x - 5.0, TOP - 10.0, Anchor::End, &median);
    }
    let foot =
        format!("seconds since {}; hatched: no write was acknowledged", words(&report.drill).since);
    canvas.text("muted tiny", LEFT, bottom + 46.0, Anchor::Start, &foot);
    let summary = format!(
        "{} runs of {}, verdict {}",
        report.runs.len(),
        report.drill,
        report.verdict.word()
    );
    canvas.finish(&summary)
}

fn header(canvas: &mut Canvas, report: &DrillReport) {
    let title = format!("{}, {} runs", words(&report.drill).title, report.runs.len());
    canvas.text("title", 36.0, 46.0, Anchor::Start, &title);
    let subtitle = format!(
        "{} · {} nodes · {}",
        report.platform,
        report.nodes,
        report.started.strftime("%Y-%m-%d %H:%M:%S UTC")
    );
    canvas.text("muted", 36.0, 70.0, Anchor::Start, &subtitle);
    let (pill, word) = if report.verdict.passed { ("pass", "PASS") } else { ("fail", "FAIL") };
    canvas.rect(pill, 36.0, 84.0, (58.0, 24.0), "");
    canvas.text("on", 65.0, 101.0, Anchor::Middle, word);
    let Some(spread) = &report.rto_us else { return };
    let figures = [("median", spread.p50), ("95 %", spread.p95), ("longest", spread.max)];
    let mut x = WIDTH - 36.0;
    for (name, value) in figures.into_iter().rev() {
        canvas.text("bold title", x, 52.0, Anchor::End, &seconds(value));
        canvas.text("muted small", x, 74.0, Anchor::End, name);
        x -= 130.0;
    }
}

fn row(canvas: &mut Canvas, axis: &Axis, run: &RunReport, y: f64) {
    let name = |node: &Option<ennead_model::NodeName>| {
        node.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string)
    };
    let who = if run.primary_before == run.primary_after || run.primary_after.is_none() {
        name(&run.target)
    } else {
        format!("{} → {}", name(&run.primary_before), name(&run.primary_after))
    };
    canvas.text("muted small", 36.0, y + 15.0, Anchor::Start, &run.number.to_string());
    canvas.text("small", 60.0, y + 15.0, Anchor::Start, &who);
    let height = ROW - 8.0;
    let (Some(measured), Some(asked)) = (&run.measured, run.broken_us()) else {
        canvas.rect("track", LEFT, y, (RIGHT - LEFT, height), "");
        canvas.text("failtext small", LEFT + 8.0, y + 14.0, Anchor::Start, "not measured");
        return;
    };
    let start = axis.x(at(measured.gap_start_us) - at(asked));
    let end = axis.x(at(measured.gap_end_us) - at(asked));
    canvas.rect("write", LEFT, y, (RIGHT - LEFT, height), "writes are acknowledged");
    let label = seconds(measured.rto_us);
    canvas.gap(start, y, ((end - start).max(1.0), height), &label);
    canvas.line("gapedge", (start, y), (start, y + height));
    canvas.line("gapedge", (end, y), (end, y + height));
    let class = if run.verdict.passed { "bold" } else { "failtext bold" };
    canvas.text(class, RIGHT + 12.0, y + 14.0, Anchor::Start, &label);
    if !measured.lost.is_empty() {
        let lost = format!("{} lost", measured.lost.len());
        canvas.text("failtext small", LEFT + 8.0, y + 14.0, Anchor::Start, &lost);
    }
}
