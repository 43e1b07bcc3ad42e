//! The lab's internet and its private networks: routers in namespaces, links of two ends.
//!
//! ```text
//! this machine --enID--> [internet router] --sN--> eth0 [server N]
//!                        [network router]  --sN--> enp7s0 [server N]
//! ```
//! Every link has exactly two ends, a server and a router. There is no bridge, so no server hears
//! another one's ARP or multicast, and nothing but routed IPv4 passes. Routers check that a packet
//! comes from where its source address is routed to, so a server cannot use another address than
//! the ones it was given.
//!
//! Each private network has a router namespace of its own rather than a routing table in one
//! namespace per network zone: gateways of two networks are often the same address, and an address
//! is local to a whole namespace whatever its tables say.

use std::net::Ipv4Addr;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;
use futures::future::try_join_all;

use super::names::{LabNames, private_interface, router_link};
use super::place::LabPlace;
use super::record::{Attached, NetworkRecord, ServerRecord, find_network, load_network};
use super::why::Why;
use super::{namespace, routes};
use crate::state::Prefix;

/// The cloud's gateway for public interfaces, reached without a route to it.
pub(crate) const PUBLIC_GATEWAY: &str = "172.31.1.1";

/// Where servers ask for their metadata.
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// MTU of public interfaces.
const PUBLIC_MTU: u16 = 1500;

/// MTU of private interfaces. Source: Hetzner, "private networks are limited to 1450 bytes".
const PRIVATE_MTU: u16 = 1450;

