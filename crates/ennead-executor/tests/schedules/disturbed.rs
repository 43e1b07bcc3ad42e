//! A thousand random schedules of troubles: `up` gets there in a bounded number of runs, or says
//! clearly why not and what to do next. Nothing is there twice, nothing is left over, and no run
//! sends more requests than its work and its troubles explain.
//!
//! `SCHEDULE_SEED=17` runs one schedule only.

use std::cell::Cell;
use std::time::Duration;

use ennead_host::clock::Stopwatch;
use ennead_host::environment;
use ennead_lab::fault::Fault;
use ennead_lab::rate::Counts;
use ennead_lab::serve::REQUESTS_PER_HOUR;
use futures::stream::{self, StreamExt as _};

use crate::bench::Bench;
use crate::operator::{Operator, Stopped, Walked};
use crate::schedule::{Schedule, times_left};

/// How many schedules.
const SCHEDULES: u64 = 1000;

/// Labs at the same time: most of the time of each is pauses.
const AT_ONCE: usize = 48;

/// Runs beyond one for each time that a trouble comes: the last, one after a kill, one that finds
/// what a kill left under way.
const RUNS_MORE: usize = 3;

/// Requests of one observation: seven lists, six more while a wanted name is missing, and two for a
/// zone.
const OBSERVATION: u64 = 15;

/// Requests of a step in the cloud without any trouble: names to ids, look, change, wait, look.
const STEP: u64 = 8;

/// Requests that one trouble can add: another look, another change, and for a server whose making
/// failed its deletion, each with a look at its action.
const TROUBLE: u64 = 10;

/// Least pause between two looks at the same object.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// How a run ended.
enum End {
    Done,
    Stopped(Stopped),
    Killed,
}

/// One schedule while it goes on.
struct Story<'a> {
    bench: &'a Bench,
    schedule: &'a Schedule,
    /// Faults of the schedule that were ordered.
    ordered: Cell<usize>,
    what: String,
}

impl Story<'_> {
    fn counts(&self) -> Counts {
        *self.bench.lab.gate().counts().borrow()
    }

    /// Orders each fault when its moment is there; never ends.
    async fn trouble(&self) {
        let mut counts = self.bench.lab.gate().counts();
        while let Some((after, fault)) = self.schedule.faults.get(self.ordered.get()) {
            counts.wait_for(|counts| counts.passed >= *after).await.unwrap();
            self.bench.with_faults(|faults| faults.add(fault.clone()));
            self.ordered.set(self.ordered.get() + 1);
        }
        std::future::pending::<()>().await;
    }

    async fn killed(&self, is_first: bool) {
        let mut counts = self.bench.lab.gate().counts();
        match self.schedule.kill {
            Some(after) if is_first => {
                counts.wait_for(|counts| counts.passed >= after).await.unwrap();
            }
            _ => std::future::pending().await,
        }
    }

    /// Returns how often troubles have come so far.
    fn spent(&self) -> usize {
        let ordered =
            Schedule { faults: self.schedule.faults[..self.ordered.get()].to_vec(), kill: None };
        ordered.times() - self.bench.with_faults(|faults| times_left(faults.orders()))
    }

    async fn run(&self, is_first: bool) -> End {
        let (before, spent, watch) = (self.counts(), self.spent(), Stopwatch::start());
        let mut walked = Walked::default();
        let operator = Operator::start(self.bench);
        let end = tokio::select! {
            biased;
            () = self.killed(is_first) => End::Killed,
            () = self.trouble() => End::Killed,
            ended = operator.up(&mut walked) => match ended {
                Ok(()) => End::Done,
                Err(stopped) => End::Stopped(stopped),
            },
        };
        let spent = u64::try_from(self.spent() - spent).unwrap();
        self.assert_no_storm(before, &walked, spent, watch.elapsed());
        end
    }

    /// A change is sent once for its step and twice more for each trouble. All requests together are
    /// those of observing, of the steps and of troubles, and looks that are [`LOOK_PAUSE`] apart.
    fn assert_no_storm(&self, before: Counts, walked: &Walked, spent: u64, took: Duration) {
        let after = self.counts();
        let steps = u64::try_from(walked.cloud_steps).unwrap();
        let rounds = u64::try_from(walked.rounds).unwrap() + 1;
        let changes_max = steps + 2 * spent;
        let changes = after.changes - before.changes;
        assert!(changes <= changes_max, "{changes} changes of {changes_max}: {}", self.what);
        let looks = u64::try_from(took.as_millis() / LOOK_PAUSE.as_millis()).unwrap();
        let nodes = u64::try_from(self.bench.wish.spec.fleet.nodes.len()).unwrap();
        let most = rounds * (OBSERVATION + nodes) + steps * (STEP + looks) + TROUBLE * spent;
        let sent = after.passed - before.passed;
        assert!(sent <= most, "{sent} requests of {most}: {}", self.what);
        assert_eq!(after.refused, 0, "{}", self.what);
    }

    /// Runs `up` until it gets there; what an operator can mend is mended between runs.
    async fn goes_on(&self) -> usize {
        let runs_max = self.schedule.times() + RUNS_MORE;
        for run in 1..=runs_max {
            match self.run(run == 1).await {
                End::Done => return run,
                End::Killed => {}
                End::Stopped(Stopped { error, hint }) => {
                    let is_clear = !error.is_empty() && !error.contains('\n') && !hint.is_empty();
                    assert!(is_clear, "{error:?}, next {hint:?}: {}", self.what);
                    self.stock_comes();
                }
            }
        }
        panic!("not there after {runs_max} runs: {}", self.what);
    }

    fn stock_comes(&self) {
        self.bench.with_faults(|faults| {
            let sold_out = |fault: &Fault| matches!(fault, Fault::SoldOut { .. });
            let orders = faults.orders().iter().filter(|order| sold_out(&order.fault));
            let ids: Vec<u64> = orders.map(|order| order.id).collect();
            for id in ids {
                faults.remove(id);
            }
        });
    }
}

async fn tell(seed: u64) -> usize {
    let (wish, schedule) = Schedule::of(seed);
    let what = format!("SCHEDULE_SEED={seed}: {} {schedule:?}", wish.spec.platform);
    let bench = Bench::open(wish, REQUESTS_PER_HOUR).await;
    let story = Story { bench: &bench, schedule: &schedule, ordered: Cell::new(0), what };
    let runs = story.goes_on().await;
    bench.with_faults(ennead_lab::fault::Faults::clear);
    bench.assert_exactly_as_wanted(&story.what).await;
    let mut walked = Walked::default();
    let ended = Operator::start(&bench).up(&mut walked).await;
    assert!(ended.is_ok() && walked.steps == 0, "{ended:?} {walked:?}: {}", story.what);
    bench.lab.end().await;
    runs
}

#[tokio::test]
async fn any_schedule_of_troubles_ends_with_the_platform_that_is_wanted() {
    let one = environment::read("SCHEDULE_SEED").map(|seed| seed.parse::<u64>().unwrap());
    let seeds = one.map_or(0..SCHEDULES, |seed| seed..seed + 1);
    let runs = stream::iter(seeds.map(tell)).buffer_unordered(AT_ONCE).collect::<Vec<usize>>();
    let runs = runs.await;
    let again = runs.iter().filter(|runs| **runs > 1).count();
    let most = runs.iter().max();
    println!("{} schedules, {again} with more than one run, most runs {most:?}", runs.len());
}
