//! A cost report as tables.

use std::collections::BTreeMap;

use ennead_model::{Money, Severity};
use ennead_planner::cost::{Bill, BudgetReport, Comparison, Elsewhere, Item, Line, Source, TB};

use super::Report;
use crate::commands::check;
use crate::ui::{self, Cell, Tone};

/// What stands where nothing is known.
const UNKNOWN: &str = "?";

pub(super) fn report(report: &Report) {
    bill(&report.bill, report.age_days);
    included(&report.included_bytes);
    if let Some(found) = &report.budget {
        ui::line("");
        budget(found, &report.bill);
    }
    if let Some(found) = &report.comparison {
        ui::line("");
        comparison(found, &report.bill.currency);
    }
    if !report.findings.is_empty() {
        ui::line("");
        check::print(&report.findings, Severity::Note);
    }
}

fn bill(bill: &Bill, age_days: u32) {
    let amount = |amount: Option<Money>| match amount {
        Some(amount) => Cell::from(format!("{amount:.2}")),
        None => Cell(UNKNOWN.to_owned(), Tone::Warn),
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in &bill.lines {
        rows.push(vec![
            line.item.to_string().into(),
            line.count.to_string().into(),
            amount(line.unit_net_monthly),
            amount(line.net_monthly),
            amount(line.gross_monthly),
            line.net_hourly.map_or_else(|| amount(None), |hour| format!("{hour:.4}").into()),
        ]);
    }
    let least = if bill.at_least { "total, at least" } else { "total" };
    rows.push(vec![
        least.into(),
        "".into(),
        "".into(),
        amount(Some(bill.net_monthly)),
        amount(Some(bill.gross_monthly)),
        format!("{:.4}", bill.net_hourly).into(),
    ]);
    ui::table(&["ITEM", "COUNT", "ONE A MONTH", "A MONTH", "WITH VAT", "AN HOUR"], rows);
    ui::line("");
    let from = match &bill.source {
        Source::Table => "the table in this program".to_owned(),
        Source::Live { endpoint } => endpoint.clone(),
    };
    ui::line(format!(
        "In {}; VAT {} %. Prices of {}, {age_days} days old, from {from}.",
        bill.currency, bill.vat_percent, bill.as_of
    ));
    ui::line(
        "For new orders: a server that exists keeps its price until its type is changed or it is \
         replaced.",
    );
    if bill.hourly_estimated {
        ui::line("Prices by the hour are estimated where the list has none: a month over 624.");
    }
    if bill.at_least {
        ui::line(format!("Missing, as no source names the price: {}.", bill.missing.join("; ")));
    }
}

fn included(bytes: &BTreeMap<String, u128>) {
    let tenths = |bytes: &u128| bytes * 10 / u128::from(TB);
    let each = bytes.iter().map(|(location, bytes)| {
        let tenths = tenths(bytes);
        format!("{}.{} TB in {location}", tenths / 10, tenths % 10)
    });
    let each: Vec<String> = each.collect();
    ui::line(format!(
        "Outgoing traffic that is included: {}; --outgoing prices what goes beyond.",
        each.join(", ")
    ));
}

fn budget(report: &BudgetReport, bill: &Bill) {
    let currency = &bill.currency;
    let head = format!("Budget {:.2} {currency} a month without VAT: ", report.budget);
    let verdict = match (report.met, report.over, report.under) {
        (Some(true), _, Some(under)) => format!("met, {under:.2} are left."),
        (Some(true), _, None) => "met exactly.".to_owned(),
        (Some(false), Some(over), _) => format!("exceeded by {over:.2}."),
        _ => "not known to be met, as prices are missing.".to_owned(),
    };
    ui::line(head + &verdict);
    if report.met == Some(true) {
        return;
    }
    if let Some(paid) = report.nodes_paid {
        let nodes = bill.lines.iter().filter(|line| is_server(line)).map(|line| line.count);
        ui::line(format!("It pays for {paid} of {} nodes as they are.", nodes.sum::<u64>()));
    }
    if report.offers.is_empty() {
        ui::line("No other server types that are sold there cost less.");
    } else {
        offers(report);
    }
    if !report.unpriced.is_empty() {
        let names = report.unpriced.join(", ");
        ui::line(format!("Sold there too, but no source names the price: {names}."));
    }
}

fn is_server(line: &Line) -> bool {
    matches!(line.item, Item::Server { .. })
}

fn offers(report: &BudgetReport) {
    let rows = report.offers.iter().map(|offer| {
        let meets = match (offer.meets, offer.at_least) {
            (true, false) => ("yes", Tone::Good),
            (true, true) => ("perhaps", Tone::Plain),
            (false, _) => ("no", Tone::Bad),
        };
        let least = if offer.at_least { "at least " } else { "" };
        let lacks =
            if offer.lacks.is_empty() { "nothing".to_owned() } else { offer.lacks.join("; ") };
        vec![
            offer.what.as_str().into(),
            counted(&offer.server_types).into(),
            format!("{least}{:.2}", offer.net_monthly).into(),
            Cell(meets.0.to_owned(), meets.1),
            lacks.into(),
        ]
    });
    ui::table(&["INSTEAD", "SERVERS", "A MONTH", "MEETS IT", "LACKS"], rows.collect());
}

fn counted(all: &BTreeMap<String, u64>) -> String {
    all.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

fn comparison(found: &Comparison, currency: &str) {
    let least = if found.ours_at_least { "at least " } else { "" };
    ui::line(format!(
        "The same processors, memory and disk elsewhere, on demand, without addresses and traffic; \
         here {least}{:.2} {currency}:",
        found.ours_net_monthly
    ));
    let rows = found.elsewhere.iter().map(elsewhere);
    ui::table(
        &["CLOUD", "SERVERS", "A MONTH", "OF IT DISKS", "RATIO", "GB OUT", "PRICES OF"],
        rows.collect(),
    );
    ui::line(format!(
        "In {}. A ratio below 1 means that it is cheaper there. * computed from another size of the \
         family.",
        found.currency
    ));
    for there in found.elsewhere.iter().filter(|it| it.at_least) {
        let missing = there.missing.join("; ");
        ui::line(format!("Missing at {}: {missing}.", there.provider));
    }
    ui::line("Sources:");
    for source in &found.sources {
        ui::line(format!("  {source}"));
    }
}

fn elsewhere(there: &Elsewhere) -> Vec<Cell> {
    let least = if there.at_least { "at least " } else { "" };
    let unknown = || Cell(UNKNOWN.to_owned(), Tone::Warn);
    let ratio = there.ratio_hundredths.map_or_else(unknown, |ratio| {
        let tone = if ratio < 100 { Tone::Bad } else { Tone::Plain };
        Cell(format!("{least}{}.{:02}", ratio / 100, ratio % 100), tone)
    });
    let derived = if there.derived { "*" } else { "" };
    let amount = |amount: Money| Cell::from(format!("{amount:.2}"));
    vec![
        format!("{}, {}", there.provider, there.region).into(),
        format!("{}{derived}", counted(&there.instances)).into(),
        format!("{least}{:.2}", there.net_monthly).into(),
        there.disks_monthly.map_or_else(unknown, amount),
        ratio,
        there.egress_gb.map_or_else(unknown, |price| price.to_string().into()),
        there.oldest.map_or_else(unknown, |day| day.to_string().into()),
    ]
}
