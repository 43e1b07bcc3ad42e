//! The Hetzner Cloud API: types shared by the client and the lab, client, retries, errors.
//!
//! The types follow the official OpenAPI description of 2026-07-08 with the dated changes after it:
//! no `datacenter` on servers (2026-07-01), no `deprecated` on server types (2026-11-02). Enums that
//! the cloud may extend are texts, so that a new word does not break a response.

pub mod client;
pub mod error;
pub mod types;

pub use client::{Client, Ensured, Owner, RetryPolicy};
pub use error::{Call, CloudError, Retry};