/// What makes a namespace a router that forwards IPv4 from rightful senders only.
const ROUTER_SETTINGS: [(&str, &str); 6] = [
    ("net/ipv4/ip_forward", "1"),
    // Strict: applies to links made later too.
    ("net/ipv4/conf/all/rp_filter", "1"),
    ("net/ipv4/conf/default/rp_filter", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
];

/// Makes the internet's router and this machine's way into it; repairs what is missing.
pub(crate) async fn ensure_internet(place: &LabPlace) -> Result<(), Why> {
    let names = place.names();
    let (internet, host) = (names.internet(), names.host_link());
    let name_server = place.name_server().ip().to_string();
    ensure_router(&internet, &[PUBLIC_GATEWAY, &METADATA.to_string(), &name_server]).await?;
    if !link_exists(&host)? {
        let pair = format!("link add {host} type veth peer name host netns {internet}");
        namespace::script(&[pair]).await?;
    }
    let operator = place.operator_address();
    let inner = ["link set host up".to_owned(), format!("route replace {operator}/32 dev host")];
    namespace::script_in(&internet, &inner).await?;
    let prefix = place.public;
    let outer = [
        format!("address replace {operator}/32 dev {host}"),
        format!("link set {host} up"),
        format!("route replace {prefix} via {PUBLIC_GATEWAY} dev {host} onlink src {operator}"),
    ];
    namespace::script(&outer).await
}

/// Removes this machine's way into the lab's internet.
pub(crate) async fn remove_host_link(names: &LabNames) -> Result<(), Why> {
    let host = names.host_link();
    if link_exists(&host)? {
        namespace::script(&[format!("link delete {host}")]).await?;
    }
    Ok(())
}

/// Returns whether the root namespace has a link.
pub(crate) fn link_exists(link: &str) -> Result<bool, Why> {
    Ok(files::exists(&Utf8PathBuf::from(format!("/sys/class/net/{link}")))?)
}

/// Makes a private network's router.
pub(crate) async fn ensure_network(names: &LabNames, id: u64, range: Prefix) -> Result<(), Why> {
    ensure_router(&names.network(id), &[&range.gateway().to_string()]).await
}

async fn ensure_router(name: &str, addresses: &[&str]) -> Result<(), Why> {
    if !namespace::exists(name)? {
        namespace::script(&[format!("netns add {name}")]).await?;
    }
    namespace::inside(name, || ROUTER_SETTINGS.iter().try_for_each(|(key, value)| set(key, value)))
        .await?;
    let own = addresses.iter().map(|address| format!("address replace {address}/32 dev lo"));
    let lines: Vec<String> = std::iter::once("link set lo up".to_owned()).chain(own).collect();
    namespace::script_in(name, &lines).await
}

#[expect(clippy::disallowed_methods, reason = "a kernel setting is no file to be put in place")]
fn set(key: &str, value: &str) -> Result<(), Why> {
    let path = format!("/proc/sys/{key}");
    match std::fs::write(&path, value) {
        // A kernel without IPv6 needs no setting to switch it off.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Why(format!("write {path}: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Makes a server's namespace with all its links, ready before its init starts.
pub(crate) async fn connect(place: &LabPlace, record: &ServerRecord) -> Result<(), Why> {
    let names = place.names();
    let own = names.server(record.seed.id);
    let link = router_link(record.seed.id);
    let mut make = vec![format!("netns add {own}")];
    let mut inside = vec!["link set lo up".to_owned()];
    if let Some(public) = record.seed.public_ip {
        let (internet, mac) = (names.internet(), &record.seed.public_mac);
        make.push(link_line(&link, &internet, "eth0", mac, &own, PUBLIC_MTU));
        inside.extend([
            "link set eth0 up".to_owned(),
            format!("address add {public}/32 dev eth0"),
            format!("route add default via {PUBLIC_GATEWAY} dev eth0 onlink"),
        ]);
    }
    for attached in &record.attached {
        let network = attached.attachment.network;
        let range = network_range(place, network)?;
        make.push(private_link_line(&names, record.seed.id, attached));
        inside.extend(private_lines(attached, range));
    }
    namespace::script(&make).await?;
    namespace::script_in(&own, &inside).await?;
    // The routers' side last: from then on the server can be reached.
    if let Some(public) = record.seed.public_ip {
        let mut lines = router_lines(&link, public).to_vec();
        lines.extend(record.floating.iter().map(|ip| routes::floating_line(*ip, record.seed.id)));
        namespace::script_in(&names.internet(), &lines).await?;
    }
    for attached in &record.attached {
        let network = find_network(place, attached.attachment.network)?;
        let lines = private_router_lines(record.seed.id, attached, network.as_ref());
        namespace::script_in(&names.network(attached.attachment.network), &lines).await?;
    }
    Ok(())
}

/// Connects a running server to a private network.
pub(crate) async fn plug(place: &LabPlace, server: u64, attached: &Attached) -> Result<(), Why> {
    let names = place.names();
    let network = attached.attachment.network;
    let range = network_range(place, network)?;
    let router = names.network(network);
    unplug(place, server, network).await?;
    namespace::script(&[private_link_line(&names, server, attached)]).await?;
    namespace::script_in(&names.server(server), &private_lines(attached, range)).await?;
    let lines = private_router_lines(server, attached, find_network(place, network)?.as_ref());
    namespace::script_in(&router, &lines).await
}

/// What a network's router knows of a server: its address, its further ones, and what is reached
/// through it.
fn private_router_lines(
    server: u64,
    attached: &Attached,
    network: Option<&NetworkRecord>,
) -> Vec<String> {
    let mut lines = router_lines(&router_link(server), attached.attachment.ip).to_vec();
    lines.extend(attached.aliases.iter().map(|alias| routes::alias_line(*alias, server)));
    let all = network.map(|network| network.routes.as_slice()).unwrap_or_default();
    lines.extend(routes::lines_through(all, server, attached));
    lines
}

/// Takes a server's interface of a private network away; no-op when it has none.
pub(crate) async fn unplug(place: &LabPlace, server: u64, network: u64) -> Result<(), Why> {
    delete_link(place.names().network(network), router_link(server)).await
}

/// Cuts all links of a server at once. They are deleted at their routers' end, so it does not matter
/// what the server has done to its own, and nothing in it can bring them back.
pub(crate) async fn cut(place: &LabPlace, record: &ServerRecord) -> Result<(), Why> {
    let names = place.names();
    let private = record.attached.iter().map(|it| names.network(it.attachment.network));
    let routers = std::iter::once(names.internet()).chain(private);
    let cuts = routers.map(|router| delete_link(router, router_link(record.seed.id)));
    try_join_all(cuts).await?;
    Ok(())
}

/// Deletes a link with both its ends; no-op when it or its namespace is gone.
async fn delete_link(name: String, link: String) -> Result<(), Why> {
    if !namespace::exists(&name)? {
        return Ok(());
    }
    let present = namespace::inside(&name, present_links).await?;
    if !present.contains(&link) {
        return Ok(());
    }
    namespace::script_in(&name, &[format!("link delete {link}")]).await
}

/// Returns the links of the thread's own namespace.
fn present_links() -> Result<Vec<String>, Why> {
    let table = files::read_text(Utf8Path::new("/proc/thread-self/net/dev"))?.unwrap_or_default();
    let name = |line: &str| line.split_once(':').map(|(name, _)| name.trim().to_owned());
    Ok(table.lines().filter_map(name).collect())
}

fn network_range(place: &LabPlace, network: u64) -> Result<Prefix, Why> {
    let range = load_network(place, network)?.ip_range;
    Prefix::parse(&range).ok_or_else(|| Why(format!("{range} is no prefix")))
}

fn link_line(
    link: &str,
    router: &str,
    interface: &str,
    mac: &str,
    server: &str,
    mtu: u16,
) -> String {
    format!(
        "link add {link} netns {router} mtu {mtu} type veth \
         peer name {interface} address {mac} mtu {mtu} netns {server}"
    )
}

fn private_link_line(names: &LabNames, server: u64, attached: &Attached) -> String {
    let router = names.network(attached.attachment.network);
    let interface = private_interface(attached.slot);
    let mac = &attached.attachment.mac;
    link_line(&router_link(server), &router, &interface, mac, &names.server(server), PRIVATE_MTU)
}

/// What a server has of a private network: its own address, and all others behind the gateway.
fn private_lines(attached: &Attached, range: Prefix) -> [String; 4] {
    let interface = private_interface(attached.slot);
    let (ip, gateway) = (attached.attachment.ip, range.gateway());
    [
        format!("link set {interface} up"),
        format!("address add {ip}/32 dev {interface}"),
        format!("route append {gateway} dev {interface} scope link"),
        format!("route append {range} via {gateway} dev {interface}"),
    ]
}

fn router_lines(link: &str, ip: Ipv4Addr) -> [String; 2] {
    [format!("link set {link} up"), format!("route replace {ip}/32 dev {link}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Attachment;

    #[test]
    fn a_private_interface_reaches_its_peers_through_the_gateway_only() {
        let attachment =
            Attachment { network: 4, ip: [10, 0, 0, 5].into(), mac: "86:00:00:00:00:05".into() };
        let lines = private_lines(
            &Attached { slot: 1, attachment, aliases: Vec::new() },
            Prefix::parse("10.0.0.0/16").unwrap(),
        );
        assert_eq!(
            lines,
            [
                "link set enp8s0 up",
                "address add 10.0.0.5/32 dev enp8s0",
                "route append 10.0.0.1 dev enp8s0 scope link",
                "route append 10.0.0.0/16 via 10.0.0.1 dev enp8s0",
            ]
        );
    }

    #[test]
    fn both_ends_of_a_link_are_made_where_they_belong() {
        let line = link_line("s3", "router", "eth0", "96:00:00:00:00:03", "server", 1500);
        assert_eq!(
            line,
            "link add s3 netns router mtu 1500 type veth \
             peer name eth0 address 96:00:00:00:00:03 mtu 1500 netns server"
        );
    }
}
