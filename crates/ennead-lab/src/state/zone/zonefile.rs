//! Zones as text. Source: RFC 1035, section 5, and the official description, "Zone file import".

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ennead_hcloud::types::ResourceRecord;
use hickory_proto::serialize::txt::parse_ttl;

use super::name::check_set_name;
use super::rrset::{check_alone, check_records};
use super::words::{Entry, entries};
use super::{KINDS, Mode, NAMESERVERS, RrSetRecord, SOA, TTL_RANGE, ZoneRecord, ZoneSettings};

/// What a zone file says.
#[derive(Debug, Default)]
pub(super) struct ZoneFile {
    /// Its `$TTL` in seconds.
    pub(super) ttl: Option<u32>,
    /// The sets by id.
    pub(super) sets: BTreeMap<String, RrSetRecord>,
}

/// Renders a zone file: the SOA first, then by name.
pub(super) fn render_zonefile(zone: &ZoneRecord) -> String {
    let mut text = format!("$ORIGIN\t{}.\n$TTL\t{}\n", zone.name, zone.settings.ttl);
    let mut sets: Vec<_> = zone.sets.iter().collect();
    sets.sort_by_key(|(id, _)| *id != SOA);
    for (_, set) in sets {
        let ttl = set.ttl.map(|ttl| format!("{ttl}\t")).unwrap_or_default();
        text.push('\n');
        for record in &set.records {
            let comment = match record.comment.as_str() {
                "" => String::new(),
                comment => format!(" ; {comment}"),
            };
            let (name, kind, value) = (&set.name, &set.kind, &record.value);
            // Writing to a string cannot fail.
            writeln!(text, "{name}\tIN\t{ttl}{kind}\t{value}{comment}").unwrap_or_default();
        }
    }
    text
}

/// Reads a zone file. Comments are dropped.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn read_zonefile(text: &str, zone: &str) -> Result<ZoneFile, String> {
    let mut file = ZoneFile::default();
    let mut owner = None;
    for entry in entries(text)? {
        let line = entry.line;
        let fail = |why: String| format!("line {line}: {why}");
        read_entry(&mut file, entry, zone, &mut owner).map_err(fail)?;
    }
    check_whole(&file, zone)?;
    Ok(file)
}

fn read_entry(
    file: &mut ZoneFile,
    entry: Entry,
    zone: &str,
    owner: &mut Option<String>,
) -> Result<(), String> {
    let is_indented = entry.is_indented;
    let mut words = entry.words.into_iter().peekable();
    if let Some(directive) = words.next_if(|word| !is_indented && word.starts_with('$')) {
        return read_directive(file, &directive, words.collect::<Vec<_>>().as_slice(), zone);
    }
    if !is_indented {
        *owner = words.next().map(|name| relative(&name, zone));
    }
    let name = owner.clone().ok_or("the first record has no name")?;
    let mut ttl = None;
    let kind = loop {
        let word = words.next().ok_or("there is no type")?;
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "IN" => {}
            "CH" | "HS" | "CS" => return Err(format!("class {upper} is not supported")),
            kind if KINDS.contains(&kind) => break upper,
            _ => ttl = Some(read_ttl(&word).map_err(|_| format!("'{word}' is no known type"))?),
        }
    };
    let words: Vec<String> = words.collect();
    let value = match kind.as_str() {
        "TXT" => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        _ => words.join(" "),
    };
    check_set_name(&name, zone).map_err(|why| format!("name '{name}' {why}"))?;
    let record = ResourceRecord { value, comment: String::new() };
    add_record(file, name, kind, ttl, record, zone)
}

fn add_record(
    file: &mut ZoneFile,
    name: String,
    kind: String,
    ttl: Option<u32>,
    record: ResourceRecord,
    zone: &str,
) -> Result<(), String> {
    let set = RrSetRecord {
        name,
        kind,
        ttl,
        labels: BTreeMap::new(),
        is_protected: false,
        records: Vec::new(),
    };
    let set = file.sets.entry(set.id()).or_insert(set);
    if set.ttl != ttl {
        return Err(format!("the records of RRSet '{}' have several TTLs", set.id()));
    }
    set.records.push(record);
    check_records(&set.kind, &set.records, zone).map(drop)
}

fn read_directive(
    file: &mut ZoneFile,
    directive: &str,
    words: &[String],
    zone: &str,
) -> Result<(), String> {
    match (directive, words) {
        ("$ORIGIN", [origin]) if *origin == format!("{zone}.") => Ok(()),
        ("$ORIGIN", _) => Err(format!("$ORIGIN must be '{zone}.'")),
        ("$TTL", [ttl]) => {
            file.ttl = Some(read_ttl(ttl)?);
            Ok(())
        }
        _ => Err(format!("directive '{directive}' is not supported")),
    }
}

