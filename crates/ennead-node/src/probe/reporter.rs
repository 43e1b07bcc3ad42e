//! The stream of lines: small while all is well, at once when something happens.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock::Stopwatch;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::event::{Ack, ProbeEvent, ProbeLine, Purpose, ReadAnswer};

/// Longest time that an answer waits for others before it is told.
const BATCH: Duration = Duration::from_millis(100);
/// Silence between two acknowledgements that is told at once.
const GAP_US: u64 = 250_000;
/// Time between two signs of life, and between two lines about the same trouble.
const REPEAT_US: u64 = 1_000_000;

enum Note {
    Ack(Ack),
    Read(ReadAnswer),
    Trouble { at_us: u64, purpose: Purpose, endpoint: usize, what: String },
    Event(ProbeEvent),
}

/// Takes what happens from any task. Never blocks: a slow reader must not slow the measurement.
#[derive(Clone)]
pub(super) struct Reporter {
    notes: UnboundedSender<Note>,
    clock: Stopwatch,
}

impl Reporter {
    /// Makes a reporter and the stream that writes what it is told.
    pub(super) fn new(clock: Stopwatch) -> (Self, Stream) {
        let (sender, notes) = unbounded_channel();
        (Self { notes: sender, clock }, Stream::new(notes, clock))
    }

    pub(super) fn ack(&self, ack: Ack) {
        self.tell(Note::Ack(ack));
    }

    pub(super) fn read(&self, read: ReadAnswer) {
        self.tell(Note::Read(read));
    }

    pub(super) fn trouble(&self, purpose: Purpose, endpoint: usize, what: String) {
        let at_us = micros(self.clock.elapsed());
        self.tell(Note::Trouble { at_us, purpose, endpoint, what });
    }

    pub(super) fn event(&self, event: ProbeEvent) {
        self.tell(Note::Event(event));
    }

    fn tell(&self, note: Note) {
        if self.notes.send(note).is_err() {
            tracing::debug!("nobody reads the probe's events any more");
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Writes lines until the last reporter is gone.
pub(super) struct Stream {
    notes: UnboundedReceiver<Note>,
    clock: Stopwatch,
    acks: Vec<Ack>,
    reads: Vec<ReadAnswer>,
    /// When a trouble was last told, and how many of its kind and when first were not told since.
    troubles: BTreeMap<(String, u8, usize), Repeated>,
    last_ack_us: Option<u64>,
    last_waiting_us: u64,
    lines: Vec<ProbeEvent>,
}

struct Repeated {
    purpose: Purpose,
    told_us: u64,
    first_us: u64,
    count: u64,
}

impl Stream {
    fn new(notes: UnboundedReceiver<Note>, clock: Stopwatch) -> Self {
        Self {
            notes,
            clock,
            acks: Vec::new(),
            reads: Vec::new(),
            troubles: BTreeMap::new(),
            last_ack_us: None,
            last_waiting_us: 0,
            lines: Vec::new(),
        }
    }

    /// Writes all lines.
    ///
    /// # Errors
    /// The first write that fails: the one who listens is gone.
    pub(super) async fn write_to(
        mut self,
        output: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<()> {
        let mut batch_started = self.clock.elapsed();
        loop {
            let left = (batch_started + BATCH).saturating_sub(self.clock.elapsed());
            let (note, ended) = match timeout(left, self.notes.recv()).await {
                Ok(Some(note)) => (Some(note), false),
                Ok(None) => (None, true),
                Err(_) => (None, false),
            };
            let at_once = note.is_some_and(|note| self.take(note));
            let due = self.clock.elapsed() >= batch_started + BATCH;
            if at_once || due || ended {
                self.collect(ended);
                self.flush(output).await?;
                batch_started = self.clock.elapsed();
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// Takes a note; true when it must be told at once.
    fn take(&mut self, note: Note) -> bool {
        match note {
            Note::Ack(ack) => {
                let since = self.last_ack_us.replace(ack.at_us);
                let gap_us = since.map_or(0, |since| ack.at_us.saturating_sub(since));
                self.acks.push(ack);
                if gap_us >= GAP_US {
                    let Ack { at_us, endpoint, .. } = ack;
                    self.told_before(ProbeEvent::Resumed { at_us, gap_us, endpoint });
                }
                gap_us >= GAP_US
            }
            Note::Read(read) => {
                self.reads.push(read);
                false
            }
            Note::Trouble { at_us, purpose, endpoint, what } => {
                self.take_trouble(at_us, purpose, endpoint, what)
            }
            Note::Event(event) => {
                self.told_before(event);
                true
            }
        }
    }

    /// Keeps the order: what was acknowledged before an event is told before it.
    fn told_before(&mut self, event: ProbeEvent) {
        self.collect_answers();
        self.lines.push(event);
    }

    fn take_trouble(
        &mut self,
        at_us: u64,
        purpose: Purpose,
        endpoint: usize,
        what: String,
    ) -> bool {
        let key = (what, purpose as u8, endpoint);
        if let Some(known) = self.troubles.get_mut(&key) {
            if known.count == 0 {
                known.first_us = at_us;
            }
            known.count += 1;
            return false;
        }
        let (what, ..) = key.clone();
        self.told_before(ProbeEvent::Trouble { at_us, purpose, endpoint, what, count: 1 });
        let repeated = Repeated { purpose, told_us: at_us, first_us: at_us, count: 0 };
        self.troubles.insert(key, repeated);
        true
    }

    fn collect_answers(&mut self) {
        if !self.acks.is_empty() {
            self.lines.push(ProbeEvent::Acks { acks: std::mem::take(&mut self.acks) });
        }
        if !self.reads.is_empty() {
            self.lines.push(ProbeEvent::Reads { reads: std::mem::take(&mut self.reads) });
        }
    }

    /// Puts what is due into lines.
    fn collect(&mut self, all: bool) {
        self.collect_answers();
        let now_us = micros(self.clock.elapsed());
        for ((what, _, endpoint), repeated) in &mut self.troubles {
            let due = all || now_us.saturating_sub(repeated.told_us) >= REPEAT_US;
            if due && repeated.count > 0 {
                self.lines.push(ProbeEvent::Trouble {
                    at_us: repeated.first_us,
                    purpose: repeated.purpose,
                    endpoint: *endpoint,
                    what: what.clone(),
                    count: std::mem::take(&mut repeated.count),
                });
                repeated.told_us = now_us;
            }
        }
        // A trouble that did not come again is told at once when it comes back.
        self.troubles.retain(|_, repeated| {
            repeated.count > 0 || now_us.saturating_sub(repeated.told_us) < REPEAT_US
        });
        let since_us = self.last_ack_us.unwrap_or(0);
        let quiet_us = now_us.saturating_sub(since_us.max(self.last_waiting_us));
        if self.lines.is_empty() && quiet_us >= REPEAT_US {
            self.lines.push(ProbeEvent::Waiting { since_us });
            self.last_waiting_us = now_us;
        }
    }

    async fn flush(&mut self, output: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for event in self.lines.drain(..) {
            let line = ProbeLine { sent_us: micros(self.clock.elapsed()), event };
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        output.write_all(&text).await?;
        output.flush().await
    }
}
