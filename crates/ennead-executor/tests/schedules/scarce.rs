//! A rate limit that is smaller than the work: it is respected, said clearly, and work goes on when
//! the hour has passed.

use ennead_host::clock::Stopwatch;
use futures::future::join_all;

use crate::bench::Bench;
use crate::operator::{Operator, Walked};
use crate::platforms::{BESIDE, ONE, SEED, Wish};

/// Runs in which everything must be there: a run brings at least one step further.
const RUNS_MAX: u32 = 40;

/// Requests that can wait for the same refusal at the same time: those of an observation, or the
/// steps in the cloud.
const AT_ONCE: u64 = 10;

async fn comes_up_within(wish: &'static Wish, limit: u32) {
    let bench = Bench::open(wish, limit).await;
    let counts = || *bench.lab.gate().counts().borrow();
    let mut runs = 0;
    loop {
        runs += 1;
        assert!(runs <= RUNS_MAX, "limit {limit}");
        let (before, watch) = (counts(), Stopwatch::start());
        let ended = Operator::start(&bench).up(&mut Walked::default()).await;
        let (passed, refused) =
            (counts().passed - before.passed, counts().refused - before.refused);
        let seconds = watch.elapsed().as_secs() + 1;
        let refill = u64::from(limit) * seconds / 3600 + 1;
        assert!(passed <= u64::from(limit) + refill, "limit {limit}: {passed} passed");
        // Who is refused waits a second or more before the next try, and then stops.
        assert!(refused <= AT_ONCE * (seconds + 1), "limit {limit}: {refused} refused");
        let Err(stopped) = ended else { break };
        let is_clear = !stopped.error.contains('\n') && !stopped.hint.is_empty();
        assert!(is_clear, "limit {limit}: {stopped:?}");
        bench.lab.gate().refill();
    }
    assert!(runs > 1, "limit {limit} is not scarce");
    bench.lab.gate().refill();
    bench.assert_exactly_as_wanted(&format!("limit {limit}")).await;
    bench.lab.end().await;
}

#[tokio::test]
async fn a_scarce_rate_limit_is_respected_and_the_work_goes_on_later() {
    let single = [17, 21, 25, 29].map(|limit| comes_up_within(&ONE, limit));
    join_all(single).await;
    join_all([30, 60].map(|limit| comes_up_within(&SEED, limit))).await;
    join_all([30, 45].map(|limit| comes_up_within(&BESIDE, limit))).await;
}
