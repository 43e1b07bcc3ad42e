//! Where floating IPs lead, what they are called and what protects them.

use ennead_hcloud::types::{Action, IpProtection};

use super::{FloatingIpChange, FloatingIpRecord};
use crate::catalogue;
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::server::ServerRecord;
use crate::state::{Change, Code, Refusal, State};

/// Floating IPs of one server. Source: the cloud's documentation of servers.
pub const PER_SERVER_MAX: usize = 20;

impl State {
    /// Leads a floating IP to a server. One that leads to a server already is refused: the
    /// official description has an error for it, whichever server it is.
    ///
    /// # Errors
    /// `not_found`, `locked`, `floating_ip_assigned`, `invalid_input`, `resource_limit_exceeded`.
    pub fn assign_floating_ip(
        &mut self,
        id: u64,
        server: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_floating_ip(id)?;
        if record.server.is_some() {
            return Err(Refusal::new(Code::FloatingIpAssigned, "Floating IP is already assigned"));
        }
        let target = self.free_server(server)?;
        check_reach(record, target, moment)?;
        if self.floating_ips_of(server).count() >= PER_SERVER_MAX {
            return Err(Refusal::limit("server_floating_ip_limit", "floating IP limit exceeded"));
        }
        let address = record.ip.ipv4();
        let route = address.map(|ip| Effect::RouteFloating(ip, Some(server)));
        self.with_floating_ip(id, |record| record.server = Some(server));
        let change = FloatingIpChange::Assign(id);
        Ok(self.begin_floating("assign_floating_ip", id, Some(server), route, change, moment))
    }

    /// Leads a floating IP nowhere.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn unassign_floating_ip(
        &mut self,
        id: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_floating_ip(id)?;
        let Some(server) = record.server else {
            return Err(Refusal::new(Code::InvalidInput, "Floating IP is not assigned"));
        };
        let route = record.ip.ipv4().map(|ip| Effect::RouteFloating(ip, None));
        let change = FloatingIpChange::Unassign(id);
        Ok(self.begin_floating("unassign_floating_ip", id, Some(server), route, change, moment))
    }

    /// Sets the reverse name of an address, or takes it back.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn name_floating_ip(
        &mut self,
        id: u64,
        ip: &str,
        name: Option<&str>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_floating_ip(id)?;
        let (before, names) = (record.names.clone(), record.names.with(record.ip, ip, name)?);
        self.with_floating_ip(id, |record| record.names = names);
        let change = FloatingIpChange::Names(id, before);
        Ok(self.begin_floating("change_dns_ptr", id, None, None, change, moment))
    }

    /// Sets whether a floating IP can be deleted.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn protect_floating_ip(
        &mut self,
        id: u64,
        delete: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_floating_ip(id)?.protection.clone();
        self.with_floating_ip(id, |record| record.protection = IpProtection { delete });
        let change = FloatingIpChange::Protect(id, before);
        Ok(self.begin_floating("change_protection", id, None, None, change, moment))
    }

    /// Returns the floating IPs that lead to a server.
    pub(crate) fn floating_ips_of(&self, server: u64) -> impl Iterator<Item = &FloatingIpRecord> {
        self.floating_ips.values().filter(move |record| record.server == Some(server))
    }

    fn begin_floating(
        &mut self,
        command: &str,
        id: u64,
        server: Option<u64>,
        route: Option<Effect>,
        change: FloatingIpChange,
        moment: &Moment<'_>,
    ) -> Action {
        let server = server.map(|server| ("server", server));
        let resources: Vec<_> = server.into_iter().chain([("floating_ip", id)]).collect();
        let effects = route.into_iter().collect();
        let (lane, change) = (Lane::FloatingIp(id), Change::FloatingIp(change));
        self.begin(command, &resources, lane, effects, change, moment)
    }
}

/// Checks that a packet for the address can reach the server.
fn check_reach(
    record: &FloatingIpRecord,
    server: &ServerRecord,
    moment: &Moment<'_>,
) -> Result<(), Refusal> {
    if !server.is_public() {
        return Err(Refusal::invalid("server", "has no public interface"));
    }
    let zone = |location: &str| catalogue::location(location).map(|found| found.network_zone);
    let (home, there) = (zone(&record.home_location), zone(&server.location));
    if home != there && !moment.rules.floating_ips_cross_zones {
        let why = "is in another network zone than the Floating IP";
        return Err(Refusal::invalid("server", why));
    }
    Ok(())
}
