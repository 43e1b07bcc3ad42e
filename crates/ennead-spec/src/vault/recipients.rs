//! Who can open a vault: operators by name, each with the public half of an age identity.
//!
//! The list is inside the vault, where nobody who cannot open it can change it, and as a copy in a
//! text beside it for people and reviewers. The text is what `age --recipients-file` reads: a
//! recipient in a line, comments begin with `#`. The comment just above a recipient is its name.
//! Where text and vault differ nothing is saved: a line that somebody slipped into the text must not
//! let them in.

use std::collections::{BTreeMap, BTreeSet};

use age::x25519::{Identity, Recipient};
use serde::{Deserialize, Serialize};

use super::contents::Vault;
use super::{VaultError, refused};

/// Most characters of an operator's name.
const NAME_CHARS_MAX: usize = 64;

/// Name of whoever made the vault, until it is given another.
const FIRST_NAME: &str = "operator";

/// Recipients by name. Empty while the vault is for the identity alone that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Recipients(BTreeMap<String, String>);

impl Recipients {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the recipients in the form in which the library encrypts for them.
    pub(super) fn parsed(&self) -> Result<Vec<Recipient>, String> {
        self.0.values().map(|one| one.parse().map_err(str::to_owned)).collect()
    }

    /// Returns the text that lies beside the vault.
    pub(super) fn render(&self, vault: &str) -> String {
        let mut text = format!(
            "# Who can open {vault}. Written by `ennead secrets recipients add` and `remove`:\n\
             # a line that was written by hand is refused.\n"
        );
        for (name, recipient) in &self.0 {
            text.extend(["\n# ", name, "\n", recipient, "\n"]);
        }
        text
    }

    /// Says how a text beside the vault differs from this list, and what to do; `None` when it does
    /// not. Names are for people and may differ.
    pub(super) fn difference(&self, text: &str) -> Result<Option<(String, String)>, String> {
        let written = read(text)?;
        let known: BTreeSet<&str> = self.0.values().map(String::as_str).collect();
        if let Some(extra) = written.iter().find(|one| !known.contains(one.as_str())) {
            let what = format!("names {extra}, for whom the vault is not encrypted");
            let hint = "take the line out, or let them in: `ennead secrets recipients add NAME \
                        RECIPIENT`";
            return Ok(Some((what, hint.to_owned())));
        }
        let lost = self.0.iter().find(|(_, one)| !written.contains(one.as_str()));
        Ok(lost.map(|(name, recipient)| {
            let what = format!("does not name {name}, for whom the vault is encrypted");
            let hint = format!(
                "write it again: `ennead secrets recipients add {name} {recipient}`, or `remove \
                 {name}`"
            );
            (what, hint)
        }))
    }
}

/// Reads the recipients of a text.
fn read(text: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let recipient: Result<Recipient, _> = line.parse();
        let recipient = recipient.map_err(|_| format!("line {} is no recipient", index + 1))?;
        found.insert(recipient.to_string());
    }
    Ok(found)
}

impl Vault {
    /// Returns the recipients by name; empty while the vault is for the identity alone that made it.
    pub fn recipients(&self) -> impl Iterator<Item = (&str, &str)> {
        self.recipients.0.iter().map(|(name, one)| (name.as_str(), one.as_str()))
    }

    /// Lets an operator in. The first one that is added brings the identities with them that could
    /// open the vault until then. Doing it twice is doing it once.
    pub(super) fn add_recipient(
        &mut self,
        name: &str,
        recipient: &str,
        own: &[Identity],
    ) -> Result<(), VaultError> {
        check_name(name)?;
        let parsed: Result<Recipient, _> = recipient.trim().parse();
        let recipient = parsed.map_err(|_| VaultError::Refused {
            what: format!("{recipient:?} is no recipient"),
            hint: "it is a word that begins with age1: `ennead secrets recipients mine` prints it \
                   on their machine"
                .to_owned(),
        })?;
        let recipient = recipient.to_string();
        let mut list = self.recipients.clone();
        if list.is_empty() {
            for (index, identity) in own.iter().enumerate() {
                let public = identity.to_public().to_string();
                let name = if public == recipient { name.to_owned() } else { first_name(index) };
                list.0.insert(name, public);
            }
        }
        match list.0.get(name) {
            Some(known) if *known != recipient => {
                return Err(refused(format!("{name} is there already, with another recipient")));
            }
            _ => {}
        }
        list.0.retain(|_, one| *one != recipient);
        list.0.insert(name.to_owned(), recipient);
        self.recipients = list;
        Ok(())
    }

    /// Lets an operator in no longer, by name or by recipient.
    pub(super) fn remove_recipient(
        &mut self,
        who: &str,
        own: &[Identity],
        own_too: bool,
    ) -> Result<(), VaultError> {
        let found = self.recipients.0.iter().find(|(name, one)| *name == who || *one == who);
        let (name, recipient) = found.ok_or_else(|| VaultError::Refused {
            what: format!("{who:?} is no recipient of the vault"),
            hint: "`ennead secrets recipients list` shows all".to_owned(),
        })?;
        if self.recipients.0.len() == 1 {
            return Err(refused(format!("{name} is the last: nobody could open the vault")));
        }
        if !own_too && own.iter().any(|one| one.to_public().to_string() == *recipient) {
            return Err(VaultError::Refused {
                what: format!("{name} is you: you could not open the vault any more"),
                hint: "give --own when that is what you want".to_owned(),
            });
        }
        let name = name.clone();
        self.recipients.0.remove(&name);
        Ok(())
    }
}

fn first_name(index: usize) -> String {
    if index == 0 { FIRST_NAME.to_owned() } else { format!("{FIRST_NAME}-{}", index + 1) }
}

fn check_name(name: &str) -> Result<(), VaultError> {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let fits = !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.chars().all(part);
    // A name that is a recipient could not be told from one.
    if fits && !name.starts_with("age1") {
        return Ok(());
    }
    Err(VaultError::Refused {
        what: format!("{name:?} is no name of an operator"),
        hint: format!("1 to {NAME_CHARS_MAX} of A-Z a-z 0-9 - _ . @, not beginning with age1"),
    })
}

#[cfg(test)]
#[path = "recipients_tests.rs"]
mod tests;
