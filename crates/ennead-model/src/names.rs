//! Newtypes for names, so that a node's name cannot be given where a site's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest name in bytes. Source: RFC 1123 label; Hetzner refuses longer server names.
pub const NAME_BYTES_MAX: usize = 63;

/// A text that is no RFC 1123 label.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is not a name: use 1 to 63 of a-z, 0-9 and '-', starting and ending with a letter or digit"
)]
pub struct NameError {
    /// What was given.
    pub text: String,
}

fn check_label(text: &str) -> Result<(), NameError> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if good { Ok(()) } else { Err(NameError { text: text.to_owned() }) }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Makes a name from a text.
            ///
            /// # Errors
            /// [`NameError`] when the text is no RFC 1123 label.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                check_label(&text).map(|()| Self(text))
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of a machine that we manage; also its server name and host name.
    NodeName
);
name!(
    /// The operator's name for a location in the spec.
    SiteName
);
name!(
    /// The name of a group of nodes that run the same components.
    TierName
);
name!(
    /// The name of a service besides the components.
    ServiceName
);
name!(
    /// The name of an entry: where users come in.
    EntryName
);
name!(
    /// The name of a volume.
    VolumeName
);
name!(
    /// The name of somebody who may connect to the platform's private networks.
    PersonName
);
name!(
    /// The name of a component: etcd as a kind, not one instance of it.
    ComponentName
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rfc_1123_labels() {
        for good in ["a", "db-ctrl-1", "0x", &"a".repeat(63)] {
            assert!(NodeName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a b", "é", &"a".repeat(64)] {
            assert!(NodeName::new(bad).is_err(), "{bad}");
        }
    }
}
