//! `ennead ssh`: a shell on a node, or a command there.

use std::process::ExitCode;

use crate::cli::{Global, SshArgs};
use crate::error::CommandError;
use crate::session::Session;

/// Connects with the platform's key and the node's own host key; gives the command's exit status.
pub(crate) async fn run(global: &Global, args: &SshArgs) -> Result<ExitCode, CommandError> {
    let session = Session::open(global)?;
    session.shell(&args.node, &args.command).await.map(ExitCode::from)
}
