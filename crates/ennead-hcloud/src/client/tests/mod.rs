//! The client against a scripted API: what is sent, how often, and what comes of it.

mod ensuring;
mod fixtures;
mod removing;
mod requests;
mod scripted;
mod waiting;
