//! The thread that keeps a router's packets until their time has come.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ennead_host::clock::Stopwatch;
use ennead_host::{Command, Host as _, LocalHost};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, SendFlags};
use tokio::sync::oneshot;

use super::{QUEUES, messages};
use crate::world::why::Why;
use crate::world::wires::Hold;

/// Messages that are read before packets are let go again.
const ROUND: usize = 256;

/// How much later than asked the kernel may wake the thread, in nanoseconds; 50 µs is usual.
const TIMER_SLACK: NonZeroU64 = NonZeroU64::MIN;

const RUNS: u8 = 0;
const DRAINS: u8 = 1;
const STOPS: u8 = 2;

#[derive(Debug)]
struct Shared {
    holds: Mutex<Vec<Hold>>,
    phase: AtomicU8,
    bell: OwnedFd,
}

impl Shared {
    fn enter(&self, phase: u8) {
        self.phase.store(phase, Ordering::Release);
        // A full counter rings, too.
        rustix::io::write(&self.bell, &1_u64.to_ne_bytes()).unwrap_or_default();
    }
}

/// A running thread. Dropping it ends it; what it kept is lost.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    drained: Option<oneshot::Receiver<()>>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.enter(STOPS);
    }
}

impl Keeper {
    /// Starts one for the queues of a socket.
    pub(super) async fn start(
        name: &str,
        socket: Arc<OwnedFd>,
        holds: &[Hold],
    ) -> Result<Self, Why> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| Why::of(&error))?;
        let phase = AtomicU8::new(RUNS);
        let shared = Arc::new(Shared { holds: Mutex::new(holds.to_vec()), phase, bell });
        let (tell, drained) = oneshot::channel();
        let desk = Desk::new(socket, Arc::clone(&shared));
        let router = name.to_owned();
        let (introduce, introduced) = oneshot::channel();
        std::thread::spawn(move || {
            desk.run(&router, introduce);
            // Whoever waited may be gone.
            tell.send(()).unwrap_or_default();
        });
        let keeper = Self { shared, drained: Some(drained) };
        let thread = introduced.await.map_err(|error| Why::of(&error))?;
        // Before every ordinary program; best effort, too.
        let command = Command::new("chrt").args(["-f", "-p", "1", &thread.to_string()]);
        if let Err(error) = LocalHost::new("lab").run_ok(&command).await {
            tracing::warn!(router = name, %error, "delays are less exact under load");
        }
        Ok(keeper)
    }

    /// Sets the delays of packets that come from now on.
    pub(super) fn set(&self, holds: &[Hold]) {
        let mut own = self.shared.holds.lock().unwrap_or_else(PoisonError::into_inner);
        own.clear();
        own.extend(holds);
    }

    /// Returns when the last packet has gone in its time.
    pub(super) async fn end(mut self) {
        self.shared.enter(DRAINS);
        if let Some(drained) = self.drained.take() {
            // A thread that broke has drained all the same.
            drained.await.unwrap_or_default();
        }
    }
}

/// The packets of one delay, oldest first.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<(Duration, u32)>,
    last_due: Duration,
}

struct Desk {
    socket: Arc<OwnedFd>,
    shared: Arc<Shared>,
    lines: Vec<Line>,
    watch: Stopwatch,
}

impl Desk {
    fn new(socket: Arc<OwnedFd>, shared: Arc<Shared>) -> Self {
        let lines = (0..QUEUES).map(|_| Line::default()).collect();
        Self { socket, shared, lines, watch: Stopwatch::start() }
    }

    fn run(mut self, router: &str, tell: oneshot::Sender<i32>) {
        // Best effort: without them delays are less exact.
        rustix::thread::set_current_timer_slack(Some(TIMER_SLACK)).unwrap_or_default();
        let own = rustix::thread::gettid();
        rustix::process::setpriority_process(Some(own), -20).unwrap_or_default();
        if tell.send(own.as_raw_nonzero().get()).is_err() {
            return;
        }
        loop {
            self.release();
            let next = self.lines.iter().filter_map(|line| line.waiting.front()).min();
            match self.shared.phase.load(Ordering::Acquire) {
                STOPS => return,
                DRAINS if next.is_none() => return,
                _ => {}
            }
            let wait = next.map(|(due, _)| due.saturating_sub(self.watch.elapsed()));
            if let Err(error) = self.wait(wait).and_then(|()| self.receive()) {
                tracing::error!(router, %error, "packets are no longer delayed");
                return;
            }
        }
    }

    /// Lets everything go whose time has come, with one message for each delay.
    fn release(&mut self) {
        let now = self.watch.elapsed();
        for (line, queue) in self.lines.iter_mut().zip(1..) {
            let mut last = None;
            while let Some((due, id)) = line.waiting.front() {
                if *due > now {
                    break;
                }
                last = Some(*id);
                line.waiting.pop_front();
            }
            if let Some(last) = last {
                let message = messages::release(queue, last);
                // The kernel has dropped them when it does not know them any more.
                rustix::net::send(&self.socket, &message, SendFlags::empty()).unwrap_or_default();
            }
        }
    }

    fn wait(&self, time: Option<Duration>) -> rustix::io::Result<()> {
        let time = time.map(|time| Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let mut both = [
            PollFd::new(&*self.socket, PollFlags::IN),
            PollFd::new(&self.shared.bell, PollFlags::IN),
        ];
        match poll(&mut both, time.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        if both[1].revents().contains(PollFlags::IN) {
            let mut count = [0_u8; 8];
            rustix::io::read(&self.shared.bell, &mut count[..]).unwrap_or_default();
        }
        Ok(())
    }

    fn receive(&mut self) -> rustix::io::Result<()> {
        use rustix::io::Errno;
        let mut buffer = [0_u8; 4096];
        for _ in 0..ROUND {
            let length = match rustix::net::recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT)
            {
                Ok((_, length)) => length,
                Err(Errno::AGAIN) => return Ok(()),
                // Messages were lost: the kernel dropped their packets.
                Err(Errno::NOBUFS | Errno::INTR) => continue,
                Err(error) => return Err(error),
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            if let Some((queue, id)) = messages::parse_packet(bytes) {
                self.queue(queue, id);
            }
        }
        Ok(())
    }

    /// Packets of one delay stay in order, however much it varies.
    fn queue(&mut self, queue: u16, id: u32) {
        let place = usize::from(queue).saturating_sub(1);
        let hold = {
            let holds = self.shared.holds.lock().unwrap_or_else(PoisonError::into_inner);
            // A mark from before the last change.
            holds
                .get(place)
                .copied()
                .unwrap_or(Hold { time: Duration::ZERO, jitter: Duration::ZERO })
        };
        let Some(line) = self.lines.get_mut(place) else { return };
        let mut time = hold.time;
        if !hold.jitter.is_zero() {
            let varied = time + hold.jitter.mul_f64(rand::random_range(0.0..2.0));
            time = varied.saturating_sub(hold.jitter);
        }
        line.last_due = line.last_due.max(self.watch.elapsed() + time);
        line.waiting.push_back((line.last_due, id));
    }
}
