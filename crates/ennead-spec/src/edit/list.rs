//! Lists of words in a text: what stands around a word stays.

use std::collections::VecDeque;

use toml_edit::{Array, RawString, Value};

/// Makes the list hold these words; `None` when it holds anything but words.
pub(super) fn change(array: &mut Array, words: &[String]) -> Option<()> {
    let old: Vec<String> =
        array.iter().map(|it| it.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    let mut new: VecDeque<&String> = words.iter().filter(|it| !old.contains(it)).collect();
    let mut gone: VecDeque<usize> = VecDeque::new();
    for (index, word) in old.iter().enumerate() {
        if words.contains(word) {
            continue;
        }
        match new.pop_front() {
            Some(word) => drop(array.replace(index, word.as_str())),
            None => gone.push_front(index),
        }
    }
    // From the last to the first, so that the others keep their places.
    for index in gone {
        remove(array, index);
    }
    for word in new {
        push(array, word);
    }
    Some(())
}

/// Takes a word out. Comments before it stay.
fn remove(array: &mut Array, index: usize) {
    let gone = array.remove(index);
    let before = text(gone.decor().prefix());
    let after = text(gone.decor().suffix());
    if let Some(next) = array.get_mut(index) {
        let own = text(next.decor().prefix());
        let prefix = match (before.contains('#'), index) {
            (true, _) => before.trim_end().to_owned() + &line_break(&own) + own.trim_start(),
            (false, 0) if !own.contains('#') => before,
            (false, _) => own,
        };
        next.decor_mut().set_prefix(prefix);
        return;
    }
    if before.contains('#') {
        let trailing = before.trim_end().to_owned() + "\n" + &text(Some(array.trailing()));
        array.set_trailing(trailing);
    }
    let comma = array.trailing_comma();
    let last = array.len().checked_sub(1).and_then(|last| array.get_mut(last));
    if let (Some(last), false) = (last, comma) {
        last.decor_mut().set_suffix(after);
    }
}

/// Adds a word at the end, on a line of its own when the others have theirs.
fn push(array: &mut Array, word: &str) {
    let mut value = Value::from(word);
    let comma = array.trailing_comma();
    let trailing = text(Some(array.trailing()));
    let last = array.len().checked_sub(1).and_then(|last| array.get_mut(last));
    let Some(last) = last else {
        array.push(word);
        return;
    };
    let own = text(last.decor().prefix());
    let indent = if own.contains('\n') { line_break(&own) } else { " ".to_owned() };
    let mut prefix = indent;
    if comma {
        // What stands behind the last comma on its line belongs to the word before it.
        let (line, rest) = trailing.split_once('\n').map_or(("", None), |(a, b)| (a, Some(b)));
        if let (true, Some(rest)) = (line.contains('#'), rest) {
            prefix = format!("{line}{prefix}");
            array.set_trailing(format!("\n{rest}"));
        }
    } else {
        let suffix = text(last.decor().suffix());
        last.decor_mut().set_suffix("");
        value.decor_mut().set_suffix(suffix);
    }
    value.decor_mut().set_prefix(prefix);
    array.push_formatted(value);
}

/// Returns the last line break of what stands before a word, with the indentation after it.
fn line_break(prefix: &str) -> String {
    prefix.rfind('\n').and_then(|at| prefix.get(at..)).unwrap_or("\n").to_owned()
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}
