//! The people who may connect to the private networks: a file beside the spec, `<stem>.vpn.json`.
//!
//! Nothing in it is secret: names, public keys, addresses and when each ends. A person's private key
//! is made here, handed over once and kept nowhere.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_components::vpn::Person;
use ennead_model::PersonName;
use ennead_model::fleet::Prefix;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::store::{self, StoreError};

/// Version of the file.
pub const PEOPLE_FORMAT_VERSION: u32 = 1;

/// Characters of a WireGuard public key: 32 bytes in base64.
const PUBLIC_KEY_CHARS: usize = 44;

/// Something about the people that could not be done. Nothing was written.
#[derive(Debug, Error)]
pub enum PeopleError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is not what ennead wrote.
    #[error("{path} cannot be used: {why}")]
    File {
        /// Which file.
        path: Utf8PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Somebody has this name already.
    #[error("{name} is taken: the address {address} belongs to it")]
    Taken {
        /// The name.
        name: PersonName,
        /// Its address.
        address: Ipv4Addr,
    },
    /// All addresses are taken.
    #[error("{prefix} is full: no address is left for {name}")]
    Full {
        /// Whose address.
        name: PersonName,
        /// The addresses of people.
        prefix: Prefix,
    },
    /// Nobody has this name.
    #[error("nobody is called {name}")]
    Unknown {
        /// The name.
        name: PersonName,
    },
    /// When the way in ends cannot be read, or is past.
    #[error("{text:?} {why}")]
    Expires {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl PeopleError {
    /// Returns what the operator can do; empty when there is nothing to say.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(_) => "",
            Self::File { .. } => "restore it from your backup or from version control",
            Self::Taken { .. } => "choose another name, or `ennead vpn remove` it first",
            Self::Full { .. } => "remove who has expired, or set a wider components.vpn.prefix",
            Self::Unknown { .. } => "see `ennead vpn list`",
            Self::Expires { .. } => "for example 90d, 8w, 12h, 2027-01-31 or never",
        }
    }
}

/// Everybody, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// [`PEOPLE_FORMAT_VERSION`].
    pub format_version: u32,
    /// They.
    pub people: Vec<Person>,
}

impl Default for People {
    fn default() -> Self {
        Self { format_version: PEOPLE_FORMAT_VERSION, people: Vec::new() }
    }
}

impl People {
    /// Returns the file's path of a spec.
    pub fn beside(spec: &Utf8Path) -> Utf8PathBuf {
        let stem = spec.file_stem().unwrap_or("ennead");
        spec.with_file_name(format!("{stem}.vpn.json"))
    }

    /// Loads the file; nobody when there is none.
    ///
    /// # Errors
    /// [`PeopleError::Store`], [`PeopleError::File`].
    pub fn load(path: &Utf8Path) -> Result<Self, PeopleError> {
        let Some(bytes) = store::read(path)? else { return Ok(Self::default()) };
        Self::read(&bytes).map_err(|why| PeopleError::File { path: path.to_owned(), why })
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let people: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if people.format_version != PEOPLE_FORMAT_VERSION {
            return Err(format!(
                "it has format {}; this program reads {PEOPLE_FORMAT_VERSION}",
                people.format_version
            ));
        }
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for person in &people.people {
            if !is_public_key(&person.public_key) {
                return Err(format!("the public key of {} is none", person.name));
            }
            if !names.insert(&person.name) || !addresses.insert(person.address) {
                return Err(format!("the name or address of {} stands there twice", person.name));
            }
        }
        Ok(people)
    }

    /// Puts the file in place, whole.
    ///
    /// # Errors
    /// [`PeopleError::Store`].
    pub fn save(&self, path: &Utf8Path) -> Result<(), PeopleError> {
        // Plain data always becomes JSON.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        Ok(store::replace(path, text.as_bytes())?)
    }

