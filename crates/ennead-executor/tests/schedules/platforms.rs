//! The platforms that are brought up, with their secrets.

use std::sync::{Arc, LazyLock};

use ennead_host::clock;
use ennead_model::{Catalogue, Ref};
use ennead_spec::vault::{Vault, Wanted};
use ennead_spec::{Spec, parse_spec, preset};

/// A platform that is wanted.
pub(crate) struct Wish {
    pub(crate) spec: Spec,
    pub(crate) vault: Arc<Vault>,
    /// Everything in the vault that orders can refer to.
    pub(crate) references: Vec<Ref>,
}

/// One server with the base system only: the shortest way through every kind of cloud step.
const SINGLE: &str = r#"
format_version = 1
[platform]
name = "one"
[cloud]
image = "debian-13"
[sites.main]
location = "fsn1"
private_prefix = "10.1.0.0/24"
[tiers.all]
server_type = "cx33"
components = []
[nodes.one-1]
site = "main"
tier = "all"
address = "10.1.0.11"
"#;

/// Two servers in two sites: two networks, two groups' places, addresses that the other one needs.
const PAIR: &str = r#"
format_version = 1
[platform]
name = "two"
[cloud]
image = "debian-13"
[sites.hil]
location = "hil"
private_prefix = "10.1.0.0/24"
[sites.ash]
location = "ash"
private_prefix = "10.2.0.0/24"
[tiers.all]
server_type = "ccx23"
components = []
[nodes.two-hil-1]
site = "hil"
tier = "all"
address = "10.1.0.11"
[nodes.two-ash-1]
site = "ash"
tier = "all"
address = "10.2.0.11"
"#;

/// Two servers of one site with all that stands beside servers: an address that either holds, a name,
/// a volume, backups.
const ENTRY: &str = r#"
format_version = 1
[platform]
name = "beside"
[cloud]
image = "debian-13"
[sites.main]
location = "fsn1"
private_prefix = "10.1.0.0/24"
[tiers.all]
server_type = "cx33"
components = []
[nodes.beside-1]
site = "main"
tier = "all"
address = "10.1.0.11"
backups = true
[nodes.beside-2]
site = "main"
tier = "all"
address = "10.1.0.12"
[entries.users]
component = "base"
dns = "app.example.com"
make_zone = "example.com"
[volumes.data]
node = "beside-2"
size_gb = 10
"#;

pub(crate) static BESIDE: LazyLock<Wish> = LazyLock::new(|| Wish::read(ENTRY));
pub(crate) static ONE: LazyLock<Wish> = LazyLock::new(|| Wish::read(SINGLE));
pub(crate) static TWO: LazyLock<Wish> = LazyLock::new(|| Wish::read(PAIR));
/// The same two servers, other ports and another operator: each gets another firewall.
pub(crate) static TWO_MOVED: LazyLock<Wish> = LazyLock::new(|| {
    let options = "[components.wireguard]\nport = 51821\n\
                   [components.firewall]\nssh_from = [\"203.0.113.0/24\"]\n";
    Wish::read(&format!("{PAIR}{options}"))
});
/// The same two servers for another operator: their firewall gets other rules.
pub(crate) static TWO_NARROWED: LazyLock<Wish> = LazyLock::new(|| {
    let options = "[components.firewall]\nssh_from = [\"203.0.113.0/24\", \"198.51.100.7/32\"]\n";
    Wish::read(&format!("{PAIR}{options}"))
});
pub(crate) static SEED: LazyLock<Wish> = LazyLock::new(|| Wish::read(preset("seed").unwrap().text));
pub(crate) static CRM: LazyLock<Wish> =
    LazyLock::new(|| Wish::read(include_str!("../../../../examples/crm.toml")));

impl Wish {
    fn read(text: &str) -> Self {
        let parsed = parse_spec(text, Catalogue::embedded());
        let spec = parsed.spec.unwrap_or_else(|| panic!("{:?}", parsed.findings));
        let mut vault = Vault::new();
        vault.ensure(&Wanted::of(&spec.fleet, &spec.options), clock::now()).unwrap();
        let references = vault.fingerprints().into_keys().collect();
        Self { spec, vault: Arc::new(vault), references }
    }
}
