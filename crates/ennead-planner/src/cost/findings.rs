//! What is remarkable about the cost: data, like all findings.

use ennead_model::{Day, Finding, Fleet, Money};

use super::bill::bill;
use super::compare::Comparison;
use super::item::Item;
use super::prices::{PriceList, Source};

/// Days after which a list counts as old. An estimate: the cloud changed its prices on 2026-04-01
/// and again on 2026-06-15, 75 days later.
pub const STALE_AFTER_DAYS: u32 = 90;

/// Where a spec says its budget.
const BUDGET: &str = "platform.budget_per_month";

/// Returns a warning when the platform costs more than its budget, and a note for each price that
/// no source names or that was computed from another. Pure.
pub fn check_budget(fleet: &Fleet, budget: Option<Money>, prices: &PriceList) -> Vec<Finding> {
    let bill = bill(fleet, prices);
    let mut findings = Vec::new();
    if let Some(budget) = budget
        && let Some(over) = bill.net_monthly.minus(budget)
        && over > Money::ZERO
    {
        let message = format!(
            "the platform costs {} a month without VAT (prices of {}), {over:.2} more than the \
             budget of {budget:.2}",
            bill.show(bill.net_monthly),
            prices.as_of
        );
        findings
            .push(Finding::warning("over-budget", BUDGET, message).hint(
                "`ennead check --cost` shows what costs how much, and what meets the budget",
            ));
    }
    let unknown = bill.lines.iter().filter(|line| !line.known);
    findings.extend(unknown.map(|line| {
        let message = format!("no source names the price of {} ({})", line.item, bill.currency);
        Finding::note("price-unknown", place(fleet, &line.item), message)
            .hint("`ennead check --cost --live` asks the cloud; until then totals are \"at least\"")
    }));
    let derived = bill.lines.iter().filter(|line| match &line.item {
        Item::Server { server_type, location } => {
            prices.server(server_type, location).is_some_and(|server| server.derived)
        }
        _ => false,
    });
    findings.extend(derived.map(|line| {
        let message = format!("the price of {} was computed from another", line.item);
        Finding::note("price-derived", place(fleet, &line.item), message)
            .hint("`ennead check --cost --live` asks the cloud")
    }));
    findings
}

/// Returns a warning when a list is old on this day. Pure.
pub fn check_list(prices: &PriceList, today: Day) -> Vec<Finding> {
    let age = today.days_since(prices.as_of);
    if age <= STALE_AFTER_DAYS {
        return Vec::new();
    }
    let message =
        format!("the prices are of {}, {age} days old: more than {STALE_AFTER_DAYS}", prices.as_of);
    let hint = match prices.source {
        Source::Table => "`ennead check --cost --live` asks the cloud itself",
        Source::Live { .. } => "ask again",
    };
    vec![Finding::warning("prices-stale", "prices", message).hint(hint)]
}

/// Returns a note when a figure of a comparison is old on this day. Pure.
pub fn check_comparison(comparison: &Comparison, today: Day) -> Vec<Finding> {
    let old = comparison.elsewhere.iter().filter_map(|there| {
        let age = today.days_since(there.oldest?);
        (age > STALE_AFTER_DAYS).then(|| format!("{} {age} days", there.provider))
    });
    let old: Vec<String> = old.collect();
    if old.is_empty() {
        return Vec::new();
    }
    let message = format!("the other clouds' prices are old: {}", old.join(", "));
    vec![
        Finding::note("comparison-stale", "prices", message)
            .hint("ask their own calculators before a decision rests on a ratio"),
    ]
}

/// Returns the first place of the spec that asks for an item.
fn place(fleet: &Fleet, item: &Item) -> String {
    let is_at = |site: &ennead_model::SiteName, location: &str| {
        fleet.sites.get(site).is_some_and(|site| site.location == location)
    };
    let found = match item {
        Item::Server { server_type, location } => {
            node(fleet, |node| node.server_type == *server_type && is_at(&node.site, location))
        }
        Item::Backup { server_type, location } => node(fleet, |node| {
            node.backups && node.server_type == *server_type && is_at(&node.site, location)
        }),
        Item::PrimaryIpv4 { location } => node(fleet, |node| is_at(&node.site, location)),
        Item::FloatingIpv4 { location } => {
            let at =
                |entry: &&ennead_model::Entry| entry.sites.iter().any(|it| is_at(it, location));
            fleet.entries.values().find(at).map(|entry| format!("entries.{}", entry.name))
        }
        Item::VolumeGb => fleet.volumes.keys().next().map(|name| format!("volumes.{name}")),
        _ => None,
    };
    found.unwrap_or_else(|| "platform".to_owned())
}

fn node(fleet: &Fleet, wanted: impl Fn(&ennead_model::Node) -> bool) -> Option<String> {
    let found = fleet.nodes.values().find(|node| wanted(node));
    found.map(|node| format!("nodes.{}", node.name))
}
