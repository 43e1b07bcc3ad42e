//! One file per verb.

pub(crate) mod audit;
mod availability;
mod capacity;
pub(crate) mod certs;
pub(crate) mod check;
mod claims;
pub(crate) mod completions;
mod cost;
pub(crate) mod down;
pub(crate) mod drill;
pub(crate) mod init;
pub(crate) mod lab;
mod lab_fault;
mod lab_fault_list;
mod lab_status;
pub(crate) mod lab_token;
pub(crate) mod net;
pub(crate) mod node;
pub(crate) mod plan;
pub(crate) mod secrets;
mod secrets_recipients;
pub(crate) mod ssh;
pub(crate) mod status;
mod suggest;
mod survive;
pub(crate) mod up;
pub(crate) mod vpn;
