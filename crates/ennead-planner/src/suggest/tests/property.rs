//! Whatever is suggested holds, on platforms of any shape.

use ennead_spec::generate::any_spec_text;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::brute::{any_promises, any_text};
use super::*;
use crate::check::{check, has_errors};
use crate::survive::{Layout, judge};

/// Shapes that are looked at for one platform: enough for most, and quick.
const SHAPES: usize = 1500;

/// Gives each line a comment of its own, and a line of comment before every table.
fn commented(text: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        let above =
            if line.starts_with('[') { format!("# above {number}.\n") } else { String::new() };
        format!("{above}{line} # behind {number}.\n")
    };
    text.lines().enumerate().map(line).collect()
}

/// Asks, writes each suggestion into the text, and looks at what came out.
fn holds(text: &str, asked: &[Promise]) -> Result<(), TestCaseError> {
    let text = commented(text);
    let spec = read(&text);
    let answer = ask_within(&spec, asked, SHAPES);
    prop_assert_eq!(&answer, &ask_within(&spec, asked, SHAPES));
    for suggestion in &answer.suggestions {
        let changes = suggestion.changes();
        prop_assert!((1..=CHANGES_MAX).contains(&changes.len()));
        let written = write(&text, &spec, &changes, asked, Catalogue::embedded());
        // A promise of the spec that was broken before may stay so when it was not asked for.
        let written = written.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let parsed = parse_spec(&written, Catalogue::embedded());
        prop_assert!(!has_errors(&check(&parsed)), "{}", written);
        let after = parsed.spec.unwrap();
        let layout = Layout::of(&after.fleet, &after.options).unwrap();
        for promise in asked {
            prop_assert!(judge(&layout, promise).kept, "{} {:?}", promise, changes);
        }
        for compared in &suggestion.promises {
            let promise = find_promise(&compared.promise, after.fleet.sites.keys()).unwrap();
            prop_assert_eq!(judge(&layout, &promise).kept, compared.after);
        }
        for comment in text.match_indices('#').map(|(at, _)| text[at..].lines().next().unwrap()) {
            prop_assert!(written.contains(comment), "{} is gone from\n{}", comment, written);
        }
        let again = ask_within(&after, &after.promises, SHAPES);
        prop_assert!(again.is_kept() && again.suggestions.is_empty());
    }
    Ok(())
}

#[test]
fn random_platforms_are_worth_asking_about() {
    // Otherwise the properties below would say nothing.
    let mut runner = TestRunner::deterministic();
    let (mut kept, mut suggested, mut several, mut none) = (0, 0, 0, 0);
    for _ in 0..100 {
        let text = any_text(6).new_tree(&mut runner).unwrap().current();
        let asked = any_promises().new_tree(&mut runner).unwrap().current();
        let answer = ask_within(&read(&text), &asked, SHAPES);
        match answer.suggestions.len() {
            0 if answer.is_kept() => kept += 1,
            0 => none += 1,
            1 => suggested += 1,
            _ => several += 1,
        }
    }
    let counts = [kept, suggested, several, none];
    assert!(kept >= 5 && suggested + several >= 20 && none >= 5, "{counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn suggestions_hold_on_small_platforms(text in any_text(6), asked in any_promises()) {
        holds(&text, &asked)?;
    }

    #[test]
    fn suggestions_hold_on_platforms_of_any_size(text in any_spec_text(), asked in any_promises()) {
        holds(&text, &asked)?;
    }
}
