//! `ennead lab status`: what a lab is, what is in force in it, and its servers.

use ennead_hcloud::{Client, RetryPolicy};
use ennead_host::files;
use ennead_lab::daemon::{Lab, LabConfig};
use ennead_lab::distance::Distance;
use ennead_lab::pace::Pace;
use ennead_lab::state::Limits;
use secrecy::SecretString;
use serde::Serialize;

use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::ui::{self, Cell, Tone};

/// What `--json` prints of a lab.
#[derive(Debug, Serialize)]
struct LabStatus {
    lab: String,
    folder: String,
    served: bool,
    endpoint: Option<String>,
    public_prefix: String,
    /// Absent when servers are only remembered.
    name_server: Option<String>,
    distance: Vec<Distance>,
    egress: bool,
    pace: Pace,
    limits: Limits,
    /// How many are in force; absent when it is not served.
    faults: Option<usize>,
    daemon_memory_bytes: Option<u64>,
    /// Of all servers together.
    memory_bytes: u64,
    servers: Vec<ServerStatus>,
}

#[derive(Debug, Serialize)]
struct ServerStatus {
    id: u64,
    name: String,
    status: String,
    server_type: String,
    location: String,
    public_ip: Option<String>,
    memory_bytes: Option<u64>,
}

/// Shows a lab.
pub(crate) async fn run(lab: &Lab, json: bool) -> Result<Exit, CommandError> {
    let config = lab.config().or_exit(Exit::Internal)?.ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("there is no lab {} at {}", lab.name, lab.folder))
            .hint("start it with `ennead lab up`")
    })?;
    let status = look(lab, config).await?;
    if json {
        ui::json(&status);
    } else {
        show(&status);
    }
    Ok(Exit::Done)
}

async fn look(lab: &Lab, config: LabConfig) -> Result<LabStatus, CommandError> {
    let served = lab.is_served().or_exit(Exit::Internal)?;
    let endpoint = files::read_text(&lab.folder.join("endpoint")).or_exit(Exit::Internal)?;
    let endpoint = endpoint.map(|text| text.trim().to_owned()).filter(|_| served);
    let (servers, faults) = match &endpoint {
        Some(endpoint) => (servers(lab, endpoint).await?, Some(faults(lab).await?)),
        None => (Vec::new(), None),
    };
    Ok(LabStatus {
        lab: lab.name.clone(),
        folder: lab.folder.to_string(),
        served,
        endpoint,
        name_server: config.name_server().map(|address| address.to_string()),
        public_prefix: config.public_prefix,
        distance: config.distance,
        egress: config.egress,
        pace: config.pace,
        limits: config.limits,
        faults,
        daemon_memory_bytes: lab.daemon_memory_bytes().or_exit(Exit::Internal)?,
        memory_bytes: servers.iter().filter_map(|server| server.memory_bytes).sum(),
        servers,
    })
}

async fn faults(lab: &Lab) -> Result<usize, CommandError> {
    let listed = lab.ask("GET", "/faults", None).await.or_exit(Exit::Internal)?;
    Ok(listed["faults"].as_array().map_or(0, Vec::len))
}

async fn servers(lab: &Lab, endpoint: &str) -> Result<Vec<ServerStatus>, CommandError> {
    let token = files::read_text(&lab.folder.join("token")).or_exit(Exit::Internal)?;
    let token = SecretString::from(token.unwrap_or_default().trim().to_owned());
    let client = Client::new(endpoint, &token, RetryPolicy::default()).or_exit(Exit::Internal)?;
    let servers = client.servers("").await.or_exit(Exit::Internal)?;
    let status = |server: ennead_hcloud::types::Server| ServerStatus {
        memory_bytes: lab.server_memory_bytes(server.id),
        id: server.id,
        name: server.name,
        status: server.status,
        server_type: server.server_type.name,
        location: server.location.name,
        public_ip: server.public_net.ipv4.map(|ipv4| ipv4.ip),
    };
    Ok(servers.into_iter().map(status).collect())
}

fn show(status: &LabStatus) {
    let word = if status.served {
        ui::paint("served", Tone::Good)
    } else {
        ui::paint("not served", Tone::Bad)
    };
    let endpoint = status.endpoint.as_deref().unwrap_or("-");
    ui::line(format!("lab {}: {word}, {endpoint}, public {}", status.lab, status.public_prefix));
    for line in in_force(status) {
        ui::line(line);
    }
    let mebibytes =
        |bytes: Option<u64>| bytes.map_or("-".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    let rows = status.servers.iter().map(|server| {
        let tone = if server.status == "running" { Tone::Good } else { Tone::Bad };
        vec![
            Cell::from(server.name.clone()),
            Cell(server.status.clone(), tone),
            server.server_type.clone().into(),
            server.location.clone().into(),
            server.public_ip.clone().unwrap_or_else(|| "-".to_owned()).into(),
            mebibytes(server.memory_bytes).into(),
        ]
    });
    ui::table(&["SERVER", "STATUS", "TYPE", "LOCATION", "PUBLIC", "MEMORY"], rows.collect());
    ui::line(format!(
        "{} in {} servers, daemon {}",
        mebibytes(Some(status.memory_bytes)),
        status.servers.len(),
        mebibytes(status.daemon_memory_bytes)
    ));
}

/// What makes this lab different from another one, a line each.
fn in_force(status: &LabStatus) -> Vec<String> {
    let name_server = status.name_server.as_deref().unwrap_or("none, servers are only remembered");
    let egress = if status.egress { "open" } else { "closed" };
    let mut lines = vec![
        format!("name server {name_server}"),
        format!("egress {egress}, pace {}", status.pace),
    ];
    if !status.distance.is_empty() {
        let all: Vec<String> = status.distance.iter().map(ToString::to_string).collect();
        lines.push(format!("distance {}", all.join(" ")));
    }
    let limits =
        [("servers", status.limits.servers), ("dedicated", status.limits.dedicated_servers)];
    let limits: Vec<String> = limits
        .into_iter()
        .filter_map(|(what, limit)| limit.map(|limit| format!("{what}={limit}")))
        .collect();
    if !limits.is_empty() {
        lines.push(format!("limits {}", limits.join(" ")));
    }
    match status.faults {
        None => {}
        Some(0) => lines.push("no fault in force".to_owned()),
        Some(1) => lines.push("1 fault in force, see `ennead lab fault list`".to_owned()),
        Some(count) => lines.push(format!("{count} faults in force, see `ennead lab fault list`")),
    }
    lines
}
