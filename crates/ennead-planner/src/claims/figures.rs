//! What other parts compute, as values that can be claimed: cost by the table, capacity by its
//! coefficients.

use ennead_components::Options;
use ennead_model::carries::Burden;
use ennead_model::clouds::Clouds;
use ennead_model::prices::PriceTable;
use ennead_model::{Catalogue, Fleet, Load, Money, Service};
use ennead_spec::Spec;
use ennead_spec::claims::Quantity;

use super::truth::{Truth, Value};
use crate::capacity;
use crate::cost::{Percent, bill, compare, knows_servers, list_from_table};

/// The currency of the claims about money, and of the catalogue's prices.
const CURRENCY: &str = "USD";
/// Any load: what a platform carries does not depend on the one that is tried.
const TRIED: u64 = 100_000;

/// Adds the monthly cost here and at other clouds, as far as every price is known.
pub(super) fn add_cost(truth: &mut Truth, spec: &Spec, catalogue: &Catalogue) {
    let Some(table) = PriceTable::embedded() else { return };
    let Ok(prices) = list_from_table(table, catalogue, CURRENCY, Percent::default()) else {
        return;
    };
    let bill = bill(&spec.fleet, &prices);
    let monthly = |amount: Money, source: String| {
        Value::amount(number(amount), Quantity::MonthlyCost, source)
    };
    if !knows_servers(&bill) {
        return;
    }
    let source = format!("`check --cost`: without VAT, prices of {}", prices.as_of);
    let value = if bill.at_least {
        let source = format!("{source}; without {}", bill.missing.join(", "));
        Value::range(number(bill.net_monthly), f64::INFINITY, Quantity::MonthlyCost, source)
    } else {
        monthly(bill.net_monthly, source)
    };
    truth.insert("cost.net_monthly", value);
    let Some(clouds) = Clouds::embedded() else { return };
    let comparison = compare(&spec.fleet, &prices, catalogue, clouds);
    let mut saved = Vec::new();
    for there in comparison.elsewhere.iter().filter(|there| !there.at_least) {
        let name = match there.provider.as_str() {
            "AWS" => "cost.aws_monthly",
            "Google Cloud" => "cost.gcp_monthly",
            "Azure" => "cost.azure_monthly",
            _ => continue,
        };
        let day = there.oldest.map(|day| format!(", oldest price of {day}")).unwrap_or_default();
        let source = format!("`check --cost`: servers and disks in {}{day}", there.region);
        truth.insert(name, monthly(there.net_monthly, source));
        saved.push(number(there.net_monthly) - number(bill.net_monthly));
    }
    let least = saved.iter().copied().reduce(f64::min);
    let most = saved.iter().copied().reduce(f64::max);
    if let (Some(least), Some(most)) = (least, most) {
        let source = "the clouds whose prices are all known, less cost.net_monthly";
        // What is missing here makes it less, nobody knows by how much.
        let least = if bill.at_least { f64::NEG_INFINITY } else { least };
        let value = Value::range(least, most, Quantity::MonthlyCost, source);
        truth.insert("cost.saving_monthly", value);
    }
}

/// Returns an amount in whole cents as a number; claims are compared with a tolerance.
fn number(amount: Money) -> f64 {
    let exact: f64 = amount.to_string().parse().unwrap_or(f64::NAN);
    (exact * 100.0).round() / 100.0
}

/// Adds how many requests, connections and users the platform carries before something is full.
pub(super) fn add_capacity(truth: &mut Truth, fleet: &Fleet, options: &Options) {
    let requests = Load { requests_per_minute: Some(TRIED), ..Load::default() };
    let connections = Load { connections: Some(TRIED), ..Load::default() };
    let users = Load { users: Some(TRIED), ..Load::default() };
    let carried = |load: &Load| {
        let computed = capacity::compute(fleet, options, load);
        let bottleneck = computed.bottlenecks.iter().find(|it| it.case == "now")?;
        let resource = computed.resource(&bottleneck.resource)?;
        let estimated = if resource.estimated { "; by estimates" } else { "" };
        let source = format!("`check --capacity`: {} is full first{estimated}", resource.what);
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        let tried = TRIED as f64;
        Some(((bottleneck.breaks_at * tried).floor(), source))
    };
    if let Some((amount, source)) = carried(&requests) {
        let value = Value::amount(amount, Quantity::RequestRate, source);
        truth.insert("capacity.requests_per_minute", value);
    }
    if let Some((amount, source)) = carried(&connections) {
        let value = Value::amount(amount, Quantity::Count("connections"), source);
        truth.insert("capacity.connections", value);
    }
    // Connections to the database alone say little about users: somebody has to let them in.
    let carries = |it: &Service| it.carries.as_ref().is_some_and(|it| it.what == Burden::Sessions);
    if !fleet.services.values().any(carries) {
        return;
    }
    if let Some((amount, source)) = carried(&users) {
        let value = Value::amount(amount, Quantity::Count("users"), source);
        truth.insert("capacity.users", value);
    }
}
