//! `ennead completions`: a script for the shell.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::exit_code::Exit;
use crate::ui;

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ennead", &mut script);
    ui::line(String::from_utf8_lossy(&script));
    Exit::Done
}
