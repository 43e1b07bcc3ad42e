//! The page of the figures. Pure: what was measured goes in, text comes out.

use anyhow::Context as _;
use serde_json::Value;

use super::rows::{ROWS, Row};

const COLUMNS: &str = "| fault | runs | RTO p50 | p95 | max | goal p50 | goal max | lost of acknowledged writes | goal lost | goals | measured |\n|---|---|---|---|---|---|---|---|---|---|---|";

/// Returns the line of a row from what `ennead drill --json` printed.
pub(super) fn line(row: &Row, summary: &Value) -> anyhow::Result<String> {
    let count = |key: &str| summary[key].as_u64().with_context(|| format!("no {key} was told"));
    let (asked, runs) = (count("runs_asked")?, count("runs")?);
    let (lost, acknowledged) = (count("lost")?, count("acknowledged")?);
    let rto = |key: &str| summary["rto_s"][key].as_f64();
    let kept = summary["passed"] == true
        && runs == asked
        && lost == 0
        && rto("p50").is_some_and(|p50| p50 <= row.p50_s)
        && rto("max").is_some_and(|max| max <= row.max_s);
    let seconds = |key: &str| rto(key).map_or_else(|| "-".to_owned(), |it| format!("{it:.2} s"));
    let started = summary["started"].as_str().unwrap_or_default();
    let date = started.split('T').next().unwrap_or_default();
    Ok(format!(
        "{}{} | {} | {} | {} | {} s | {} s | {lost} of {acknowledged} | 0 | {} | {date} |",
        begins(row),
        if runs == asked { runs.to_string() } else { format!("{runs} of {asked}") },
        seconds("p50"),
        seconds("p95"),
        seconds("max"),
        row.p50_s,
        row.max_s,
        if kept { "kept" } else { "**missed**" },
    ))
}

/// Returns the line of a row that could not be measured.
pub(super) fn failed_line(row: &Row, why: &str) -> String {
    let why = why.replace(['\n', '|'], " ");
    format!(
        "{}0 | - | - | - | {} s | {} s | - | 0 | **not measured**: {why} | - |",
        begins(row),
        row.p50_s,
        row.max_s
    )
}

/// Returns the page with a new line in it. Other lines of the page before are kept, if they were
/// measured on the same machine with the same platform.
pub(super) fn page(head: &str, before: &str, row: &Row, line: &str) -> String {
    let same = before.starts_with(head);
    let mut page = format!("{head}\n{COLUMNS}\n");
    for known in &ROWS {
        let kept = || before.lines().find(|old| same && old.starts_with(&begins(known)));
        let line = if known.name == row.name { Some(line) } else { kept() };
        if let Some(line) = line {
            page.push_str(line);
            page.push('\n');
        }
    }
    page
}

fn begins(row: &Row) -> String {
    format!("| {} | ", row.fault)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(p50: f64, max: f64, lost: u64) -> Value {
        json!({"passed": lost == 0, "runs_asked": 20, "runs": 20, "lost": lost, "acknowledged": 900,
               "started": "2026-11-23T13:15:02Z", "rto_s": {"p50": p50, "p95": max, "max": max}})
    }

    #[test]
    fn a_missed_goal_is_shown_and_never_hidden() {
        let row = &ROWS[0];
        let kept = line(row, &summary(1.5, 4.0, 0)).unwrap();
        assert_eq!(
            kept,
            "| power loss of the primary | 20 | 1.50 s | 4.00 s | 4.00 s | 2.5 s | 5 s | 0 of 900 | 0 | kept | 2026-11-23 |"
        );
        let mut few = summary(1.5, 4.0, 0);
        few["runs"] = json!(3);
        for missed in [summary(2.6, 4.0, 0), summary(1.5, 5.1, 0), summary(1.5, 4.0, 1), few] {
            assert!(line(row, &missed).unwrap().contains("**missed**"), "{missed}");
        }
        assert!(line(row, &json!({})).is_err());
        assert!(failed_line(row, "no\nanswer").contains("**not measured**: no answer"));
    }

    #[test]
    fn a_page_grows_by_rows_and_drops_those_of_another_machine() {
        let one = page("head\n", "", &ROWS[3], "| PostgreSQL killed | new |");
        let two = page("head\n", &one, &ROWS[0], "| power loss of the primary | new |");
        let lines: Vec<&str> = two.lines().skip(4).collect();
        assert_eq!(lines, ["| power loss of the primary | new |", "| PostgreSQL killed | new |"]);
        let again = page("head\n", &two, &ROWS[3], "| PostgreSQL killed | newer |");
        assert!(again.contains("newer") && again.lines().count() == two.lines().count());
        let elsewhere = page("other head\n", &two, &ROWS[3], "| PostgreSQL killed | here |");
        assert!(!elsewhere.contains("power loss"), "{elsewhere}");
    }
}
