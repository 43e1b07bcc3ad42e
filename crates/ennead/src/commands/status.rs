//! `ennead status`: every node, what it runs and how it is.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock;
use ennead_model::{Finding, Health, Inventory, Known, Observation, Severity};
use ennead_spec::Spec;
use serde::Serialize;

use crate::cli::{Global, StatusArgs};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::Session;
use crate::ui::{self, Cell, Tone};

/// Pause between two looks with `--watch`.
const WATCH_PAUSE: Duration = Duration::from_secs(2);

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    platform: String,
    endpoint: String,
    healthy: bool,
    nodes: Vec<NodeStatus>,
    /// Certificates that are past their renewal, and an authority that ends soon.
    certificates: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct NodeStatus {
    name: String,
    site: String,
    tier: String,
    /// The cloud's word; `absent` when there is no server.
    server: String,
    address: String,
    public_ip: Option<String>,
    /// Why the node could not be asked.
    unknown: Option<String>,
    components: Vec<ComponentStatus>,
}

#[derive(Debug, Serialize)]
struct ComponentStatus {
    name: String,
    /// Null when it is not known.
    healthy: Option<bool>,
    why: Option<String>,
    role: Option<String>,
    drift: Vec<String>,
    facts: BTreeMap<String, String>,
}

/// Prints the status once, or again and again.
pub(crate) async fn run(global: &Global, args: &StatusArgs) -> Result<Exit, CommandError> {
    let session = Session::open(global)?;
    loop {
        let inventory = session.observe().await?;
        let mut status = status_of(session.spec(), session.endpoint(), &inventory);
        status.certificates = session.vault().certificate_findings(clock::now());
        if args.json {
            ui::json(&status);
        } else {
            if args.watch && ui::is_interactive() {
                // Clears the screen and goes to its top left corner.
                ui::line("\u{1b}[2J\u{1b}[H");
            }
            print(&status);
        }
        if !args.watch {
            return Ok(Exit::Done);
        }
        clock::pause_for(WATCH_PAUSE).await;
    }
}

impl Status {
    /// Returns whether every node answers and every component is healthy.
    pub(crate) fn healthy(&self) -> bool {
        self.healthy
    }
}

/// Computes the status from what was observed.
pub(crate) fn status_of(spec: &Spec, endpoint: &str, inventory: &Inventory) -> Status {
    let mut nodes = Vec::new();
    for node in spec.fleet.nodes.values() {
        let server = inventory.cloud.servers.get(node.name.as_str());
        let known = inventory.nodes.get(&node.name);
        let facts = known.and_then(Known::known);
        let components = node.components.iter().map(|name| {
            component_status(name.as_str(), facts.and_then(|facts| facts.components.get(name)))
        });
        nodes.push(NodeStatus {
            name: node.name.to_string(),
            site: node.site.to_string(),
            tier: node.tier.to_string(),
            server: server.map_or_else(|| "absent".to_owned(), |server| server.status.clone()),
            address: node.address.to_string(),
            public_ip: server.and_then(|server| server.public_ip).map(|ip| ip.to_string()),
            unknown: known.and_then(Known::why_unknown).map(str::to_owned),
            components: components.collect(),
        });
    }
    let healthy = nodes.iter().all(|node| {
        node.unknown.is_none() && node.components.iter().all(|one| one.healthy == Some(true))
    });
    let (platform, endpoint) = (spec.platform.clone(), endpoint.to_owned());
    Status { platform, endpoint, healthy, nodes, certificates: Vec::new() }
}

fn component_status(name: &str, observation: Option<&Observation>) -> ComponentStatus {
    let (healthy, why) = match observation.map(|observation| &observation.health) {
        None => (None, Some("not observed".to_owned())),
        Some(Known::Unknown { why }) => (None, Some(why.clone())),
        Some(Known::Known(Health::Healthy)) => (Some(true), None),
        Some(Known::Known(Health::Unhealthy { why })) => (Some(false), Some(why.clone())),
    };
    ComponentStatus {
        name: name.to_owned(),
        healthy,
        why,
        role: observation.and_then(|observation| observation.role.clone()),
        drift: observation.map(|observation| observation.drift.clone()).unwrap_or_default(),
        facts: observation.map(|observation| observation.facts.clone()).unwrap_or_default(),
    }
}

fn print(status: &Status) {
    let mut rows = Vec::new();
    for node in &status.nodes {
        let tone = if node.server == "running" { Tone::Good } else { Tone::Bad };
        let components: Vec<String> = node.components.iter().map(component_text).collect();
        rows.push(vec![
            Cell::from(node.name.clone()),
            Cell::from(node.site.clone()),
            Cell(node.server.clone(), tone),
            Cell::from(node.address.clone()),
            Cell::from(node.public_ip.clone().unwrap_or_else(|| "-".to_owned())),
            Cell::from(components.join("  ")),
        ]);
    }
    ui::table(&["NODE", "SITE", "SERVER", "ADDRESS", "PUBLIC", "COMPONENTS"], rows);
    for node in &status.nodes {
        if let Some(why) = &node.unknown {
            ui::line(format!("{}: {}: {why}", ui::paint("unknown", Tone::Bad), node.name));
            continue;
        }
        for component in node.components.iter().filter(|one| one.healthy != Some(true)) {
            let why = component.why.as_deref().unwrap_or_default();
            let word = if component.healthy.is_none() { "unknown" } else { "unhealthy" };
            let word = ui::paint(word, Tone::Bad);
            ui::line(format!("{word}: {} on {}: {why}", component.name, node.name));
        }
        for component in &node.components {
            for drift in &component.drift {
                let word = ui::paint("drift", Tone::Warn);
                ui::line(format!("{word}: {} on {}: {drift}", component.name, node.name));
            }
        }
    }
    super::check::print(&status.certificates, Severity::Note);
    let (word, tone) =
        if status.healthy { ("healthy", Tone::Good) } else { ("NOT healthy", Tone::Bad) };
    ui::line(format!("{} is {}.", status.platform, ui::paint(word, tone)));
}

fn component_text(component: &ComponentStatus) -> String {
    let mark = match component.healthy {
        Some(true) => "",
        Some(false) => "!",
        None => "?",
    };
    let tone = if component.healthy == Some(true) { Tone::Plain } else { Tone::Bad };
    let text = match &component.role {
        Some(role) => format!("{}{mark}:{}", component.name, ui::paint(role, role_tone(role))),
        None => format!("{}{mark}", component.name),
    };
    ui::paint(&text, tone)
}

fn role_tone(role: &str) -> Tone {
    if role == "primary" || role == "leader" { Tone::Good } else { Tone::Quiet }
}
