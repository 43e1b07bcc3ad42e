//! Gets one answer after the other, whatever hangs or breaks.
//!
//! While all is well there is one connection and one try at a time. As soon as a try fails, or says
//! nothing for the hedge time, further tries start at every endpoint on new connections, each
//! endpoint at its own pace, and the first answer wins. So neither a dead load balancer nor a
//! connection that will never speak again can hide that the database is back.

use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::pause_for;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::config::Endpoint;
use super::reporter::Reporter;
use super::session::{Session, Setting, TryError};
use super::statement::Statement;

/// Silent tries per endpoint at a time. With the default times a try is given up after 4 s, and a
/// new one starts every 250 ms.
const SILENT_TRIES_MAX: usize = 16;

struct Attempt<A> {
    endpoint: usize,
    result: Result<(Session, A), TryError>,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    tries: usize,
    started: Option<Duration>,
}

/// An answer and where it came from.
pub(super) struct Answered<A> {
    pub(super) endpoint: usize,
    pub(super) answer: A,
}

/// Tries a statement until it is answered.
pub(super) struct Trier<S: Statement> {
    setting: Arc<Setting>,
    statement: Arc<S>,
    endpoints: Arc<[Endpoint]>,
    reporter: Reporter,
    stop: watch::Receiver<bool>,
    attempts: JoinSet<Attempt<S::Answer>>,
    lanes: Vec<Lane>,
    kept: Option<Session>,
}

impl<S: Statement> Trier<S> {
    pub(super) fn new(
        setting: &Arc<Setting>,
        statement: S,
        endpoints: &[Endpoint],
        reporter: &Reporter,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        Self {
            setting: Arc::clone(setting),
            statement: Arc::new(statement),
            endpoints: endpoints.into(),
            reporter: reporter.clone(),
            stop: stop.clone(),
            attempts: JoinSet::new(),
            lanes: vec![Lane::default(); endpoints.len()],
            kept: None,
        }
    }

    /// Uses another trier's connection.
    #[must_use]
    pub(super) fn on(mut self, session: Option<Session>) -> Self {
        self.kept = session;
        self
    }

    /// Gives the connection away.
    pub(super) fn into_session(self) -> Option<Session> {
        self.kept
    }

    /// Waits until the next try is due, after an answered one.
    pub(super) async fn pace(&self) {
        let started = self.lanes.iter().filter_map(|lane| lane.started).max();
        let due = started.unwrap_or_default() + self.setting.config.pause();
        let wait = due.saturating_sub(self.setting.clock.elapsed());
        if !wait.is_zero() {
            pause_for(wait).await;
        }
    }

    /// Returns the next answer, first, and those that came together with it; nothing when the
    /// probe is told to stop first. No answer that came is ever left out.
    pub(super) async fn next(&mut self) -> Vec<Answered<S::Answer>> {
        if *self.stop.borrow() {
            return Vec::new();
        }
        let mut hold = self.begin();
        loop {
            let wait = self.wait_for_due(hold);
            tokio::select! {
                biased;
                Some(joined) = self.attempts.join_next() => {
                    // Any failure ends the grace of the connection that was kept.
                    hold = Duration::ZERO;
                    let answers = self.judge(joined).await;
                    if !answers.is_empty() {
                        return answers;
                    }
                }
                () = pause_for(wait) => self.start_due(hold),
                // An error means that the one who says stop is gone.
                _ = self.stop.changed() => return self.last_answers().await,
            }
        }
    }

    /// Gives a try that is on its way the time to end well, then cancels all.
    async fn last_answers(&mut self) -> Vec<Answered<S::Answer>> {
        let grace = self.setting.config.hedge();
        let mut answers = match timeout(grace, self.attempts.join_next()).await {
            Ok(Some(joined)) => self.judge(joined).await,
            _ => Vec::new(),
        };
        answers.extend(self.cancel_all().await);
        answers
    }

    /// Cancels all tries and returns the answers of those that had ended by then. The others have
    /// unknown fates; their tickets say so.
    async fn cancel_all(&mut self) -> Vec<Answered<S::Answer>> {
        let mut answers = Vec::new();
        self.attempts.abort_all();
        while let Some(joined) = self.attempts.join_next().await {
            if let Ok(Attempt { endpoint, result: Ok((_, answer)) }) = joined {
                answers.push(Answered { endpoint, answer });
            }
        }
        self.lanes.iter_mut().for_each(|lane| lane.tries = 0);
        answers
    }

    /// Starts the first try and returns the time before which no other may start.
    fn begin(&mut self) -> Duration {
        let now = self.setting.clock.elapsed();
        let Some(session) = self.kept.take() else { return now };
        let endpoint = session.endpoint;
        if let Some(lane) = self.lanes.get_mut(endpoint) {
            *lane = Lane { tries: 1, started: Some(now) };
        }
        let (setting, statement) = (Arc::clone(&self.setting), Arc::clone(&self.statement));
        self.attempts.spawn(async move {
            let answer = statement.run(&setting, &session).await;
            Attempt { endpoint, result: answer.map(|answer| (session, answer)) }
        });
        now + self.setting.config.hedge()
    }

    fn due(&self, lane: Lane, hold: Duration) -> Option<Duration> {
        let pause = match lane.tries {
            0 => self.setting.config.pause(),
            tries if tries < SILENT_TRIES_MAX => self.setting.config.hedge(),
            _ => return None,
        };
        Some(lane.started.map_or(hold, |started| (started + pause).max(hold)))
    }

    fn wait_for_due(&self, hold: Duration) -> Duration {
        let next = self.lanes.iter().filter_map(|lane| self.due(*lane, hold)).min();
        let wait = next.map(|next| next.saturating_sub(self.setting.clock.elapsed()));
        wait.unwrap_or(self.setting.config.hedge())
    }

    fn start_due(&mut self, hold: Duration) {
        let now = self.setting.clock.elapsed();
        for index in 0..self.lanes.len() {
            let Some(lane) = self.lanes.get(index).copied() else { continue };
            if self.due(lane, hold).is_none_or(|due| due > now) {
                continue;
            }
            if let Some(lane) = self.lanes.get_mut(index) {
                *lane = Lane { tries: lane.tries + 1, started: Some(now) };
            }
            let (setting, statement) = (Arc::clone(&self.setting), Arc::clone(&self.statement));
            let endpoints = Arc::clone(&self.endpoints);
            self.attempts.spawn(async move {
                let result = async {
                    let endpoint = endpoints.get(index);
                    let endpoint = endpoint.ok_or_else(|| TryError::unknown("no endpoint"))?;
                    let session = Session::open(&setting, index, endpoint).await?;
                    let answer = statement.run(&setting, &session).await?;
                    Ok((session, answer))
                };
                Attempt { endpoint: index, result: result.await }
            });
        }
    }

    /// Takes the outcome of a try.
    async fn judge(
        &mut self,
        joined: Result<Attempt<S::Answer>, JoinError>,
    ) -> Vec<Answered<S::Answer>> {
        let Ok(Attempt { endpoint, result }) = joined else {
            return Vec::new();
        };
        match result {
            Ok((session, answer)) => {
                self.kept = Some(session);
                let mut answers = vec![Answered { endpoint, answer }];
                answers.extend(self.cancel_all().await);
                answers
            }
            Err(error) => {
                if let Some(lane) = self.lanes.get_mut(endpoint) {
                    lane.tries = lane.tries.saturating_sub(1);
                }
                self.reporter.trouble(self.statement.purpose(), endpoint, error.what);
                Vec::new()
            }
        }
    }
}
