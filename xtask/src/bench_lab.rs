//! Measures the lab itself: its API, its distance, and how many servers fit on this machine.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use serde_json::Value;

use crate::machine::machine;

/// Options of `cargo xtask bench lab`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many servers to start, once for each number
    #[arg(long, value_delimiter = ',', default_values_t = [9, 18, 30, 60])]
    servers: Vec<usize>,
}

const PAGE: &str = "docs/reference/measurements-lab.md";
const PROGRAM: &str = "target/release/ennead";
const LAB: &str = "bench-lab";
/// What the init system and the logger of one server hold, as counted in a lab of 60.
const INOTIFY_OF_A_SERVER: usize = 4;
/// What the machine's own services may hold beside the lab; an estimate.
const INOTIFY_OF_THE_MACHINE: usize = 32;

/// Runs all measurements and writes the page.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    enough_inotify(options.servers.iter().copied().max().unwrap_or_default())?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "ennead", "--package", "ennead-lab", "--bins"]);
    super::run(cargo.args(["--examples"]))?;
    let mut page = head()?;
    api(&mut page)?;
    distance(&mut page)?;
    writeln!(page, "## Servers\n")?;
    writeln!(
        page,
        "Servers of the smallest type with nothing of the platform but its base, brought up by `ennead up` in a lab of \
         their own. Created to SSH-ready: from the first request until the last one let the operator in.\n"
    )?;
    writeln!(
        page,
        "| servers | created to SSH-ready | `ennead up` in all | memory of all | of one |\n|---|---|---|---|---|"
    )?;
    for count in &options.servers {
        let row = servers(*count)?;
        println!("{row}");
        writeln!(page, "{row}")?;
    }
    std::fs::write(PAGE, &page)?;
    println!("{page}");
    Ok(())
}

/// Refuses, before minutes are spent, what would end with servers that never become healthy.
fn enough_inotify(servers: usize) -> anyhow::Result<()> {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
    let limit: usize = std::fs::read_to_string(LIMIT)?.trim().parse()?;
    let needed = servers * INOTIFY_OF_A_SERVER + INOTIFY_OF_THE_MACHINE;
    anyhow::ensure!(
        limit >= needed,
        "{servers} servers need {needed} inotify instances, the kernel gives each user {limit}: run `sysctl \
         fs.inotify.max_user_instances={}` or name fewer with --servers",
        needed.next_power_of_two()
    );
    Ok(())
}

fn head() -> anyhow::Result<String> {
    Ok(format!(
        "# Measurements of the lab\n\nWritten by `cargo xtask bench lab` on a machine with {}.\n\n",
        machine()?
    ))
}

fn api(page: &mut String) -> anyhow::Result<()> {
    writeln!(page, "## API\n")?;
    writeln!(
        page,
        "`GET /servers?per_page=50` of 100 servers, 5 s, 8 connections; the lab has one thread, its clients another \
         (`examples/load.rs`).\n\n| | |\n|---|---|"
    )?;
    for (what, arguments) in
        [("nothing changes meanwhile", &["5", "8"][..]), ("100 changes a second", &["5", "8", "x"])]
    {
        let told = output(Command::new("target/release/examples/load").args(arguments))?;
        writeln!(page, "| {what} | {} |", told.lines().collect::<Vec<_>>().join("; "))?;
    }
    writeln!(page)?;
    Ok(())
}

fn distance(page: &mut String) -> anyhow::Result<()> {
    writeln!(page, "## Distance\n")?;
    writeln!(
        page,
        "Two of nine servers that are idle otherwise, by `ping` (which tells 0.1 ms apart) and `iperf3` \
         (`examples/distance.rs`). A goal: at least 300 Mbit/s, at most 0.2 ms late at p50 and 1.5 ms at p99.\n\n```text"
    )?;
    let told = output(Command::new("target/release/examples/distance").args(["30", "5"]))?;
    writeln!(page, "{}\n```\n", told.trim())?;
    Ok(())
}

/// Brings up a platform of so many servers and removes it; returns its row.
fn servers(count: usize) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("ennead.toml"), spec(count))?;
    let ennead = |arguments: &[&str]| {
        let mut command = Command::new(std::fs::canonicalize(PROGRAM)?);
        command.current_dir(folder.path()).args(["--lab", LAB]).args(arguments);
        command.env("HOME", folder.path()).stderr(Stdio::inherit());
        output(&mut command)
    };
    ennead(&["lab", "up"])?;
    let watch = Instant::now();
    let up = ennead(&["up", "--json"]);
    let took = watch.elapsed();
    let status = ennead(&["lab", "status", "--json"]);
    // Removed also after a failure; its own error must not hide the first one.
    let removed = ennead(&["lab", "down"]);
    let (up, status): (Value, Value) =
        (serde_json::from_str(&up?)?, serde_json::from_str(&status?)?);
    removed?;
    let ready = up["servers_ready_s"].as_f64().context("up says no servers_ready_s")?;
    let memory = status["memory_bytes"].as_u64().context("the lab's status says no memory")? >> 20;
    anyhow::ensure!(up["healthy"] == true, "not all of {count} servers are healthy");
    let each = memory / u64::try_from(count)?.max(1);
    let took = took.as_secs_f64();
    Ok(format!("| {count} | {ready:.1} s | {took:.1} s | {memory} MiB | {each} MiB |"))
}

/// A platform of so many servers of the smallest type, in one location.
fn spec(count: usize) -> String {
    let mut text = String::from(
        "format_version = 1\n[platform]\nname = \"many\"\ndrills = false\n[cloud]\nendpoint = \"lab\"\n\
         token_env = \"HCLOUD_TOKEN\"\nimage = \"debian-13\"\n[sites.main]\nlocation = \"fsn1\"\n\
         private_prefix = \"10.1.0.0/24\"\n[tiers.plain]\nserver_type = \"cx23\"\ncomponents = []\n",
    );
    let node = |number: usize| {
        let address = number + 10;
        format!(
            "[nodes.many-{number}]\nsite = \"main\"\ntier = \"plain\"\naddress = \"10.1.0.{address}\"\n"
        )
    };
    text.extend((1..=count).map(node));
    text
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
