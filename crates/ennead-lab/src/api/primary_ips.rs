//! `/primary_ips`.

use super::route::Route;

/// Its routes.
pub const ROUTES: &[Route] = &[];
