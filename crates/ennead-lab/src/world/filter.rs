//! Servers' packet filters: one nftables table in the internet's router, chains for each server.
//!
//! The table is written anew from all records with every change, in one step. Its chains match the
//! router's links by name, so they stay over a server's power cycle. Private networks have other
//! routers, and the metadata service answers on the router itself: neither is filtered.

use std::fmt::Write as _;

use super::names::router_link;
use super::place::LabPlace;
use super::record::{ServerRecord, all_servers};
use super::why::Why;
use super::{Direction, PacketFilter, PacketRule, Protocol, namespace};

/// The table's name.
const TABLE: &str = "firewall";

/// Puts all records' filters into force.
pub(crate) async fn apply(place: &LabPlace) -> Result<(), Why> {
    let servers = all_servers(place)?;
    namespace::nft_in(&place.names().internet(), render(&servers)).await
}

/// Renders the table; only its removal when no server has a filter.
fn render(servers: &[ServerRecord]) -> String {
    let mut text = format!("table ip {TABLE}\ndelete table ip {TABLE}\n");
    let filtered: Vec<(String, &PacketFilter)> = servers
        .iter()
        .filter_map(|record| Some((router_link(record.seed.id), record.filter.as_ref()?)))
        .collect();
    if filtered.is_empty() {
        return text;
    }
    let mut chains = String::new();
    let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
    for (link, filter) in &filtered {
        chains += &render_chain(&format!("{link}_in"), &filter.rules, Direction::In);
        inbound.push(format!("\"{link}\" : jump {link}_in"));
        // Without a rule for outbound packets all of them pass.
        if filter.rules.iter().any(|rule| rule.direction == Direction::Out) {
            chains += &render_chain(&format!("{link}_out"), &filter.rules, Direction::Out);
            outbound.push(format!("\"{link}\" : jump {link}_out"));
        }
    }
    text += &format!("table ip {TABLE} {{\n{chains}chain forward {{\n");
    text += "type filter hook forward priority -20; policy accept;\n";
    text += "ct state established,related accept\n";
    // A packet between two filtered servers has to pass both: what a chain lets pass, it returns.
    if !outbound.is_empty() {
        text += &format!("iifname vmap {{ {} }}\n", outbound.join(", "));
    }
    text += &format!("oifname vmap {{ {} }}\n}}\n}}\n", inbound.join(", "));
    text
}

fn render_chain(name: &str, rules: &[PacketRule], direction: Direction) -> String {
    let mut text = format!("chain {name} {{\n");
    let mut write = |line: String| writeln!(text, "{line}").unwrap_or_default();
    for rule in rules.iter().filter(|rule| rule.direction == direction) {
        let peer = if direction == Direction::In { "saddr" } else { "daddr" };
        for prefix in &rule.peers {
            // nft refuses a prefix that names every address.
            let from = match prefix.length() {
                0 => String::new(),
                _ => format!("ip {peer} {prefix} "),
            };
            write(format!("{from}{} return", protocol(rule.protocol)));
        }
    }
    text += "drop\n}\n";
    text
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

    fn server(id: u64, filter: Option<PacketFilter>) -> ServerRecord {
        let text = format!(
            r#"{{"seed": {{"id": {id}, "name": "a", "image": "debian-13", "location": "ash",
            "network_zone": "us-east", "public_ip": null, "public_mac": "96:00:00:00:00:01",
            "ssh_keys": [], "user_data": null, "memory_bytes": 1, "cores": 1, "disk_gb": 1}},
            "image": "/image", "attached": []}}"#
        );
        ServerRecord { filter, ..serde_json::from_str(&text).unwrap() }
    }

    #[test]
    fn a_filter_drops_what_no_rule_names() {
        let peers = vec![Prefix::parse("0.0.0.0/0").unwrap(), Prefix::parse("10.1.0.0/16").unwrap()];
        let rules = vec![PacketRule { direction: Direction::In, protocol: Protocol::Tcp(22, 22), peers }];
        let text = render(&[server(3, Some(PacketFilter { rules })), server(4, None)]);
        assert!(
            text.contains(
                "chain s3_in {\ntcp dport 22 return\nip saddr 10.1.0.0/16 tcp dport 22 return\ndrop\n}"
            ),
            "{text}"
        );
        assert!(text.contains("oifname vmap { \"s3\" : jump s3_in }"), "{text}");
        assert!(!text.contains("_out") && !text.contains("s4"), "{text}");
    }

    #[test]
    fn an_outbound_rule_closes_everything_else() {
        let peers = vec![Prefix::parse("0.0.0.0/0").unwrap()];
        let rules = vec![PacketRule { direction: Direction::Out, protocol: Protocol::Icmp, peers }];
        let text = render(&[server(3, Some(PacketFilter { rules }))]);
        assert!(text.contains("chain s3_in {\ndrop\n}"), "{text}");
        assert!(text.contains("chain s3_out {\nip protocol icmp return\ndrop\n}"), "{text}");
    }

    #[test]
    fn without_filters_there_is_no_table() {
        let text = render(&[server(3, None)]);
        assert_eq!(text, "table ip firewall\ndelete table ip firewall\n");
    }
}
