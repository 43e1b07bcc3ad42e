//! A client that writes all the time and remembers what was promised to it.
//!
//! The probe runs on a node that is not going to fail. It writes numbered rows through the load
//! balancers and tells, line by line, which of them the database acknowledged and when. It keeps
//! three answers apart, because a drill's verdict hangs on the difference: *acknowledged* (the
//! database promised to keep the row), *refused* (it said no) and *unknown* (the answer was lost).
//! Only an acknowledged row can be lost.
//!
//! ```text
//! stdin:  config line ... "stop"      writer --+
//!                                     reader --+--> reporter --> stdout: one JSON line per event
//! ```
//! Every try is a simple query without session state, because a transaction pooler stands in
//! between.

mod config;
mod event;
mod ledger;
mod load;
mod ranges;
mod readback;
mod reporter;
mod run;
mod session;
mod statement;
mod trier;

pub use config::{Endpoint, Login, Mode, Password, ProbeConfig, ProbeConfigError};
pub use event::{Ack, PROBE_FORMAT_VERSION, ProbeEvent, ProbeLine, Purpose, ReadAnswer, Summary};
pub use ranges::IdRanges;
pub use run::{ProbeError, run};
