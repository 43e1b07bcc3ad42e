//! Changes to a spec's text that leave everything else as it is: comments, order, layout.
//!
//! Nothing here knows whether the outcome is a sound spec: whoever edits reads the text again.

mod list;
#[cfg(test)]
mod tests;

use thiserror::Error;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

/// A change that this text does not take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// The text is not TOML.
    #[error("the text cannot be read: {0}")]
    Syntax(String),
    /// A place that has another form than is needed to change it.
    #[error("{0} is written in a form that cannot be changed here")]
    Form(String),
}

/// The value of a new key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// The text of a spec, to be changed.
#[derive(Debug, Clone)]
pub struct SpecText {
    document: DocumentMut,
    /// Whether every line ends as on Windows.
    carriage_returns: bool,
}

impl SpecText {
    /// Reads a text.
    ///
    /// # Errors
    /// [`EditError::Syntax`].
    pub fn read(text: &str) -> Result<Self, EditError> {
        let one_line = |error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned());
        let carriage_returns =
            text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
        Ok(Self { document: text.parse().map_err(one_line)?, carriage_returns })
    }

    /// Returns the text with every change that was made.
    pub fn text(&self) -> String {
        let text = self.document.to_string();
        if self.carriage_returns { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
    }

    /// Sets a whole number, for example of `["components", "postgres"]`. The comment behind the old
    /// value stays.
    ///
    /// # Errors
    /// [`EditError::Form`].
    pub fn set_integer(&mut self, table: &[&str], key: &str, to: i64) -> Result<(), EditError> {
        self.set(table, key, to.into())
    }

    /// Makes a key hold a text. A key that is missing is made.
    ///
    /// # Errors
    /// [`EditError::Form`].
    pub fn set_text(&mut self, table: &[&str], key: &str, to: &str) -> Result<(), EditError> {
        self.set(table, key, to.into())
    }

    fn set(&mut self, table: &[&str], key: &str, to: Value) -> Result<(), EditError> {
        let found = self.table(table)?;
        match found.get_mut(key) {
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = to;
                *old.decor_mut() = decor;
            }
            Some(_) => return Err(form(table, key)),
            None => drop(found.insert(key, Item::Value(to))),
        }
        Ok(())
    }

    /// Makes a list hold these words: those that it has stay where they are, a new one takes the
    /// place of one that goes, further ones stand at the end. A list that is missing is made.
    ///
    /// # Errors
    /// [`EditError::Form`].
    pub fn set_list(
        &mut self,
        table: &[&str],
        key: &str,
        words: &[String],
    ) -> Result<(), EditError> {
        let found = self.table(table)?;
        if let Some(item) = found.get_mut(key) {
            let array = item.as_array_mut().ok_or_else(|| form(table, key))?;
            return list::change(array, words).ok_or_else(|| form(table, key));
        }
        let words: Array = words.iter().map(String::as_str).collect();
        drop(found.insert(key, value(words)));
        Ok(())
    }

    /// Lets a node run a component besides those of its tier: it leaves the node's `remove`, or
    /// comes into its `add`.
    ///
    /// # Errors
    /// [`EditError::Form`].
    pub fn add_component(&mut self, node: &str, component: &str) -> Result<(), EditError> {
        let path = ["nodes", node];
        let words = |table: &dyn TableLike, key: &str| -> Vec<String> {
            let array = table.get(key).and_then(Item::as_array);
            let words = array.into_iter().flatten().filter_map(Value::as_str);
            words.map(str::to_owned).collect()
        };
        let found = self.table(&path)?;
        let (mut add, mut remove) = (words(found, "add"), words(found, "remove"));
        if remove.iter().any(|it| it == component) {
            remove.retain(|it| it != component);
            return self.set_list(&path, "remove", &remove);
        }
        add.push(component.to_owned());
        self.set_list(&path, "add", &add)
    }

    /// Adds a table after the last one of the same kind, with a comment of one line above it.
    /// `entries` are keys with their values.
    ///
    /// # Errors
    /// [`EditError::Form`], also when there is one of this name.
    pub fn add_table(
        &mut self,
        kind: &str,
        name: &str,
        entries: &[(&str, Entry)],
        comment: &str,
    ) -> Result<(), EditError> {
        let found = self.table(&[kind])?;
        if found.contains_key(name) {
            return Err(form(&[kind], name));
        }
        let mut table = Table::new();
        for (key, entry) in entries {
            let entry = match entry {
                Entry::Text(text) => value(text.as_str()),
                Entry::List(words) => value(words.iter().map(String::as_str).collect::<Array>()),
            };
            table.insert(key, entry);
        }
        table.decor_mut().set_prefix(format!("\n# {comment}\n"));
        drop(found.insert(name, Item::Table(table)));
        Ok(())
    }

    /// Returns a table; those of the path that are missing are made.
    fn table(&mut self, path: &[&str]) -> Result<&mut dyn TableLike, EditError> {
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for (depth, key) in path.iter().enumerate() {
            let made = || {
                let mut made = Table::new();
                // One that only holds tables needs no header.
                made.set_implicit(depth + 1 < path.len());
                Item::Table(made)
            };
            let item = table.entry(key).or_insert_with(made);
            table = item.as_table_like_mut().ok_or_else(|| EditError::Form(path.join(".")))?;
        }
        Ok(table)
    }
}

fn form(table: &[&str], key: &str) -> EditError {
    EditError::Form(format!("{}.{key}", table.join(".")))
}
