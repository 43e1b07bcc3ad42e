//! The rules of a firewall: which are accepted, and what they let pass.

use std::net::Ipv6Addr;

use ennead_hcloud::types::FirewallRule;

use crate::state::{Prefix, Refusal};
use crate::world::{Direction, PacketRule, Protocol};

/// Rules of one firewall. Source: the official description of setting rules.
pub const RULES_MAX: usize = 50;

/// Prefixes of one rule. Source: as above.
pub const PREFIXES_MAX: usize = 100;

/// Checks every rule.
///
/// # Errors
/// `invalid_input` with every wrong field.
pub(super) fn check_rules(rules: &[FirewallRule]) -> Result<(), Refusal> {
    if rules.len() > RULES_MAX {
        return Err(Refusal::invalid("rules", format!("must be at most {RULES_MAX}")));
    }
    let wrong: Vec<_> = rules
        .iter()
        .enumerate()
        .flat_map(|(place, rule)| {
            let faults = faults(rule).into_iter();
            faults.map(move |(field, why)| (format!("rules.{place}.{field}"), why))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::invalid_fields(&wrong)) }
}

fn faults(rule: &FirewallRule) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let (own, own_name, other, other_name) = match rule.direction.as_str() {
        "in" => (&rule.source_ips, "source_ips", &rule.destination_ips, "destination_ips"),
        "out" => (&rule.destination_ips, "destination_ips", &rule.source_ips, "source_ips"),
        _ => return vec![("direction", "must be one of: in, out".to_owned())],
    };
    if own.is_empty() {
        faults.push((own_name, "is missing".to_owned()));
    }
    if !other.is_empty() {
        faults.push((other_name, format!("cannot be used with direction {}", rule.direction)));
    }
    if own.len() > PREFIXES_MAX {
        faults.push((own_name, format!("must be at most {PREFIXES_MAX}")));
    }
    faults.extend(own.iter().filter_map(|text| Some((own_name, prefix_fault(text)?))));
    let port = rule.port.as_deref();
    match (rule.protocol.as_str(), port) {
        ("tcp" | "udp", None) => faults.push(("port", "is missing".to_owned())),
        ("tcp" | "udp", Some(port)) if ports(port).is_none() => {
            faults.push(("port", format!("'{port}' is not a port or a range of ports")));
        }
        ("tcp" | "udp", Some(_)) | ("icmp" | "gre" | "esp", None) => {}
        ("icmp" | "gre" | "esp", Some(_)) => {
            faults.push(("port", format!("cannot be used with protocol {}", rule.protocol)));
        }
        _ => faults.push(("protocol", "must be one of: tcp, udp, icmp, esp, gre".to_owned())),
    }
    faults
}

/// Returns why a text is no prefix with empty host bits, IPv4 or IPv6.
fn prefix_fault(text: &str) -> Option<String> {
    let not_one = || Some(format!("'{text}' is not in CIDR notation"));
    let Some((address, length)) = text.split_once('/') else { return not_one() };
    if length.starts_with('+') {
        return not_one();
    }
    let has_host_bits = if let Some(prefix) = Prefix::parse(text) {
        address.parse() != Ok(prefix.network())
    } else {
        match (address.parse::<Ipv6Addr>(), length.parse::<u32>()) {
            (Ok(address), Ok(length)) if length <= 128 => {
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                u128::from(address) & !mask != 0
            }
            _ => return not_one(),
        }
    };
    // Refused since 2025-12-10; before, they were cleared.
    has_host_bits.then(|| format!("'{text}' has host bits"))
}

/// Reads `80`, `80-85` or `any`.
fn ports(text: &str) -> Option<(u16, u16)> {
    if text == "any" {
        return Some((1, u16::MAX));
    }
    let port = |text: &str| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|port| *port > 0 && is_plain)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first)?, port(last)?);
    (first <= last).then_some((first, last))
}

