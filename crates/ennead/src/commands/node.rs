//! `ennead node`: what runs on a node, called over SSH.

use ennead_host::LocalHost;
use ennead_node::{commands, probe};
use tokio::io::BufReader;

use crate::cli::NodeCommand;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;

/// Runs one of the node's commands.
pub(crate) async fn run(command: &NodeCommand) -> Result<Exit, CommandError> {
    match command {
        NodeCommand::Apply => commands::apply().await.or_exit(Exit::Internal)?,
        NodeCommand::Confirm => commands::confirm().await.or_exit(Exit::Internal)?,
        NodeCommand::Observe => commands::observe().await.or_exit(Exit::Internal)?,
        NodeCommand::Test => commands::test().await.or_exit(Exit::Internal)?,
        NodeCommand::Reach => commands::reach().await.or_exit(Exit::Internal)?,
        NodeCommand::Tunnel { .. } => {
            return Err(CommandError::new(Exit::Internal, "a tunnel is run without a runtime"));
        }
        NodeCommand::Probe => {
            let input = BufReader::new(tokio::io::stdin());
            let host = LocalHost::new("this node");
            probe::run(&host, input, tokio::io::stdout()).await.or_exit(Exit::Internal)?;
        }
    }
    Ok(Exit::Done)
}
