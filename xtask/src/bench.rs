//! Measures the numbers of the README in a lab of its own, and writes them down.
//!
//! Figures come from whole runs of the program as a person runs it. Nothing here decides a test.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use crate::machine::machine;
use crate::{bench_capacity, bench_failover, bench_lab};

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often power is cut
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Also build the image from nothing
    #[arg(long)]
    image: bool,
    /// The spec
    #[arg(long, default_value = "examples/crm.toml")]
    spec: String,
    #[command(subcommand)]
    what: Option<What>,
}

/// What else can be measured.
#[derive(clap::Subcommand)]
enum What {
    /// The lab itself: its API, its distance, how many servers fit
    Lab(bench_lab::Options),
    /// What work costs on a platform that is up in a lab: the coefficients of `ennead check --capacity`
    Capacity(bench_capacity::Options),
    /// How long writes stop by each fault, and how many are lost
    Failover(bench_failover::Options),
}

const LAB: &str = "bench";
const PAGE: &str = "docs/reference/measurements.md";

struct Row {
    what: &'static str,
    measured: String,
    target: &'static str,
}

/// Runs all measurements and writes the page.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match &options.what {
        Some(What::Lab(options)) => return bench_lab::run(options),
        Some(What::Capacity(options)) => return bench_capacity::run(options),
        Some(What::Failover(options)) => return bench_failover::run(options),
        None => {}
    }
    let built =
        Command::new("cargo").args(["build", "--release", "--package", "ennead"]).status()?;
    anyhow::ensure!(built.success(), "the build failed");
    let result = measure(options);
    // The lab is removed also after a failure; its own error must not hide the first one.
    let removed = ennead(options, &["lab", "down"]);
    let rows = result?;
    removed?;
    let page = render(&rows)?;
    std::fs::write(PAGE, &page)?;
    println!("{page}");
    Ok(())
}

fn measure(options: &Options) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    if options.image {
        let (took, _) = ennead(options, &["lab", "image", "--rebuild"])?;
        rows.push(Row { what: "lab image, once", measured: seconds(took), target: "60 s" });
    }
    ennead(options, &["lab", "up"])?;
    let (up, summary) = ennead(options, &["up", "--json"])?;
    let ready = summary["servers_ready_s"].as_f64().context("up says no servers_ready_s")?;
    rows.push(Row {
        what: "servers created to SSH-ready",
        measured: format!("{ready:.1} s"),
        target: "4 s",
    });
    rows.push(Row { what: "`ennead up`, image present", measured: seconds(up), target: "45 s" });
    let again = repeated(options, 5, &["up", "--json"])?;
    rows.push(Row {
        what: "`ennead up` again, 0 changed",
        measured: spread(&again),
        target: "2 s",
    });
    let plan = repeated(options, 5, &["plan", "--json"])?;
    rows.push(Row { what: "`ennead plan`", measured: spread(&plan), target: "1.5 s" });
    let check = repeated(options, 5, &["check", "--json"])?;
    rows.push(Row { what: "`ennead check`", measured: spread(&check), target: "50 ms" });
    let (_, lab) = ennead(options, &["lab", "status", "--json"])?;
    rows.push(Row {
        what: "memory of all servers",
        measured: mebibytes(&lab["memory_bytes"])?,
        target: "2560 MiB",
    });
    rows.push(Row {
        what: "memory of the lab daemon",
        measured: mebibytes(&lab["daemon_memory_bytes"])?,
        target: "64 MiB",
    });
    rows.extend(power_loss(options)?);
    ennead(options, &["down", "--yes"])?;
    Ok(rows)
}

fn power_loss(options: &Options) -> anyhow::Result<Vec<Row>> {
    let runs = options.runs.to_string();
    let (_, report) = ennead(options, &["drill", "power-loss", "--json", "--runs", &runs])?;
    let figure =
        |key: &str| report["rto_s"][key].as_f64().with_context(|| format!("no rto_s.{key}"));
    let rto = format!(
        "p50 {:.2} s, p95 {:.2} s, max {:.2} s in {runs} runs",
        figure("p50")?,
        figure("p95")?,
        figure("max")?
    );
    let lost = report["lost"].as_u64().context("no lost")?;
    let acknowledged = report["acknowledged"].as_u64().context("no acknowledged")?;
    Ok(vec![
        Row {
            what: "power loss of the primary: RTO",
            measured: rto,
            target: "p50 23 s, each 28 s",
        },
        Row {
            what: "power loss of the primary: RPO",
            measured: format!("{lost} of {acknowledged} acknowledged writes lost"),
            target: "0",
        },
    ])
}

/// Runs the program to its end; gives the time it took and its standard output as JSON, if it is.
fn ennead(options: &Options, arguments: &[&str]) -> anyhow::Result<(Duration, Value)> {
    let watch = Instant::now();
    let output = Command::new("target/release/ennead")
        .args(["--spec", &options.spec, "--lab", LAB])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    let took = watch.elapsed();
    anyhow::ensure!(
        output.status.success(),
        "ennead {} ended with {}",
        arguments.join(" "),
        output.status
    );
    Ok((took, serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)))
}

fn repeated(options: &Options, times: u32, arguments: &[&str]) -> anyhow::Result<Vec<Duration>> {
    (0..times).map(|_| ennead(options, arguments).map(|(took, _)| took)).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn spread(times: &[Duration]) -> String {
    let mut sorted: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let (least, most) = (sorted.first().copied(), sorted.last().copied());
    format!(
        "{middle:.3} s (min {:.3}, max {:.3})",
        least.unwrap_or_default(),
        most.unwrap_or_default()
    )
}

fn mebibytes(value: &Value) -> anyhow::Result<String> {
    let bytes = value.as_u64().context("the lab's status says no memory")?;
    Ok(format!("{} MiB", bytes >> 20))
}

fn render(rows: &[Row]) -> anyhow::Result<String> {
    let mut page = String::from("# Measurements\n\n");
    writeln!(
        page,
        "Written by `cargo xtask bench` on a machine with {}.\n\
         Medians with the least and the most of five runs where a spread is given.\n",
        machine()?
    )?;
    writeln!(page, "| what | measured | goal, at most |\n|---|---|---|")?;
    for row in rows {
        writeln!(page, "| {} | {} | {} |", row.what, row.measured, row.target)?;
    }
    Ok(page)
}
