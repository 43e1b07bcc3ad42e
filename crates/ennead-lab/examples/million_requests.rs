//! Sends a million requests of any kind to the API's state and checks each answer.
//!
//! For whoever has changed how bodies are read: `cargo run --example million_requests`.

#![expect(clippy::unwrap_used, reason = "a run that finds something ends by panicking")]
#![expect(clippy::print_stdout, reason = "the figure is what it is for")]

#[path = "../tests/fuzz/play.rs"]
mod play;
#[path = "../tests/fuzz/requests.rs"]
mod requests;

use ennead_lab::api::routes;
use proptest::prelude::prop;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::play::{play, project};
use crate::requests::{Sent, sent};

/// Requests that follow each other on one state.
const REQUESTS: usize = 10;

/// Sequences of requests between two lines of progress.
const STEP: u32 = 2_500;

/// Lines of progress.
const STEPS: u64 = 40;

fn main() -> Result<(), TestError<Vec<Sent>>> {
    let (project, changes) = (project(), std::cell::Cell::new(0));
    let config = Config { cases: STEP, failure_persistence: None, ..Config::default() };
    for step in 1..=STEPS {
        TestRunner::new(config.clone()).run(
            &prop::collection::vec(sent(), REQUESTS),
            |requests| {
                changes.set(changes.get() + play(project.clone(), &requests));
                Ok(())
            },
        )?;
        let count = step * u64::from(STEP) * REQUESTS as u64;
        let (routes, changes) = (routes().count(), changes.get());
        println!("{count} requests to {routes} routes, {changes} of them changed something");
    }
    Ok(())
}
