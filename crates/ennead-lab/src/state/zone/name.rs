//! Which names zones and record sets may have.

/// Second-level labels under a country's domain that belong to a registry, not to one owner, such
/// as `co.uk`. The cloud knows the whole list of <https://publicsuffix.org>; this short rule covers
/// what labs use, and takes a few names that the list would refuse.
const SHARED: [&str; 16] = [
    "ac", "co", "com", "edu", "gob", "gov", "gv", "ltd", "me", "mil", "ne", "net", "nom", "or",
    "org", "plc",
];

/// Top-level domains that nobody can register names in. Source: RFC 6761, RFC 7686, RFC 9476 and
/// the use of `arpa`.
const SPECIAL: [&str; 9] =
    ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

/// Longest name in characters. Source: RFC 1035.
const NAME_MAX: usize = 253;

/// Checks a zone's name: a domain that somebody can register, lower-case, without a dot at the end.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn check_zone_name(name: &str) -> Result<(), String> {
    let labels: Vec<_> = name.split('.').collect();
    if name.len() > NAME_MAX || !labels.iter().all(|label| is_host_label(label)) {
        return Err("is not a domain name in lower case without a dot at the end".to_owned());
    }
    let (Some(top), count) = (labels.last(), labels.len()) else { return Ok(()) };
    let second = count.checked_sub(2).and_then(|place| labels.get(place));
    let is_top = top.len() >= 2 && (top.chars().all(|c| c.is_ascii_lowercase()) || is_ace(top));
    if !is_top || SPECIAL.contains(top) {
        return Err("has no well-known public suffix".to_owned());
    }
    let is_shared = top.len() == 2 && second.is_some_and(|label| SHARED.contains(label));
    match count.cmp(&if is_shared { 3 } else { 2 }) {
        std::cmp::Ordering::Less => Err("is a public suffix".to_owned()),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err("is a subdomain: these are not supported".to_owned()),
    }
}

/// Checks the name of a record set: relative to the zone, lower-case; `@` is the zone itself and a
/// first label of `*` any name.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn check_set_name(name: &str, zone: &str) -> Result<(), String> {
    if name == "@" {
        return Ok(());
    }
    if name == zone || name.ends_with(&format!(".{zone}")) {
        return Err("must not end with the name of the zone".to_owned());
    }
    if name.ends_with('.') {
        return Err("must not end with a dot".to_owned());
    }
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let is_good = name == "*" || rest.split('.').all(is_label);
    if !is_good || name.len() + 1 + zone.len() > NAME_MAX {
        return Err("is not a name in lower case".to_owned());
    }
    Ok(())
}

/// Records' names may have underscores, as in `_sip._tcp`.
fn is_label(label: &str) -> bool {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    !label.is_empty()
        && label.len() <= 63
        && label.chars().all(is_good)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_host_label(label: &str) -> bool {
    is_label(label) && !label.contains('_')
}

fn is_ace(label: &str) -> bool {
    label.starts_with("xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_can_be_registered_are_zones() {
        for good in [
            "example.com",
            "a.de",
            "example.co.uk",
            "xn--mnchen-3ya.de",
            "my-lab.xn--p1ai",
            "co.com",
        ] {
            assert_eq!(check_zone_name(good), Ok(()), "{good}");
        }
        let long = format!("{}.com", "x".repeat(64));
        for bad in [
            "",
            "com",
            "co.uk",
            "www.example.com",
            "a.b.co.uk",
            "Example.com",
            "example.com.",
            "exa mple.com",
            "-a.com",
            "a_b.com",
            "münchen.de",
            "lab.local",
            "1.2.3.4",
            "a..com",
            "2.0.192.in-addr.arpa",
            &long,
        ] {
            assert!(check_zone_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_of_sets_are_relative() {
        for good in ["@", "www", "*", "*.apps", "_sip._tcp", "a.b.c", "xn--4bi", "notexample.com"] {
            assert_eq!(check_set_name(good, "example.com"), Ok(()), "{good}");
        }
        let long = vec!["a".repeat(60); 4].join(".");
        for bad in [
            "",
            "www.",
            "WWW",
            "www.example.com",
            "example.com",
            "a b",
            "a.*",
            "**",
            "-",
            "é",
            &long,
        ] {
            assert!(check_set_name(bad, "example.com").is_err(), "{bad}");
        }
    }
}
