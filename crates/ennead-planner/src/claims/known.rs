//! Names that can be claimed although they may have no value: then their verdict is `not computed`.
//!
//! The last word of each row is where the value comes from.

use ennead_spec::claims::{Kind, Quantity};

use Quantity::{Count, MonthlyCost, RequestRate, Share, Time, TimePerYear};

/// Each name with what can be claimed of it, and what would compute it.
pub const KNOWN: [(&str, Kind, &str); 20] = [
    amount("availability.percent", Share, AVAILABILITY),
    amount("availability.minutes", TimePerYear, AVAILABILITY),
    amount("availability.minutes_p95", TimePerYear, AVAILABILITY),
    amount("availability.writes_minutes", TimePerYear, AVAILABILITY),
    amount("availability.entry_minutes", TimePerYear, AVAILABILITY),
    amount("availability.years_within_target", Share, AVAILABILITY),
    amount("cost.net_monthly", MonthlyCost, COST),
    amount("cost.aws_monthly", MonthlyCost, COST),
    amount("cost.gcp_monthly", MonthlyCost, COST),
    amount("cost.azure_monthly", MonthlyCost, COST),
    amount("cost.saving_monthly", MonthlyCost, COST),
    amount("capacity.users", Count("users"), CAPACITY),
    amount("capacity.requests_per_minute", RequestRate, CAPACITY),
    amount("capacity.connections", Count("connections"), CAPACITY),
    amount("alerts.disk_critical", Share, ALERTS),
    amount("alerts.cpu_warning", Share, ALERTS),
    amount("alerts.memory_warning", Share, ALERTS),
    amount("disk.latency", Time, MEASURED),
    amount("backup.age_max", Time, MEASURED),
    ("security.tls_everywhere", Kind::YesNo, "the components' declared ports"),
];

const AVAILABILITY: &str =
    "availability, which needs a spec without mistakes and at most 128 servers";
const COST: &str = "prices, of which not all are known: see `check --cost`";
const CAPACITY: &str =
    "the resources of `check --capacity`; users need a service with `carries = \"sessions\"`";
const ALERTS: &str = "the alert rules; none are read here";
const MEASURED: &str = "a measurement on servers; none is read here";

const fn amount(
    name: &'static str,
    quantity: Quantity,
    from: &'static str,
) -> (&'static str, Kind, &'static str) {
    (name, Kind::Amount(quantity), from)
}
