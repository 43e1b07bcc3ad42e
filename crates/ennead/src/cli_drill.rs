//! The command line of `drill`. Doc comments are the help.

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};
use ennead_drill::{Fault, Process, Target};
use ennead_model::{NodeName, SiteName};

/// What to rehearse.
#[derive(Debug, Subcommand)]
pub(crate) enum DrillCommand {
    /// List the drills and what each proves
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Cut the power of a database server and measure how long writes stop and how many are lost
    PowerLoss(PowerLossArgs),
    /// Cut the power of all servers of a site at once; the primary is moved there before
    SiteLoss(SiteLossArgs),
    /// Kill PostgreSQL or Patroni on the primary's node
    ProcessKill(ProcessKillArgs),
    /// Stop everything on the primary's server until another is primary; in the lab only
    Freeze(FreezeArgs),
    /// Move the primary to a synchronous replica, as for maintenance
    Switchover(SwitchoverArgs),
    /// Let no packet pass between two sites until writes are back; in the lab only
    Partition(PartitionArgs),
}

/// What every drill is told.
#[derive(Debug, Args)]
pub(crate) struct Course {
    /// How many times
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) runs: u32,
    /// Longest stop of writes in seconds that still passes, instead of what `drill list` shows
    #[arg(long, value_name = "SECONDS")]
    pub(crate) rto_limit: Option<f64>,
    /// Folder for the evidence
    #[arg(long, default_value = "evidence")]
    pub(crate) evidence: Utf8PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `drill power-loss`.
#[derive(Debug, Args)]
pub(crate) struct PowerLossArgs {
    /// Whose power is cut: `primary`, or a node's name
    #[arg(long, default_value = "primary", value_parser = parse_target)]
    pub(crate) target: Target,
    /// Keep servers from the cloud's API meanwhile; in the lab only
    #[arg(long)]
    pub(crate) without_api: bool,
    #[command(flatten)]
    pub(crate) course: Course,
}

/// Arguments of `drill site-loss`.
#[derive(Debug, Args)]
pub(crate) struct SiteLossArgs {
    /// Which site; the primary's when absent
    #[arg(long, value_parser = SiteName::from_str)]
    pub(crate) site: Option<SiteName>,
    /// Keep servers from the cloud's API meanwhile; in the lab only
    #[arg(long)]
    pub(crate) without_api: bool,
    #[command(flatten)]
    pub(crate) course: Course,
}

/// Arguments of `drill process-kill`.
#[derive(Debug, Args)]
pub(crate) struct ProcessKillArgs {
    /// Which process
    #[arg(long, value_enum)]
    pub(crate) process: ProcessName,
    #[command(flatten)]
    pub(crate) course: Course,
}

/// A process of the database.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProcessName {
    /// PostgreSQL's first process
    Postgres,
    /// Patroni's
    Patroni,
}

/// Arguments of `drill freeze`.
#[derive(Debug, Args)]
pub(crate) struct FreezeArgs {
    #[command(flatten)]
    pub(crate) course: Course,
}

/// Arguments of `drill switchover`.
#[derive(Debug, Args)]
pub(crate) struct SwitchoverArgs {
    #[command(flatten)]
    pub(crate) course: Course,
}

/// Arguments of `drill partition`.
#[derive(Debug, Args)]
pub(crate) struct PartitionArgs {
    /// The one site; the primary's when absent, and all others on the other side
    #[arg(long, value_name = "SITE", requires = "to", value_parser = SiteName::from_str)]
    pub(crate) from: Option<SiteName>,
    /// The other site
    #[arg(long, value_name = "SITE", requires = "from", value_parser = SiteName::from_str)]
    pub(crate) to: Option<SiteName>,
    #[command(flatten)]
    pub(crate) course: Course,
}

fn parse_target(text: &str) -> Result<Target, String> {
    if text == "primary" {
        return Ok(Target::Primary);
    }
    NodeName::from_str(text).map(Target::Node).map_err(|error| error.to_string())
}

/// A drill that was asked for.
pub(crate) struct Asked<'a> {
    pub(crate) fault: Fault,
    pub(crate) without_api: bool,
    pub(crate) course: &'a Course,
}

impl DrillCommand {
    /// Returns the drill; `None` when the list was asked for.
    pub(crate) fn asked(&self) -> Option<Asked<'_>> {
        let asked = |fault, course| Asked { fault, without_api: false, course };
        Some(match self {
            Self::List { .. } => return None,
            Self::PowerLoss(PowerLossArgs { target, without_api, course }) => Asked {
                without_api: *without_api,
                ..asked(Fault::PowerLoss { target: target.clone() }, course)
            },
            Self::SiteLoss(SiteLossArgs { site, without_api, course }) => Asked {
                without_api: *without_api,
                ..asked(Fault::SiteLoss { site: site.clone() }, course)
            },
            Self::ProcessKill(ProcessKillArgs { process, course }) => {
                let process = match process {
                    ProcessName::Postgres => Process::Postgres,
                    ProcessName::Patroni => Process::Patroni,
                };
                asked(Fault::ProcessKill { process }, course)
            }
            Self::Freeze(FreezeArgs { course }) => asked(Fault::Freeze, course),
            Self::Switchover(SwitchoverArgs { course }) => asked(Fault::Switchover, course),
            Self::Partition(PartitionArgs { from, to, course }) => {
                let sites = from.clone().zip(to.clone());
                asked(Fault::Partition { sites }, course)
            }
        })
    }
}

impl Asked<'_> {
    /// Returns the arguments that ask for the same again.
    pub(crate) fn repeat(&self) -> String {
        let own = match &self.fault {
            Fault::PowerLoss { target: Target::Primary } => " --target primary".to_owned(),
            Fault::PowerLoss { target: Target::Node(node) } => format!(" --target {node}"),
            Fault::SiteLoss { site: Some(site) } => format!(" --site {site}"),
            Fault::ProcessKill { process } => format!(" --process {process}"),
            Fault::Partition { sites: Some((from, to)) } => format!(" --from {from} --to {to}"),
            _ => String::new(),
        };
        let api = if self.without_api { " --without-api" } else { "" };
        format!("{}{own}{api} --runs {}", self.fault.name(), self.course.runs)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::{Cli, Command};

    /// Parses a command line and returns the one that repeats it.
    fn repeated(words: &str) -> Result<String, clap::error::ErrorKind> {
        let cli = Cli::try_parse_from(format!("ennead drill {words}").split(' '));
        match cli.map_err(|error| error.kind())?.command {
            Command::Drill(drill) => Ok(drill.asked().map(|it| it.repeat()).unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_repeats_a_drill_asks_for_the_same() {
        for words in [
            "power-loss --target db-1 --without-api --runs 3",
            "power-loss --target primary --runs 1",
            "site-loss --site west --without-api --runs 2",
            "site-loss --runs 1",
            "process-kill --process patroni --runs 1",
            "process-kill --process postgres --runs 1",
            "freeze --runs 1",
            "switchover --runs 20",
            "partition --from west --to east --runs 1",
            "partition --runs 1",
        ] {
            assert_eq!(repeated(words).as_deref(), Ok(words));
        }
        assert_eq!(repeated("power-loss").as_deref(), Ok("power-loss --target primary --runs 1"));
        assert_eq!(repeated("list").as_deref(), Ok(""));
    }

    #[test]
    fn half_a_partition_and_an_unknown_process_are_refused() {
        for words in [
            "partition --from west",
            "process-kill",
            "process-kill --process etcd",
            "freeze --without-api",
            "power-loss --target No_Name",
        ] {
            assert!(repeated(words).is_err(), "{words}");
        }
    }
}