    /// Adds somebody with the first free address of the prefix. The network's own address, the one
    /// behind it and the last one are left out.
    ///
    /// # Errors
    /// [`PeopleError::Taken`], [`PeopleError::Full`].
    pub fn add(
        &mut self,
        name: &PersonName,
        public_key: &str,
        expires: Option<Timestamp>,
        prefix: Prefix,
    ) -> Result<Person, PeopleError> {
        if let Some(other) = self.people.iter().find(|person| person.name == *name) {
            return Err(PeopleError::Taken { name: name.clone(), address: other.address });
        }
        let taken: BTreeSet<Ipv4Addr> = self.people.iter().map(|person| person.address).collect();
        let (first, last) = (u32::from(prefix.gateway()), u32::from(prefix.broadcast()));
        let free = (first.saturating_add(1)..last).map(Ipv4Addr::from);
        let address = free.into_iter().find(|address| !taken.contains(address));
        let full = || PeopleError::Full { name: name.clone(), prefix };
        let address = address.ok_or_else(full)?;
        let (name, public_key) = (name.clone(), public_key.to_owned());
        let person = Person { name, public_key, address, expires };
        self.people.push(person.clone());
        Ok(person)
    }

    /// Removes somebody.
    ///
    /// # Errors
    /// [`PeopleError::Unknown`].
    pub fn remove(&mut self, name: &PersonName) -> Result<(), PeopleError> {
        let before = self.people.len();
        self.people.retain(|person| person.name != *name);
        if self.people.len() == before {
            return Err(PeopleError::Unknown { name: name.clone() });
        }
        Ok(())
    }

    /// Returns those who may connect at a time, by name: neither expired nor outside the prefix.
    pub fn current(&self, now: Timestamp, prefix: Prefix) -> Vec<Person> {
        let may = |person: &&Person| !person.has_expired(now) && prefix.contains(person.address);
        let mut people: Vec<Person> = self.people.iter().filter(may).cloned().collect();
        people.sort_by(|a, b| a.name.cmp(&b.name));
        people
    }
}

fn is_public_key(text: &str) -> bool {
    let base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    text.len() == PUBLIC_KEY_CHARS
        && text.strip_suffix('=').is_some_and(|it| it.chars().all(base64))
}

