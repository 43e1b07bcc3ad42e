//! Routes that the cloud has taken out: `/datacenters` since 2026-10-01.

use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/datacenters", gone),
    Route::new(Method::Get, "/datacenters/{id}", gone),
];

const ANNOUNCEMENT: &str = "https://docs.hetzner.cloud/changelog";

fn gone(_: &mut Call<'_>) -> Result<Reply, Refusal> {
    Err(Refusal::gone(ANNOUNCEMENT))
}
