//! The command line of ennead: reads arguments, calls the libraries, prints, chooses the exit code.

mod cli;
mod cli_cost;
mod cli_fault;
mod cli_lab;
mod commands;
mod diff;
mod error;
mod exit_code;
mod page;
mod paths;
mod progress;
#[cfg(test)]
mod reference;
mod session;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, NodeCommand};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. A closed pipe leaves nothing to say.
            let shown = error.print().is_ok();
            let wrong = error.use_stderr() || !shown;
            return if wrong { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    start_log(cli.global.verbose);
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            ui::error(&error);
            error.exit.into()
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    // The whole program uses one implementation of cryptography. It is set once; a second call
    // could only find the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    if let Command::Node(NodeCommand::Tunnel { interface }) = &cli.command {
        // It has threads of its own and refuses to run inside a runtime.
        return ennead_node::tunnel(interface).or_exit(Exit::Internal).map(|()| Exit::Done.into());
    }
    // Four threads are enough to wait for sixty connections.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .map_err(|error| CommandError::from_error(Exit::Internal, &error))?;
    runtime.block_on(dispatch(cli))
}

async fn dispatch(cli: Cli) -> Result<ExitCode, CommandError> {
    let global = cli.global;
    let exit = match cli.command {
        Command::Init(args) => commands::init::run(&global, &args)?,
        Command::Check(args) => commands::check::run(&global, &args).await?,
        Command::Plan(args) => commands::plan::run(&global, &args).await?,
        Command::Up(args) => commands::up::run(&global, &args).await?,
        Command::Status(args) => commands::status::run(&global, &args).await?,
        Command::Ssh(args) => return commands::ssh::run(&global, &args).await,
        Command::Net(command) => commands::net::run(&global, &command).await?,
        Command::Drill(command) => commands::drill::run(&global, &command).await?,
        Command::Down(args) => commands::down::run(&global, &args).await?,
        Command::Lab(command) => commands::lab::run(&global, &command).await?,
        Command::Completions(args) => commands::completions::run(&args),
        Command::Node(command) => commands::node::run(&command).await?,
    };
    Ok(exit.into())
}

fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "ennead=info,ennead_executor=info,ennead_lab=info,warn",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
