//! Zones are made and removed.

use std::collections::BTreeMap;

use base64::Engine as _;
use ennead_hcloud::types::{Action, CreateZone, PrimaryNameserver, ResourceRecord, Zone};

use super::edit::first_serial;
use super::name::check_zone_name;
use super::rrset::{check_alone, make_set};
use super::zonefile::read_zonefile;
use super::{
    Mode, NAMESERVERS, RrSetRecord, TTL_DEFAULT, ZoneChange, ZoneRecord, ZoneSettings, set_id,
};
use crate::state::effect::{Effect, Lane};
use crate::state::moment::rfc3339;
use crate::state::{Change, Code, Moment, Refusal, State, check_name_free};

impl State {
    /// Adds a zone.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`.
    pub fn create_zone(
        &mut self,
        wanted: CreateZone,
        moment: &Moment<'_>,
    ) -> Result<(Zone, Action), Refusal> {
        check_zone_name(&wanted.name).map_err(|why| Refusal::invalid("name", why))?;
        check_name_free(&wanted.name, self.zones.values().map(|zone| zone.name.as_str()))?;
        let mode = match wanted.mode.as_str() {
            "primary" => Mode::Primary,
            "secondary" => Mode::Secondary,
            _ => return Err(Refusal::invalid("mode", "must be one of: primary, secondary")),
        };
        let mut zone = ZoneRecord {
            id: 0,
            name: wanted.name.clone(),
            mode,
            settings: ZoneSettings {
                ttl: wanted.ttl.unwrap_or(TTL_DEFAULT),
                is_protected: false,
                primary_nameservers: Vec::new(),
            },
            labels: wanted.labels.clone(),
            created: rfc3339(moment.now),
            sets: BTreeMap::new(),
            is_deleting: false,
        };
        match mode {
            Mode::Primary => fill(&mut zone, &wanted, moment)?,
            Mode::Secondary => {
                check_nameservers(&wanted.primary_nameservers)?;
                zone.settings.primary_nameservers = wanted.primary_nameservers;
            }
        }
        let id = self.fresh_id();
        zone.id = id;
        let effects = zone.seed().map(Effect::PublishZone).into_iter().collect();
        self.zones.insert(id, zone);
        let change = Change::Zone(ZoneChange::Create(id));
        let lane = Lane::Zone(id);
        let action = self.begin("create_zone", &[("zone", id)], lane, effects, change, moment);
        Ok((self.zone(id)?, action))
    }

    /// Removes a zone.
    ///
    /// # Errors
    /// `not_found`, `protected`, `locked`.
    pub fn delete_zone(&mut self, id: u64, moment: &Moment<'_>) -> Result<Action, Refusal> {
        let zone = self.zones.get_mut(&id).ok_or_else(|| Refusal::not_found("zone", id))?;
        if zone.settings.is_protected {
            return Err(Refusal::new(Code::Protected, "zone is delete protected"));
        }
        if std::mem::replace(&mut zone.is_deleting, true) {
            return Err(Refusal::locked("zone"));
        }
        let effects = vec![Effect::WithdrawZone(zone.name.clone())];
        let change = Change::Zone(ZoneChange::Delete(id));
        let lane = Lane::Zone(id);
        Ok(self.begin("delete_zone", &[("zone", id)], lane, effects, change, moment))
    }
}

/// Gives a new primary zone its records.
fn fill(zone: &mut ZoneRecord, wanted: &CreateZone, moment: &Moment<'_>) -> Result<(), Refusal> {
    if let Some(text) = &wanted.zonefile {
        if !wanted.rrsets.is_empty() {
            return Err(Refusal::invalid("rrsets", "must be empty when there is a zone file"));
        }
        let read = read_zonefile(text, &zone.name);
        let read = read.map_err(|why| Refusal::invalid("zonefile", why))?;
        zone.settings.ttl = read.ttl.or(wanted.ttl).unwrap_or(TTL_DEFAULT);
        zone.sets = read.sets;
        return Ok(());
    }
    let serial = first_serial(moment.now);
    let soa = format!("{} dns.hetzner.com. {serial} 86400 10800 3600000 3600", NAMESERVERS[0]);
    add_default(zone, "SOA", &[&soa]);
    add_default(zone, "NS", &NAMESERVERS);
    for (place, wanted) in wanted.rrsets.iter().enumerate() {
        let field = format!("rrsets.{place}");
        let set = make_set(wanted, zone, &field)?;
        // A set that the request names takes the place of a default one.
        if set.kind != "SOA" && set.id() != "@/NS" && zone.sets.contains_key(&set.id()) {
            return Err(Refusal::invalid(&field, format!("RRSet '{}' is there twice", set.id())));
        }
        check_alone(zone, &set, &field)?;
        zone.sets.insert(set.id(), set);
    }
    Ok(())
}

fn add_default(zone: &mut ZoneRecord, kind: &str, values: &[&str]) {
    let record = |value: &&str| ResourceRecord { value: (*value).into(), comment: String::new() };
    let set = RrSetRecord {
        name: "@".into(),
        kind: kind.into(),
        ttl: None,
        labels: BTreeMap::new(),
        is_protected: false,
        records: values.iter().map(record).collect(),
    };
    zone.sets.insert(set_id("@", kind), set);
}

/// Checks where a secondary zone comes from.
///
/// # Errors
/// `invalid_input`.
pub(super) fn check_nameservers(servers: &[PrimaryNameserver]) -> Result<(), Refusal> {
    for (place, server) in servers.iter().enumerate() {
        let field = |name: &str| format!("primary_nameservers.{place}.{name}");
        if !is_public(&server.address) {
            return Err(Refusal::invalid(&field("address"), "is not a public IP address"));
        }
        if servers.iter().take(place).any(|other| other.address == server.address) {
            return Err(Refusal::invalid(&field("address"), "is there twice"));
        }
        let algorithms = [None, Some("hmac-md5"), Some("hmac-sha1"), Some("hmac-sha256")];
        if !algorithms.contains(&server.tsig_algorithm.as_deref()) {
            let why = "must be one of: hmac-md5, hmac-sha1, hmac-sha256";
            return Err(Refusal::invalid(&field("tsig_algorithm"), why));
        }
        let engine = base64::engine::general_purpose::STANDARD;
        if server.tsig_key.as_ref().is_some_and(|key| engine.decode(key).is_err()) {
            return Err(Refusal::invalid(&field("tsig_key"), "is not base64 encoded"));
        }
    }
    Ok(())
}

fn is_public(address: &str) -> bool {
    match address.parse() {
        Ok(std::net::IpAddr::V4(ip)) => {
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_unspecified())
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            !(ip.is_loopback()
                || ip.is_multicast()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local())
        }
        Err(_) => false,
    }
}
