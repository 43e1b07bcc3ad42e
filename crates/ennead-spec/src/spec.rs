//! What the operator wants, after reading: every default filled in, every name resolved.

use camino::Utf8PathBuf;
use ennead_components::Options;
use ennead_model::{Fleet, Load, Money};

use crate::promise::Promise;

/// The word that stands for the lab in place of an endpoint.
pub const LAB_ENDPOINT: &str = "lab";

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The platform's name; part of names and labels in the cloud.
    pub platform: String,
    /// Whether drills may break this platform.
    pub drills: bool,
    /// What the layout has to survive; a broken one is an error finding of `check`.
    pub promises: Vec<Promise>,
    /// What may be spent in a month, without VAT, in whole cents of the price list's currency; above
    /// 0. A platform that costs more is a warning of `check`.
    pub budget_per_month: Option<Money>,
    /// The load that it has to carry, when it is stated; too much of it is a finding of `check`.
    pub load: Option<Load>,
    /// Where its servers come from.
    pub cloud: CloudSpec,
    /// Who may reach its nodes.
    pub operator: OperatorSpec,
    /// Sites, tiers and nodes, with what runs where decided.
    pub fleet: Fleet,
    /// The options of all components.
    pub options: Options,
}

/// Where servers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudSpec {
    /// The API's address, for example `https://api.hetzner.cloud/v1`; `None` is the lab.
    pub endpoint: Option<String>,
    /// Where the token is found. Never the token itself.
    pub token: TokenSource,
    /// Where the token is found that nodes get which have to change the cloud; the same when absent.
    pub token_of_nodes: Option<TokenSource>,
    /// The image of every server, for example `debian-13`.
    pub image: String,
}

impl CloudSpec {
    /// Returns whether the servers come from the lab on the operator's own machine.
    pub fn is_lab(&self) -> bool {
        self.endpoint.is_none()
    }
}

/// Where the cloud's token is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In this environment variable.
    Env(String),
    /// In this file, relative to the spec's folder.
    File(Utf8PathBuf),
    /// The lab's own, which it keeps in its state folder.
    Lab,
}

/// Who may reach the nodes besides ennead itself, which has a key of its own in the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperatorSpec {
    /// OpenSSH public keys, one line each.
    pub ssh_public_keys: Vec<String>,
}
