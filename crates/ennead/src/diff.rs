//! Two texts side by side, line by line: what `diff -u` would show.

/// Lines around a difference.
const CONTEXT: usize = 2;

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It stays.
    Same,
    /// It goes.
    Gone,
    /// It is new.
    New,
    /// It stands for lines that are not shown.
    Cut,
}

/// Returns the lines that differ, with those around them, in the order of the texts.
pub(crate) fn diff<'t>(before: &'t str, after: &'t str) -> Vec<(Mark, &'t str)> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    shorten(&compare(&before, &after))
}

/// Returns every line with its mark, along a longest common sequence.
fn compare<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<(Mark, &'t str)> {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (head, before) = before.split_at(same);
    let (_, after) = after.split_at(same);
    // lengths[i][j]: the longest sequence that the rests from i and from j have in common.
    let mut lengths = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    let at = |lengths: &[Vec<usize>], i: usize, j: usize| {
        lengths.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    };
    for (i, one) in before.iter().enumerate().rev() {
        for (j, other) in after.iter().enumerate().rev() {
            let length = if one == other {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = length;
            }
        }
    }
    let mut lines: Vec<_> = head.iter().map(|line| (Mark::Same, *line)).collect();
    let (mut i, mut j) = (0, 0);
    loop {
        match (before.get(i), after.get(j)) {
            (Some(one), Some(other)) if one == other => {
                lines.push((Mark::Same, *one));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other)
                if other.is_none() || at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) =>
            {
                lines.push((Mark::Gone, *one));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push((Mark::New, *other));
                j += 1;
            }
            (_, None) => return lines,
        }
    }
}

/// Leaves out what is far from every difference.
fn shorten<'t>(lines: &[(Mark, &'t str)]) -> Vec<(Mark, &'t str)> {
    let near = |at: usize| {
        let around = lines.iter().skip(at.saturating_sub(CONTEXT));
        let count = CONTEXT + 1 + at.min(CONTEXT);
        around.take(count).any(|(mark, _)| *mark != Mark::Same)
    };
    let mut shown: Vec<(Mark, &str)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if near(at) {
            shown.push(*line);
        } else if shown.last().is_some_and(|(mark, _)| *mark != Mark::Cut) {
            shown.push((Mark::Cut, ""));
        }
    }
    if shown.last().is_some_and(|(mark, _)| *mark == Mark::Cut) {
        shown.pop();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let sign = |mark| match mark {
            Mark::Same => ' ',
            Mark::Gone => '-',
            Mark::New => '+',
            Mark::Cut => '~',
        };
        let words = |text: &str| text.replace(' ', "\n");
        let (before, after) = (words(before), words(after));
        let lines = diff(&before, &after).into_iter();
        lines.flat_map(|(mark, line)| [sign(mark).to_string(), line.to_owned() + " "]).collect()
    }

    #[test]
    fn differences_stand_among_their_neighbours() {
        assert_eq!(shown("a b c", "a b c"), "");
        assert_eq!(shown("a b c", "a x c"), " a -b +x  c ");
        assert_eq!(shown("a", "a b"), " a +b ");
        assert_eq!(shown("", "a"), "+a ");
        assert_eq!(
            shown("1 2 3 4 5 6 7 8 9 10", "1 x 3 4 5 6 7 8 9"),
            " 1 -2 +x  3  4 ~  8  9 -10 "
        );
        assert_eq!(shown("1 2 3 4 5", "0 1 2 3 4 5"), "+0  1  2 ");
    }

    #[test]
    fn lines_that_are_left_are_the_texts() {
        let (before, after) = ("a\nb\nc\nb\na", "b\nc\na\nb\nb");
        let lines = diff(before, after);
        let of = |other: Mark| -> Vec<&str> {
            lines.iter().filter(|(mark, _)| *mark != other).map(|(_, line)| *line).collect()
        };
        assert_eq!(of(Mark::New), before.lines().collect::<Vec<_>>());
        assert_eq!(of(Mark::Gone), after.lines().collect::<Vec<_>>());
    }
}
