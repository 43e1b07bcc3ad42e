//! Carries out an order.

use ennead_host::Host;
use ennead_host::clock::Stopwatch;
use ennead_model::order::ORDER_FORMAT_VERSION;
use ennead_model::outcome::REPORT_FORMAT_VERSION;
use ennead_model::{ActionReport, NodeAction, NodeOrder, NodeReport, Outcome};

use crate::action::{Done, Place, carry_out};
use crate::problem::Problem;
use crate::record::Record;
use crate::state::StateDirectory;

/// Carries out an order's actions one after the other; the first that fails ends it.
///
/// An order that is not accepted (another node's, an older generation, an unknown format) and state
/// that cannot be written show as a failed entry like any other, so that the report is always whole.
/// An order that has something to confirm is not whole yet: see [`confirm`].
/// Killed at any moment, the same order goes on where it stopped: each action looks before it acts.
pub async fn apply(order: &NodeOrder, host: &dyn Host, state: &StateDirectory) -> NodeReport {
    let mut report = empty_report(order);
    let watch = Stopwatch::start();
    let component = order.component.as_str();
    let _turn = match accept(order, host, state).await {
        Ok(turn) => turn,
        Err(problem) => {
            report.actions.push(entry("accept the order", &watch, problem.into_outcome()));
            return report;
        }
    };
    let mut record = Record::begun(order);
    if let Err(problem) = state.write_record(host, component, &record).await {
        report.actions.push(entry("remember the order", &watch, problem.into_outcome()));
        return report;
    }
    let whole = order.confirm.is_empty();
    if walk(order, &order.actions, host, state, &mut record, &mut report).await {
        remember(order, whole, host, state, record, &mut report).await;
    }
    report
}

/// Carries out the part of an order that proves a new connection: called over one that was made
/// after [`apply`] ended. Only then has the order been carried out whole.
///
/// Refused, as a failed entry, when [`apply`] of the same order was not the last of its component.
pub async fn confirm(order: &NodeOrder, host: &dyn Host, state: &StateDirectory) -> NodeReport {
    let mut report = empty_report(order);
    let watch = Stopwatch::start();
    let begun = async {
        let turn = accept(order, host, state).await?;
        let record = state.read_record(host, order.component.as_str()).await?;
        Ok::<_, Problem>((turn, record.filter(|record| record.was_begun_by(order))))
    };
    let (_turn, mut record) = match begun.await {
        Ok((turn, Some(record))) => (turn, record),
        Ok((_, None)) => {
            let problem = Problem::new("another order came between this one and its confirmation");
            let problem = problem.hint("observe and plan again");
            report.actions.push(entry("accept the order", &watch, problem.into_outcome()));
            return report;
        }
        Err(problem) => {
            report.actions.push(entry("accept the order", &watch, problem.into_outcome()));
            return report;
        }
    };
    if walk(order, &order.confirm, host, state, &mut record, &mut report).await {
        remember(order, true, host, state, record, &mut report).await;
    }
    report
}

fn empty_report(order: &NodeOrder) -> NodeReport {
    NodeReport {
        format_version: REPORT_FORMAT_VERSION,
        node: order.node.clone(),
        component: order.component.clone(),
        generation: order.generation,
        actions: Vec::new(),
    }
}

/// Writes down what an order's actions left behind, and that it was carried out when it was.
async fn remember(
    order: &NodeOrder,
    whole: bool,
    host: &dyn Host,
    state: &StateDirectory,
    mut record: Record,
    report: &mut NodeReport,
) {
    if whole {
        record.applied.clone_from(&order.digest);
    }
    let watch = Stopwatch::start();
    if let Err(problem) = state.write_record(host, order.component.as_str(), &record).await {
        report.actions.push(entry("remember what was applied", &watch, problem.into_outcome()));
    }
}

/// Carries out the actions; false when one failed.
async fn walk(
    order: &NodeOrder,
    actions: &[NodeAction],
    host: &dyn Host,
    state: &StateDirectory,
    record: &mut Record,
    report: &mut NodeReport,
) -> bool {
    let place = Place { host, state, component: &order.component };
    for action in actions {
        let watch = Stopwatch::start();
        let mut summary = action.summary();
        let outcome = match carry_out(place, action).await {
            Ok(Done::Changed) => Outcome::Changed,
            Ok(Done::Unchanged) => Outcome::Unchanged,
            Ok(Done::OutOfReach { key, why, changed }) => {
                summary = format!("{summary}: kept for the next boot; now {why}");
                record.out_of_reach.insert(key, why);
                if changed { Outcome::Changed } else { Outcome::Unchanged }
            }
            Err(problem) => problem.into_outcome(),
        };
        tracing::debug!(component = %order.component, action = %summary, ?outcome);
        let failed = matches!(outcome, Outcome::Failed { .. });
        report.actions.push(entry(&summary, &watch, outcome));
        if failed {
            return false;
        }
    }
    true
}

fn entry(action: &str, watch: &Stopwatch, outcome: Outcome) -> ActionReport {
    let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    ActionReport { action: action.to_owned(), outcome, took_ms }
}

/// Checks that the order is for this node and not outdated, and takes the component's turn, held
/// until the order ends. The generation is looked at under the node's turn: two orders that arrive
/// together must not both find themselves the newest.
async fn accept(
    order: &NodeOrder,
    host: &dyn Host,
    state: &StateDirectory,
) -> Result<crate::state::Turn, Problem> {
    if order.format_version != ORDER_FORMAT_VERSION {
        let (given, known) = (order.format_version, ORDER_FORMAT_VERSION);
        return Err(Problem::new(format!(
            "the order has format {given}; this program knows {known}"
        ))
        .hint("the program on the node is of another version: run `ennead up` again"));
    }
    state.prepare(host).await?;
    let turn = state.turn(&format!("component-{}", order.component)).await?;
    let _node = state.turn("node").await?;
    state.accept(host, order).await?;
    Ok(turn)
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
