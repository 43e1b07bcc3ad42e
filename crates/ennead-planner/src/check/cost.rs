//! Whether the platform stays within its budget, by the table in this program: in dollars, without
//! VAT. `check --cost` can take other lists.

use ennead_model::prices::PriceTable;
use ennead_model::{Catalogue, Finding};
use ennead_spec::Spec;

use crate::cost::{Percent, check_budget, list_from_table};

/// The currency in which the catalogue has the price of most servers.
const CURRENCY: &str = "USD";

/// Returns a warning when the budget is exceeded, and notes for prices that no source names.
pub(super) fn check_cost(spec: &Spec) -> Vec<Finding> {
    // The table is a constant that a test reads.
    let Some(table) = PriceTable::embedded() else { return Vec::new() };
    match list_from_table(table, Catalogue::embedded(), CURRENCY, Percent::default()) {
        Ok(prices) => check_budget(&spec.fleet, spec.budget_per_month, &prices),
        Err(error) => vec![Finding::warning("prices-wrong", "prices", error.to_string())],
    }
}
