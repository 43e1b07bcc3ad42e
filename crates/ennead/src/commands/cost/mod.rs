//! `ennead check --cost`: what the platform costs, beside its budget and beside other clouds.

mod live;
mod print;

use std::collections::BTreeMap;
use std::str::FromStr;

use ennead_host::clock;
use ennead_model::clouds::Clouds;
use ennead_model::prices::PriceTable;
use ennead_model::{Catalogue, Day, Finding};
use ennead_planner::cost::{
    self, Bill, BudgetReport, Comparison, Outgoing, Percent, PriceList, list_from_table,
};
use ennead_spec::Spec;
use serde::Serialize;

use crate::cli::Global;
use crate::cli_cost::CostArgs;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    bill: Bill,
    /// Days since the day of the prices.
    age_days: u32,
    /// Outgoing traffic in bytes a month that costs nothing, by location.
    included_bytes: BTreeMap<String, u128>,
    /// Absent when the spec has no budget.
    budget: Option<BudgetReport>,
    comparison: Option<Comparison>,
    findings: Vec<Finding>,
}

/// Computes what a platform costs. The cloud is asked only with `--live`.
pub(super) async fn compute(
    global: &Global,
    args: &CostArgs,
    spec: &Spec,
) -> Result<Report, CommandError> {
    let today = clock::now().strftime("%Y-%m-%d").to_string();
    let today = Day::from_str(&today).map_err(|why| CommandError::new(Exit::Internal, why))?;
    let prices = if args.live { live::ask(global, spec, today).await? } else { from_table(args)? };
    let mut outgoing = Outgoing::new();
    for (location, tb) in &args.outgoing {
        let sum = outgoing.entry(location.clone()).or_insert(0);
        *sum = sum.saturating_add(*tb);
    }
    refuse_elsewhere(spec, &outgoing)?;
    let catalogue = Catalogue::embedded();
    let mut items = cost::items(&spec.fleet);
    items.extend(cost::overage(&spec.fleet, &outgoing, &prices));
    let mut findings = cost::check_list(&prices, today);
    findings.extend(cost::check_budget(&spec.fleet, spec.budget_per_month, &prices));
    let clouds = Clouds::embedded();
    let comparison = clouds.map(|it| cost::compare(&spec.fleet, &prices, catalogue, it));
    findings.extend(comparison.iter().flat_map(|it| cost::check_comparison(it, today)));
    Ok(Report {
        bill: cost::bill_items(&items, &prices),
        age_days: today.days_since(prices.as_of),
        included_bytes: cost::included(&spec.fleet, &prices),
        budget: spec
            .budget_per_month
            .map(|budget| cost::budget_report(&spec.fleet, &prices, catalogue, budget)),
        comparison,
        findings,
    })
}

fn from_table(args: &CostArgs) -> Result<PriceList, CommandError> {
    let table = PriceTable::embedded()
        .ok_or_else(|| CommandError::new(Exit::Internal, "the table of prices cannot be read"))?;
    let vat = Percent::read("VAT", &args.vat).or_exit(Exit::Usage)?;
    list_from_table(table, Catalogue::embedded(), &args.currency, vat).or_exit(Exit::Usage)
}

fn refuse_elsewhere(spec: &Spec, outgoing: &Outgoing) -> Result<(), CommandError> {
    let known = |location: &str| spec.fleet.sites.values().any(|site| site.location == location);
    let Some(strange) = outgoing.keys().find(|location| !known(location)) else { return Ok(()) };
    let at: Vec<&str> = spec.fleet.sites.values().map(|site| site.location.as_str()).collect();
    let message = format!("no site of the spec is in {strange:?}");
    Err(CommandError::new(Exit::Usage, message).hint(format!("sites are in {}", at.join(", "))))
}

/// Prints it for people.
pub(super) fn show(report: &Report) {
    print::report(report);
}