/// Reads when a way in ends: `never`, a number of hours, days or weeks from now (`12h`, `90d`, `8w`),
/// or a day (`2027-01-31`), at whose beginning in UTC it ends. Whole seconds.
///
/// # Errors
/// [`PeopleError::Expires`] when it is none of these, or not later than now.
pub fn parse_expires(text: &str, now: Timestamp) -> Result<Option<Timestamp>, PeopleError> {
    let wrong = |why| PeopleError::Expires { text: text.chars().take(40).collect(), why };
    if text == "never" {
        return Ok(None);
    }
    let none = || wrong("is no time from now and no day");
    let at = if let Ok(day) = text.parse::<Date>().and_then(|day| day.to_zoned(TimeZone::UTC)) {
        day.timestamp()
    } else {
        let unit = text.chars().last().ok_or_else(none)?;
        let hours = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            _ => return Err(none()),
        };
        let number = text.strip_suffix(unit).unwrap_or_default();
        let number: i64 = number.parse().map_err(|_| none())?;
        let too_far = || wrong("is too far away");
        let seconds = number.checked_mul(hours * 3600).ok_or_else(too_far)?;
        now.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| too_far())?
    };
    let at = Timestamp::from_second(at.as_second()).map_err(|_| none())?;
    if at <= now { Err(wrong("is not in the future")) } else { Ok(Some(at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PersonName {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn key() -> String {
        format!("{}=", "k".repeat(43))
    }

    #[test]
    fn each_gets_the_first_free_address_until_the_prefix_is_full() {
        let prefix: Prefix = "10.9.0.0/29".parse().unwrap();
        let mut people = People::default();
        for (index, who) in ["a", "b", "c", "d", "e"].iter().enumerate() {
            let person = people.add(&name(who), &key(), None, prefix).unwrap();
            assert_eq!(person.address.octets()[3], u8::try_from(index).unwrap() + 2);
        }
        let full = people.add(&name("f"), &key(), None, prefix).unwrap_err().to_string();
        assert_eq!(full, "10.9.0.0/29 is full: no address is left for f");
        let taken = people.add(&name("b"), &key(), None, prefix).unwrap_err().to_string();
        assert_eq!(taken, "b is taken: the address 10.9.0.3 belongs to it");
        people.remove(&name("b")).unwrap();
        assert!(people.remove(&name("b")).is_err());
        let again = people.add(&name("f"), &key(), None, prefix).unwrap();
        assert_eq!(again.address.to_string(), "10.9.0.3");
    }

    #[test]
    fn who_has_expired_or_stands_outside_the_prefix_may_not_connect() {
        let prefix: Prefix = "10.9.0.0/24".parse().unwrap();
        let mut people = People::default();
        let hour = |hours| Some(now() + SignedDuration::from_hours(hours));
        for (who, expires) in [("later", hour(1)), ("now", hour(0)), ("ever", None)] {
            people.add(&name(who), &key(), expires, prefix).unwrap();
        }
        let current = |prefix: Prefix| -> Vec<String> {
            people.current(now(), prefix).iter().map(|person| person.name.to_string()).collect()
        };
        assert_eq!(current(prefix), ["ever", "later"]);
        assert!(current("10.8.0.0/24".parse().unwrap()).is_empty());
    }

    #[test]
    fn the_end_is_a_time_from_now_or_a_day() {
        let read = |text: &str| parse_expires(text, now()).map_err(|error| error.to_string());
        let at = |text: &str| Ok(Some(text.parse::<Timestamp>().unwrap()));
        assert_eq!(read("never"), Ok(None));
        assert_eq!(read("90d"), at("2027-02-21T12:00:00Z"));
        assert_eq!(read("2w"), at("2026-12-07T12:00:00Z"));
        assert_eq!(read("12h"), at("2026-11-24T00:00:00Z"));
        assert_eq!(read("2027-01-31"), at("2027-01-31T00:00:00Z"));
        for past in ["0d", "-3d", "2026-11-23", "1999-01-01"] {
            assert_eq!(read(past), Err(format!("{past:?} is not in the future")));
        }
        for bad in ["", "d", "90", "90m", "soon", "2027-02-30", "é"] {
            assert!(read(bad).unwrap_err().contains("no time from now"), "{bad}");
        }
        assert!(read("9223372036854775807w").unwrap_err().contains("too far"));
        assert!(read("99999999d").unwrap_err().contains("too far"));
    }

    #[test]
    fn a_file_that_is_not_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let spec = Utf8PathBuf::from_path_buf(folder.path().join("demo.toml")).unwrap();
        let path = People::beside(&spec);
        assert_eq!(path.file_name(), Some("demo.vpn.json"));
        assert_eq!(People::load(&path).unwrap(), People::default());
        let mut people = People::default();
        let prefix = "10.9.0.0/24".parse().unwrap();
        people.add(&name("anna"), &key(), None, prefix).unwrap();
        people.save(&path).unwrap();
        assert_eq!(People::load(&path).unwrap(), people);
        let text = String::from_utf8(store::read(&path).unwrap().unwrap()).unwrap();
        let person = serde_json::to_string(&people.people[0]).unwrap();
        let twice = format!(r#"{{"format_version":1,"people":[{person},{person}]}}"#);
        let reference = text.replace(&key(), "@{secret:postgres-superuser}");
        let newer = text.replace("\"format_version\": 1", "\"format_version\": 2");
        for bad in [twice, reference, newer, "{}".to_owned(), String::new()] {
            store::replace(&path, bad.as_bytes()).unwrap();
            let error = People::load(&path).unwrap_err();
            assert!(error.to_string().contains("demo.vpn.json cannot be used"), "{bad}: {error}");
        }
    }
}
