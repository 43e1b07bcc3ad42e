//! The command line of ennead: reads arguments, calls the libraries, prints, chooses the exit code.

mod cli;
mod cli_audit;
mod cli_cost;
mod cli_drill;
mod cli_fault;
mod cli_lab;
mod cli_trust;
mod cli_vpn;
mod commands;
mod diff;
mod error;
mod exit_code;
mod lab_desk;
mod page;
mod paths;
mod profile;
mod progress;
#[cfg(test)]
mod reference;
mod session;
mod ui;

use std::io::IsTerminal as _;
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
    let is_guard = matches!(&cli.command, Command::Node(NodeCommand::Guard { .. }));
    start_log(cli.global.verbose, is_guard);
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
        Command::Secrets(command) => commands::secrets::run(&global, &command).await?,
        Command::Certs(command) => commands::certs::run(&global, &command).await?,
        Command::Net(command) => commands::net::run(&global, &command).await?,
        Command::Drill(command) => commands::drill::run(&global, &command).await?,
        Command::Down(args) => commands::down::run(&global, &args).await?,
        Command::Audit(command) => commands::audit::run(&global, &command).await?,
        Command::Vpn(command) => commands::vpn::run(&global, &command).await?,
        Command::Lab(command) => commands::lab::run(&global, &command).await?,
        Command::Completions(args) => commands::completions::run(&args),
        Command::Node(command) => commands::node::run(&command).await?,
    };
    Ok(exit.into())
}

fn start_log(verbose: u8, is_guard: bool) {
    let level = match verbose {
        // Its evidence belongs into the journal.
        0 if is_guard => "ennead_node=info,warn",
        0 => "warn",
        1 => "ennead=info,ennead_executor=info,ennead_lab=info,warn",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    let is_terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_ansi(is_terminal).with_env_filter(filter);
    log.with_writer(std::io::stderr).init();
}
