//! What a fleet costs: a line for each item, and totals.

use std::collections::BTreeMap;

use ennead_model::{Day, Fleet, Money};
use serde::Serialize;

use super::item::{Item, items};
use super::prices::{PriceList, Source};

/// One item with its price. Amounts are `None` when no source names the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What is paid for.
    #[serde(flatten)]
    pub item: Item,
    /// How many, in the item's unit.
    pub count: u64,
    /// One for a month, without VAT.
    pub unit_net_monthly: Option<Money>,
    /// All for a month, without VAT.
    pub net_monthly: Option<Money>,
    /// All for a month, with VAT.
    pub gross_monthly: Option<Money>,
    /// All for an hour, without VAT.
    pub net_hourly: Option<Money>,
    /// All for an hour, with VAT.
    pub gross_hourly: Option<Money>,
    /// Whether the price is known.
    pub known: bool,
}

/// What a fleet costs. Totals are the sums of the known lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// For example `USD`.
    pub currency: String,
    /// VAT in percent that gross amounts contain.
    pub vat_percent: String,
    /// The day of the prices.
    pub as_of: Day,
    /// Where the prices come from.
    pub source: Source,
    /// In the order of the items.
    pub lines: Vec<Line>,
    /// For a month at most, without VAT.
    pub net_monthly: Money,
    /// For a month at most, with VAT.
    pub gross_monthly: Money,
    /// For an hour, without VAT.
    pub net_hourly: Money,
    /// For an hour, with VAT.
    pub gross_hourly: Money,
    /// Whether an hour's price was estimated from the month's, as the list has none.
    pub hourly_estimated: bool,
    /// Whether something is missing from the totals.
    pub at_least: bool,
    /// What is missing, in the order of the items.
    pub missing: Vec<String>,
}

/// Returns what a fleet costs: each node is a server with a primary IPv4 address. Pure.
pub fn bill(fleet: &Fleet, prices: &PriceList) -> Bill {
    bill_items(&items(fleet), prices)
}

/// Returns what things cost, each with how many of it. Pure. An amount above 10^12 counts as not
/// known.
pub fn bill_items(items: &BTreeMap<Item, u64>, prices: &PriceList) -> Bill {
    let mut bill = Bill {
        currency: prices.currency.clone(),
        vat_percent: prices.vat.to_string(),
        as_of: prices.as_of,
        source: prices.source.clone(),
        lines: Vec::new(),
        net_monthly: Money::ZERO,
        gross_monthly: Money::ZERO,
        net_hourly: Money::ZERO,
        gross_hourly: Money::ZERO,
        hourly_estimated: false,
        at_least: false,
        missing: Vec::new(),
    };
    for (item, count) in items.iter().filter(|(_, count)| **count > 0) {
        let mut line = price_line(item, *count, prices);
        if bill.add(&line).is_none() {
            line = unknown(item, *count);
            bill.at_least = true;
            bill.missing.push(item.to_string());
        } else {
            let estimated = prices.rate(item).is_some_and(|rate| rate.hourly.is_none());
            bill.hourly_estimated |= estimated;
        }
        bill.lines.push(line);
    }
    bill
}

impl Bill {
    /// Adds a line to the totals: all of its amounts, or none when one is not known.
    fn add(&mut self, line: &Line) -> Option<()> {
        let sums = [
            self.net_monthly.plus(line.net_monthly?)?,
            self.gross_monthly.plus(line.gross_monthly?)?,
            self.net_hourly.plus(line.net_hourly?)?,
            self.gross_hourly.plus(line.gross_hourly?)?,
        ];
        [self.net_monthly, self.gross_monthly, self.net_hourly, self.gross_hourly] = sums;
        Some(())
    }

    /// Returns an amount of this bill for people: rounded to cents, with the currency, and "at
    /// least" when something is missing.
    pub fn show(&self, amount: Money) -> String {
        let least = if self.at_least { "at least " } else { "" };
        format!("{least}{amount:.2} {}", self.currency)
    }
}

fn price_line(item: &Item, count: u64, prices: &PriceList) -> Line {
    let Some(rate) = prices.rate(item) else { return unknown(item, count) };
    let month = rate.monthly.times(count);
    let hour = rate.hour().and_then(|hour| hour.times(count));
    let (Some(month), Some(hour)) = (month, hour) else { return unknown(item, count) };
    Line {
        item: item.clone(),
        count,
        unit_net_monthly: Some(rate.monthly.net),
        net_monthly: Some(month.net),
        gross_monthly: Some(month.gross),
        net_hourly: Some(hour.net),
        gross_hourly: Some(hour.gross),
        known: true,
    }
}

fn unknown(item: &Item, count: u64) -> Line {
    Line {
        item: item.clone(),
        count,
        unit_net_monthly: None,
        net_monthly: None,
        gross_monthly: None,
        net_hourly: None,
        gross_hourly: None,
        known: false,
    }
}
