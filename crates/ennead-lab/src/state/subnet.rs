//! Subnets: parts of a network, all in one network zone.

use ennead_hcloud::types::{Action, Network, Subnet};

use super::effect::{Effect, Lane};
use super::moment::Moment;
use super::network::seed;
use super::{Change, Code, Prefix, Refusal, State};
use crate::catalogue;

/// Subnets in one network. Source: the official FAQ on networks.
pub const SUBNETS_MAX: usize = 50;

/// Smallest subnet.
const LENGTH_MAX: u8 = 30;

/// Size of a subnet whose range the cloud chooses.
const LENGTH_CHOSEN: u8 = 24;

impl State {
    /// Adds a subnet to a network.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `invalid_input`, `service_error`.
    pub fn add_subnet(
        &mut self,
        network: u64,
        wanted: &Subnet,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let mut record = self.network_at_rest(network)?.clone();
        let subnet = place_subnet(&record, wanted)?;
        let range = subnet.ip_range.clone().unwrap_or_default();
        record.subnets.push(subnet);
        let effects = vec![Effect::CreateNetwork(seed(&record))];
        self.networks.insert(network, record);
        let change = Change::AddSubnet(network, range);
        let resources = [("network", network)];
        let lane = Lane::Network(network);
        Ok(self.begin("add_subnet", &resources, lane, effects, change, moment))
    }

    /// Removes a subnet in which nothing is attached.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `invalid_input`, `service_error`.
    pub fn delete_subnet(
        &mut self,
        network: u64,
        range: &str,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let mut record = self.network_at_rest(network)?.clone();
        let prefix = Prefix::parse(range)
            .ok_or_else(|| Refusal::invalid("ip_range", "is not an IPv4 range"))?;
        let text = prefix.to_string();
        if !record.subnets.iter().any(|subnet| subnet.ip_range.as_ref() == Some(&text)) {
            return Err(Refusal::new(Code::NotFound, format!("subnet '{text}' not found")));
        }
        if self.addresses_in(network).any(|address| prefix.contains(address)) {
            let message = "cannot remove subnet because servers are attached to it";
            return Err(Refusal::new(Code::ServiceError, message));
        }
        record.subnets.retain(|subnet| subnet.ip_range.as_ref() != Some(&text));
        let effects = vec![Effect::CreateNetwork(seed(&record))];
        let change = Change::DeleteSubnet(network, text);
        let resources = [("network", network)];
        let lane = Lane::Network(network);
        Ok(self.begin("delete_subnet", &resources, lane, effects, change, moment))
    }
}

/// Checks a subnet against its network and fills in what the request left open.
///
/// # Errors
/// `invalid_input`, `service_error`, `resource_limit_exceeded`.
pub(crate) fn place_subnet(network: &Network, wanted: &Subnet) -> Result<Subnet, Refusal> {
    let whole = Prefix::parse(&network.ip_range)
        .ok_or_else(|| Refusal::invalid("ip_range", "is not an IPv4 range"))?;
    check_kind(wanted)?;
    check_zone(network, &wanted.network_zone)?;
    if network.subnets.len() >= SUBNETS_MAX {
        return Err(Refusal::limit("subnet_limit", "subnet limit exceeded"));
    }
    let others: Vec<_> = network.subnets.iter().filter_map(range_of).collect();
    let overlaps = |range: Prefix| others.iter().any(|other| other.overlaps(range));
    let range = match &wanted.ip_range {
        Some(text) => Prefix::parse(text)
            .ok_or_else(|| Refusal::invalid("ip_range", "is not an IPv4 range"))?,
        None => whole
            .parts(LENGTH_CHOSEN)
            .find(|part| !overlaps(*part))
            .ok_or_else(|| Refusal::invalid("ip_range", "the network has no free /24 range"))?,
    };
    let wrong = if range.length() > LENGTH_MAX {
        Some("must be at least a /30".to_owned())
    } else if !whole.covers(range) {
        Some(format!("is not inside the network's range {whole}"))
    } else if overlaps(range) {
        Some("overlaps with an existing subnet".to_owned())
    } else {
        None
    };
    if let Some(why) = wrong {
        return Err(Refusal::invalid("ip_range", why));
    }
    Ok(Subnet {
        kind: wanted.kind.clone(),
        ip_range: Some(range.to_string()),
        network_zone: wanted.network_zone.clone(),
        gateway: Some(whole.gateway().to_string()),
        vswitch_id: None,
    })
}

/// Returns a subnet's range.
pub(crate) fn range_of(subnet: &Subnet) -> Option<Prefix> {
    subnet.ip_range.as_deref().and_then(Prefix::parse)
}

fn check_kind(wanted: &Subnet) -> Result<(), Refusal> {
    match wanted.kind.as_str() {
        "cloud" | "server" => Ok(()),
        // A vSwitch joins dedicated machines of another product; the lab has none.
        "vswitch" if wanted.vswitch_id.is_some() => {
            Err(Refusal::new(Code::ServiceError, "vswitch not found"))
        }
        "vswitch" => Err(Refusal::invalid("vswitch_id", "is missing")),
        _ => Err(Refusal::invalid("type", "must be one of: cloud, server, vswitch")),
    }
}

fn check_zone(network: &Network, zone: &str) -> Result<(), Refusal> {
    if !catalogue::locations().iter().any(|location| location.network_zone == zone) {
        let why = format!("network zone '{zone}' not found");
        return Err(Refusal::invalid("network_zone", why));
    }
    match network.subnets.first() {
        Some(first) if first.network_zone != zone => {
            let why =
                format!("all subnets of a network must be in one zone: {}", first.network_zone);
            Err(Refusal::invalid("network_zone", why))
        }
        _ => Ok(()),
    }
}
