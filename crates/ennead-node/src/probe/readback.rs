//! Telling which rows of a run are in the table.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::event::ProbeEvent;
use super::reporter::Reporter;
use super::session::{Session, Setting};
use super::statement::{PAGE, ReadPage};
use super::trier::Trier;

/// Time for one page.
const PAGE_DEADLINE: Duration = Duration::from_secs(30);

/// Tells all ids through the write endpoint, page by page. Only the last line says that it is all.
pub(super) async fn run(setting: Arc<Setting>, reporter: Reporter, stop: watch::Receiver<bool>) {
    let endpoints = &setting.config.write_endpoints;
    let mut session: Option<Session> = None;
    let (mut after, mut count) = (0, 0_u64);
    loop {
        let page = ReadPage { after };
        let mut trier = Trier::new(&setting, page, endpoints, &reporter, &stop).on(session.take());
        let answer = timeout(PAGE_DEADLINE, trier.next()).await;
        let ids = match answer.map(|answers| answers.into_iter().next()) {
            Ok(Some(answered)) => answered.answer,
            Ok(None) => {
                let what = "told to stop before everything was read back".to_owned();
                return reporter.event(ProbeEvent::Failed { what });
            }
            Err(_) => {
                let seconds = PAGE_DEADLINE.as_secs();
                let what = format!("no page of rows after id {after} within {seconds} s");
                return reporter.event(ProbeEvent::Failed { what });
            }
        };
        session = trier.into_session();
        count += ids.len() as u64;
        let whole = ids.len() < PAGE;
        after = ids.last().copied().unwrap_or(after);
        reporter.event(ProbeEvent::Ids { ids: ids.into_iter().collect() });
        if whole {
            return reporter.event(ProbeEvent::ReadBack { count });
        }
    }
}
