//! What is said to the kernel's packet filter, in its own words.
//!
//! Source: linux/netfilter/nfnetlink.h, nfnetlink_queue.h, nf_tables.h, nf_tables_compat.h and
//! xt_NFQUEUE.h.

const REQUEST: u16 = 1;
const ACK: u16 = 4;
const CREATE_APPEND: u16 = 0x400 | 0x800;
const ERROR: u16 = 2;

const QUEUE_PACKET: u16 = 3 << 8;
const QUEUE_VERDICTS: u16 = (3 << 8) | 3;
const QUEUE_CONFIG: u16 = (3 << 8) | 2;
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;
const NEW_RULE: u16 = (10 << 8) | 6;

/// `NFPROTO_IPV4`.
const IPV4: u8 = 2;
/// `NF_ACCEPT`.
const ACCEPT: u32 = 1;
const HEADER: usize = 20;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn nested(kind: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | 0x8000, &parts.concat())
}

fn text(kind: u16, text: &str) -> Vec<u8> {
    attribute(kind, format!("{text}\0").as_bytes())
}

fn message(kind: u16, flags: u16, family: u8, resource: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend((REQUEST | flags).to_ne_bytes());
    // A number that nobody compares, and the sender, which the kernel knows.
    bytes.extend([0; 8]);
    bytes.extend([family, 0]);
    bytes.extend(resource.to_be_bytes());
    bytes.extend(body);
    bytes
}

/// Opens a queue: bind, metadata only, its length, and packets of the kernel's own size.
pub(super) fn open_queue(queue: u16, length: u32) -> [Vec<u8>; 4] {
    let bind = attribute(1, &[1, 0, 0, IPV4]);
    let copy_metadata = attribute(2, &[0, 0, 0, 0, 1]);
    let length = attribute(3, &length.to_be_bytes());
    let whole_packets = [attribute(4, &4_u32.to_be_bytes()), attribute(5, &4_u32.to_be_bytes())];
    [bind, copy_metadata, length, whole_packets.concat()]
        .map(|body| message(QUEUE_CONFIG, ACK, 0, queue, &body))
}

/// Adds to each chain the rule that hands packets to a queue, or lets them pass when nobody
/// listens.
pub(super) fn queue_targets(table: &str, chains: &[(String, u16)]) -> Vec<u8> {
    let mut bytes = message(BATCH_BEGIN, 0, 0, 10, &[]);
    for (n, (chain, queue)) in chains.iter().enumerate() {
        // Queue, how many, flags with 1 for bypass, filled up to eight bytes.
        let info = [queue.to_ne_bytes(), 1_u16.to_ne_bytes(), 1_u16.to_ne_bytes(), [0, 0]].concat();
        let target = [text(1, "NFQUEUE"), attribute(2, &3_u32.to_be_bytes()), attribute(3, &info)];
        let expression = nested(1, &[text(1, "target"), nested(2, &target)]);
        let body = [text(1, table), text(2, chain), nested(4, &[expression])].concat();
        // One answer for all: a part that fails answers by itself.
        let flags = if n + 1 == chains.len() { ACK | CREATE_APPEND } else { CREATE_APPEND };
        bytes.extend(message(NEW_RULE, flags, IPV4, 0, &body));
    }
    bytes.extend(message(BATCH_END, 0, 0, 10, &[]));
    bytes
}

/// Lets all packets of a queue go up to a number.
pub(super) fn release(queue: u16, last: u32) -> Vec<u8> {
    let verdict = [ACCEPT.to_be_bytes(), last.to_be_bytes()].concat();
    message(QUEUE_VERDICTS, 0, 0, queue, &attribute(2, &verdict))
}

fn number(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at + 4)?.try_into().ok()
}

fn short(bytes: &[u8], at: usize) -> Option<[u8; 2]> {
    bytes.get(at..at + 2)?.try_into().ok()
}

/// Reads an answer: an error number, 0 for none.
pub(super) fn parse_answer(bytes: &[u8]) -> Option<i32> {
    if u16::from_ne_bytes(short(bytes, 4)?) != ERROR {
        return None;
    }
    Some(-i32::from_ne_bytes(number(bytes, 16)?))
}

/// Reads that a packet has come: its queue and its number there.
pub(super) fn parse_packet(bytes: &[u8]) -> Option<(u16, u32)> {
    if u16::from_ne_bytes(short(bytes, 4)?) != QUEUE_PACKET {
        return None;
    }
    let queue = u16::from_be_bytes(short(bytes, 18)?);
    let mut at = HEADER;
    loop {
        let length = usize::from(u16::from_ne_bytes(short(bytes, at)?));
        if u16::from_ne_bytes(short(bytes, at + 2)?) == 1 {
            return Some((queue, u32::from_be_bytes(number(bytes, at + 4)?)));
        }
        if length < 4 {
            return None;
        }
        at += length.next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_filled_up_to_four_bytes() {
        assert_eq!(attribute(2, &[7]), [5, 0, 2, 0, 7, 0, 0, 0]);
    }

    #[test]
    fn a_packet_s_number_is_found_among_its_attributes() {
        let number = attribute(1, &[0, 0, 1, 2, 8, 0, 2]);
        let body = [attribute(8, &[0, 0, 0, 1]), number].concat();
        let bytes = message(QUEUE_PACKET, 0, 2, 9, &body);
        assert_eq!(parse_packet(&bytes), Some((9, 258)));
        assert_eq!(parse_packet(&bytes[..24]), None);
        assert_eq!(parse_packet(&message(QUEUE_CONFIG, 0, 2, 9, &body)), None);
    }

    #[test]
    fn an_error_is_told() {
        let mut bytes = message(ERROR, 0, 0, 0, &[]);
        bytes[16..20].copy_from_slice(&(-2_i32).to_ne_bytes());
        assert_eq!(parse_answer(&bytes), Some(2));
    }
}
