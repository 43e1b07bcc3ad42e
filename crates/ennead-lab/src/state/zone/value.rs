//! Which values the records of each type may have.

use std::str::FromStr as _;

use hickory_proto::rr::rdata::{NULL, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};
use hickory_proto::serialize::txt::Parser;

use super::words::{split, unquote};

/// Types of record sets. Source: the official description of the resource.
pub const KINDS: [&str; 16] = [
    "A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR", "RP", "SOA", "SRV",
    "SVCB", "TLSA", "TXT",
];

/// Number of the type RP, which the DNS library does not know. Source: RFC 1183.
const RP: u16 = 17;

/// Longest string of a TXT record in bytes. Source: RFC 1035, section 3.3.
const STRING_MAX: usize = 255;

/// Returns the DNS library's type of one of [`KINDS`].
pub fn record_type(kind: &str) -> Option<RecordType> {
    match kind {
        "RP" => Some(RecordType::from(RP)),
        _ if KINDS.contains(&kind) => RecordType::from_str(kind).ok(),
        _ => None,
    }
}

/// Parses a record's value; names without a dot at the end are relative to the zone.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_value(kind: &str, value: &str, zone: &Name) -> Result<RData, String> {
    let words = split(value)?;
    let (least, most) = word_counts(kind);
    if !(least..=most).contains(&words.len()) {
        return Err(format!("is no value of type {kind}"));
    }
    let data = match kind {
        "TXT" => parse_txt(&words)?,
        "RP" => parse_rp(&words, zone)?,
        _ => parse_other(kind, words, zone)?,
    };
    check_wire(zone, &data).map_err(|error| format!("is no value of type {kind}: {error}"))?;
    Ok(data)
}

/// Checks that a value can be sent and understood: a string of 256 bytes cannot, nor can a property
/// of a CAA record that is no word.
fn check_wire(zone: &Name, data: &RData) -> Result<(), String> {
    let sent = Record::from_rdata(zone.clone(), 0, data.clone()).to_bytes();
    let sent = sent.map_err(|error| error.to_string())?;
    Record::from_bytes(&sent).map(drop).map_err(|error| error.to_string())
}

/// Returns how many words a value has at least and at most.
fn word_counts(kind: &str) -> (usize, usize) {
    match kind {
        "A" | "AAAA" | "CNAME" | "NS" | "PTR" => (1, 1),
        "MX" | "HINFO" | "RP" => (2, 2),
        "CAA" => (3, 3),
        "SRV" => (4, 4),
        "SOA" => (7, 7),
        "DS" | "TLSA" => (4, usize::MAX),
        "HTTPS" | "SVCB" => (2, usize::MAX),
        _ => (1, usize::MAX),
    }
}

fn parse_txt(words: &[String]) -> Result<RData, String> {
    let mut strings = Vec::new();
    for word in words {
        let bytes = unquote(word)?;
        if bytes.len() > STRING_MAX {
            return Err(format!("contains a string of more than {STRING_MAX} bytes"));
        }
        strings.push(bytes);
    }
    Ok(RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect())))
}

fn parse_rp(words: &[String], zone: &Name) -> Result<RData, String> {
    let mut wire = Vec::new();
    for word in words {
        let name = if word == "@" { Ok(zone.clone()) } else { Name::parse(word, Some(zone)) };
        let bytes = name.and_then(|name| name.to_bytes());
        wire.extend(bytes.map_err(|error| format!("is no value of type RP: {error}"))?);
    }
    Ok(RData::Unknown { code: RecordType::from(RP), rdata: NULL::with(wire) })
}

fn parse_other(kind: &str, mut words: Vec<String>, zone: &Name) -> Result<RData, String> {
    for word in &mut words {
        if word == "@" {
            *word = zone.to_ascii();
        }
    }
    let line = format!("@ 60 IN {kind} {}\n", words.join(" "));
    let parsed = Parser::new(line, None, Some(zone.clone())).parse();
    let (_, sets) = parsed.map_err(|error| format!("is no value of type {kind}: {error}"))?;
    let record = sets.values().find_map(|set| set.records_without_rrsigs().next());
    let data = record.map(|record| record.data.clone());
    let data = data.filter(|data| Some(data.record_type()) == record_type(kind));
    data.ok_or_else(|| format!("is no value of type {kind}"))
}

/// A value of each of [`KINDS`].
#[cfg(test)]
pub(crate) const EXAMPLES: [(&str, &str); 16] = [
    ("A", "203.0.113.7"),
    ("AAAA", "2001:db8::1"),
    ("CAA", "0 issue \"letsencrypt.org\""),
    ("CNAME", "web"),
    ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    ("HINFO", "\"ARM\" \"Linux\""),
    ("HTTPS", "1 . alpn=h2,h3 ipv4hint=203.0.113.7"),
    ("MX", "10 mail.example.net."),
    ("NS", "ns1.example.net."),
    ("PTR", "host.example.net."),
    ("RP", "admin.example.com. ."),
    ("SOA", "hydrogen.ns.hetzner.com. dns.hetzner.com. 2024010100 86400 10800 3600000 3600"),
    ("SRV", "0 5 5060 sip"),
    ("SVCB", "1 svc.example.net. port=8443"),
    ("TLSA", "3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"),
    ("TXT", "\"v=spf1 -all\" \"more; of it\""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: &str, value: &str) -> Result<RData, String> {
        parse_value(kind, value, &Name::from_ascii("example.com.").unwrap())
    }

    #[test]
    fn every_type_has_a_value_that_is_taken() {
        assert_eq!(EXAMPLES.map(|(kind, _)| kind), KINDS);
        for (kind, value) in EXAMPLES {
            let data = parse(kind, value).unwrap_or_else(|why| panic!("{kind} {value}: {why}"));
            assert_eq!(Some(data.record_type()), record_type(kind), "{kind}");
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        let long = format!("\"{}\"", "x".repeat(256));
        for (kind, value) in [
            ("A", "203.0.113.256"),
            ("A", "2001:db8::1"),
            ("A", "203.0.113.7 203.0.113.8"),
            ("A", ""),
            ("A", "203.0.113.7\n$INCLUDE /etc/passwd"),
            ("AAAA", "203.0.113.7"),
            ("CAA", "issue \"x\""),
            ("CAA", "0 is.sue \"x\""),
            ("CNAME", "two words"),
            ("CNAME", "a..b"),
            ("DS", "60485 5 1 xyz"),
            ("HTTPS", "x ."),
            ("MX", "mail.example.com."),
            ("RP", "one."),
            ("SOA", "a. b. 1"),
            ("SRV", "0 5 99999 sip"),
            ("TLSA", "3 1 1 zz"),
            ("TXT", "without quotes"),
            ("TXT", &long),
            ("AXFR", "x"),
        ] {
            assert!(parse(kind, value).is_err(), "{kind} {value}");
        }
    }

    #[test]
    fn relative_names_end_with_the_zone() {
        assert_eq!(parse("CNAME", "web").unwrap().to_string(), "web.example.com.");
        assert_eq!(parse("MX", "10 @").unwrap().to_string(), "10 example.com.");
        assert_eq!(parse("NS", "a.b.").unwrap().to_string(), "a.b.");
    }
}
