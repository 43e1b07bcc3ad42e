//! Measures how long writes stop by each fault of the table, in a lab of its own with a distance
//! between its sites, and writes the figures beside their goals after each row.

mod page;
mod rows;

use std::process::{Command, Stdio};

use anyhow::Context as _;
use ennead_drill::plan::site_that_may_be_lost;
use ennead_model::{Catalogue, Fleet};
use serde_json::Value;

use crate::machine::machine;
use page::{failed_line, line, page};
use rows::{Row, SITE, chosen};

/// Options of `cargo xtask bench failover`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each thing is broken
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// The spec
    #[arg(long, default_value = "examples/crm.toml")]
    spec: String,
    /// Only these rows, for example power-loss,site-loss; the page keeps the others
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
}

const PAGE: &str = "docs/reference/measurements-failover.md";
const EVIDENCE: &str = "target/evidence-failover";
const LAB: &str = "bench-failover";
/// One way between the two first sites.
const DISTANCE_MS: u32 = 30;
/// A drill that writes nothing for longer fails; shorter ones are compared with the goals only.
const RTO_LIMIT_S: &str = "60";
/// Exit status of a drill that was carried out and did not pass.
const DRILL_FAILED: i32 = 6;

/// Measures all rows and writes the page.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let rows = chosen(&options.rows)?;
    let text = std::fs::read_to_string(&options.spec)?;
    let spec = ennead_spec::parse_spec(&text, Catalogue::embedded()).spec;
    let fleet = spec.with_context(|| format!("{} has errors", options.spec))?.fleet;
    super::run(Command::new("cargo").args(["build", "--release", "--package", "ennead"]))?;
    // A bench that was killed leaves its lab.
    ennead(options, &["lab", "down"])?;
    let result = measure(options, &rows, &fleet);
    // The lab is removed also after a failure; its own error must not hide the first one.
    let removed = ennead(options, &["lab", "down"]);
    result?;
    removed?;
    Ok(())
}

fn measure(options: &Options, rows: &[Row], fleet: &Fleet) -> anyhow::Result<()> {
    let distance = distance(fleet);
    let far: Vec<&str> = distance.iter().flat_map(|it| ["--distance", it.as_str()]).collect();
    ennead(options, &[&["lab", "up", "--pace", "fast"], far.as_slice()].concat())?;
    ennead(options, &["up", "--json"])?;
    let head = head(options, distance.as_deref())?;
    let mut failed = Vec::new();
    for row in rows {
        let measured = drill(options, row, fleet).and_then(|summary| line(row, &summary));
        let line = measured.unwrap_or_else(|error| {
            failed.push(format!("{}: {error:#}", row.name));
            failed_line(row, &format!("{error:#}"))
        });
        println!("{line}");
        let before = std::fs::read_to_string(PAGE).unwrap_or_default();
        std::fs::write(PAGE, page(&head, &before, row, &line))?;
        // A drill that failed may leave a platform that the next one would be refused on.
        ennead(options, &["up", "--json"])?;
    }
    anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join("; "));
    Ok(())
}

/// Carries a row's drill out and returns what it told, also when it did not pass.
fn drill(options: &Options, row: &Row, fleet: &Fleet) -> anyhow::Result<Value> {
    let site = site_that_may_be_lost(fleet).map(|site| site.to_string());
    let mut arguments = vec!["drill"];
    for word in row.drill {
        let site = || site.as_deref().context("no site with a database may be lost");
        arguments.push(if *word == SITE { site()? } else { word });
    }
    let runs = options.runs.to_string();
    arguments.extend([
        "--runs",
        &runs,
        "--rto-limit",
        RTO_LIMIT_S,
        "--evidence",
        EVIDENCE,
        "--json",
    ]);
    if row.real_pace {
        ennead(options, &["lab", "up", "--pace", "real"])?;
    }
    let summary = ennead(options, &arguments);
    if row.real_pace {
        ennead(options, &["lab", "up", "--pace", "fast"])?;
    }
    summary
}

/// Returns the distance between the first two locations, as `lab up` reads it.
fn distance(fleet: &Fleet) -> Option<String> {
    let mut locations: Vec<&str> = Vec::new();
    for site in fleet.sites.values() {
        if !locations.contains(&site.location.as_str()) {
            locations.push(&site.location);
        }
    }
    match locations.as_slice() {
        [one, other, ..] => Some(format!("{one}:{other}={DISTANCE_MS}ms")),
        _ => None,
    }
}

fn head(options: &Options, distance: Option<&str>) -> anyhow::Result<String> {
    let far = distance.map_or_else(
        || "without a distance".to_owned(),
        |it| format!("with the distance {it} one way"),
    );
    Ok(format!(
        "# Measurements of failover\n\n\
         Written by `cargo xtask bench failover` on a machine with {}; `{}` in a lab of its own, {far}.\n\n\
         RTO is the longest time without an acknowledged write, seen by a client that writes each 25 ms through the \
         load balancers; every acknowledged write is read back afterwards. A goal is missed by its p50, its max, a lost \
         write, a run that did not pass or was not made. [The drills](../guide/failover.md).\n",
        machine()?,
        options.spec
    ))
}

/// Runs the program to its end; gives its standard output as JSON, if it is.
fn ennead(options: &Options, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut command = Command::new("target/release/ennead");
    command.args(["--spec", &options.spec, "--lab", LAB]).args(arguments);
    let output = command.stderr(Stdio::inherit()).output()?;
    let told: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    let carried_out = output.status.code() == Some(DRILL_FAILED) && told.is_some();
    anyhow::ensure!(
        output.status.success() || carried_out,
        "ennead {} ended with {}",
        arguments.join(" "),
        output.status
    );
    Ok(told.unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_a_distance_and_a_site_that_may_be_lost() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/crm.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let fleet = ennead_spec::parse_spec(&text, Catalogue::embedded()).spec.unwrap().fleet;
        assert_eq!(distance(&fleet).as_deref(), Some("ash:hil=30ms"));
        assert_eq!(site_that_may_be_lost(&fleet).unwrap().as_str(), "hil");
    }
}
