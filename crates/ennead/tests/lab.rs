//! The program against labs: first ones that only remember their servers, then ones that boot them.
//!
//! Each test has a lab of its own. Those whose servers boot run one after another and need root.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at this machine from outside; a failure here fails the test"
)]

mod support;

mod lab {
    mod faults;
    mod harm;
    mod machine;
    mod real;
    mod remembering;
    mod secrets;
    mod status;
    mod story;
    mod system;
    mod tokens;
}
