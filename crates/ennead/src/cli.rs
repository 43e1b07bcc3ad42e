//! The command line: what can be typed. Doc comments are the help.

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand};
use ennead_lab::daemon::ConfigChange;
use ennead_lab::distance::Distance;
use ennead_lab::state::Limits;
use ennead_model::NodeName;
use ennead_planner::suggest::Distances;

use crate::cli_audit::AuditCommand;
pub(crate) use crate::cli_audit::NodeAuditCommand;
use crate::cli_cost::CostArgs;
use crate::cli_drill::DrillCommand;
use crate::cli_fault::FaultCommand;
use crate::cli_lab::{LabRules, LabTokenCommand};
use crate::cli_trust::{CertsCommand, SecretsCommand};
use crate::cli_vpn::VpnCommand;
use crate::exit_code::Exit;

/// Describes, checks, provisions, deploys, operates and proves a platform on Hetzner Cloud
///
/// The lab is a Hetzner Cloud in a box: everything can be run, broken and measured on this machine
/// first. Production is the same spec with another endpoint.
#[derive(Debug, Parser)]
#[command(name = "ennead", version, after_help = Exit::help(), disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The spec: what the platform shall be
    #[arg(long, short, global = true, env = "ENNEAD_SPEC", default_value = "ennead.toml")]
    pub(crate) spec: Utf8PathBuf,
    /// Endpoint of the Hetzner Cloud API, instead of the spec's
    #[arg(long, global = true, env = "HCLOUD_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// Name of the lab that `endpoint = "lab"` means
    #[arg(long, global = true, env = "ENNEAD_LAB", default_value = "default")]
    pub(crate) lab: String,
    /// Folder for labs' state
    #[arg(long, global = true, env = "ENNEAD_LAB_STATE", hide_env_values = true)]
    pub(crate) lab_state: Option<Utf8PathBuf>,
    /// Say more on standard error; twice for everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented spec to start from
    Init(InitArgs),
    /// Say what is wrong or remarkable about the spec, without any network unless --live is given
    Check(CheckArgs),
    /// Show what `up` would do now
    Plan(PlanArgs),
    /// Bring the platform to what the spec says: check, provision, converge, wait until healthy
    Up(UpArgs),
    /// Show every node, what it runs and how it is
    Status(StatusArgs),
    /// Open a shell on a node, or run a command there
    Ssh(SshArgs),
    /// The platform's secrets and who can open them
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// The platform's certificates
    #[command(subcommand)]
    Certs(CertsCommand),
    /// Test the network between the nodes
    #[command(subcommand)]
    Net(NetCommand),
    /// Rehearse failures and measure them from a client's side
    #[command(subcommand)]
    Drill(DrillCommand),
    /// Delete the platform's servers and everything else it has in the cloud
    Down(DownArgs),
    /// Who may connect to the private networks
    #[command(subcommand)]
    Vpn(VpnCommand),
    /// Who changed what, and whether that record is whole
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The Hetzner Cloud in a box
    #[command(subcommand)]
    Lab(LabCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// What runs on a node; called over SSH
    #[command(subcommand, hide = true)]
    Node(NodeCommand),
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Which spec to start from
    #[arg(long, value_parser = preset_parser(), default_value = ennead_spec::PRESETS[0].name)]
    pub(crate) preset: String,
    /// Replace the file when it exists
    #[arg(long)]
    pub(crate) force: bool,
}

fn preset_parser() -> PossibleValuesParser {
    let value = |preset: &ennead_spec::Preset| {
        PossibleValue::new(preset.name).help(preset.summary).aliases(preset.alias)
    };
    PossibleValuesParser::new(ennead_spec::PRESETS.iter().map(value).collect::<Vec<_>>())
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("explained").args(["survive", "availability", "capacity"])
    .multiple(true))]
pub(crate) struct CheckArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what the layout survives: promises, single losses, sites, partitions, maintenance
    #[arg(long, conflicts_with_all = ["capacity", "availability", "claims", "cost", "html"])]
    pub(crate) survive: bool,
    /// Show what the layout carries: how full each resource is by the stated load, also after losses
    #[arg(long, conflicts_with_all = ["availability", "claims", "cost", "html"])]
    pub(crate) capacity: bool,
    /// Show how many minutes a year writes and entry are away, by stated failure rates
    #[arg(long, conflicts_with_all = ["cost", "html"])]
    pub(crate) availability: bool,
    /// Show how the times of --survive or the minutes of --availability are made up, or what
    /// --capacity is computed with
    #[arg(long, requires = "explained")]
    pub(crate) explain: bool,
    /// Compare a table of claims with what is computed; its [rates] count for --availability too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cost", "html"])]
    pub(crate) claims: Option<Utf8PathBuf>,
    /// Write what the layout survives as a page into this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cost", "json"])]
    pub(crate) html: Option<Utf8PathBuf>,
    /// What it costs.
    #[command(flatten)]
    pub(crate) cost: CostArgs,
    /// Look for the cheapest changes that keep what the spec promises
    #[arg(long, conflicts_with_all =
        ["survive", "capacity", "availability", "claims", "cost", "html"])]
    pub(crate) suggest: bool,
    /// What it is to keep besides: any-one-server, any-two-servers, any-site, site:NAME, partition,
    /// maintenance; can be given more than once
    #[arg(long, value_name = "PROMISE", requires = "suggest")]
    pub(crate) promise: Vec<String>,
    /// Round trip between two network zones, which a commit may wait for, in milliseconds
    #[arg(long, value_name = "MS", requires = "suggest",
        default_value_t = Distances::default().between_zones_ms)]
    pub(crate) round_trip: u32,
    /// Write a suggestion into the spec, which keeps its comments
    #[arg(long, requires = "suggest")]
    pub(crate) write: bool,
    /// Which suggestion to write
    #[arg(long, value_name = "NUMBER", requires = "write", default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) choose: u8,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Let the plan delete this node with its data; can be given more than once
    #[arg(long, value_name = "NODE", value_parser = NodeName::from_str)]
    pub(crate) allow_destroy: Vec<NodeName>,
}

