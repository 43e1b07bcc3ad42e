//! Measures again the coefficients that capacity is computed with, on a platform that is up in a lab.
//!
//! Everything runs on the nodes themselves, by `ennead ssh`: pgbench is part of PostgreSQL there. Work
//! is divided by the processor time that a program used for it, so a machine that does more besides
//! gives the same figures. Each run has a limit of time, and the tables are dropped at the end.

mod figures;
mod page;
mod scripts;

use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use figures::{Figure, Values, values};

/// Options of `cargo xtask bench capacity`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The spec of a platform that is up
    #[arg(long, default_value = "examples/crm.toml")]
    spec: String,
    /// The lab that it is up in
    #[arg(long, default_value = "default")]
    lab: String,
    /// Seconds of each run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(5..=120))]
    seconds: u32,
    /// Connections that are held for the measurements of memory
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=900))]
    connections: u32,
}

const PAGE: &str = "docs/reference/measurements-capacity.md";
const PROGRAM: &str = "target/release/ennead";

/// Where measurements run.
#[derive(Debug, PartialEq, Eq)]
struct Places {
    /// Its database is primary.
    primary: String,
    /// The primary's private address.
    address: String,
    /// Has pgbench and a load balancer; another than the primary where there is one.
    client: String,
}

/// Runs all measurements and writes the page.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    super::run(Command::new("cargo").args(["build", "--release", "--package", "ennead"]))?;
    let used: Value = serde_json::from_str(&ennead(options, &["check", "--capacity", "--json"])?)?;
    let status: Value = serde_json::from_str(&ennead(options, &["status", "--json"])?)?;
    let places = places(&status)?;
    on(options, &places.primary, &scripts::prepare())?;
    let measured = measure(options, &places);
    // Removed also after a failure; its own error must not hide the first one.
    let removed = on(options, &places.primary, &scripts::remove());
    let figures = measured?;
    removed?;
    let page = page::render(&figures, &used, &page::Machine::here()?)?;
    std::fs::write(PAGE, &page)?;
    println!("{page}");
    Ok(())
}

fn measure(options: &Options, places: &Places) -> anyhow::Result<Vec<Figure>> {
    let (seconds, connections) = (options.seconds, options.connections);
    let on_primary = |script: String| on(options, &places.primary, &script);
    // A hundred backends are the fewest that an instance allows; some are others'.
    let backends = connections.min(50);
    let idle = on_primary(scripts::backends(backends, scripts::Backends::Idle, seconds))?;
    let active = on_primary(scripts::backends(backends, scripts::Backends::Active, seconds))?;
    let database = on_primary(scripts::database(seconds))?;
    let clients = on_primary(scripts::pooler_memory(connections, seconds))?;
    let passed =
        pooled(options, places, &scripts::through_pooler(&places.address, seconds, false))?;
    let handshakes =
        pooled(options, places, &scripts::through_pooler(&places.address, seconds, true))?;
    let balancer = on(options, &places.client, &scripts::through_balancer(seconds))?;
    let sessions = on(options, &places.client, &scripts::balancer_memory(connections, seconds))?;
    [
        figures::backend_bytes("idle", &idle),
        figures::backend_bytes("busy with pgbench's own mix", &active),
        figures::database_processor(&database),
        figures::pooler_client_bytes(&clients),
        figures::pooler_transactions(&passed),
        figures::pooler_handshakes(&handshakes),
        figures::balancer_exchanges(&balancer),
        figures::balancer_session_bytes(&sessions),
    ]
    .into_iter()
    .collect()
}

/// Runs clients on one node and reads the pooler's processor time on the other, before and after.
fn pooled(options: &Options, places: &Places, script: &str) -> anyhow::Result<Values> {
    let ticks = || on(options, &places.primary, &scripts::pooler_ticks());
    let before = ticks()?;
    let mut told = on(options, &places.client, script)?;
    let after = ticks()?;
    told.extend(before.into_iter().map(|(key, value)| (format!("{key}_before"), value)));
    told.extend(after.into_iter().map(|(key, value)| (format!("{key}_after"), value)));
    Ok(told)
}

