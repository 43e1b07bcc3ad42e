//! Tokens of the API: 64 letters that open one project.

use std::fmt;

use ennead_model::sha256_hex;
use rand::Rng as _;
use rand::distr::Alphanumeric;

/// Length of a token. Source: the cloud's own have 64 characters.
const TOKEN_LENGTH: usize = 64;

/// The project of tokens that name none.
pub(crate) const DEFAULT_PROJECT: &str = "default";

/// A token of the API. Its text appears in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct LabToken {
    text: String,
    /// Whether it may only read.
    pub is_read_only: bool,
    /// The project that it opens.
    pub project: String,
}

impl LabToken {
    /// Makes a token that may do everything in the default project.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_read_only: false, project: DEFAULT_PROJECT.to_owned() }
    }

    /// Makes a token that may only read.
    pub fn read_only(text: impl Into<String>) -> Self {
        Self { is_read_only: true, ..Self::new(text) }
    }

    /// Returns the token for another project.
    #[must_use]
    pub fn in_project(self, project: impl Into<String>) -> Self {
        Self { project: project.into(), ..self }
    }

    /// Makes a random one.
    pub(crate) fn random() -> Self {
        let letters = rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH);
        Self::new(letters.map(char::from).collect::<String>())
    }

    /// Returns whether it is the lab's own: everything in the default project.
    pub(crate) fn is_main(&self) -> bool {
        !self.is_read_only && self.project == DEFAULT_PROJECT
    }

    /// Returns the text for the one who has to send it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what is kept in place of the text.
    pub(crate) fn digest(&self) -> String {
        digest(&self.text)
    }
}

impl fmt::Debug for LabToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabToken")
            .field("project", &self.project)
            .field("is_read_only", &self.is_read_only)
            .finish_non_exhaustive()
    }
}

/// Returns what is kept in place of a token's text. A token has more chance in it than the digest.
pub(crate) fn digest(text: &str) -> String {
    sha256_hex(text)
}
