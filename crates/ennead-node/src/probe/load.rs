//! Writing and reading until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::event::{Ack, ProbeEvent, ReadAnswer};
use super::ledger::Ledger;
use super::reporter::Reporter;
use super::session::{Session, Setting};
use super::statement::{Prepare, ReadNewest, Write};
use super::trier::Trier;

/// Time in which the table must be there. The drill starts on a healthy platform.
const PREPARE_DEADLINE: Duration = Duration::from_secs(20);

/// Runs the whole load. A table that cannot be made is told as a failure.
pub(super) async fn run(setting: Arc<Setting>, reporter: Reporter, stop: watch::Receiver<bool>) {
    let mut prepare =
        Trier::new(&setting, Prepare, &setting.config.write_endpoints, &reporter, &stop);
    match timeout(PREPARE_DEADLINE, prepare.next()).await {
        Ok(answers) if !answers.is_empty() => {}
        Ok(_) => {
            reporter.event(ProbeEvent::Summary(Ledger::default().summary(setting.now_us())));
            return;
        }
        Err(_) => {
            let seconds = PREPARE_DEADLINE.as_secs();
            let what = format!("the probe's table could not be made within {seconds} s");
            reporter.event(ProbeEvent::Failed { what });
            return;
        }
    }
    let session = prepare.into_session();
    reporter.event(ProbeEvent::Ready { at_us: setting.now_us() });
    let ledger = Arc::new(Ledger::default());
    let reader = tokio::spawn(read_all_the_time(
        Arc::clone(&setting),
        Arc::clone(&ledger),
        reporter.clone(),
        stop.clone(),
    ));
    write_all_the_time(&setting, &ledger, &reporter, &stop, session).await;
    let ended_us = setting.now_us();
    if reader.await.is_err() {
        tracing::warn!("the probe's reader did not end well");
    }
    reporter.event(ProbeEvent::Summary(ledger.summary(ended_us)));
}

async fn write_all_the_time(
    setting: &Arc<Setting>,
    ledger: &Arc<Ledger>,
    reporter: &Reporter,
    stop: &watch::Receiver<bool>,
    session: Option<Session>,
) {
    let write = Write { ledger: Arc::clone(ledger) };
    let endpoints = &setting.config.write_endpoints;
    let mut trier = Trier::new(setting, write, endpoints, reporter, stop).on(session);
    let mut timeline = 0;
    loop {
        let answers = trier.next().await;
        if answers.is_empty() {
            return;
        }
        for answered in answers {
            let written = answered.answer;
            if written.timeline != timeline {
                timeline = written.timeline;
                reporter.event(ProbeEvent::Timeline { at_us: written.at_us, timeline });
            }
            reporter.ack(Ack {
                id: written.id,
                at_us: written.at_us,
                took_us: written.took_us,
                endpoint: answered.endpoint,
            });
        }
        trier.pace().await;
    }
}

async fn read_all_the_time(
    setting: Arc<Setting>,
    ledger: Arc<Ledger>,
    reporter: Reporter,
    stop: watch::Receiver<bool>,
) {
    let endpoints = &setting.config.read_endpoints;
    if endpoints.is_empty() {
        return;
    }
    let mut trier = Trier::new(&setting, ReadNewest { ledger }, endpoints, &reporter, &stop);
    while let Some(answered) = trier.next().await.into_iter().next() {
        let seen = answered.answer;
        reporter.read(ReadAnswer {
            at_us: seen.at_us,
            took_us: seen.took_us,
            endpoint: answered.endpoint,
            seen: seen.newest,
            behind: seen.behind,
        });
        trier.pace().await;
    }
}
