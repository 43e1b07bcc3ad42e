//! Whatever a client sends: every answer is one of the API's, and a refused request changes nothing.
//!
//! `cargo run --example million_requests` does the same for longer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod play;
mod requests;

use ennead_lab::state::selector::Selector;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::play::{play, project};
use crate::requests::sent;

/// Requests that follow each other on one state.
const REQUESTS: usize = 10;

proptest! {
    #![proptest_config(Config { cases: 200, ..Config::default() })]

    #[test]
    fn every_answer_is_one_of_the_apis(requests in prop::collection::vec(sent(), REQUESTS)) {
        play(project(), &requests);
    }

    #[test]
    fn any_text_is_a_selector_or_is_refused(
        text in prop_oneof![any::<String>(), "[a-z!=(), /.0-9]{0,30}", "(!?[ab]|[ab](=|==|!=)[xy]|[ab] (not)?in \\([xy](,[xy])?\\))(,[ab])?"],
        labels in prop::collection::btree_map("[ab]", "[xy]", 0..3),
    ) {
        if let Ok(selector) = Selector::parse(&text) {
            selector.matches(&labels);
        }
    }
}
