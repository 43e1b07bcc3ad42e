//! Servers' packet filters: one nftables table in the internet's router, chains for each server.
//!
//! The table is written anew from all records with every change, in one step. Its chains match the
//! router's links by name, so they stay over a server's power cycle. Private networks have other
//! routers, and the metadata service answers on the router itself: neither is filtered.

use super::names::router_link;
use super::place::LabPlace;
use super::record::{ServerRecord, all_servers};
use super::ruleset::Ruleset;
use super::why::Why;
use super::{Direction, PacketRule, Protocol};

/// The table's name.
const TABLE: &str = "firewall";

/// After connection tracking, before distance and faults.
const FORWARD: &str = "type filter hook forward priority -20; policy accept;";

/// Puts all records' filters into force.
pub(crate) async fn apply(place: &LabPlace) -> Result<(), Why> {
    let servers = all_servers(place)?;
    rules(&servers).apply(&place.names().internet()).await
}

/// Computes the table; none when no server has a filter.
fn rules(servers: &[ServerRecord]) -> Ruleset {
    let (mut chains, mut inbound, mut outbound) = (Vec::new(), Vec::new(), Vec::new());
    for record in servers {
        let (link, Some(filter)) = (router_link(record.seed.id), &record.filter) else { continue };
        chains.push((format!("{link}_in"), chain(&filter.rules, Direction::In)));
        inbound.push(format!("\"{link}\" : jump {link}_in"));
        // Without a rule for outbound packets all of them pass.
        if filter.rules.iter().any(|rule| rule.direction == Direction::Out) {
            chains.push((format!("{link}_out"), chain(&filter.rules, Direction::Out)));
            outbound.push(format!("\"{link}\" : jump {link}_out"));
        }
    }
    if inbound.is_empty() {
        return Ruleset { table: TABLE, bases: Vec::new(), chains };
    }
    let mut forward = vec!["ct state established,related accept".to_owned()];
    // A packet between two filtered servers has to pass both: what a chain lets pass, it returns.
    if !outbound.is_empty() {
        forward.push(format!("iifname vmap {{ {} }}", outbound.join(", ")));
    }
    forward.push(format!("oifname vmap {{ {} }}", inbound.join(", ")));
    Ruleset { table: TABLE, bases: vec![("forward", FORWARD, forward)], chains }
}

fn chain(rules: &[PacketRule], direction: Direction) -> Vec<String> {
    let peer = if direction == Direction::In { "saddr" } else { "daddr" };
    let mut lines = Vec::new();
    for rule in rules.iter().filter(|rule| rule.direction == direction) {
        for prefix in &rule.peers {
            // nft refuses a prefix that names every address.
            let peer = match prefix.length() {
                0 => String::new(),
                _ => format!("ip {peer} {prefix} "),
            };
            lines.push(format!("{peer}{} return", protocol(rule.protocol)));
        }
    }
    lines.push("drop".to_owned());
    lines
}

fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::Tcp(first, last) => format!("tcp dport {}", ports(first, last)),
        Protocol::Udp(first, last) => format!("udp dport {}", ports(first, last)),
        Protocol::Icmp => "ip protocol icmp".to_owned(),
        Protocol::Gre => "ip protocol gre".to_owned(),
        Protocol::Esp => "ip protocol esp".to_owned(),
    }
}

/// A range of one port is none to nft.
fn ports(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Prefix;
    use crate::world::PacketFilter;

    fn server(id: u64, filter: Option<PacketFilter>) -> ServerRecord {
        let text = format!(
            r#"{{"seed": {{"id": {id}, "name": "a", "image": "debian-13", "location": "fsn1",
            "network_zone": "eu-central", "public_ip": null, "public_mac": "96:00:00:00:00:01",
            "ssh_keys": [], "user_data": null, "memory_bytes": 1, "cores": 1, "disk_gb": 1}},
            "image": "/image", "attached": []}}"#
        );
        ServerRecord { filter, ..serde_json::from_str(&text).unwrap() }
    }

    #[test]
    fn a_filter_drops_what_no_rule_names() {
        let peers =
            vec![Prefix::parse("0.0.0.0/0").unwrap(), Prefix::parse("10.1.0.0/16").unwrap()];
        let rules =
            vec![PacketRule { direction: Direction::In, protocol: Protocol::Tcp(22, 22), peers }];
        let rules = super::rules(&[server(3, Some(PacketFilter { rules })), server(4, None)]);
        let lines = ["tcp dport 22 return", "ip saddr 10.1.0.0/16 tcp dport 22 return", "drop"];
        assert_eq!(rules.chains, [("s3_in".to_owned(), lines.map(str::to_owned).to_vec())]);
        let forward = &rules.bases[0].2;
        assert_eq!(
            *forward,
            ["ct state established,related accept", "oifname vmap { \"s3\" : jump s3_in }"]
        );
    }

    #[test]
    fn an_outbound_rule_closes_everything_else() {
        let peers = vec![Prefix::parse("0.0.0.0/0").unwrap()];
        let rules = vec![PacketRule { direction: Direction::Out, protocol: Protocol::Icmp, peers }];
        let rules = super::rules(&[server(3, Some(PacketFilter { rules }))]);
        assert_eq!(rules.chains[0].1, ["drop"]);
        assert_eq!(rules.chains[1].1, ["ip protocol icmp return", "drop"]);
    }

    #[test]
    fn without_filters_there_is_no_table() {
        assert!(rules(&[server(3, None)]).bases.is_empty());
    }
}
