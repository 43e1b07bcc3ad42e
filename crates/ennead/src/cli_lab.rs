//! The command line of the lab's rules and tokens. Doc comments are the help.

use clap::{Args, Subcommand, ValueEnum};
use ennead_lab::daemon::ConfigChange;
use ennead_lab::pace::Pace;
use ennead_lab::state::Limits;

/// Limits and pace of a lab; kept for its later starts.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabRules {
    /// Quotas of the account
    #[arg(long, value_enum)]
    pub(crate) limits: Option<LimitsPreset>,
    /// One quota, `servers=5` or `dedicated=8`; can be given more than once
    #[arg(long = "limit", value_name = "WHAT=NUMBER", value_parser = parse_limit)]
    pub(crate) limit: Vec<(Quota, usize)>,
    /// How long actions take: no time is added, or as long as in the cloud
    #[arg(long, value_parser = ["fast", "real"])]
    pub(crate) pace: Option<String>,
}

/// Quotas that belong together.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LimitsPreset {
    /// As many as fit
    None,
    /// Those of a new account: 5 servers, 8 with dedicated processors
    NewAccount,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// Servers of every kind.
    Servers,
    /// Servers with dedicated processors.
    Dedicated,
}

/// What to do with the lab's tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum LabTokenCommand {
    /// Make a token and print it, this once
    Add {
        /// Its project; made when there is none of that name
        #[arg(long, default_value = "default")]
        project: String,
        /// Its name; the project's name with a number when absent
        #[arg(long)]
        name: Option<String>,
        /// Let it read only
        #[arg(long)]
        read_only: bool,
    },
    /// List the tokens' names, without the tokens
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a token; its project stays
    Remove {
        /// Its name
        name: String,
    },
}

fn parse_limit(text: &str) -> Result<(Quota, usize), String> {
    let wrong = || format!("{text:?} is not like servers=5 or dedicated=8");
    let (what, number) = text.split_once('=').ok_or_else(wrong)?;
    let quota = match what {
        "servers" => Quota::Servers,
        "dedicated" => Quota::Dedicated,
        _ => return Err(wrong()),
    };
    Ok((quota, number.parse().map_err(|_| wrong())?))
}

impl LabRules {
    /// Returns what the arguments change; single quotas change those in force.
    pub(crate) fn change(&self, in_force: Limits) -> ConfigChange {
        let mut limits = match self.limits {
            None => in_force,
            Some(LimitsPreset::None) => Limits::default(),
            Some(LimitsPreset::NewAccount) => Limits::NEW_ACCOUNT,
        };
        for (quota, number) in &self.limit {
            match quota {
                Quota::Servers => limits.servers = Some(*number),
                Quota::Dedicated => limits.dedicated_servers = Some(*number),
            }
        }
        let pace = self.pace.as_deref().and_then(|pace| pace.parse::<Pace>().ok());
        ConfigChange { limits: Some(limits), pace, ..ConfigChange::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotas_are_laid_over_the_others() {
        let rules = |limits, limit: &[&str]| LabRules {
            limits,
            limit: limit.iter().map(|text| parse_limit(text).unwrap()).collect(),
            pace: None,
        };
        let nothing = rules(None, &[]).change(Limits::NEW_ACCOUNT);
        assert_eq!(nothing.limits, Some(Limits::NEW_ACCOUNT));
        let own = rules(Some(LimitsPreset::NewAccount), &["servers=9"]).change(Limits::default());
        let expected = Limits { servers: Some(9), dedicated_servers: Some(8) };
        assert_eq!(own.limits, Some(expected));
        assert_eq!(
            rules(Some(LimitsPreset::None), &[]).change(expected).limits,
            Some(Limits::default())
        );
        for wrong in ["servers", "servers=", "servers=-1", "disks=3", "=3"] {
            assert!(parse_limit(wrong).is_err(), "{wrong}");
        }
    }
}
