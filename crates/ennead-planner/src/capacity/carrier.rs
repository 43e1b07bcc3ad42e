//! Services that carry a part of the load, with their settings: stated, or by default.

use ennead_model::carries::{Burden, Carries};
use ennead_model::{Needs, Service};

use super::coefficients::{self as c, Coefficient};
use super::ground::real;

/// A service that carries something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier<'a> {
    /// The service.
    pub service: &'a Service,
    /// What it carries.
    pub carries: &'a Carries,
}

/// What stands for a setting that is not stated, in the setting's own unit.
pub(super) const DEFAULTS: [(Burden, &str, Coefficient); 19] = [
    (Burden::Sessions, "sessions_per_user", c::SESSIONS_PER_USER),
    (Burden::Sessions, "session_life_s", c::SESSION_LIFE_S),
    (Burden::Sessions, "bytes_per_session", c::SESSION_BYTES),
    (Burden::Requests, "percent_of_requests", c::PERCENT_OF_REQUESTS),
    (Burden::Requests, "workers_per_core", c::WORKERS_PER_CORE),
    (Burden::Requests, "requests_per_worker", c::REQUESTS_PER_WORKER),
    (Burden::Requests, "request_ms", c::REQUEST_MS),
    (Burden::Requests, "processor_us", c::REQUEST_PROCESSOR_US),
    (Burden::Requests, "bytes_per_worker", c::WORKER_BYTES),
    (Burden::Cache, "bytes_per_user", c::CACHE_BYTES_PER_USER),
    (Burden::Logs, "days", c::LOG_DAYS),
    (Burden::Logs, "copies", c::LOG_COPIES),
    (Burden::Logs, "bytes_per_line", c::LOG_BYTES_PER_LINE),
    (Burden::Logs, "memory", c::LOG_MEMORY_BYTES),
    (Burden::Metrics, "days", c::METRIC_DAYS),
    (Burden::Metrics, "scrape_s", c::METRIC_SCRAPE_S),
    (Burden::Backups, "full_backups", c::FULL_BACKUPS),
    (Burden::Backups, "wal_days", c::WAL_DAYS),
    (Burden::Backups, "compressed_percent", c::COMPRESSED_PERCENT),
];

/// As [`DEFAULTS`], for a setting whose default is not in its own unit.
pub(super) const OTHERWISE: [(Burden, &str, Coefficient); 3] = [
    (Burden::Sessions, "sessions_max", c::BALANCER_FILES),
    (Burden::Cache, "memory", c::CACHE_SHARE),
    (Burden::Metrics, "series", c::SERIES_PER_SERVER),
];

impl<'a> Carrier<'a> {
    /// Returns the service as a carrier, when it carries something.
    pub(super) fn of(service: &'a Service) -> Option<Self> {
        Some(Self { service, carries: service.carries.as_ref()? })
    }

    /// Returns the part of the load that it carries.
    pub(super) fn burden(&self) -> Burden {
        self.carries.what
    }

    /// Returns a setting that is stated.
    pub(super) fn stated(&self, key: &str) -> Option<f64> {
        self.carries.get(key).map(real)
    }

    /// Returns a setting of [`DEFAULTS`].
    pub(super) fn number(&self, key: &str) -> f64 {
        let default =
            DEFAULTS.iter().find(|(burden, it, _)| *burden == self.burden() && *it == key);
        self.stated(key).or_else(|| default.map(|(_, _, it)| it.value)).unwrap_or(0.0)
    }

    /// Returns whether it is computed with a coefficient: not when a setting takes its place.
    pub(super) fn uses(&self, coefficient: &Coefficient) -> bool {
        let mut defaults = DEFAULTS.iter().chain(&OTHERWISE);
        let replaced = defaults.any(|(burden, key, it)| {
            *burden == self.burden() && it == coefficient && self.carries.get(key).is_some()
        });
        !replaced
    }

    /// Returns how many further copies there are of what it stores, `None` when each of its servers
    /// has all of it.
    pub(super) fn copies(&self) -> Option<f64> {
        match (self.burden(), self.service.needs) {
            (Burden::Logs, _) => Some(self.number("copies")),
            (Burden::Cache, Needs::Shards { copies, .. }) => Some(f64::from(copies)),
            _ => None,
        }
    }

    /// Returns which part of all that it stores one of so many servers has. Copies that were lost
    /// are made again as long as there are servers for them, so it is never less with fewer servers.
    pub(super) fn stored_share(&self, servers: f64) -> f64 {
        let servers = servers.max(1.0);
        self.copies().map_or(1.0, |copies| (1.0 + copies.min(servers - 1.0)) / servers)
    }
}
