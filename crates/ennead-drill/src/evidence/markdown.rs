//! The report for people: the verdict first, then what leads to it.

use std::fmt::Write as _;

use super::picture::grouped;
use super::words::words;
use crate::report::{DrillReport, RunReport};
use crate::statistics::Spread;
use crate::verdict::seconds;

/// Returns the text.
pub(super) fn render(report: &DrillReport) -> String {
    let mut text = String::new();
    head(&mut text, report);
    runs(&mut text, report);
    if let Some(run) = report.telling_run() {
        course(&mut text, report, run);
    }
    foundations(&mut text, report);
    text
}

/// Adds a line. Writing to a string cannot fail.
macro_rules! line {
    ($text:expr) => { $text.push('\n') };
    ($text:expr, $($format:tt)+) => {{
        let _written = writeln!($text, $($format)+);
    }};
}

fn head(text: &mut String, report: &DrillReport) {
    let word = if report.verdict.passed { "PASS" } else { "FAIL" };
    line!(text, "# {word}: {} on {}", report.drill, report.platform);
    line!(text);
    line!(text, "It proves that {}.", report.proves);
    line!(text);
    if report.without_api {
        line!(text, "Meanwhile no server reached the cloud's API.");
        line!(text);
    }
    for reason in &report.verdict.reasons {
        line!(text, "- **{}**", cell(reason));
    }
    if !report.verdict.reasons.is_empty() {
        line!(text);
    }
    line!(text, "| promise | measured | limit |");
    line!(text, "|---|---|---|");
    let rto = report.rto_us.as_ref().map_or_else(|| "nothing".to_owned(), spread);
    let limit = seconds(report.rto_limit_ms * 1000);
    line!(text, "| time without an acknowledged write (RTO) | {rto} | {limit} |");
    line!(
        text,
        "| acknowledged writes lost (RPO) | {} of {} | {} |",
        grouped(report.lost),
        grouped(report.acknowledged),
        report.rpo_limit
    );
    let rejoin = report.rejoin_us.as_ref().map_or_else(|| "nothing".to_owned(), spread);
    line!(text, "| {} | {rejoin} | - |", words(&report.drill).rejoin);
    line!(text);
    line!(text, "![timeline](timeline.svg)");
    line!(text);
    if report.runs.len() > 1 {
        line!(text, "![all runs](runs.svg)");
        line!(text);
    }
}

fn spread(spread: &Spread) -> String {
    match spread.runs {
        1 => seconds(spread.max),
        runs => format!(
            "p50 {}, p95 {}, max {} ({runs} runs)",
            seconds(spread.p50),
            seconds(spread.p95),
            seconds(spread.max)
        ),
    }
}

fn runs(text: &mut String, report: &DrillReport) {
    line!(text, "## Runs");
    line!(text);
    line!(
        text,
        "| run | began (UTC) | {} | primary | RTO | acknowledged | lost | unknown | refused | read gap | rejoined after | verdict |",
        words(&report.drill).broken
    );
    line!(text, "|---|---|---|---|---|---|---|---|---|---|---|---|");
    for run in &report.runs {
        line!(text, "{}", row(run));
    }
    line!(text);
    line!(
        text,
        "Unknown: the answer was lost, so the write may be there or not; it was promised to nobody. \
         Refused: the database said no."
    );
    line!(text);
}

