//! Takes secrets out of texts that were written by other programs.
//!
//! Commands show only their arguments, which never hold a secret. A program that fails may repeat
//! its standard input, though: `psql` quotes the statement that holds the password.

/// Stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Shortest word that is taken for a secret. Generated passwords and keys are longer; names of
/// roles, tables and statements are mostly shorter, and hiding one of those costs only clarity.
pub const SECRET_WORD_CHARS: usize = 16;

/// Texts that must not appear.
#[derive(Clone, Default)]
pub struct Redaction(Vec<String>);

impl Redaction {
    /// Takes every long word of a text that was given to a program in confidence.
    pub fn of_words(text: &str) -> Self {
        let part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
        let long = text.split(|c| !part(c)).filter(|word| word.len() >= SECRET_WORD_CHARS);
        let mut words: Vec<String> = long.map(str::to_owned).collect();
        // The longest first: a word that holds another one must go as a whole.
        words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        Self(words)
    }

    /// Returns the text without them.
    pub fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, word| text.replace(word, REDACTED))
    }
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redaction({} words)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_statement_loses_its_password_only() {
        let redaction = Redaction::of_words("ALTER ROLE app PASSWORD 'Zm9vYmFyYmF6cXV4MTIz';");
        let said = "ERROR: role \"app\" does not exist\nLINE 1: ... 'Zm9vYmFyYmF6cXV4MTIz';";
        let shown = redaction.apply(said);
        assert_eq!(shown, "ERROR: role \"app\" does not exist\nLINE 1: ... '[redacted]';");
    }
}
