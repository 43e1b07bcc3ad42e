//! Primary IPs: the addresses of servers' public interfaces.
//!
//! Which server has one is written down at the server only, so that the two cannot disagree.

pub mod assign;
pub mod of_server;

use ennead_hcloud::types::{Action, CreatePrimaryIp, IpProtection, Labels, PrimaryIp};
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Ending, Job, Lane};
use super::moment::{Moment, rfc3339};
use super::public_ip::{PublicIp, ReverseNames};
use super::{Change, Code, Refusal, State, check_name_free};
use crate::catalogue;

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrimaryIpRecord {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The address.
    pub ip: PublicIp,
    /// The name of the location where it can be used.
    pub location: String,
    /// Whether it goes with its server.
    pub auto_delete: bool,
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
pub enum PrimaryIpChange {
    /// The server keeps the address; or has none as before: primary IP, server.
    Assign(u64, u64),
    /// The server has no address; or keeps it: primary IP, server.
    Unassign(u64, u64),
    /// The reverse names stay as changed; or are as before.
    Names(u64, ReverseNames),
    /// The protection stays as changed; or is as before.
    Protect(u64, IpProtection),
}

impl PrimaryIpChange {
    /// The job ended well.
    pub(super) fn carry_over(&self, state: &mut State, _job: &Job) {
        if let Self::Unassign(id, server) = self {
            state.take_address(*id, *server);
        }
    }

    /// The job failed.
    pub(super) fn take_back(
        &self,
        state: &mut State,
        job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match self {
            Self::Assign(id, server) => {
                state.take_address(*id, *server);
                state.address_as_known(*server, job);
            }
            Self::Unassign(_, server) => state.address_as_known(*server, job),
            Self::Names(id, before) => {
                state.with_primary_ip(*id, |record| record.names = before.clone());
            }
            Self::Protect(id, before) => {
                state.with_primary_ip(*id, |record| record.protection = before.clone());
            }
        }
    }
}

impl State {
    /// Adds a primary IP, for a server that is off or for a location.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`, and those of assigning.
    pub fn create_primary_ip(
        &mut self,
        wanted: CreatePrimaryIp,
        moment: &Moment<'_>,
    ) -> Result<(PrimaryIp, Option<Action>), Refusal> {
        check_name_free(&wanted.name, self.primary_ips.values().map(|other| other.name.as_str()))?;
        let (server, named) = (wanted.assignee_id, wanted.location.as_deref());
        let location = self.home_of(server, named, ["assignee_id", "location"])?;
        let id = self.fresh_id();
        let ip = self.free_public_ip(&wanted.kind, id, "primary_ip_limit", moment)?;
        let record = PrimaryIpRecord {
            id,
            name: wanted.name,
            ip,
            location,
            auto_delete: wanted.auto_delete,
            names: ReverseNames::default(),
            protection: IpProtection::default(),
            labels: wanted.labels,
            created: rfc3339(moment.now),
        };
        self.primary_ips.insert(id, record);
        let action = server.map(|server| self.assign_primary_ip(id, server, moment)).transpose()?;
        Ok((self.primary_ip(id)?, action))
    }

    /// Returns a primary IP as the API shows it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn primary_ip(&self, id: u64) -> Result<PrimaryIp, Refusal> {
        let record = self.primary_ip_record(id)?.clone();
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let assignee = self.assignee_of(id);
        Ok(PrimaryIp {
            id,
            name: record.name,
            labels: record.labels,
            created: record.created,
            blocked: false,
            location: catalogue::location(&record.location).ok_or_else(missing)?,
            ip: record.ip.show(),
            dns_ptr: record.names.of(record.ip),
            protection: record.protection,
            kind: record.ip.kind().into(),
            auto_delete: record.auto_delete,
            assignee_type: assignee.map_or("unassigned", |_| "server").into(),
            assignee_id: assignee,
        })
    }

    /// Changes name, labels or whether it goes with its server.
    ///
    /// # Errors
    /// `not_found`, `conflict`, `uniqueness_error`, `invalid_input`.
    pub fn update_primary_ip(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
        auto_delete: Option<bool>,
    ) -> Result<PrimaryIp, Refusal> {
        let record = self.primary_ip_record(id)?;
        if self.is_locked(Lane::PrimaryIp(id)) {
            let message = "the primary IP is being changed by another request";
            return Err(Refusal::new(Code::Conflict, message));
        }
        if auto_delete == Some(true) && record.protection.delete {
            return Err(Refusal::invalid("auto_delete", "the primary IP is delete protected"));
        }
        if let Some(name) = &name {
            let others = self.primary_ips.values().filter(|other| other.id != id);
            check_name_free(name, others.map(|other| other.name.as_str()))?;
        }
        self.with_primary_ip(id, |record| {
            record.name = name.unwrap_or_else(|| record.name.clone());
            record.labels = labels.unwrap_or_else(|| record.labels.clone());
            record.auto_delete = auto_delete.unwrap_or(record.auto_delete);
        });
        self.primary_ip(id)
    }

    /// Removes a primary IP that no server has.
    ///
    /// # Errors
    /// `not_found`, `protected`, `must_be_unassigned`, `locked`.
    pub fn delete_primary_ip(&mut self, id: u64) -> Result<(), Refusal> {
        if self.primary_ip_record(id)?.protection.delete {
            return Err(Refusal::new(Code::Protected, "Primary IP deletion is protected"));
        }
        if self.assignee_of(id).is_some() {
            let message = "Primary IP must be unassigned before it can be deleted";
            return Err(Refusal::new(Code::MustBeUnassigned, message));
        }
        self.free_primary_ip(id)?;
        self.primary_ips.remove(&id);
        Ok(())
    }

    pub(super) fn primary_ip_record(&self, id: u64) -> Result<&PrimaryIpRecord, Refusal> {
        self.primary_ips.get(&id).ok_or_else(|| Refusal::not_found("primary IP", id))
    }

    /// Returns a primary IP on which no action runs.
    fn free_primary_ip(&self, id: u64) -> Result<&PrimaryIpRecord, Refusal> {
        let record = self.primary_ip_record(id)?;
        let is_locked = self.is_locked(Lane::PrimaryIp(id));
        if is_locked { Err(Refusal::locked("primary IP")) } else { Ok(record) }
    }

    fn with_primary_ip(&mut self, id: u64, change: impl FnOnce(&mut PrimaryIpRecord)) {
        if let Some(record) = self.primary_ips.get_mut(&id) {
            change(record);
        }
    }

    /// Queues the address that the state knows, whatever the failed job has left.
    fn address_as_known(&mut self, server: u64, job: &Job) {
        let Some(record) = self.servers.get(&server) else { return };
        if job.effects.is_empty() {
            return;
        }
        let effects = vec![Effect::SetPublicAddress(server, record.ipv4.map(|(_, ip)| ip))];
        self.add_job(Lane::Server(server), None, effects, Change::Nothing);
    }
}
