//! A probe that runs on a node, as seen from here.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ennead_host::clock::{Stopwatch, wait_until};
use ennead_node::probe::{
    Ack, Endpoint, IdRanges, Mode, ProbeConfig, ProbeEvent, ProbeLine, Purpose, ReadAnswer, Summary,
};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use crate::checker::longest_gap;
use crate::history::{History, Trouble};
use crate::platform::Pipe;

/// Time for a probe to tell its summary after it was told to stop.
const SUMMARY_DEADLINE: Duration = Duration::from_secs(15);
/// Time for reading back all rows of a run.
const READ_BACK_DEADLINE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(20);

/// A probe that did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchError {
    /// It said so itself.
    #[error("the probe failed: {what}")]
    Probe {
        /// Its words.
        what: String,
    },
    /// It could not be talked to.
    #[error("the probe cannot be talked to: {why}")]
    Pipe {
        /// Why.
        why: String,
    },
    /// It was silent for too long.
    #[error("the probe did not {what} within {seconds} s; last seen: {last_seen}")]
    Late {
        /// What it should have done.
        what: &'static str,
        /// How long it had.
        seconds: u64,
        /// What was seen instead.
        last_seen: String,
    },
}

/// What has been heard so far. Times are microseconds of the probe's clock.
#[derive(Debug, Default)]
struct Heard {
    /// This machine's clock minus the probe's, by the quickest line so far.
    offset_us: Option<i64>,
    endpoints: Vec<Endpoint>,
    ready_us: Option<u64>,
    acks: Vec<Ack>,
    reads: Vec<ReadAnswer>,
    timelines: Vec<(u64, u32)>,
    troubles: Vec<Trouble>,
    ids: IdRanges,
    read_back: Option<u64>,
    summary: Option<Summary>,
    failed: Option<String>,
    ended: bool,
}

impl Heard {
    fn take(&mut self, line: ProbeLine, arrived_us: i64) {
        let sent_us = i64::try_from(line.sent_us).unwrap_or(i64::MAX);
        let offset_us = arrived_us.saturating_sub(sent_us);
        self.offset_us = Some(self.offset_us.map_or(offset_us, |known| known.min(offset_us)));
        match line.event {
            ProbeEvent::Started { write_endpoints, .. } => self.endpoints = write_endpoints,
            ProbeEvent::Ready { at_us } => self.ready_us = Some(at_us),
            ProbeEvent::Acks { acks } => self.acks.extend(acks),
            ProbeEvent::Reads { reads } => self.reads.extend(reads),
            ProbeEvent::Timeline { at_us, timeline } => self.timelines.push((at_us, timeline)),
            ProbeEvent::Trouble { at_us, purpose, endpoint, what, count } => {
                self.trouble(at_us, purpose, endpoint, what, count);
            }
            ProbeEvent::Waiting { .. } | ProbeEvent::Resumed { .. } => {}
            ProbeEvent::Summary(summary) => self.summary = Some(summary),
            ProbeEvent::Ids { ids } => self.ids.extend_with(&ids),
            ProbeEvent::ReadBack { count } => self.read_back = Some(count),
            ProbeEvent::Failed { what } => self.failed = Some(what),
        }
    }

    fn trouble(&mut self, at_us: u64, purpose: Purpose, index: usize, what: String, count: u64) {
        let node = self.endpoints.get(index).map(|endpoint| endpoint.node.clone());
        let endpoint = node.unwrap_or_else(|| index.to_string());
        let same = |known: &&mut Trouble| {
            known.purpose == purpose && known.endpoint == endpoint && known.what == what
        };
        match self.troubles.iter_mut().find(same) {
            Some(known) => known.count += count,
            None => self.troubles.push(Trouble { at_us, purpose, endpoint, what, count }),
        }
    }

    /// Returns a reason why nothing more will come.
    fn over(&self) -> Option<WatchError> {
        if let Some(what) = &self.failed {
            return Some(WatchError::Probe { what: what.clone() });
        }
        let why = "its output ended early".to_owned();
        let done = self.summary.is_some() || self.read_back.is_some();
        (self.ended && !done).then_some(WatchError::Pipe { why })
    }
}

