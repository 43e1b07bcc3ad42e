//! `ennead lab`: the Hetzner Cloud in a box.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_components::image_packages as declared_packages;
use ennead_hcloud::{Client, RetryPolicy};
use ennead_host::{Command, environment, files};
use ennead_lab::daemon::Lab;
use ennead_lab::doctor::{self, DoctorCheck};
use ennead_lab::image::{IMAGE_CACHE, ensure_image, image_packages, image_path};
use ennead_lab::lifecycle::teardown;
use secrecy::SecretString;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Global, LabCommand, LabServeArgs};
use crate::commands::lab_fault;
use crate::commands::lab_token;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::paths;
use crate::progress::say_with_time;
use crate::ui::{self, Cell, Tone};

/// What `--json` prints of a lab.
#[derive(Debug, Serialize)]
struct LabStatus {
    lab: String,
    folder: String,
    served: bool,
    endpoint: Option<String>,
    public_prefix: String,
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

/// Runs one of the lab's commands.
pub(crate) async fn run(global: &Global, command: &LabCommand) -> Result<Exit, CommandError> {
    match command {
        LabCommand::Doctor { json } => show_doctor(global, *json).await,
        LabCommand::Image { rebuild } => {
            let image = image(&lab(global)?, *rebuild).await?;
            ui::line(image);
            Ok(Exit::Done)
        }
        LabCommand::Serve(args) => serve(global, args).await,
        LabCommand::Up(args) => up(global, args).await,
        LabCommand::Token(command) => lab_token::run(&lab(global)?, command).await,
        LabCommand::Down => down(global).await,
        LabCommand::Fault(command) => lab_fault::run(&lab(global)?, command).await,
        LabCommand::Status { json } => status(global, *json).await,
    }
}

fn lab(global: &Global) -> Result<Lab, CommandError> {
    let folder = paths::lab_folder(global);
    let here = environment::current_directory().or_exit(Exit::Internal)?;
    Ok(Lab { name: global.lab.clone(), folder: here.join(folder) })
}

async fn show_doctor(global: &Global, json: bool) -> Result<Exit, CommandError> {
    let checks = examine(&lab(global)?).await;
    let all_good = checks.iter().all(|check| check.ok);
    if json {
        ui::json(&checks);
    } else {
        let rows = checks.iter().map(|check| {
            let mark = if check.ok {
                Cell("ok".into(), Tone::Good)
            } else {
                Cell("LACKS".into(), Tone::Bad)
            };
            let fix = if check.ok { "" } else { check.fix };
            vec![mark, check.name.into(), check.seen.clone().into(), fix.into()]
        });
        ui::table(&["", "NEEDS", "SEEN", "HOW TO GET IT"], rows.collect());
    }
    Ok(if all_good { Exit::Done } else { Exit::Internal })
}

async fn examine(lab: &Lab) -> Vec<DoctorCheck> {
    // The lab's folder may not exist yet; what holds it does.
    let mut folder = lab.folder.as_path();
    while !folder.is_dir() {
        let Some(parent) = folder.parent() else { break };
        folder = parent;
    }
    doctor::evaluate(&doctor::probe(folder).await)
}

/// Refuses with one line what the machine lacks for real servers.
async fn require_machine(lab: &Lab) -> Result<(), CommandError> {
    let checks = examine(lab).await;
    let Some(lacking) = checks.iter().find(|check| !check.ok) else { return Ok(()) };
    let message = format!("the lab needs {}; seen: {}", lacking.name, lacking.seen);
    Err(CommandError::new(Exit::Internal, message)
        .hint(lacking.fix)
        .hint("`ennead lab doctor` shows everything"))
}

async fn image(lab: &Lab, rebuild: bool) -> Result<Utf8PathBuf, CommandError> {
    let packages = image_packages(&declared_packages());
    let cache = Utf8Path::new(IMAGE_CACHE);
    let path = image_path(cache, &packages);
    if rebuild {
        files::remove_all(&path).or_exit(Exit::Internal)?;
    } else if files::exists(&path).or_exit(Exit::Internal)? {
        return Ok(path);
    }
    require_machine(lab).await?;
    say_with_time("building the servers' image, about a minute, once");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel::<String>();
    let lines = tokio::spawn(async move {
        while let Some(line) = told.recv().await {
            if line.starts_with("I:") || line.starts_with("image") {
                say_with_time(line.trim_start_matches("I: "));
            }
        }
    });
    let built = ensure_image(cache, &packages, &tell).await.or_exit(Exit::Internal);
    drop(tell);
    lines.await.or_exit(Exit::Internal)?;
    built
}

async fn serve(global: &Global, args: &LabServeArgs) -> Result<Exit, CommandError> {
    let lab = lab(global)?;
    let image = if args.remember_only {
        None
    } else {
        require_machine(&lab).await?;
        Some(image(&lab, false).await?)
    };
    let config = lab.ensure(args.remember_only).await.or_exit(Exit::Usage)?;
    lab.configure(args.change(config.limits)).or_exit(Exit::Usage)?;
    lab.rewire(&args.distance, args.egress).or_exit(Exit::Usage)?;
    let mut ended = signal(SignalKind::terminate()).or_exit(Exit::Internal)?;
    let shutdown = async move {
        // An error leaves the signal as the way to end it.
        tokio::select! {
            _ = ended.recv() => {}
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
    };
    let bound = lab.serve(image, args.port, shutdown).await.or_exit(Exit::Internal)?;
    say_with_time(&format!("lab {} answers at {}", lab.name, bound.endpoint));
    bound.ended().await;
    Ok(Exit::Done)
}

async fn up(global: &Global, args: &LabServeArgs) -> Result<Exit, CommandError> {
    let lab = lab(global)?;
    if !args.remember_only {
        require_machine(&lab).await?;
        image(&lab, false).await?;
    }
    let config = lab.ensure(args.remember_only).await.or_exit(Exit::Usage)?;
    let is_configured = lab.configure(args.change(config.limits)).or_exit(Exit::Usage)?;
    let is_rewired = lab.rewire(&args.distance, args.egress).or_exit(Exit::Usage)?;
    if is_configured || is_rewired {
        // Servers go on while the daemon starts again with what is new.
        lab.stop().await.or_exit(Exit::Internal)?;
    }
    if !lab.is_served().or_exit(Exit::Internal)? {
        let program = environment::executable().or_exit(Exit::Internal)?;
        let parent = lab.folder.parent().unwrap_or(&lab.folder);
        let mut command = Command::new(program)
            .args(["--lab", &lab.name, "--lab-state", parent.as_str(), "lab", "serve"])
            .args(["--port", &args.port.to_string()]);
        if args.remember_only {
            command = command.arg("--remember-only");
        }
        lab.start(&command).await.or_exit(Exit::Internal)?;
    }
    let endpoint = files::read_text(&lab.folder.join("endpoint")).or_exit(Exit::Internal)?;
    ui::say(format!(
        "Lab {} answers at {}; its token is in {}/token.",
        lab.name,
        endpoint.unwrap_or_default().trim(),
        lab.folder
    ));
    Ok(Exit::Done)
}

async fn down(global: &Global) -> Result<Exit, CommandError> {
    let lab = lab(global)?;
    lab.stop().await.or_exit(Exit::Internal)?;
    teardown(&lab.name, &lab.folder).await.or_exit(Exit::Internal)?;
    ui::say(format!("Lab {} is gone.", lab.name));
    Ok(Exit::Done)
}

async fn status(global: &Global, json: bool) -> Result<Exit, CommandError> {
    let lab = lab(global)?;
    let config = lab.config().or_exit(Exit::Internal)?.ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("there is no lab {} at {}", lab.name, lab.folder))
            .hint("start it with `ennead lab up`")
    })?;
    let served = lab.is_served().or_exit(Exit::Internal)?;
    let endpoint = files::read_text(&lab.folder.join("endpoint")).or_exit(Exit::Internal)?;
    let endpoint = endpoint.map(|text| text.trim().to_owned()).filter(|_| served);
    let servers = match &endpoint {
        Some(endpoint) => servers(&lab, endpoint).await?,
        None => Vec::new(),
    };
    let status = LabStatus {
        lab: lab.name.clone(),
        folder: lab.folder.to_string(),
        served,
        endpoint,
        public_prefix: config.public_prefix,
        daemon_memory_bytes: lab.daemon_memory_bytes().or_exit(Exit::Internal)?,
        memory_bytes: servers.iter().filter_map(|server| server.memory_bytes).sum(),
        servers,
    };
    if json {
        ui::json(&status);
    } else {
        show(&status);
    }
    Ok(Exit::Done)
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
