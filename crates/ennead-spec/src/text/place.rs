//! Where in the text a path of the spec stands.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use ennead_model::Finding;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A place in a text. Both count from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is known of one path: where its key begins, and what bytes belong to it.
#[derive(Debug, Clone)]
struct Entry {
    position: Position,
    spans: [Range<usize>; 2],
}

/// Every path of a spec, for example `nodes.n1.address`, and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Places {
    entries: BTreeMap<String, Entry>,
}

impl Places {
    /// Notes the paths of a document.
    pub(crate) fn of(text: &str, root: &DeTable<'_>) -> Self {
        let lines = Lines::of(text);
        let mut places = Self::default();
        places.note_table(&lines, "", root);
        places
    }

    fn note_table(&mut self, lines: &Lines<'_>, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = join(path, key.get_ref());
            let position = lines.position(key.span().start);
            let spans = [key.span(), value.span()];
            self.entries.insert(path.clone(), Entry { position, spans });
            self.note_value(lines, &path, value);
        }
    }

    fn note_value(&mut self, lines: &Lines<'_>, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(lines, path, table),
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    let position = lines.position(item.span().start);
                    let spans = [item.span(), item.span()];
                    self.entries.insert(path.clone(), Entry { position, spans });
                    self.note_value(lines, &path, item);
                }
            }
            _ => {}
        }
    }

    /// Returns where a path stands, or the nearest path above it that stands in the text.
    pub fn locate(&self, place: &str) -> Option<Position> {
        let mut place = place;
        loop {
            if let Some(entry) = self.entries.get(place) {
                return Some(entry.position);
            }
            place = &place[..place.rfind(['.', '['])?];
        }
    }

    /// Returns whether this very path stands in the text.
    pub fn has(&self, place: &str) -> bool {
        self.entries.contains_key(place)
    }

    /// Returns the longest path whose key or value holds this byte.
    pub(crate) fn path_at(&self, offset: usize) -> Option<&str> {
        let holds = |entry: &Entry| entry.spans.iter().any(|span| span.contains(&offset));
        let paths = self.entries.iter().filter(|(_, entry)| holds(entry));
        paths.map(|(path, _)| path.as_str()).max_by_key(|path| path.len())
    }

    /// Adds line and column to a finding whose place stands in the text. A finding that has them
    /// already, or whose place is not in the text, comes back as it is.
    #[must_use]
    pub fn annotate(&self, mut finding: Finding) -> Finding {
        let noted = finding.message.ends_with(')') && finding.message.contains("(line ");
        if let Some(position) = self.locate(&finding.place).filter(|_| !noted) {
            finding.message = format!("{} ({position})", finding.message);
        }
        finding
    }
}

/// Where the lines of a text begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// Returns the position of a byte; the end of the text for one beyond it.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start..offset).unwrap_or_default();
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        Position { line, column }
    }
}

/// Returns the path of a key inside a table, quoted when it is no bare key, so that a path is
/// always one line.
pub(crate) fn join(path: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let key = if !key.is_empty() && key.len() <= 80 && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("{:?}", key.chars().take(80).collect::<String>())
    };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_know_lines_and_the_nearest_path_above() {
        let text = "a = 1\n[nodes.x]\nsite = \"é\"\nlist = [1,\n  2]\n";
        let root = DeTable::parse(text).unwrap();
        let places = Places::of(text, root.get_ref());
        assert_eq!(places.locate("a").unwrap().to_string(), "line 1, column 1");
        assert_eq!(places.locate("nodes.x").unwrap().to_string(), "line 2, column 8");
        assert_eq!(places.locate("nodes.x.address"), places.locate("nodes.x"));
        assert_eq!(places.locate("nodes.x.list[1]").unwrap().to_string(), "line 5, column 3");
        assert_eq!(places.locate("other"), None);
        assert_eq!(places.path_at(text.find('é').unwrap()), Some("nodes.x.site"));
    }

    #[test]
    fn odd_keys_stay_on_one_line() {
        assert_eq!(join("nodes", "a\nb"), r#"nodes."a\nb""#);
        assert_eq!(join("", "x-1"), "x-1");
    }

    #[test]
    fn findings_get_their_line_once() {
        let text = "a = 1";
        let root = DeTable::parse(text).unwrap();
        let places = Places::of(text, root.get_ref());
        let finding = places.annotate(Finding::error("c", "a.b", "wrong"));
        assert_eq!(finding.message, "wrong (line 1, column 1)");
        assert_eq!(places.annotate(finding.clone()), finding);
    }
}