/// A probe that runs.
pub struct Watch {
    clock: Stopwatch,
    heard: Arc<Mutex<Heard>>,
    listener: JoinHandle<()>,
    stdin: Box<dyn tokio::io::AsyncWrite + Send + Unpin>,
    _keep: Box<dyn Send>,
}

impl Watch {
    /// Tells a probe what to do and begins to listen. The clock is the one to which times of the
    /// probe are related.
    ///
    /// # Errors
    /// [`WatchError::Pipe`].
    pub async fn start(
        pipe: Pipe,
        config: &ProbeConfig,
        clock: Stopwatch,
    ) -> Result<Self, WatchError> {
        let Pipe { mut stdin, stdout, keep } = pipe;
        let refused = |why: String| WatchError::Pipe { why };
        let mut line = serde_json::to_vec(config).map_err(|error| refused(error.to_string()))?;
        line.push(b'\n');
        stdin.write_all(&line).await.map_err(|error| refused(error.to_string()))?;
        stdin.flush().await.map_err(|error| refused(error.to_string()))?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let memory = Arc::clone(&heard);
        let listener = tokio::spawn(async move {
            let mut lines = stdout.lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let arrived_us = i64::try_from(clock.elapsed().as_micros()).unwrap_or(i64::MAX);
                match serde_json::from_str(&line) {
                    Ok(line) => lock(&memory).take(line, arrived_us),
                    Err(error) => tracing::warn!("a line of the probe is not understood: {error}"),
                }
            }
            lock(&memory).ended = true;
        });
        Ok(Self { clock, heard, listener, stdin, _keep: keep })
    }

    /// Returns what time it is on the probe's clock; 0 before it has said a word.
    pub fn now_us(&self) -> u64 {
        self.moment_us(self.clock.elapsed())
    }

    /// Moves a moment of this machine's clock to the probe's clock; 0 before it has said a word.
    /// The error is the time that the probe's quickest line took to arrive.
    pub fn moment_us(&self, here: Duration) -> u64 {
        let here_us = i64::try_from(here.as_micros()).unwrap_or(i64::MAX);
        let offset_us = lock(&self.heard).offset_us.unwrap_or(here_us);
        u64::try_from(here_us - offset_us).unwrap_or(0)
    }

    /// Waits until writes have been steady: for that time an acknowledgement at least every second.
    ///
    /// # Errors
    /// [`WatchError`].
    pub async fn wait_until_steady(
        &self,
        steady_for: Duration,
        deadline: Duration,
    ) -> Result<(), WatchError> {
        self.wait("write steadily", deadline, |heard| {
            let needed_us = micros(steady_for);
            let newest = heard.acks.last().map_or(0, |ack| ack.at_us);
            let recent = |ack: &&Ack| ack.at_us + needed_us >= newest;
            let times: Vec<u64> = heard.acks.iter().filter(recent).map(|ack| ack.at_us).collect();
            let even = times.windows(2).all(|pair| match pair {
                [before, after] => after - before <= 1_000_000,
                _ => true,
            });
            let long = heard.acks.first().is_some_and(|ack| newest - ack.at_us >= needed_us);
            if long && even { Ok(()) } else { Err(format!("{} writes", heard.acks.len())) }
        })
        .await
    }

    /// Waits for the first write that was sent after a moment, and returns when it was
    /// acknowledged.
    ///
    /// # Errors
    /// [`WatchError`].
    pub async fn wait_until_written(
        &self,
        after_us: u64,
        deadline: Duration,
    ) -> Result<u64, WatchError> {
        self.wait("write again", deadline, |heard| {
            let sent_after = |ack: &&Ack| ack.at_us.saturating_sub(ack.took_us) >= after_us;
            // Acknowledgements arrive nearly in order; the search is from the end.
            let mut newer = heard.acks.iter().rev().take_while(|ack| ack.at_us >= after_us);
            let any = newer.any(|ack| sent_after(&ack));
            let first = heard.acks.iter().filter(sent_after).map(|ack| ack.at_us).min();
            match first.filter(|_| any) {
                Some(at_us) => Ok(at_us),
                None => Err(last_trouble(heard)),
            }
        })
        .await
    }

    /// Returns the end of the longest time without an acknowledgement between two moments.
    pub fn end_of_gap(&self, from_us: u64, to_us: u64) -> u64 {
        let heard = lock(&self.heard);
        longest_gap(heard.acks.iter().map(|ack| ack.at_us), from_us, to_us).1
    }

    async fn wait<T>(
        &self,
        what: &'static str,
        deadline: Duration,
        test: impl Fn(&Heard) -> Result<T, String>,
    ) -> Result<T, WatchError> {
        let answer = wait_until(deadline, PAUSE, || {
            let heard = lock(&self.heard);
            let answer = match heard.over() {
                Some(error) => Ok(Err(error)),
                None => test(&heard).map(Ok),
            };
            std::future::ready(answer)
        });
        answer.await.map_err(|late| WatchError::Late {
            what,
            seconds: late.seconds,
            last_seen: late.last_seen,
        })?
    }

    /// Stops the probe and returns all that it told. A probe that does not end well leaves a
    /// history that is not whole.
    pub async fn stop(mut self) -> History {
        if let Err(error) = self.stdin.write_all(b"stop\n").await {
            tracing::warn!("the probe cannot be told to stop: {error}");
        }
        if let Err(error) = self.stdin.flush().await {
            tracing::debug!("the probe's input is closed: {error}");
        }
        let stopped_us = self.now_us();
        let summary = self.wait("tell its summary", SUMMARY_DEADLINE, |heard| {
            heard.summary.clone().ok_or_else(|| "no summary".to_owned())
        });
        let summary = summary.await;
        self.listener.abort();
        let whole = summary.is_ok();
        let mut heard = std::mem::take(&mut *lock(&self.heard));
        heard.troubles.sort_by_key(|trouble| trouble.at_us);
        let newest = heard.acks.iter().map(|ack| ack.id).max().unwrap_or(0);
        let summary = summary.unwrap_or_else(|error| {
            tracing::warn!("{error}");
            let acknowledged = heard.acks.len() as u64;
            Summary { at_us: stopped_us, tried: newest, acknowledged, ..Summary::default() }
        });
        History {
            from_us: heard.ready_us.unwrap_or(0),
            to_us: summary.at_us,
            whole,
            tried: summary.tried,
            acks: heard.acks,
            reads: heard.reads,
            refused: summary.refused,
            unknown: summary.unknown,
            acknowledged: summary.acknowledged,
            timelines: heard.timelines,
            troubles: heard.troubles,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Reads back which ids of a run are in the table.
///
/// # Errors
/// [`WatchError`], also when not everything could be told.
pub async fn read_back(pipe: Pipe, config: &ProbeConfig) -> Result<IdRanges, WatchError> {
    let config = ProbeConfig { mode: Mode::ReadBack, ..config.clone() };
    let watch = Watch::start(pipe, &config, Stopwatch::start()).await?;
    watch
        .wait("read back", READ_BACK_DEADLINE, |heard| match heard.read_back {
            Some(count) if count == heard.ids.len() => Ok(heard.ids.clone()),
            Some(count) => Err(format!("{} of {count} ids", heard.ids.len())),
            None => Err(format!("{} ids so far", heard.ids.len())),
        })
        .await
}

fn last_trouble(heard: &Heard) -> String {
    let worst = heard.troubles.iter().max_by_key(|trouble| trouble.at_us);
    worst.map_or_else(
        || "no answer".to_owned(),
        |trouble| format!("{}: {}", trouble.endpoint, trouble.what),
    )
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    // What was heard is only ever appended to, so it is whole even after a panic.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
