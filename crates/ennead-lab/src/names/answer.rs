//! What a query is answered. Source: RFC 1034, section 4.3.2; RFC 6891 for EDNS.

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::Zones;
use super::zone::{ServedZone, Sets};

/// Aliases that are followed for one query.
const ALIASES_MAX: usize = 8;

/// Bytes of an answer over UDP to a client that says nothing. Source: RFC 1035.
const UDP_LEAST: u16 = 512;

/// Most bytes of an answer over UDP: what passes every link in one piece. Source: DNS flag day 2020.
const UDP_MOST: u16 = 1232;

/// Bytes of a message's header. Source: RFC 1035.
const HEADER: usize = 12;

/// How a query came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Answers are cut short.
    Udp,
    /// Answers are whole.
    Tcp,
}

/// Answers a packet; nothing to one that is no query at all.
pub(super) fn reply(zones: &Zones, packet: &[u8], transport: Transport) -> Option<Vec<u8>> {
    let Ok(request) = Message::from_vec(packet) else { return malformed(packet) };
    if request.message_type == MessageType::Response {
        return None;
    }
    let response = respond(zones, &request);
    let wire = response.to_vec().ok();
    let most = match transport {
        Transport::Tcp => usize::from(u16::MAX),
        Transport::Udp => {
            let wanted = request.edns.as_ref().map_or(UDP_LEAST, Edns::max_payload);
            usize::from(wanted.clamp(UDP_LEAST, UDP_MOST))
        }
    };
    match wire {
        Some(wire) if wire.len() <= most => Some(wire),
        // Too long even for a message of its own: the client sees that something is missing.
        _ => response.truncate().to_vec().ok(),
    }
}

/// Tells whoever sent something unreadable, as long as it looks like a query.
fn malformed(packet: &[u8]) -> Option<Vec<u8>> {
    let header = packet.get(..HEADER)?;
    let (id, flags) = (u16::from_be_bytes([*header.first()?, *header.get(1)?]), *header.get(2)?);
    let is_query = flags & 0x80 == 0;
    let message = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    is_query.then(|| message.to_vec().ok()).flatten()
}

fn respond(zones: &Zones, request: &Message) -> Message {
    let mut response = Message::new(request.id, MessageType::Response, request.op_code);
    response.metadata = Metadata::response_from_request(&request.metadata);
    response.add_queries(request.queries.iter().cloned());
    if let Some(asked) = &request.edns {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_MOST);
        if asked.version() > 0 {
            response.metadata.response_code = ResponseCode::BADVERS;
            edns.set_rcode_high(ResponseCode::BADVERS.high());
        }
        response.set_edns(edns);
    }
    if response.response_code != ResponseCode::NoError {
        return response;
    }
    let code = match (request.op_code, request.queries.as_slice()) {
        (OpCode::Query, [query]) => answer(zones, query, &mut response),
        (OpCode::Query, _) => ResponseCode::FormErr,
        _ => ResponseCode::NotImp,
    };
    response.metadata.response_code = code;
    response
}

fn answer(zones: &Zones, query: &Query, response: &mut Message) -> ResponseCode {
    let kind = query.query_type();
    if query.query_class() != DNSClass::IN || matches!(kind, RecordType::AXFR | RecordType::IXFR) {
        return ResponseCode::Refused;
    }
    let name = query.name().to_lowercase();
    let Some(zone) = zone_for(zones, &name) else { return ResponseCode::Refused };
    response.metadata.authoritative = true;
    walk(zone, &name, query.name(), kind, response)
}

/// Returns the zone with the longest name that the name is in.
fn zone_for<'a>(zones: &'a Zones, name: &Name) -> Option<&'a ServedZone> {
    let holds = |zone: &&ServedZone| zone.apex.zone_of(name);
    zones.values().filter(holds).max_by_key(|zone| zone.apex.num_labels())
}

/// Follows aliases inside the zone. `asked` is the name as the client wrote it.
fn walk(
    zone: &ServedZone,
    name: &Name,
    asked: &Name,
    kind: RecordType,
    response: &mut Message,
) -> ResponseCode {
    let (mut name, mut owner) = (name.clone(), asked.clone());
    for _ in 0..=ALIASES_MAX {
        if let Some(servers) = zone.delegation(&name).filter(|_| !is_above(zone, &name, kind)) {
            refer(zone, servers, response);
            return ResponseCode::NoError;
        }
        let Some(sets) = zone.sets(&name).or_else(|| zone.wildcard(&name)) else {
            response.add_authority(zone.soa.clone());
            return ResponseCode::NXDomain;
        };
        let found = matching(sets, kind, &owner);
        if !found.is_empty() {
            response.add_answers(found);
            return ResponseCode::NoError;
        }
        let Some(alias) = sets.get(&RecordType::CNAME).and_then(|set| set.first()) else {
            response.add_authority(zone.soa.clone());
            return ResponseCode::NoError;
        };
        response.add_answer(named(alias, &owner));
        let RData::CNAME(target) = &alias.data else { return ResponseCode::ServFail };
        owner = target.0.clone();
        name = owner.to_lowercase();
        if !zone.apex.zone_of(&name) {
            return ResponseCode::NoError;
        }
    }
    // A ring of aliases: what was found so far is the answer.
    ResponseCode::NoError
}

/// A question for DS at a cut belongs to the zone above it.
fn is_above(zone: &ServedZone, name: &Name, kind: RecordType) -> bool {
    let is_cut = zone.sets(name).is_some_and(|sets| sets.contains_key(&RecordType::NS));
    kind == RecordType::DS && is_cut
}

fn matching(sets: &Sets, kind: RecordType, owner: &Name) -> Vec<Record> {
    let records = sets.iter().filter(|(own, _)| kind == RecordType::ANY || **own == kind);
    records.flat_map(|(_, set)| set).map(|record| named(record, owner)).collect()
}

/// Returns a record as one of another name: as it was asked for, or of a wildcard.
fn named(record: &Record, owner: &Name) -> Record {
    let mut record = record.clone();
    record.name = owner.clone();
    record
}

/// Names the servers that know more, with their addresses where this zone knows them.
fn refer(zone: &ServedZone, servers: &[Record], response: &mut Message) {
    response.metadata.authoritative =
        response.answers.iter().any(|record| record.record_type() == RecordType::CNAME);
    response.add_authorities(servers.iter().cloned());
    for server in servers {
        let RData::NS(server) = &server.data else { continue };
        let Some(sets) = zone.sets(&server.0.to_lowercase()) else { continue };
        for kind in [RecordType::A, RecordType::AAAA] {
            response.add_additionals(sets.get(&kind).into_iter().flatten().cloned());
        }
    }
}
