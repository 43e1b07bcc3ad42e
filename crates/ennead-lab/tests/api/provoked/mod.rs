//! Provokes the errors that the official description documents, each by what leads to it.

mod busy;
mod by_fault;
mod elsewhere;
mod every;
mod general;
mod networks;
mod own;
mod zone_mode;

pub(crate) use by_fault::OWN as OWN_BY_FAULT;

use crate::documented::Record;

/// Provokes all of them and returns every answer that was met.
pub(crate) async fn walk() -> Record {
    let mut met = every::walk().await;
    for more in [
        own::walk().await,
        elsewhere::walk().await,
        networks::walk().await,
        zone_mode::walk().await,
        busy::walk().await,
        general::walk().await,
        by_fault::walk().await,
    ] {
        met.extend(more);
    }
    met
}
