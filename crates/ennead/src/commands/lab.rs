//! `ennead lab`: the Hetzner Cloud in a box.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_components::image_packages as declared_packages;
use ennead_host::{Command, environment, files};
use ennead_lab::daemon::Lab;
use ennead_lab::doctor::{self, DoctorCheck, Need};
use ennead_lab::image::{IMAGE_CACHE, ensure_image, image_packages, image_path};
use ennead_lab::lifecycle::teardown;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Global, LabCommand, LabServeArgs};
use crate::commands::lab_fault;
use crate::commands::lab_status;
use crate::commands::lab_token;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::paths;
use crate::progress::say_with_time;
use crate::ui::{self, Cell, Tone};

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
        LabCommand::Status { json } => lab_status::run(&lab(global)?, *json).await,
    }
}

fn lab(global: &Global) -> Result<Lab, CommandError> {
    let folder = paths::lab_folder(global);
    let here = environment::current_directory().or_exit(Exit::Internal)?;
    Ok(Lab { name: global.lab.clone(), folder: here.join(folder) })
}

async fn show_doctor(global: &Global, json: bool) -> Result<Exit, CommandError> {
    let checks = examine(&lab(global)?).await;
    let boots = checks.iter().all(|check| check.ok || check.need != Need::Lab);
    if json {
        ui::json(&checks);
    } else {
        let rows = checks.iter().map(|check| {
            let mark = match (check.ok, check.need) {
                (true, _) => Cell("ok".into(), Tone::Good),
                (false, Need::Lab) => Cell("LACKS".into(), Tone::Bad),
                (false, Need::Feature(_)) => Cell("lacks".into(), Tone::Warn),
            };
            let need = match check.need {
                Need::Lab => "the lab",
                Need::Feature(what) => what,
            };
            let fix = if check.ok { "" } else { check.fix };
            vec![mark, check.name.into(), need.into(), check.seen.clone().into(), fix.into()]
        });
        ui::table(&["", "NEEDS", "FOR", "SEEN", "HOW TO GET IT"], rows.collect());
    }
    Ok(if boots { Exit::Done } else { Exit::Internal })
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
    let lacking = checks.iter().find(|check| !check.ok && check.need == Need::Lab);
    let Some(lacking) = lacking else { return Ok(()) };
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
