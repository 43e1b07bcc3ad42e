//! Developer commands: `cargo xtask docs` writes generated pages, `cargo xtask bench` measures.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask is a developer's tool, outside the program: it runs programs and prints"
)]

mod bench;
mod bench_capacity;
mod bench_failover;
mod bench_lab;
mod judges;
mod machine;
mod openapi;
mod openapi_answers;
#[cfg(test)]
mod tidy;

use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything that decides whether a change lands
    Ci,
    /// Write the generated pages in docs/reference
    Docs,
    /// Measure the numbers of the README on this machine, in the lab; `bench lab` the lab itself,
    /// `bench capacity` what work costs, `bench failover` how long writes stop by each fault
    Bench(bench::Options),
    /// Let the cloud's own clients judge the lab
    Judges(judges::Options),
    /// Take over a newer official OpenAPI description for the tests of the lab
    Openapi(openapi::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Task::Ci => run(Command::new("./test")),
        Task::Docs => docs(),
        Task::Bench(options) => bench::run(&options),
        Task::Judges(options) => judges::run(&options),
        Task::Openapi(options) => openapi::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn docs() -> anyhow::Result<()> {
    for (package, test) in [("ennead", None), ("ennead-lab", Some("api"))] {
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--quiet", "--package", package]);
        cargo.args(test.iter().flat_map(|test| ["--test", test])).arg("generated_pages");
        run(cargo.env("ENNEAD_WRITE_DOCS", "1"))?;
    }
    Ok(())
}

fn run(mut command: impl std::borrow::BorrowMut<Command>) -> anyhow::Result<()> {
    let status = command.borrow_mut().status()?;
    anyhow::ensure!(status.success(), "{:?} ended with {status}", command.borrow_mut());
    Ok(())
}
