//! The stated rates: how often something fails and how long it stays away.
//!
//! None of the defaults was measured. They are estimates, meant to be replaced by what an operator
//! has seen: a claims file's `[rates]` table does that, key by key.

use ennead_spec::claims::RateKey;
use serde::Serialize;

/// Minutes of an average year, 365.25 days.
pub const MINUTES_PER_YEAR: f64 = 525_960.0;

/// Where a rate comes from that nobody gave.
pub const ESTIMATE: &str = "estimate";
/// Where a rate comes from that a claims file gave.
pub const STATED: &str = "stated";

/// How often and how long, in the units of their names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Losses of one server that has to be replaced, per server. Estimate: one in twenty years.
    pub server_loss_per_year: f64,
    /// Until it is replaced and its data is copied. Estimate.
    pub server_loss_hours: f64,
    /// Crashes after which a server starts again by itself, per server. Estimate: one in two years.
    pub server_crash_per_year: f64,
    /// Until it has started. Estimate.
    pub server_crash_minutes: f64,
    /// Outages of a whole site, per site. Estimate: one in five years.
    pub site_outage_per_year: f64,
    /// Until the site is back. Estimate.
    pub site_outage_hours: f64,
    /// How often a site is cut off from all others, per site; with two sites there is one such cut.
    /// Estimate.
    pub partition_per_year: f64,
    /// Until the sites see each other again. Estimate.
    pub partition_minutes: f64,
    /// Planned work with a restart, per server. Estimate: once a month, as kernels are updated.
    pub maintenance_per_year: f64,
    /// How long the server is away for it. Estimate.
    pub maintenance_minutes: f64,
    /// Until a person has done what has to be done by hand, from the fault on. Estimate.
    pub by_hand_minutes: f64,
    /// The availability that is aimed at. Source: none, a goal: 99.99 % are 52.6 minutes a year.
    pub target_percent: f64,
}

/// The keys of a `[rates]` table, in the order in which they are shown.
pub const RATES: [RateKey; 12] = [
    key("server_loss_per_year", "per server and year", 100.0),
    key("server_loss_hours", "h", 8766.0),
    key("server_crash_per_year", "per server and year", 1000.0),
    key("server_crash_minutes", "min", 525_960.0),
    key("site_outage_per_year", "per site and year", 100.0),
    key("site_outage_hours", "h", 8766.0),
    key("partition_per_year", "per site and year", 1000.0),
    key("partition_minutes", "min", 525_960.0),
    key("maintenance_per_year", "per server and year", 366.0),
    key("maintenance_minutes", "min", 10_080.0),
    key("by_hand_minutes", "min", 525_960.0),
    key("target_percent", "%", 100.0),
];

const fn key(name: &'static str, unit: &'static str, most: f64) -> RateKey {
    RateKey { name, unit, most }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            server_loss_per_year: 0.05,
            server_loss_hours: 4.0,
            server_crash_per_year: 0.5,
            server_crash_minutes: 5.0,
            site_outage_per_year: 0.2,
            site_outage_hours: 4.0,
            partition_per_year: 2.0,
            partition_minutes: 10.0,
            maintenance_per_year: 12.0,
            maintenance_minutes: 10.0,
            by_hand_minutes: 60.0,
            target_percent: 99.99,
        }
    }
}

/// One rate as it was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateEntry {
    /// Its key.
    pub name: &'static str,
    /// Its value in its unit.
    pub value: f64,
    /// The unit.
    pub unit: &'static str,
    /// `stated` or `estimate`.
    pub from: &'static str,
}

impl Rates {
    /// Returns these rates with some replaced. Unknown names change nothing: the reader of a claims
    /// file has refused them.
    #[must_use]
    pub fn with(mut self, stated: &[(&'static str, f64)]) -> Self {
        for (name, value) in stated {
            if let Some(field) = self.field(name) {
                *field = *value;
            }
        }
        self
    }

    /// Returns each rate; those that are not the default count as stated.
    #[must_use]
    pub fn entries(mut self) -> Vec<RateEntry> {
        let mut default = Self::default();
        let entry = |key: &RateKey| {
            let value = *self.field(key.name)?;
            let same = default.field(key.name).is_some_and(|it| it.to_bits() == value.to_bits());
            let from = if same { ESTIMATE } else { STATED };
            Some(RateEntry { name: key.name, value, unit: key.unit, from })
        };
        RATES.iter().filter_map(entry).collect()
    }

    /// Returns the minutes a year that the target allows.
    #[must_use]
    pub fn target_minutes(&self) -> f64 {
        MINUTES_PER_YEAR * (100.0 - self.target_percent) / 100.0
    }

    fn field(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "server_loss_per_year" => &mut self.server_loss_per_year,
            "server_loss_hours" => &mut self.server_loss_hours,
            "server_crash_per_year" => &mut self.server_crash_per_year,
            "server_crash_minutes" => &mut self.server_crash_minutes,
            "site_outage_per_year" => &mut self.site_outage_per_year,
            "site_outage_hours" => &mut self.site_outage_hours,
            "partition_per_year" => &mut self.partition_per_year,
            "partition_minutes" => &mut self.partition_minutes,
            "maintenance_per_year" => &mut self.maintenance_per_year,
            "maintenance_minutes" => &mut self.maintenance_minutes,
            "by_hand_minutes" => &mut self.by_hand_minutes,
            "target_percent" => &mut self.target_percent,
            _ => return None,
        })
    }
}
