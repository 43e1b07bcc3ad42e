//! The page that `ennead check --html` writes: one file that needs no other, for a phone, a desk and
//! paper.

mod map;

use askama::Template;
use ennead_planner::survive::{Entry, Layout, Outcome, SERVICES, Survival, map};

/// What the page is made of. A field that the page names and this lacks does not compile.
#[derive(Template)]
#[template(path = "check.html")]
struct Page<'a> {
    platform: &'a str,
    spec_sha256: &'a str,
    version: &'a str,
    survival: &'a Survival,
    services: [&'a str; 4],
    /// How many sets the pictures show.
    spots: usize,
    /// Each service with its picture; none when there are too many sets.
    maps: Vec<(&'a str, String)>,
    /// A class with its words.
    legend: [(&'a str, &'a str); 5],
    /// A case and service, and why it does not come back by itself.
    reasons: Vec<(String, String)>,
}

impl Page<'_> {
    /// Returns the class of a cell.
    #[expect(clippy::unused_self, reason = "the template calls methods of the page")]
    fn class(&self, entry: &Entry) -> &'static str {
        class_of(entry.outcome)
    }
}

fn class_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Up => "up",
        Outcome::UpAfter { .. } => "up-after",
        Outcome::ReadOnly => "read-only",
        Outcome::ByHand => "by-hand",
        Outcome::DataLost { .. } => "data-lost",
        Outcome::Down => "down",
    }
}

/// Returns the page as HTML.
///
/// # Errors
/// The template could not be filled in.
pub(crate) fn check(
    platform: &str,
    spec_sha256: &str,
    layout: &Layout,
    survival: &Survival,
) -> Result<String, askama::Error> {
    let sets = map(layout).unwrap_or_default();
    let picture = |(at, service)| (service, map::picture(layout, &sets, at));
    let maps = if sets.is_empty() {
        Vec::new()
    } else {
        SERVICES.into_iter().enumerate().map(picture).collect()
    };
    Page {
        platform,
        spec_sha256,
        version: env!("CARGO_PKG_VERSION"),
        survival,
        services: SERVICES,
        spots: sets.iter().map(Vec::len).sum(),
        maps,
        legend: [
            ("up", "up"),
            ("up-after", "up after some seconds, by itself"),
            ("by-hand", "read-only, or by hand; nothing lost"),
            ("data-lost", "by hand, the last commits may be lost"),
            ("down", "down until servers come back"),
        ],
        reasons: reasons(survival),
    }
    .render()
}

fn reasons(survival: &Survival) -> Vec<(String, String)> {
    let rows = survival.rows.iter();
    let cases = rows.flat_map(|row| row.services.iter().map(|it| (row.case.as_str(), it)));
    // The cases have the components' services; the others stand in the matrix alone.
    let others = survival.matrix.rows.iter().skip(SERVICES.len());
    let columns = &survival.matrix.columns;
    let others = others.flat_map(|row| columns.iter().map(String::as_str).zip(row.cells.iter()));
    let bad = cases.chain(others).filter(|(_, it)| !it.outcome.by_itself());
    bad.map(|(case, it)| {
        let outcome = format!("{} {}: {}.", it.service, it.outcome, it.reason);
        (case.to_owned(), outcome)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;
    use ennead_planner::survive::survive;
    use ennead_spec::parse_spec;

    use super::*;

    fn page_of(text: &str) -> (String, Survival) {
        let spec = parse_spec(text, Catalogue::embedded()).spec.unwrap();
        let layout = Layout::of(&spec.fleet, &spec.options).unwrap();
        let survival = survive(&layout);
        (check(&spec.platform, "0a1b", &layout, &survival).unwrap(), survival)
    }

    #[test]
    fn the_page_has_every_promise_case_and_set() {
        for preset in ennead_spec::PRESETS {
            let (page, survival) = page_of(preset.text);
            for it in &survival.promises {
                assert!(page.contains(&it.promise), "{}", it.promise);
            }
            for row in &survival.rows {
                assert!(page.contains(&row.case), "{}", row.case);
            }
            let sets: usize = survival.sets.sizes.iter().map(|size| size.sets).sum();
            // Each set once per service, and the legend.
            assert_eq!(page.matches("<rect").count(), sets * SERVICES.len() + 5);
            assert!(!page.contains("http"), "it needs nothing from elsewhere");
        }
    }

    #[test]
    fn words_of_a_spec_stay_words() {
        let spec = parse_spec(ennead_spec::PRESETS[0].text, Catalogue::embedded()).spec.unwrap();
        let layout = Layout::of(&spec.fleet, &spec.options).unwrap();
        let page = check("<script>", "0a1b", &layout, &survive(&layout)).unwrap();
        assert!(!page.contains("<script>") && page.contains("script"));
    }
}
