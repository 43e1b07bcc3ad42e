//! `ennead node`: what runs on a node, called over SSH.

use camino::Utf8Path;
use ennead_host::clock::now;
use ennead_host::{LocalHost, environment};
use ennead_node::guard::{self, GuardError, STATUS_FILE, StatusError, Surroundings};
use ennead_node::{commands, probe};
use tokio::io::BufReader;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{NodeAuditCommand, NodeCommand};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::ui;

/// Runs one of the node's commands.
pub(crate) async fn run(command: &NodeCommand) -> Result<Exit, CommandError> {
    match command {
        NodeCommand::Apply => commands::apply().await.or_exit(Exit::Internal)?,
        NodeCommand::Confirm => commands::confirm().await.or_exit(Exit::Internal)?,
        NodeCommand::Observe => commands::observe().await.or_exit(Exit::Internal)?,
        NodeCommand::Test => commands::test().await.or_exit(Exit::Internal)?,
        NodeCommand::Audit(NodeAuditCommand::Read) => {
            commands::audit_read().await.or_exit(Exit::Internal)?;
        }
        NodeCommand::Audit(NodeAuditCommand::Append) => {
            commands::audit_append().await.or_exit(Exit::Internal)?;
        }
        NodeCommand::Reach => commands::reach().await.or_exit(Exit::Internal)?,
        NodeCommand::Tunnel { .. } => {
            return Err(CommandError::new(Exit::Internal, "a tunnel is run without a runtime"));
        }
        NodeCommand::Probe => {
            let input = BufReader::new(tokio::io::stdin());
            let host = LocalHost::new("this node");
            probe::run(&host, input, tokio::io::stdout()).await.or_exit(Exit::Internal)?;
        }
        NodeCommand::Guard { status: true, .. } => guard_status()?,
        NodeCommand::Guard { config, forget_acts: true, .. } => {
            let config = guard::load(config).or_exit(Exit::Internal)?;
            guard::forget_acts(&config).await.or_exit(Exit::Internal)?;
        }
        NodeCommand::Guard { config, .. } => run_guard(config).await?,
    }
    Ok(Exit::Done)
}

async fn run_guard(config: &Utf8Path) -> Result<(), CommandError> {
    let config = guard::load(config).or_exit(Exit::Internal)?;
    let handler = |kind| {
        signal(kind).map_err(|source| GuardError::Process { what: "wait for signals", source })
    };
    let mut terminate = handler(SignalKind::terminate()).or_exit(Exit::Internal)?;
    let mut interrupt = handler(SignalKind::interrupt()).or_exit(Exit::Internal)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let surroundings =
        Surroundings { status: STATUS_FILE.into(), notify: environment::read("NOTIFY_SOCKET") };
    guard::run(config, surroundings, stop).await.or_exit(Exit::Internal)
}

fn guard_status() -> Result<(), CommandError> {
    let read = guard::read_status(Utf8Path::new(STATUS_FILE), now());
    if let Ok(text) | Err(StatusError::Old { text, .. }) = &read {
        ui::line(text.trim());
    }
    read.map(drop).or_exit(Exit::Internal)
}