fn row(run: &RunReport) -> String {
    let name = |node: &Option<ennead_model::NodeName>| {
        node.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let primary = if run.primary_before == run.primary_after {
        name(&run.primary_before)
    } else {
        format!("{} → {}", name(&run.primary_before), name(&run.primary_after))
    };
    let figures = run.measured.as_ref().map_or_else(
        || "- | - | - | - | - | -".to_owned(),
        |measured| {
            format!(
                "{} | {} | {} | {} ({} kept) | {} | {}",
                seconds(measured.rto_us),
                grouped(measured.acknowledged),
                grouped(measured.lost.len()),
                grouped(measured.unknown),
                grouped(measured.unknown_kept),
                grouped(measured.refused),
                seconds(measured.read_gap_us)
            )
        },
    );
    format!(
        "| {} | {} | {} | {primary} | {figures} | {} | {} |",
        run.number,
        run.started.strftime("%H:%M:%S"),
        broken(run),
        run.rejoin_us().map_or_else(|| "-".to_owned(), seconds),
        run.verdict.word()
    )
}

fn broken(run: &RunReport) -> String {
    let target = || run.target.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    if run.fault.is_empty() { target() } else { cell(&run.fault) }
}

fn course(text: &mut String, report: &DrillReport, run: &RunReport) {
    let words = words(&report.drill);
    line!(text, "## Course of run {}", run.number);
    line!(text);
    let probe = run.probe_node.as_ref().map_or("nowhere", |node| node.as_str());
    line!(
        text,
        "The probe ran on {probe}; its rows are named `{}`. Times count from {}.",
        run.run,
        words.zero
    );
    line!(text);
    for (component, node) in &run.leaders_before {
        let is_touched = run.target.as_ref() == Some(node) || run.touched.contains(node);
        let too = if is_touched { words.too } else { "" };
        line!(text, "Leader of {component} before: {node}{too}.");
        line!(text);
    }
    if let Some(beyond) = &run.beyond {
        line!(
            text,
            "A client on the other side was promised {} writes, of which {} are lost; it was not served for {}.",
            grouped(beyond.acknowledged),
            grouped(beyond.lost.len()),
            seconds(beyond.rto_us)
        );
        line!(text);
    }
    line!(text, "| time | event |");
    line!(text, "|---|---|");
    let zero = run.broken_us().unwrap_or(run.history.from_us);
    let mut events: Vec<(u64, String)> = run
        .marks
        .iter()
        .map(|mark| (mark.at_us, format!("{} {}", mark.kind.label(), mark.what)))
        .collect();
    if let Some(measured) = &run.measured {
        events.push((measured.gap_start_us, "last acknowledged write before the gap".to_owned()));
        let gap = seconds(measured.rto_us);
        events.push((measured.gap_end_us, format!("**first acknowledged write after {gap}**")));
    }
    let timeline = |(at_us, number): &(u64, u32)| {
        (*at_us, format!("timeline {number} of the write-ahead log answers"))
    };
    events.extend(run.timelines.iter().map(timeline));
    events.sort();
    for (at_us, what) in events {
        line!(text, "| {} | {} |", since(at_us, zero), what.trim());
    }
    line!(text);
    if !run.troubles.is_empty() {
        line!(text, "What clients were told meanwhile:");
        line!(text);
        line!(text, "| tries | first | for | through | answer |");
        line!(text, "|---|---|---|---|---|");
        for trouble in run.troubles.iter().take(12) {
            line!(
                text,
                "| {} | {} | {:?} | {} | {} |",
                trouble.count,
                since(trouble.at_us, zero),
                trouble.purpose,
                trouble.endpoint,
                cell(&trouble.what)
            );
        }
        line!(text);
    }
}

/// Returns a moment as seconds after the zero, negative before it.
fn since(at_us: u64, zero: u64) -> String {
    let apart = seconds(at_us.abs_diff(zero));
    if at_us < zero && apart != seconds(0) { format!("-{apart}") } else { apart }
}

fn foundations(text: &mut String, report: &DrillReport) {
    line!(text, "## Foundations");
    line!(text);
    line!(text, "| what | value |");
    line!(text, "|---|---|");
    line!(text, "| began | {} |", report.started.strftime("%Y-%m-%d %H:%M:%S UTC"));
    line!(text, "| ended | {} |", report.ended.strftime("%Y-%m-%d %H:%M:%S UTC"));
    line!(text, "| nodes | {} |", report.nodes);
    line!(text, "| spec (SHA-256) | `{}` |", report.spec_sha256);
    for (program, version) in &report.versions {
        line!(text, "| {} | {} |", cell(program), cell(version));
    }
    line!(text);
    line!(text, "To repeat it:");
    line!(text);
    line!(text, "```sh");
    line!(text, "{}", report.repeat);
    line!(text, "```");
}

/// Returns a text that stays inside its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
