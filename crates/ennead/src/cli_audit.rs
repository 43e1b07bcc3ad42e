//! The command line of the audit log.

use clap::{Args, Subcommand};

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show who changed what, the newest last
    Show(AuditShowArgs),
    /// Say whether a line was removed, altered or moved, or the end cut off
    Verify(AuditVerifyArgs),
}

/// Arguments of `audit show`.
#[derive(Debug, Args)]
pub(crate) struct AuditShowArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How many runs
    #[arg(short, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) n: u32,
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Compare with the copies on nodes too
    #[arg(long)]
    pub(crate) nodes: bool,
}

/// What a node does with its copy of the audit log.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum NodeAuditCommand {
    /// Print the copy's end and lines, as standard input asks
    Read,
    /// Add the lines on standard input when they continue the copy
    Append,
}
