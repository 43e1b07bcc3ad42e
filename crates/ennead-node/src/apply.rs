//! Carries out an order.

use ennead_host::Host;
use ennead_host::clock::Stopwatch;
use ennead_model::order::ORDER_FORMAT_VERSION;
use ennead_model::outcome::REPORT_FORMAT_VERSION;
use ennead_model::{ActionReport, NodeOrder, NodeReport, Outcome};

use crate::action::{Done, Place, carry_out};
use crate::problem::Problem;
use crate::record::Record;
use crate::state::StateDirectory;

/// Carries out an order's actions one after the other; the first that fails ends it.
///
/// An order that is not accepted (another node's, an older generation, an unknown format) and state
/// that cannot be written show as a failed entry like any other, so that the report is always whole.
/// Killed at any moment, the same order goes on where it stopped: each action looks before it acts.
pub async fn apply(order: &NodeOrder, host: &dyn Host, state: &StateDirectory) -> NodeReport {
    let mut report = NodeReport {
        format_version: REPORT_FORMAT_VERSION,
        node: order.node.clone(),
        component: order.component.clone(),
        generation: order.generation,
        actions: Vec::new(),
    };
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
    if !walk(order, host, state, &mut record, &mut report).await {
        return report;
    }
    record.applied.clone_from(&order.digest);
    let watch = Stopwatch::start();
    if let Err(problem) = state.write_record(host, component, &record).await {
        report.actions.push(entry("remember what was applied", &watch, problem.into_outcome()));
    }
    report
}

/// Carries out the actions; false when one failed.
async fn walk(
    order: &NodeOrder,
    host: &dyn Host,
    state: &StateDirectory,
    record: &mut Record,
    report: &mut NodeReport,
) -> bool {
    let place = Place { host, state, component: &order.component };
    for action in &order.actions {
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
