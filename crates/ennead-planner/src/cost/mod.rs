//! What the platform costs, before anything of it is ordered: pure, from a dated list of prices.
//!
//! ```text
//! table, or the API's answer ──► prices.rs, table.rs ──► PriceList
//! fleet + PriceList ──► bill.rs ──► lines, totals, what is missing
//!                       offers.rs ─► which server types meet a budget, and what they lack
//!                       compare.rs ► the same capacity at other clouds
//!                       traffic.rs ► what is included, and what goes beyond
//!                       event.rs ──► what a replacement costs from then on
//!                       findings.rs► what `check` says of it
//! ```
//!
//! A price that no source names is never taken for 0: its line says so, the total says "at least"
//! and what is missing. Money is exact ([`ennead_model::Money`]). Today is a parameter.

mod bill;
mod compare;
mod event;
mod findings;
mod item;
mod offers;
mod prices;
mod table;
mod traffic;

pub use bill::{Bill, Line, bill, bill_items};
pub use compare::{Comparison, Elsewhere, compare};
pub use event::{PriceEvent, price_event};
pub use findings::{STALE_AFTER_DAYS, check_budget, check_comparison, check_list};
pub use item::{Item, items};
pub(crate) use offers::knows_servers;
pub use offers::{BudgetReport, Offer, budget_report};
pub use prices::{Percent, Price, PriceError, PriceList, Rate, ServerPrice, Source};
pub use table::{TB, list_from_table};
pub use traffic::{Outgoing, included, overage};

#[cfg(test)]
mod tests;
