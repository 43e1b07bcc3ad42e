//! Which labels an object may carry.

use ennead_hcloud::types::Labels;

/// Checks every key and value.
///
/// # Errors
/// The first wrong key or value, in words.
pub fn check_labels(labels: &Labels) -> Result<(), String> {
    for (key, value) in labels {
        check_key(key)?;
        if !is_value(value) {
            return Err(format!("label value '{value}' of '{key}' is not correctly formatted"));
        }
    }
    Ok(())
}

/// Checks a key: an optional DNS subdomain and a slash, then a name.
///
/// # Errors
/// Why it is wrong, in words.
pub fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix == Some("hetzner.cloud") {
        return Err(format!("label key '{key}' has the reserved prefix 'hetzner.cloud/'"));
    }
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) || name.is_empty() || !is_value(name) {
        return Err(format!("label key '{key}' is not correctly formatted"));
    }
    Ok(())
}

/// Returns whether the text may be a value: empty, or at most 63 letters, digits, `-`, `_` and `.`
/// with a letter or digit at both ends.
pub fn is_value(text: &str) -> bool {
    let ends = |edge: Option<char>| edge.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && ends(text.chars().next())
        && ends(text.chars().next_back())
}

/// Returns whether the text is a DNS name: dot-separated labels of letters, digits and inner dashes.
pub fn is_subdomain(text: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && is_value(label) && !label.contains(['_', '.']);
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_follow_the_official_rules() {
        for good in ["a", "A9", "just-a-key", "example.com/my", "a_b.c", &"k".repeat(63)] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        let long = "k".repeat(64);
        for bad in ["", "-a", "a-", "a/", "/a", "a/b/c", "ä", "a b", "hetzner.cloud/x", &long] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
        assert!(is_value(""));
        assert!(!is_value("-"));
        assert!(!is_value(&"v".repeat(64)));
    }

    #[test]
    fn a_wrong_value_is_named() {
        let labels = Labels::from([("tier".to_owned(), "two words".to_owned())]);
        assert!(check_labels(&labels).unwrap_err().contains("two words"));
    }
}
