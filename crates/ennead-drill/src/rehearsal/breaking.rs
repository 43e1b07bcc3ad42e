//! The fault: how it is broken, how that is known, and how it is mended whatever happened.

use std::time::Duration;

use ennead_host::clock::{DeadlineError, wait_until};
use ennead_model::NodeName;
use futures::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::course::{Rehearsal, State, until};
use crate::fault::LabFault;
use crate::mark::MarkKind;
use crate::plan::{Break, Move, Plan};
use crate::platform::PlatformError;

/// Time in which a server whose power-off was confirmed is looked for as off; an estimate, longer
/// than any cloud takes to show what it has confirmed.
const SEEN_OFF: Duration = Duration::from_secs(5);
/// Time in which the cloud must take the order to give power back, and the lab the order to end a
/// fault. Long: a server that stays off is the worst that a drill can leave behind.
const MEND_DEADLINE: Duration = Duration::from_mins(5);

impl Rehearsal<'_> {
    /// Breaks it and notes when that was asked for and when it was confirmed.
    ///
    /// An order to the lab is never dropped on its way, since its id would be lost: an interrupt
    /// waits for it.
    pub(super) async fn break_now(
        &mut self,
        plan: &Plan,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        if self.options.without_api && !cancel.is_cancelled() {
            let id = self.order(&LabFault::Unreachable).await?;
            self.hidden_api = Some(id);
            self.mark(MarkKind::ApiHidden, "");
        }
        if cancel.is_cancelled() {
            return Err(RunError::Interrupted);
        }
        let (asked, confirmed) = match &plan.breaks {
            Break::CutPower(_) => (MarkKind::PowerOffAsked, MarkKind::PowerOffConfirmed),
            _ => (MarkKind::FaultAsked, MarkKind::FaultConfirmed),
        };
        self.state = State::Doubtful;
        self.asked = self.clock.elapsed();
        self.mark(asked, &plan.what);
        let limit = self.options.timing.power_deadline;
        let platform = self.platform;
        match &plan.breaks {
            Break::CutPower(nodes) => {
                let off = join_all(nodes.iter().map(|node| platform.power_off(node)));
                let off = async { off.await.into_iter().collect::<Result<(), _>>() };
                let what = "the cloud did not confirm the power-off";
                until(cancel, confirmed_by(limit, what, off)).await?;
            }
            Break::Kill { node, process } => {
                let killed = platform.kill(node, *process);
                until(cancel, confirmed_by(limit, "the process was not killed", killed)).await?;
            }
            Break::Order(fault) => {
                let id = self.order(fault).await?;
                self.orders.push(id);
            }
            Break::Switchover(Move { from, to }) => {
                let moved = platform.switch_over(from, to);
                until(cancel, confirmed_by(limit, "the primary did not move", moved)).await?;
            }
        }
        self.state = State::Broken;
        self.confirmed = self.clock.elapsed();
        self.mark(confirmed, &plan.what);
        match &plan.breaks {
            Break::CutPower(nodes) => until(cancel, self.see_off(nodes)).await,
            _ => Ok(()),
        }
    }

    async fn order(&self, fault: &LabFault) -> Result<u64, RunError> {
        let timing = self.options.timing;
        // As long as the run may go on before it is mended, and no longer when nobody is left.
        let at_most =
            timing.power_deadline * 2 + (timing.writes_deadline + timing.keep_writing) * 3;
        let ordered = self.platform.order_fault(fault, at_most);
        confirmed_by(timing.power_deadline, "the lab's fault was not in force", ordered).await
    }

    /// Looks whether the cloud says of all of them that they are off. One that has power again
    /// after its power-off was confirmed got it from the platform's own guard.
    async fn see_off(&self, nodes: &[NodeName]) -> Result<(), RunError> {
        for node in nodes {
            let Err(late) = self.wait_until_off(node, SEEN_OFF).await else { continue };
            if !late.last_seen.ends_with("running") && !late.last_seen.ends_with("starting") {
                return Err(RunError::Late {
                    what: "the cloud did not confirm the power-off",
                    seconds: late.seconds,
                    last_seen: late.last_seen,
                });
            }
            self.say(format!("{node} has power again already"));
        }
        Ok(())
    }

    async fn wait_until_off(&self, node: &NodeName, limit: Duration) -> Result<(), DeadlineError> {
        let look = || async {
            match self.platform.server_status(node).await {
                Ok(status) if status == "off" => Ok(()),
                Ok(status) => Err(format!("the server is {status}")),
                Err(error) => Err(error.to_string()),
            }
        };
        wait_until(limit, self.options.timing.pause, look).await
    }

    /// Mends everything that was broken, all of it whatever fails. Not to be interrupted.
    pub(super) async fn mend(&mut self) -> Vec<RunError> {
        let mut failed = Vec::new();
        if let Some(plan) = self.plan.clone()
            && self.state != State::Untouched
        {
            match &plan.breaks {
                Break::CutPower(nodes) => failed.extend(self.give_power_back(&plan, nodes).await),
                Break::Order(fault) => failed.extend(self.end_order(&plan, fault).await),
                Break::Kill { .. } | Break::Switchover(_) => {}
            }
            self.state = State::Mended;
        }
        if let Some(id) = self.hidden_api.take() {
            match self.clear(id).await {
                Ok(()) => self.mark(MarkKind::ApiShown, ""),
                Err(error) => failed.push(error),
            }
        }
        failed
    }

    async fn give_power_back(&mut self, plan: &Plan, nodes: &[NodeName]) -> Vec<RunError> {
        if self.state == State::Doubtful {
            // A power-off that was asked for may happen after an order to switch on, and would undo
            // it.
            let this = &*self;
            let looks = nodes.iter().map(|node| async move {
                if let Err(late) = this.wait_until_off(node, this.options.timing.doubt).await {
                    tracing::info!("{node} was not seen off: {}", late.last_seen);
                }
            });
            join_all(looks).await;
        }
        self.mark(MarkKind::PowerOnAsked, &plan.what);
        let failed = self.power_on(nodes).await;
        if failed.is_empty() {
            self.mark(MarkKind::PowerOnConfirmed, &plan.what);
        }
        failed
    }

    /// Gives all of them power at once; returns what failed.
    async fn power_on(&self, nodes: &[NodeName]) -> Vec<RunError> {
        let each = nodes.iter().map(|node| async move {
            let try_it = || async {
                self.platform.power_on(node).await.map_err(|error| error.to_string())?;
                match self.platform.server_status(node).await {
                    Ok(status) if status == "running" || status == "starting" => Ok(()),
                    Ok(status) => Err(format!("{node} is {status}")),
                    Err(error) => Err(error.to_string()),
                }
            };
            wait_until(MEND_DEADLINE, self.options.timing.pause, try_it).await
        });
        let given = join_all(each).await;
        let late = given.into_iter().filter_map(Result::err).map(|late| RunError::Late {
            what: "THE SERVER IS STILL WITHOUT POWER: the cloud did not switch it on",
            seconds: late.seconds,
            last_seen: late.last_seen,
        });
        late.collect()
    }

    async fn end_order(&mut self, plan: &Plan, fault: &LabFault) -> Vec<RunError> {
        self.mark(MarkKind::MendAsked, &plan.what);
        let mut failed = Vec::new();
        for id in std::mem::take(&mut self.orders) {
            failed.extend(self.clear(id).await.err());
        }
        if matches!(fault, LabFault::Freeze { .. }) {
            // A guard may have cut its power meanwhile.
            failed.extend(self.power_on(&plan.touched).await);
        }
        if failed.is_empty() {
            self.mark(MarkKind::MendConfirmed, &plan.what);
        }
        failed
    }

    async fn clear(&self, id: u64) -> Result<(), RunError> {
        let try_it =
            || async { self.platform.clear_fault(id).await.map_err(|error| error.to_string()) };
        let cleared = wait_until(MEND_DEADLINE, self.options.timing.pause, try_it).await;
        cleared.map_err(|late| RunError::Late {
            what: "A FAULT OF THE LAB IS STILL IN FORCE: it was not cleared",
            seconds: late.seconds,
            last_seen: late.last_seen,
        })
    }
}

/// Gives an order its time.
async fn confirmed_by<T>(
    limit: Duration,
    what: &'static str,
    order: impl Future<Output = Result<T, PlatformError>>,
) -> Result<T, RunError> {
    let answer = timeout(limit, order).await;
    let late = |_| RunError::Late { what, seconds: limit.as_secs(), last_seen: "no answer".into() };
    Ok(answer.map_err(late)??)
}
