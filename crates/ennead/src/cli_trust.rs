//! The command line of secrets and certificates. Doc comments are the help.

use std::str::FromStr;

use clap::{Args, Subcommand};
use ennead_model::NodeName;

/// What to do with the platform's secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// List the secrets' names, what each is for and how old it is, without values
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a secret to what standard input says, or is typed without being shown; `up` rolls it out
    Set {
        /// Its name
        name: String,
    },
    /// Edit all secrets in $EDITOR; the text is in memory only while the editor is open
    Edit,
    /// Give a secret a new random value; `up` rolls it out
    Rotate {
        /// Its name
        name: String,
    },
    /// Who can open the secrets
    #[command(subcommand)]
    Recipients(RecipientsCommand),
}

/// What to do with those who can open the secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum RecipientsCommand {
    /// List who can open the secrets
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print this operator's own recipient, to be given to somebody who can add it
    Mine,
    /// Let an operator open the secrets, from now on
    Add {
        /// Their name
        name: String,
        /// What `recipients mine` prints on their machine: age1...
        recipient: String,
    },
    /// Let an operator open the secrets no longer; rotate what they could read
    Remove {
        /// Their name or recipient
        who: String,
        /// Remove your own, after which you cannot open the secrets
        #[arg(long)]
        own: bool,
    },
}

/// What to do with the platform's certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertsCommand {
    /// List the certificates with when they end and when `up` renews them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Issue certificates anew, all of them unless some are named; `up` rolls them out
    Rotate(CertsRotateArgs),
}

/// Arguments of `certs rotate`.
#[derive(Debug, Args)]
pub(crate) struct CertsRotateArgs {
    /// Only those of this node
    #[arg(long, value_name = "NODE", value_parser = NodeName::from_str)]
    pub(crate) node: Option<NodeName>,
    /// Only those of this name, for example etcd-peer
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Go one phase on with replacing the authority: a new one is trusted, issues, stands alone;
    /// refused while the last phase is not rolled out by `up`
    #[arg(long, conflicts_with_all = ["node", "name"])]
    pub(crate) ca: bool,
}
