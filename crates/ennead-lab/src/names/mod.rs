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

    /// Answers one message; none for what deserves no answer.
    fn reply(&self, packet: &[u8], transport: answer::Transport) -> Option<Vec<u8>> {
        let zones = self.zones.read().unwrap_or_else(PoisonError::into_inner);
        answer::reply(&zones, packet, transport)
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::{Name, RecordType};
    use proptest::prelude::*;

    use super::*;
    use crate::state::zone::{EXAMPLES, parse_value};
    use crate::world::RecordSet;

    const SOA: &str = "hydrogen.ns.hetzner.com. dns.hetzner.com. 7 86400 10800 3600000 60";

    fn serve(sets: &[(&str, &str, &str)]) -> NameServer {
        let set = |(name, kind, value): &(&str, &str, &str)| RecordSet {
            name: (*name).into(),
            kind: (*kind).into(),
            ttl: 60,
            values: vec![(*value).into()],
        };
        let records = std::iter::once(&("@", "SOA", SOA)).chain(sets).map(set).collect();
        let names = NameServer::default();
        names.publish(&ZoneSeed { name: "example.com".into(), records }).unwrap();
        names
    }

    fn query(name: Name, kind: RecordType) -> Vec<u8> {
        let mut message = Message::new(1, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name, kind));
        message.to_vec().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_packet_brings_it_down(packet in prop::collection::vec(any::<u8>(), 0..200)) {
            let names = serve(&[("www", "A", "203.0.113.1")]);
            names.reply(&packet, answer::Transport::Udp);
            names.reply(&packet, answer::Transport::Tcp);
        }

        #[test]
        fn no_broken_query_brings_it_down(place in 0..33_usize, byte in any::<u8>()) {
            let names = serve(&[("*", "CNAME", "www"), ("a.b", "NS", "ns.a.b")]);
            let mut packet = query(Name::from_ascii("x.a.b.example.com.").unwrap(), RecordType::A);
            if let Some(broken) = packet.get_mut(place) {
                *broken = byte;
            }
            if let Some(reply) = names.reply(&packet, answer::Transport::Udp) {
                prop_assert!(Message::from_vec(&reply).is_ok());
            }
        }

        #[test]
        fn whatever_is_taken_as_a_value_is_answered(
            place in 0..EXAMPLES.len(),
            edits in prop::collection::vec((0..60_usize, "[0-9a-z.:@\"\\\\=,$*_ -]{0,2}"), 0..4),
        ) {
            let (kind, example) = EXAMPLES[place];
            let mut signs: Vec<char> = example.chars().collect();
            for (place, other) in edits {
                let place = place % signs.len().max(1);
                signs.splice(place..(place + 1).min(signs.len()), other.chars());
            }
            let value: String = signs.into_iter().collect();
            let zone = Name::from_ascii("example.com.").unwrap();
            if kind == "SOA" || parse_value(kind, &value, &zone).is_err() {
                return Ok(());
            }
            let names = serve(&[("x", kind, &value)]);
            let asked = query(
                Name::from_ascii("x.example.com.").unwrap(),
                crate::state::zone::record_type(kind).unwrap(),
            );
            let reply = names.reply(&asked, answer::Transport::Tcp).unwrap();
            let reply = Message::from_vec(&reply);
            prop_assert!(reply.is_ok(), "{kind} {value}: {reply:?}");
        }
    }
}