/// Returns what a checked rule lets pass. The lab carries no IPv6: such peers are left out, and a
/// rule without others lets nothing pass but still is a rule of its direction.
pub(super) fn packet_rule(rule: &FirewallRule) -> Option<PacketRule> {
    let (direction, peers) = match rule.direction.as_str() {
        "in" => (Direction::In, &rule.source_ips),
        _ => (Direction::Out, &rule.destination_ips),
    };
    let ports = || rule.port.as_deref().and_then(ports);
    let protocol = match rule.protocol.as_str() {
        "tcp" => ports().map(|(first, last)| Protocol::Tcp(first, last))?,
        "udp" => ports().map(|(first, last)| Protocol::Udp(first, last))?,
        "icmp" => Protocol::Icmp,
        "gre" => Protocol::Gre,
        "esp" => Protocol::Esp,
        _ => return None,
    };
    let peers = peers.iter().filter_map(|text| Prefix::parse(text)).collect();
    Some(PacketRule { direction, protocol, peers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, port: Option<&str>, peers: &[&str]) -> FirewallRule {
        FirewallRule {
            description: None,
            direction: "in".into(),
            source_ips: peers.iter().map(|&peer| peer.to_owned()).collect(),
            destination_ips: Vec::new(),
            protocol: protocol.into(),
            port: port.map(str::to_owned),
        }
    }

    #[test]
    fn ports_are_one_a_range_or_any() {
        assert_eq!(ports("80"), Some((80, 80)));
        assert_eq!(ports("80-85"), Some((80, 85)));
        assert_eq!(ports("any"), Some((1, 65535)));
        for wrong in ["", "0", "65536", "85-80", "80-", "-80", "1-2-3", "+80", " 80", "http"] {
            assert_eq!(ports(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn prefixes_have_empty_host_bits() {
        for good in ["0.0.0.0/0", "10.0.1.0/24", "10.0.1.1/32", "::/0", "2001:db8:ff00:42::/64"] {
            assert_eq!(prefix_fault(good), None, "{good}");
        }
        for wrong in
            ["10.0.1.1/24", "2001:db8::1/64", "10.0.1.1", "::1", "10.0.0.0/33", "::/129", "x/8", ""]
        {
            assert!(prefix_fault(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        let good = rule("tcp", Some("80"), &["0.0.0.0/0"]);
        let mut backwards = good.clone();
        backwards.destination_ips = vec!["0.0.0.0/0".into()];
        let cases = [
            (rule("tcp", None, &["0.0.0.0/0"]), "port"),
            (rule("icmp", Some("80"), &["0.0.0.0/0"]), "port"),
            (rule("sctp", None, &["0.0.0.0/0"]), "protocol"),
            (rule("tcp", Some("80"), &[]), "source_ips"),
            (rule("tcp", Some("80"), &["10.0.0.1/8"]), "source_ips"),
            (rule("tcp", Some("80"), &["0.0.0.0/0"; PREFIXES_MAX + 1]), "source_ips"),
            (backwards, "destination_ips"),
            (FirewallRule { direction: "up".into(), ..good.clone() }, "direction"),
        ];
        for (wrong, field) in cases {
            let refusal = check_rules(&[good.clone(), wrong]).unwrap_err();
            assert!(refusal.message.contains(&format!("'rules.1.{field}'")), "{}", refusal.message);
        }
        assert!(check_rules(&vec![good.clone(); RULES_MAX]).is_ok());
        assert!(check_rules(&vec![good; RULES_MAX + 1]).is_err());
    }

    #[test]
    fn ipv6_peers_are_not_carried() {
        let both = packet_rule(&rule("udp", Some("any"), &["10.0.0.0/8", "::/0"])).unwrap();
        assert_eq!(both.peers, [Prefix::parse("10.0.0.0/8").unwrap()]);
        assert_eq!(both.protocol, Protocol::Udp(1, 65535));
        assert_eq!(packet_rule(&rule("icmp", None, &["::/0"])).unwrap().peers, []);
    }
}