/// Finds the nodes to measure on. A platform that is not in a lab is refused: this is a load.
fn places(status: &Value) -> anyhow::Result<Places> {
    let endpoint = status["endpoint"].as_str().unwrap_or_default();
    let host = endpoint.split("://").nth(1).unwrap_or_default();
    let local = ["127.0.0.1", "localhost", "[::1]"].iter().any(|it| {
        host.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    anyhow::ensure!(local, "{endpoint:?} is no lab: this measurement loads servers");
    anyhow::ensure!(status["healthy"] == true, "the platform is not healthy: see `ennead status`");
    let nodes = status["nodes"].as_array().context("the status has no nodes")?;
    let component = |node: &Value, name: &str| {
        let components = node["components"].as_array()?;
        components.iter().find(|it| it["name"] == name).cloned()
    };
    let is_primary =
        |node: &&Value| component(node, "postgres").is_some_and(|it| it["role"] == "primary");
    let primary = nodes.iter().find(is_primary).context("no node says that it is primary")?;
    let can =
        |node: &&Value| ["postgres", "haproxy"].iter().all(|it| component(node, it).is_some());
    let others = nodes.iter().filter(|node| node["name"] != primary["name"]);
    let client = others.chain([primary]).find(can).context("no node has postgres and haproxy")?;
    let word = |value: &Value| value.as_str().map(str::to_owned).context("the status lacks a word");
    Ok(Places {
        primary: word(&primary["name"])?,
        address: word(&primary["address"])?,
        client: word(&client["name"])?,
    })
}

/// Runs a script on a node; gives the numbers that it told.
fn on(options: &Options, node: &str, script: &str) -> anyhow::Result<Values> {
    Ok(values(&ennead(options, &["ssh", node, "--", "bash", "-c", script])?))
}

fn ennead(options: &Options, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(PROGRAM);
    command.args(["--spec", &options.spec, "--lab", &options.lab]).args(arguments);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let what = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    // `check` answers with findings too.
    let found = arguments.first() == Some(&"check") && output.status.code() == Some(3);
    anyhow::ensure!(output.status.success() || found, "ennead {what} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(endpoint: &str, roles: [&str; 3]) -> Value {
        let node = |index: usize, role: &str| {
            json!({ "name": format!("n{index}"), "address": format!("10.0.0.{index}"), "components": [
                { "name": "postgres", "role": role }, { "name": "haproxy", "role": null },
            ]})
        };
        let nodes: Vec<_> =
            roles.iter().enumerate().map(|(index, role)| node(index, role)).collect();
        json!({ "endpoint": endpoint, "healthy": true, "nodes": nodes })
    }

    #[test]
    fn the_client_is_another_node_than_the_primary() {
        let at = |roles| places(&status("http://127.0.0.1:8080/v1", roles)).unwrap();
        let found = at(["replica", "primary", "replica"]);
        assert_eq!((found.primary.as_str(), found.client.as_str()), ("n1", "n0"));
        assert_eq!(found.address, "10.0.0.1");
        assert_eq!(at(["primary", "replica", "replica"]).client, "n1");
        let mut one = status("http://localhost/v1", ["primary", "", ""]);
        one["nodes"].as_array_mut().unwrap().truncate(1);
        assert_eq!(places(&one).unwrap().client, "n0");
    }

    #[test]
    fn only_a_healthy_lab_is_loaded() {
        let roles = ["primary", "replica", "replica"];
        for endpoint in ["https://api.hetzner.cloud/v1", "", "http://127.0.0.1.example.com/v1"] {
            let refused = places(&status(endpoint, roles)).unwrap_err().to_string();
            assert!(refused.contains("is no lab"), "{refused}");
        }
        let mut ill = status("http://127.0.0.1:1/v1", roles);
        ill["healthy"] = false.into();
        assert!(places(&ill).unwrap_err().to_string().contains("not healthy"));
        assert!(places(&status("http://127.0.0.1:1/v1", ["replica"; 3])).is_err());
    }
}
