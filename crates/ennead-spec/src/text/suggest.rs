//! "Did you mean".

/// How many candidates a hint lists, so that it stays a line that can be read.
const LISTED_MAX: usize = 12;

/// Returns the candidate that a person most likely meant, if one is near enough: at most one typing
/// mistake for every three characters, or one is the beginning of the other.
pub(crate) fn closest<'c>(
    text: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let text: String = text.chars().take(80).collect();
    let limit = (text.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        let prefix = text.len() >= 3 && candidate.starts_with(&text)
            || candidate.len() >= 3 && text.starts_with(candidate);
        if prefix { 1 } else { strsim::damerau_levenshtein(&text, candidate) }
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != text)
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns a hint: the nearest candidate, or all of them when there is none near.
pub(crate) fn did_you_mean<'c>(
    text: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> String {
    if let Some(near) = closest(text, candidates.clone()) {
        return format!("did you mean {near:?}?");
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    let shown = all.iter().take(LISTED_MAX).copied().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => format!("there are no {what}"),
        count if count > LISTED_MAX => {
            format!("{what}: {shown} and {} more", count - LISTED_MAX)
        }
        _ => format!("{what}: {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let keys = ["address", "site", "tier", "server_type"];
        assert_eq!(closest("adress", keys), Some("address"));
        assert_eq!(closest("server", keys), Some("server_type"));
        assert_eq!(closest("tiers", keys), Some("tier"));
        assert_eq!(closest("banana", keys), None);
        assert_eq!(did_you_mean("x", "keys", ["a1", "b1"]), "keys: a1, b1");
        assert_eq!(did_you_mean("x", "sites", []), "there are no sites");
    }
}
