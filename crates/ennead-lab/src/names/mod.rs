//! The lab's authoritative name server: answers for the zones that were published, over UDP and TCP.
//!
//! It answers in place of the cloud's name servers, whose names the zones carry. It never recurses:
//! whoever asks for anything else is refused. The caller makes the sockets, so that it can listen in
//! any network namespace. What is not there: zone transfers, DNSSEC and dynamic updates.

mod answer;
mod server;
mod zone;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use hickory_proto::rr::Name;

pub use server::Sockets;
use zone::ServedZone;

use crate::world::ZoneSeed;

/// Zones by name, in lower case.
type Zones = BTreeMap<Name, ServedZone>;

/// A name server. Clones share their zones.
#[derive(Debug, Clone, Default)]
pub struct NameServer {
    zones: Arc<RwLock<Zones>>,
}

impl NameServer {
    /// Answers for a zone in place of what was answered for it before.
    ///
    /// # Errors
    /// What is wrong with a record, in words; then nothing has changed.
    pub fn publish(&self, seed: &ZoneSeed) -> Result<(), String> {
        let zone = ServedZone::from_seed(seed)?;
        let mut zones = self.zones.write().unwrap_or_else(PoisonError::into_inner);
        zones.insert(zone.apex.clone(), zone);
        Ok(())
    }

    /// Answers for a zone no more; no-op when it did not.
    pub fn withdraw(&self, name: &str) {
        let mut zones = self.zones.write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(name) = zone::apex(name) {
            zones.remove(&name);
        }
    }

    /// Returns the names of all zones, without the dot at the end.
    pub fn zones(&self) -> Vec<String> {
        let zones = self.zones.read().unwrap_or_else(PoisonError::into_inner);
        zones.keys().map(|name| name.to_ascii().trim_end_matches('.').to_owned()).collect()
    }

    /// Answers one message; none for what deserves no answer. `limit` is the most bytes that the
    /// answer may have, besides what the client allows.
    fn reply(&self, packet: &[u8], transport: answer::Transport) -> Option<Vec<u8>> {
        let zones = self.zones.read().unwrap_or_else(PoisonError::into_inner);
        answer::reply(&zones, packet, transport)
    }
}