fn read_ttl(word: &str) -> Result<u32, String> {
    let ttl = parse_ttl(word).map_err(|error| format!("TTL '{word}': {error}"))?;
    let why =
        || format!("TTL '{word}' is not between {} and {}", TTL_RANGE.start(), TTL_RANGE.end());
    if TTL_RANGE.contains(&ttl) { Ok(ttl) } else { Err(why()) }
}

/// Returns a name relative to the zone; one of another zone stays as it is.
fn relative(name: &str, zone: &str) -> String {
    let Some(absolute) = name.strip_suffix('.') else { return name.to_ascii_lowercase() };
    let absolute = absolute.to_ascii_lowercase();
    match absolute.strip_suffix(zone) {
        Some("") => "@".to_owned(),
        Some(rest) if rest.ends_with('.') => rest.trim_end_matches('.').to_owned(),
        _ => name.to_owned(),
    }
}

fn quoted(word: &str) -> String {
    if word.starts_with('"') { word.to_owned() } else { format!("\"{word}\"") }
}

/// Checks what only the whole file shows.
fn check_whole(file: &ZoneFile, zone: &str) -> Result<(), String> {
    if !file.sets.contains_key(SOA) {
        return Err("there is no SOA record".to_owned());
    }
    let named = file.sets.get("@/NS").map(|set| set.records.as_slice()).unwrap_or_default();
    for server in NAMESERVERS {
        if !named.iter().any(|record| record.value.eq_ignore_ascii_case(server)) {
            return Err(format!("there is no NS record '{server}'"));
        }
    }
    let whole = ZoneRecord {
        id: 0,
        name: zone.to_owned(),
        mode: Mode::Primary,
        settings: ZoneSettings { ttl: 0, is_protected: false, primary_nameservers: Vec::new() },
        labels: BTreeMap::new(),
        created: String::new(),
        sets: file.sets.clone(),
        is_deleting: false,
    };
    for set in file.sets.values() {
        check_alone(&whole, set, "zonefile").map_err(|refusal| refusal.message)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "$ORIGIN\texample.com.\n$TTL\t600\n\n\
        @\tIN\tSOA\thydrogen.ns.hetzner.com. dns.hetzner.com. ( 2024010100 ; serial\n\
        \t86400 10800 3600000 3600 )\n\
        @\tIN\t10800\tNS\thydrogen.ns.hetzner.com. ; Some comment.\n\
        \tIN\t10800\tNS\toxygen.ns.hetzner.com.\n@ 3h IN NS helium.ns.hetzner.de.\n";

    #[test]
    fn a_file_is_read_in_every_form() {
        let text = format!(
            "{HEAD}www A 203.0.113.1\n\tAAAA 2001:db8::1\nMAIL.example.com. 60 in a 203.0.113.2\n\
             note TXT plain \"two words; here\"\n"
        );
        let file = read_zonefile(&text, "example.com").unwrap();
        assert_eq!(file.ttl, Some(600));
        let ids: Vec<_> = file.sets.keys().map(String::as_str).collect();
        assert_eq!(ids, ["@/NS", "@/SOA", "mail/A", "note/TXT", "www/A", "www/AAAA"]);
        assert_eq!(file.sets["@/NS"].ttl, Some(10800));
        assert_eq!(file.sets["@/NS"].records.len(), 3);
        assert_eq!(file.sets["note/TXT"].records[0].value, "\"plain\" \"two words; here\"");
        assert!(
            file.sets["@/SOA"].records[0].value.ends_with("2024010100 86400 10800 3600000 3600")
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (more, wanted) in [
            ("$INCLUDE /etc/passwd\n", "line 9: directive"),
            ("$ORIGIN other.com.\n", "line 9: $ORIGIN"),
            ("www CH A 203.0.113.1\n", "class CH"),
            ("www A 203.0.113.999\n", "value '203.0.113.999'"),
            ("www 5 A 203.0.113.9\n", "no known type"),
            ("www SPF x\n", "no known type"),
            ("www.other.com. A 203.0.113.9\n", "must not end with a dot"),
            ("www A 203.0.113.9\nwww CNAME web\n", "CNAME"),
            ("www 60 A 203.0.113.8\nwww 90 A 203.0.113.9\n", "several TTLs"),
            ("www A 203.0.113.9\nwww A 203.0.113.9\n", "twice"),
        ] {
            let why = read_zonefile(&format!("{HEAD}{more}"), "example.com").unwrap_err();
            assert!(why.contains(wanted), "{more}: {why}");
        }
        assert!(read_zonefile("", "example.com").unwrap_err().contains("SOA"));
        let other = HEAD.replace("helium", "argon");
        assert!(read_zonefile(&other, "example.com").unwrap_err().contains("helium"));
    }
}
