//! `ennead node`: what runs on a node, called over SSH.

use ennead_node::{commands, probe, tunnel};

use crate::cli::NodeCommand;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;

/// Runs one of the node's commands.
pub(crate) async fn run(command: &NodeCommand) -> Result<Exit, CommandError> {
    match command {
        NodeCommand::Apply => commands::apply().await.or_exit(Exit::Internal)?,
        NodeCommand::Observe => commands::observe().await.or_exit(Exit::Internal)?,
        NodeCommand::Test => commands::test().await.or_exit(Exit::Internal)?,
        NodeCommand::Tunnel { interface } => tunnel(interface).await.or_exit(Exit::Internal)?,
        NodeCommand::Probe => probe::run().await.or_exit(Exit::Internal)?,
    }
    Ok(Exit::Done)
}
