//! The command line of people's way into the private networks.

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use ennead_model::{PersonName, SiteName};

/// Who may connect to the private networks.
#[derive(Debug, Subcommand)]
pub(crate) enum VpnCommand {
    /// Let somebody in: make a key and print the profile, once
    Add(VpnAddArgs),
    /// Show who may connect, and until when
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take somebody out
    Remove {
        /// Who
        #[arg(value_parser = PersonName::from_str)]
        name: PersonName,
    },
}

/// Arguments of `vpn add`.
#[derive(Debug, Args)]
pub(crate) struct VpnAddArgs {
    /// Who: 1 to 63 of a-z, 0-9 and '-'
    #[arg(value_parser = PersonName::from_str)]
    pub(crate) name: PersonName,
    /// When it ends: 90d, 8w, 12h, a day such as 2027-01-31 (0:00 UTC), or never
    #[arg(long, value_name = "WHEN", default_value = "90d", allow_hyphen_values = true)]
    pub(crate) expires: String,
    /// Connect to this site's gateway; the others stand in the profile as remarks
    #[arg(long, value_parser = SiteName::from_str)]
    pub(crate) site: Option<SiteName>,
    /// Write the profile into this new file, readable by you alone, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<Utf8PathBuf>,
}
