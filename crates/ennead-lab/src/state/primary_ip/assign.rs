//! Which server has a primary IP, what it is called and what protects it.

use ennead_hcloud::types::{Action, IpProtection};

use super::PrimaryIpChange;
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::public_ip::PublicIp;
use crate::state::server::{ServerRecord, Status};
use crate::state::{Change, Code, Refusal, State};

impl State {
    /// Gives a primary IP to a server that is off.
    ///
    /// # Errors
    /// `not_found`, `locked`, `primary_ip_already_assigned`, `primary_ip_datacenter_mismatch`,
    /// `server_has_ipv4`, `server_has_ipv6`, `server_not_stopped`.
    pub fn assign_primary_ip(
        &mut self,
        id: u64,
        server: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_primary_ip(id)?;
        if self.assignee_of(id).is_some() {
            let message = "Primary IP is already assigned to a server";
            return Err(Refusal::new(Code::PrimaryIpAlreadyAssigned, message));
        }
        let target = self.free_server(server)?;
        if target.location != record.location {
            let message = "Primary IP and server are in different locations";
            return Err(Refusal::new(Code::PrimaryIpDatacenterMismatch, message));
        }
        let has_one = match record.ip {
            PublicIp::Ipv4(_) => target.ipv4.map(|_| Code::ServerHasIpv4),
            PublicIp::Ipv6(_) => target.ipv6.map(|_| Code::ServerHasIpv6),
        };
        if let Some(code) = has_one {
            let message = format!("server already has an {} address", record.ip.kind());
            return Err(Refusal::new(code, message));
        }
        check_off(target)?;
        let ip = record.ip;
        if let Some(target) = self.servers.get_mut(&server) {
            match ip {
                PublicIp::Ipv4(address) => target.ipv4 = Some((id, address)),
                PublicIp::Ipv6(_) => target.ipv6 = Some(id),
            }
        }
        let effect = ip.ipv4().map(|address| Effect::SetPublicAddress(server, Some(address)));
        let change = PrimaryIpChange::Assign(id, server);
        let action =
            self.begin_primary("assign_primary_ip", id, Some(server), effect, change, moment);
        self.queue_filters();
        Ok(action)
    }

    /// Takes a primary IP from a server that is off.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`, `server_not_stopped`.
    pub fn unassign_primary_ip(&mut self, id: u64, moment: &Moment<'_>) -> Result<Action, Refusal> {
        let ip = self.free_primary_ip(id)?.ip;
        let Some(server) = self.assignee_of(id) else {
            return Err(Refusal::new(Code::InvalidInput, "Primary IP is not assigned"));
        };
        check_off(self.free_server(server)?)?;
        let effect = ip.ipv4().map(|_| Effect::SetPublicAddress(server, None));
        let change = PrimaryIpChange::Unassign(id, server);
        Ok(self.begin_primary("unassign_primary_ip", id, Some(server), effect, change, moment))
    }

    /// Sets the reverse name of an address, or takes it back.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn name_primary_ip(
        &mut self,
        id: u64,
        ip: &str,
        name: Option<&str>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_primary_ip(id)?;
        let (before, names) = (record.names.clone(), record.names.with(record.ip, ip, name)?);
        self.with_primary_ip(id, |record| record.names = names);
        let change = PrimaryIpChange::Names(id, before);
        Ok(self.begin_primary("change_dns_ptr", id, None, None, change, moment))
    }

    /// Sets whether a primary IP can be deleted.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input` while it goes with its server.
    pub fn protect_primary_ip(
        &mut self,
        id: u64,
        delete: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_primary_ip(id)?;
        if delete && record.auto_delete {
            return Err(Refusal::invalid("delete", "auto_delete of the primary IP must be false"));
        }
        let before = record.protection.clone();
        self.with_primary_ip(id, |record| record.protection = IpProtection { delete });
        let change = PrimaryIpChange::Protect(id, before);
        Ok(self.begin_primary("change_protection", id, None, None, change, moment))
    }

    fn begin_primary(
        &mut self,
        command: &str,
        id: u64,
        server: Option<u64>,
        effect: Option<Effect>,
        change: PrimaryIpChange,
        moment: &Moment<'_>,
    ) -> Action {
        let server = server.map(|server| ("server", server));
        let resources: Vec<_> = server.into_iter().chain([("primary_ip", id)]).collect();
        let effects = effect.into_iter().collect();
        let (lane, change) = (Lane::PrimaryIp(id), Change::PrimaryIp(change));
        self.begin(command, &resources, lane, effects, change, moment)
    }
}

fn check_off(server: &ServerRecord) -> Result<(), Refusal> {
    if server.status == Status::Off {
        Ok(())
    } else {
        Err(Refusal::new(Code::ServerNotStopped, "server must be stopped"))
    }
}
