//! The program against labs: first ones that only remember their servers, then ones that boot them.
//!
//! Each test has a lab of its own. Those whose servers boot run one after another and need root.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests run the program from outside; a failure here fails the test"
)]

mod support;

mod lab {
    mod harm;
    mod real;
    mod remembering;
    mod secrets;
    mod story;
}
