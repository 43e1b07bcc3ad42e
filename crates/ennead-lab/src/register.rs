//! Who may ask: a lab's projects and their tokens, of which only digests are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::{Code, Refusal};
use crate::token::DEFAULT_PROJECT;

/// Ids that belong to one project: those of project n begin after n times this number. Eight digits
/// keep the names of links short, and 400 projects fit into the four bytes of a MAC address.
const IDS: u64 = 10_000_000;

/// Most projects besides the default one.
const PROJECTS_MAX: u64 = 400;

/// Longest name of a project or token in letters.
const NAME_LENGTH: usize = 32;

/// Projects and tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Projects besides the default one, each with its number, which no other ever gets.
    #[serde(default)]
    pub projects: BTreeMap<String, u64>,
    /// Tokens besides the lab's own.
    #[serde(default)]
    pub tokens: Vec<TokenRecord>,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRecord {
    /// Its name.
    pub name: String,
    /// Its project.
    pub project: String,
    /// Whether it may only read.
    pub read_only: bool,
    /// SHA-256 of its text.
    pub sha256: String,
}

impl Register {
    /// Makes sure that a project has a number.
    ///
    /// # Errors
    /// `invalid_input` for a name that is none, `resource_limit_exceeded`.
    pub fn add_project(&mut self, project: &str) -> Result<(), Refusal> {
        if project == DEFAULT_PROJECT || self.projects.contains_key(project) {
            return Ok(());
        }
        check_name("project", project)?;
        let number = self.projects.values().max().map_or(1, |last| last + 1);
        if number > PROJECTS_MAX {
            return Err(Refusal::limit("project_limit", "project limit exceeded"));
        }
        self.projects.insert(project.to_owned(), number);
        Ok(())
    }

    /// Returns the id after which a project's ids begin.
    pub fn ids_after(&self, project: &str) -> u64 {
        self.projects.get(project).map_or(0, |number| number * IDS)
    }

    /// Adds a token; one without a name gets the next free one of its project.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`.
    pub fn add_token(
        &mut self,
        name: Option<&str>,
        project: &str,
        read_only: bool,
        sha256: String,
    ) -> Result<TokenRecord, Refusal> {
        let is_taken = |name: &str| self.tokens.iter().any(|token| token.name == name);
        let name = match name {
            Some(name) => {
                check_name("name", name)?;
                if is_taken(name) {
                    return Err(Refusal::name_taken());
                }
                name.to_owned()
            }
            None => (1..=u32::MAX)
                .map(|count| format!("{project}-{count}"))
                .find(|name| !is_taken(name))
                .unwrap_or_default(),
        };
        self.add_project(project)?;
        let record = TokenRecord { name, project: project.to_owned(), read_only, sha256 };
        self.tokens.push(record.clone());
        Ok(record)
    }

    /// Removes a token. Its project stays with everything in it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn remove_token(&mut self, name: &str) -> Result<TokenRecord, Refusal> {
        let place = self.tokens.iter().position(|token| token.name == name);
        let missing = || Refusal::new(Code::NotFound, format!("token '{name}' not found"));
        place.map(|place| self.tokens.remove(place)).ok_or_else(missing)
    }
}

/// A project's name becomes the name of a folder.
fn check_name(field: &str, name: &str) -> Result<(), Refusal> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if begins && name.len() <= NAME_LENGTH && name.chars().all(is_letter) {
        return Ok(());
    }
    let why = "must have 1 to 32 lower-case letters, digits and dashes, and not begin with a dash";
    Err(Refusal::invalid(field, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_keeps_its_number_and_its_ids_fit_everywhere() {
        let mut register = Register::default();
        for number in 1..=PROJECTS_MAX {
            register.add_project(&format!("p{number}")).unwrap();
        }
        register.add_project("p7").unwrap();
        register.add_project(DEFAULT_PROJECT).unwrap();
        assert_eq!(register.ids_after(DEFAULT_PROJECT), 0);
        assert_eq!(register.ids_after("p7"), 7 * IDS);
        let last = register.ids_after("p400") + IDS;
        assert!(u32::try_from(last).is_ok(), "four bytes of a MAC address");
        let refusal = register.add_project("one-more").unwrap_err();
        assert_eq!(refusal.code, Code::ResourceLimitExceeded);
    }

    #[test]
    fn tokens_have_names_of_their_own() {
        let mut register = Register::default();
        let mut add = |name, project| register.add_token(name, project, false, "x".to_owned());
        assert_eq!(add(None, "shop").unwrap().name, "shop-1");
        assert_eq!(add(None, "shop").unwrap().name, "shop-2");
        assert_eq!(add(Some("shop-1"), "shop").unwrap_err().code, Code::UniquenessError);
        for wrong in ["", "..", "a/b", "-a", "A", "ä"] {
            assert_eq!(add(None, wrong).unwrap_err().code, Code::InvalidInput, "{wrong:?}");
            assert_eq!(add(Some(wrong), "shop").unwrap_err().code, Code::InvalidInput, "{wrong:?}");
        }
        register.remove_token("shop-1").unwrap();
        assert_eq!(register.remove_token("shop-1").unwrap_err().code, Code::NotFound);
        assert_eq!(register.tokens.len(), 1);
        assert_eq!(register.projects.len(), 1);
    }
}