/// Arguments of `up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Only print the plan
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print a summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Let the plan delete this node with its data; can be given more than once
    #[arg(long, value_name = "NODE", value_parser = NodeName::from_str)]
    pub(crate) allow_destroy: Vec<NodeName>,
    /// How long a node may take to answer over SSH, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = ennead_planner::plan::REACH_S,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reach_timeout: u32,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show again every two seconds until interrupted
    #[arg(long, short)]
    pub(crate) watch: bool,
}

/// Arguments of `ssh`.
#[derive(Debug, Args)]
pub(crate) struct SshArgs {
    /// The node
    #[arg(value_parser = NodeName::from_str)]
    pub(crate) node: NodeName,
    /// Command and arguments to run there instead of a shell
    #[arg(last = true)]
    pub(crate) command: Vec<String>,
}

/// What to test of the network.
#[derive(Debug, Subcommand)]
pub(crate) enum NetCommand {
    /// Let every node try every port of every other: those that are for it, and those that are not
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `down`.
#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// What to do with the lab.
#[derive(Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// Say what this machine lacks for the lab, and how to get it
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the servers' image; does nothing when it is there
    Image {
        /// Build it again
        #[arg(long)]
        rebuild: bool,
    },
    /// Answer the cloud's API in the foreground until interrupted; servers go on without it
    Serve(LabServeArgs),
    /// Start the lab in the background; does nothing when it runs
    Up(LabServeArgs),
    /// Tokens of the lab, each for one project with objects and a rate limit of its own
    #[command(subcommand)]
    Token(LabTokenCommand),
    /// Remove the lab with all its servers
    Down,
    /// Let something go wrong, on order
    #[command(subcommand)]
    Fault(FaultCommand),
    /// Show the lab's endpoint and servers
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `lab serve` and `lab up`.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabServeArgs {
    /// Port on loopback; 0 takes a free one, the same again after a restart
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Only remember servers instead of booting them: the API without root
    #[arg(long)]
    pub(crate) remember_only: bool,
    /// Distance between two locations, one way, for example fsn1:sin=30ms,jitter=2ms,loss=0.1%;
    /// 0ms takes it away; kept until it is changed
    #[arg(long, value_name = "A:B=TIME", value_parser = Distance::parse, conflicts_with = "remember_only")]
    pub(crate) distance: Vec<Distance>,
    /// Let servers reach this machine's network and the internet behind it; kept until it is changed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", conflicts_with = "remember_only")]
    pub(crate) egress: Option<bool>,
    /// Give servers that are created from now on disks of their own, as large as their types say;
    /// kept until it is changed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", conflicts_with = "remember_only")]
    pub(crate) own_disks: Option<bool>,
    /// Limits and pace.
    #[command(flatten)]
    pub(crate) rules: LabRules,
}

impl LabServeArgs {
    /// Returns what is to be different in a lab in which limits are in force.
    pub(crate) fn change(&self, in_force: Limits) -> ConfigChange {
        ConfigChange { own_disks: self.own_disks, ..self.rules.change(in_force) }
    }
}

/// What runs on a node.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Carry out the order on standard input
    Apply,
    /// End the order on standard input over a connection that was made after it was applied
    Confirm,
    /// Print what is so on this node
    Observe,
    /// Test the condition on standard input
    Test,
    /// This node's copy of the audit log
    #[command(subcommand)]
    Audit(NodeAuditCommand),
    /// Connect to the ports on standard input and print what came of it
    Reach,
    /// Run a userspace WireGuard interface in the foreground
    Tunnel {
        /// Interface, for example wg0
        interface: String,
    },
    /// Write and read through the load balancers as standard input says
    Probe,
    /// Watch the database's nodes and fence a dead primary, in the foreground
    Guard {
        /// Its configuration
        #[arg(long, value_name = "FILE", default_value = "/etc/ennead/guard.toml")]
        config: Utf8PathBuf,
        /// Print how the guard of this node is; fails when it has said nothing for ten seconds
        #[arg(long, conflicts_with = "config")]
        status: bool,
        /// Forget the acts of the last ten minutes, so that the guards may act again
        #[arg(long, conflicts_with = "status")]
        forget_acts: bool,
    },
}
