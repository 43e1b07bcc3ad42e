//! Routes beside a server's own addresses: floating ones, aliases, and what a network adds.
//!
//! A route goes with its link, so a server's power cut takes its routes away and its next start
//! brings back what is written in its record. Each kind has a protocol number of its own, so that
//! all routes of a kind can be removed without knowing them.

use std::net::Ipv4Addr;

use super::names::router_link;
use super::place::LabPlace;
use super::record::{Attached, ServerRecord, all_servers};
use super::why::Why;
use super::{NetworkRoute, namespace};

/// The protocol of routes to floating addresses. Numbers from 192 on have no meaning to anybody.
const FLOATING: u8 = 201;
/// The protocol of routes to aliases.
const ALIAS: u8 = 202;
/// The protocol of routes that a network adds.
const ADDED: u8 = 203;

/// The internet router's route to a floating address.
pub(crate) fn floating_line(ip: Ipv4Addr, server: u64) -> String {
    format!("route replace {ip}/32 dev {} proto {FLOATING}", router_link(server))
}

/// Takes the way to a floating address; no-op when it leads nowhere.
pub(crate) fn no_floating_line(ip: Ipv4Addr) -> String {
    format!("route flush exact {ip}/32 proto {FLOATING}")
}

/// A network router's route to an alias.
pub(crate) fn alias_line(alias: Ipv4Addr, server: u64) -> String {
    format!("route replace {alias}/32 dev {} proto {ALIAS}", router_link(server))
}

/// Takes the ways to all aliases of a server.
pub(crate) fn no_aliases_line(server: u64) -> String {
    format!("route flush dev {} proto {ALIAS}", router_link(server))
}

/// The routes of a network whose gateway is one of this server's addresses there.
pub(crate) fn lines_through<'a>(
    routes: &'a [NetworkRoute],
    server: u64,
    attached: &'a Attached,
) -> impl Iterator<Item = String> + 'a {
    let is_own = |ip: Ipv4Addr| attached.attachment.ip == ip || attached.aliases.contains(&ip);
    let link = router_link(server);
    routes.iter().filter(move |route| is_own(route.gateway)).map(move |route| {
        let NetworkRoute { destination, gateway } = route;
        format!("route replace {destination} via {gateway} dev {link} onlink proto {ADDED}")
    })
}

/// Puts the routes that a network adds in place of those that it added before. Those through a
/// server that is off come with its start.
pub(crate) async fn set_added(
    place: &LabPlace,
    network: u64,
    routes: &[NetworkRoute],
    is_running: impl Fn(&ServerRecord) -> Result<bool, Why>,
) -> Result<(), Why> {
    let mut lines = vec![format!("route flush proto {ADDED}")];
    for record in all_servers(place)? {
        let Some(attached) = record.attached_to(network) else { continue };
        if is_running(&record)? {
            lines.extend(lines_through(routes, record.seed.id, attached));
        }
    }
    namespace::script_in(&place.names().network(network), &lines).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Prefix;
    use crate::world::Attachment;

    #[test]
    fn a_network_s_route_goes_through_the_server_that_has_its_gateway() {
        let attachment = |ip| Attachment { network: 1, ip, mac: "86:00:00:00:00:05".into() };
        let gateway = Ipv4Addr::new(10, 0, 0, 5);
        let routes = [NetworkRoute { destination: Prefix::parse("0.0.0.0/0").unwrap(), gateway }];
        let own = Attached { slot: 0, attachment: attachment(gateway), aliases: Vec::new() };
        let lines: Vec<String> = lines_through(&routes, 3, &own).collect();
        assert_eq!(
            lines,
            ["route replace 0.0.0.0/0 via 10.0.0.5 dev s3 onlink proto 203".to_owned()]
        );
        let other = Attached { attachment: attachment([10, 0, 0, 6].into()), ..own };
        assert_eq!(lines_through(&routes, 4, &other).count(), 0);
        let alias = Attached { aliases: vec![gateway], ..other };
        assert_eq!(lines_through(&routes, 4, &alias).count(), 1);
    }
}
