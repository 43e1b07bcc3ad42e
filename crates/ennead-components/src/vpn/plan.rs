//! What a gateway needs.

use askama::Template;
use ennead_model::{Condition, Node, OnChange, Ref, RefKind};

use super::{NAME, Options};
use crate::action::{directory, file, owned_file, secret_file, succeeds, sysctl, unit};
use crate::render::render;
use crate::{Context, Declaration, Interface, Peers, Port, Protocol};

/// The interface; the templates and the path of its configuration name it too.
const INTERFACE: &str = "wg-admin";
const CONFIG_PATH: &str = "/etc/wireguard/wg-admin.conf";
const RULES_PATH: &str = "/etc/ennead/vpn.nft";
const PEOPLE_PATH: &str = "/etc/ennead/vpn-people";
const UNIT_NAME: &str = "ennead-vpn.service";
const UNIT_PATH: &str = "/etc/systemd/system/ennead-vpn.service";
const EXPIRE_NAME: &str = "ennead-vpn-expire.service";
const EXPIRE_PATH: &str = "/etc/systemd/system/ennead-vpn-expire.service";
const TIMER_NAME: &str = "ennead-vpn-expire.timer";
const TIMER_PATH: &str = "/etc/systemd/system/ennead-vpn-expire.timer";
/// Seconds until the interface is there. An estimate: it takes part of a second.
const HEALTH_DEADLINE_S: u32 = 30;

struct Peer {
    name: String,
    public_key: String,
    address: String,
    /// Seconds since 1970, or `never`.
    expires: String,
}

#[derive(Template)]
#[template(path = "vpn/templates/wg-admin.conf", escape = "none")]
struct Config<'a> {
    private_key: String,
    people: Vec<Peer>,
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "vpn/templates/vpn.nft", escape = "none")]
struct Rules<'a> {
    address: String,
    prefixes: String,
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "vpn/templates/vpn-people", escape = "none")]
struct People<'a> {
    config: &'a str,
}

#[derive(Template)]
#[template(path = "vpn/templates/ennead-vpn.service", escape = "none")]
struct Unit<'a> {
    rules: &'a str,
    people: &'a str,
    options: &'a Options,
}

#[derive(Template)]
#[template(path = "vpn/templates/ennead-vpn-expire.service", escape = "none")]
struct Expire<'a> {
    unit: &'a str,
    people: &'a str,
}

#[derive(Template)]
#[template(path = "vpn/templates/ennead-vpn-expire.timer", escape = "none")]
struct Timer<'a> {
    expire: &'a str,
}

/// Returns the gateways, ordered by site and name.
pub fn gateways(fleet: &ennead_model::Fleet) -> Vec<&Node> {
    let mut gateways: Vec<&Node> = fleet.running(NAME).collect();
    gateways.sort_by_key(|node| (&node.site, &node.name));
    gateways
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let options = &context.options.vpn;
    let config = Config {
        private_key: Ref::new(RefKind::WgPrivate, &node.name).to_string(),
        people: people(options),
        options,
    };
    let prefixes = context.fleet.sites.values().map(|site| site.private_prefix.to_string());
    let rules = Rules {
        address: node.address.to_string(),
        prefixes: prefixes.collect::<Vec<_>>().join(", "),
        options,
    };
    let unit_file = Unit { rules: RULES_PATH, people: PEOPLE_PATH, options };
    let script = render(&People { config: CONFIG_PATH });
    let watched = [CONFIG_PATH, RULES_PATH, PEOPLE_PATH, UNIT_PATH].map(Into::into);
    let timer_files = [EXPIRE_PATH, TIMER_PATH].map(Into::into);
    Declaration {
        packages: ["wireguard-tools", "iproute2", "nftables"].map(str::to_owned).to_vec(),
        directories: vec![
            directory("/etc/wireguard", "root", "root", 0o700),
            directory("/etc/ennead", "root", "root", 0o755),
        ],
        files: vec![
            secret_file(CONFIG_PATH, render(&config), "root", "root"),
            file(RULES_PATH, render(&rules)),
            owned_file(PEOPLE_PATH, script, "root", "root", 0o755),
            file(UNIT_PATH, render(&unit_file)),
            file(EXPIRE_PATH, render(&Expire { unit: UNIT_NAME, people: PEOPLE_PATH })),
            file(TIMER_PATH, render(&Timer { expire: EXPIRE_NAME })),
        ],
        sysctls: vec![sysctl("net.ipv4.ip_forward", "1")],
        units: vec![
            unit(UNIT_NAME, OnChange::Reload, &watched),
            unit(TIMER_NAME, OnChange::Restart, &timer_files),
        ],
        ports: vec![Port {
            number: options.port,
            protocol: Protocol::Udp,
            peers: Peers::World,
            purpose: "people's way into the private networks".to_owned(),
        }],
        interfaces: vec![Interface {
            name: INTERFACE.to_owned(),
            carries: vec![options.prefix],
            forwards: true,
        }],
        health: Some(Condition::All {
            of: vec![
                Condition::UnitActive { unit: UNIT_NAME.to_owned() },
                Condition::UnitActive { unit: TIMER_NAME.to_owned() },
                succeeds(&["wg", "show", INTERFACE]),
                succeeds(&["nft", "list", "table", "inet", "ennead-vpn"]),
            ],
        }),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}

fn people(options: &Options) -> Vec<Peer> {
    let expires = |at: jiff::Timestamp| at.as_second().to_string();
    let people = options.people.iter().map(|person| Peer {
        name: person.name.to_string(),
        public_key: person.public_key.clone(),
        address: person.address.to_string(),
        expires: person.expires.map_or_else(|| "never".to_owned(), expires),
    });
    people.collect()
}

#[cfg(test)]
mod tests;
