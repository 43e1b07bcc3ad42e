//! Floating IPs: addresses that move between servers of one network zone.

pub mod assign;

use ennead_hcloud::types::{Action, CreateFloatingIp, FloatingIp, IpProtection, Labels};
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Ending, Job, Lane};
use super::moment::{Moment, rfc3339};
use super::public_ip::{PublicIp, ReverseNames};
use super::{Change, Code, Refusal, State, check_name_free};
use crate::catalogue;

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FloatingIpRecord {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// In words.
    pub description: Option<String>,
    /// The address.
    pub ip: PublicIp,
    /// The server that it leads to.
    pub server: Option<u64>,
    /// The name of the location that it is at home in.
    pub home_location: String,
    /// Reverse names.
    pub names: ReverseNames,
    /// What is forbidden.
    pub protection: IpProtection,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
}

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloatingIpChange {
    /// The address leads to its new server; or nowhere as before.
    Assign(u64),
    /// The address leads nowhere; or to its server as before.
    Unassign(u64),
    /// The reverse names stay as changed; or are as before.
    Names(u64, ReverseNames),
    /// The protection stays as changed; or is as before.
    Protect(u64, IpProtection),
}

impl FloatingIpChange {
    /// The job ended well.
    pub(super) fn carry_over(&self, state: &mut State, _job: &Job) {
        if let Self::Unassign(id) = self {
            state.with_floating_ip(*id, |record| record.server = None);
        }
    }

    /// The job failed.
    pub(super) fn take_back(
        &self,
        state: &mut State,
        _job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match self {
            Self::Assign(id) => {
                state.with_floating_ip(*id, |record| record.server = None);
                state.route_as_known(*id);
            }
            Self::Unassign(id) => state.route_as_known(*id),
            Self::Names(id, before) => {
                state.with_floating_ip(*id, |record| record.names = before.clone());
            }
            Self::Protect(id, before) => {
                state.with_floating_ip(*id, |record| record.protection = before.clone());
            }
        }
    }
}

impl State {
    /// Adds a floating IP, for a server or at home in a location.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`, and those of assigning.
    pub fn create_floating_ip(
        &mut self,
        wanted: CreateFloatingIp,
        moment: &Moment<'_>,
    ) -> Result<(FloatingIp, Option<Action>), Refusal> {
        let named = wanted.home_location.as_deref();
        let home_location = self.home_of(wanted.server, named, ["server", "home_location"])?;
        let id = self.fresh_id();
        let ip = self.free_public_ip(&wanted.kind, id, "floating_ip_limit", moment)?;
        let name = wanted.name.unwrap_or_else(|| format!("floating-ip-{id}"));
        check_name_free(&name, self.floating_ips.values().map(|other| other.name.as_str()))?;
        let record = FloatingIpRecord {
            id,
            name,
            description: wanted.description,
            ip,
            server: None,
            home_location,
            names: ReverseNames::default(),
            protection: IpProtection::default(),
            labels: wanted.labels,
            created: rfc3339(moment.now),
        };
        self.floating_ips.insert(id, record);
        let server = wanted.server;
        let action =
            server.map(|server| self.assign_floating_ip(id, server, moment)).transpose()?;
        Ok((self.floating_ip(id)?, action))
    }

    /// Returns a floating IP as the API shows it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn floating_ip(&self, id: u64) -> Result<FloatingIp, Refusal> {
        let record = self.floating_ip_record(id)?.clone();
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        Ok(FloatingIp {
            id,
            name: record.name,
            description: record.description,
            ip: record.ip.show(),
            kind: record.ip.kind().into(),
            server: record.server,
            dns_ptr: record.names.of(record.ip),
            home_location: catalogue::location(&record.home_location).ok_or_else(missing)?,
            blocked: false,
            protection: record.protection,
            labels: record.labels,
            created: record.created,
        })
    }

    /// Changes name, description or labels.
    ///
    /// # Errors
    /// `not_found`, `uniqueness_error`.
    pub fn update_floating_ip(
        &mut self,
        id: u64,
        name: Option<String>,
        description: Option<String>,
        labels: Option<Labels>,
    ) -> Result<FloatingIp, Refusal> {
        self.floating_ip_record(id)?;
        if let Some(name) = &name {
            let others = self.floating_ips.values().filter(|other| other.id != id);
            check_name_free(name, others.map(|other| other.name.as_str()))?;
        }
        self.with_floating_ip(id, |record| {
            record.name = name.unwrap_or_else(|| record.name.clone());
            record.description = description.or_else(|| record.description.clone());
            record.labels = labels.unwrap_or_else(|| record.labels.clone());
        });
        self.floating_ip(id)
    }

    /// Removes a floating IP that leads nowhere.
    ///
    /// # Errors
    /// `not_found`, `protected`, `must_be_unassigned`, `locked`.
    pub fn delete_floating_ip(&mut self, id: u64) -> Result<(), Refusal> {
        let record = self.floating_ip_record(id)?;
        if record.protection.delete {
            return Err(Refusal::new(Code::Protected, "Floating IP deletion is protected"));
        }
        if record.server.is_some() {
            let message = "Floating IP must be unassigned before it can be deleted";
            return Err(Refusal::new(Code::MustBeUnassigned, message));
        }
        self.free_floating_ip(id)?;
        self.floating_ips.remove(&id);
        Ok(())
    }

    fn floating_ip_record(&self, id: u64) -> Result<&FloatingIpRecord, Refusal> {
        self.floating_ips.get(&id).ok_or_else(|| Refusal::not_found("floating IP", id))
    }

    /// Returns a floating IP on which no action runs.
    fn free_floating_ip(&self, id: u64) -> Result<&FloatingIpRecord, Refusal> {
        let record = self.floating_ip_record(id)?;
        let is_locked = self.is_locked(Lane::FloatingIp(id));
        if is_locked { Err(Refusal::locked("floating IP")) } else { Ok(record) }
    }

    fn with_floating_ip(&mut self, id: u64, change: impl FnOnce(&mut FloatingIpRecord)) {
        if let Some(record) = self.floating_ips.get_mut(&id) {
            change(record);
        }
    }

    /// Queues the route that the state knows, whatever the world has now.
    pub(super) fn route_as_known(&mut self, id: u64) {
        let Some(record) = self.floating_ips.get(&id) else { return };
        let (server, address) = (record.server, record.ip.ipv4());
        let effects = address.map(|ip| Effect::RouteFloating(ip, server)).into_iter().collect();
        self.add_job(Lane::FloatingIp(id), None, effects, Change::Nothing);
    }
}
