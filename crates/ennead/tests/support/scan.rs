//! Looks for secrets of a vault where they must not be: as they are, and in the forms in which
//! programs pass texts on.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use camino::Utf8Path;
use ennead_spec::vault::VaultFiles;
use secrecy::ExposeSecret as _;

use super::Place;

/// Shortest piece that is looked for: shorter ones are found by chance. Pieces of base64 of a piece
/// this long have 21 characters or more.
const PIECE_CHARS_MIN: usize = 16;

/// Every secret of a vault with the forms in which it may stand in a text.
pub(crate) struct Scan {
    /// Name of the secret and form, and what is looked for.
    forms: Vec<(String, String)>,
}

impl Scan {
    /// Opens the vault of a place as the program does.
    pub(crate) fn of(place: &Place) -> Self {
        let folder = Utf8Path::from_path(place.path()).unwrap();
        let mut files = VaultFiles::beside(&folder.join("ennead.toml"), &folder.join(".config"));
        let texts = files.load().unwrap().secret_texts();
        let texts: Vec<_> =
            texts.iter().map(|(name, text)| (&**name, text.expose_secret())).collect();
        Self::for_texts(&texts)
    }

    /// Looks for these texts by name.
    pub(crate) fn for_texts(texts: &[(&str, &str)]) -> Self {
        let mut forms = Vec::new();
        for (name, text) in texts {
            let pieces = pieces(text);
            assert!(!pieces.is_empty(), "{name} is too short to be looked for");
            // A key that is passed on as a whole, line breaks included.
            add_base64(&mut forms, name, text.trim());
            for piece in pieces {
                add_base64(&mut forms, name, piece);
                forms.push((format!("{name}, percent-encoded"), percent(piece, true)));
                forms.push((format!("{name}, percent-encoded"), percent(piece, false)));
                forms.push((format!("{name}, in hexadecimal"), hexadecimal(piece)));
                forms.push((format!("{name}, backwards"), piece.chars().rev().collect()));
                forms.push(((*name).to_owned(), piece.to_owned()));
            }
        }
        Self { forms }
    }

    /// Returns whether a text is one of the secrets.
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.forms.iter().any(|(name, form)| form == text && !name.contains(','))
    }

    /// Returns the names of the secrets, without those that are allowed there.
    #[must_use]
    pub(crate) fn without(mut self, allowed: impl Fn(&str) -> bool) -> Self {
        self.forms.retain(|(name, _)| !allowed(name.split(',').next().unwrap_or(name)));
        self
    }

    /// Returns which secrets stand in a text and in which form, each once.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let lower = text.to_ascii_lowercase();
        let stands = |(name, form): &&(String, String)| {
            // Hexadecimal is written in both cases.
            text.contains(form.as_str())
                || (name.ends_with("encoded") || name.ends_with("hexadecimal"))
                    && lower.contains(&form.to_ascii_lowercase())
        };
        let mut found: Vec<String> =
            self.forms.iter().filter(stands).map(|(name, _)| name.clone()).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// The lines of a text that are secret and long enough: not the frame of a PEM text, which every key
/// has, nor the header of an OpenSSH key, which is the same for all of a kind.
fn pieces(text: &str) -> Vec<&str> {
    let framed = text.contains("-----BEGIN");
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let lines: Vec<&str> = lines.filter(|line| line.len() >= PIECE_CHARS_MIN).collect();
    lines.into_iter().skip(usize::from(framed)).collect()
}

/// Adds base64 at each of the three places where it may begin in a longer text, in both alphabets,
/// without the characters at both ends that depend on what stands beside it.
fn add_base64(forms: &mut Vec<(String, String)>, name: &str, text: &str) {
    for shift in 0..3 {
        let padded = [vec![0; shift], text.as_bytes().to_vec()].concat();
        for coded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let begin = if shift == 0 { 0 } else { shift + 1 };
            let end = if padded.len() % 3 == 0 { coded.len() } else { coded.len() - 1 };
            forms.push((format!("{name}, in base64"), coded[begin..end].to_owned()));
        }
    }
}

/// Percent-encodes: everything, or only what is not unreserved in RFC 3986.
fn percent(text: &str, everything: bool) -> String {
    let mut coded = String::new();
    for byte in text.bytes() {
        let unreserved = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if unreserved && !everything {
            coded.push(char::from(byte));
        } else {
            write!(coded, "%{byte:02X}").unwrap();
        }
    }
    coded
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        write!(coded, "{byte:02x}").unwrap();
        coded
    })
}

#[test]
fn every_form_of_a_secret_is_found_and_other_texts_are_not() {
    let secret = "pa-ss_word~with/slash+plus=";
    let scan = Scan::for_texts(&[("one", secret)]);
    let base64 = |text: String| URL_SAFE_NO_PAD.encode(text);
    for text in [
        format!("password={secret}\n"),
        format!("Basic {}", STANDARD_NO_PAD.encode(format!("user:{secret}"))),
        base64(format!("x{secret}y")),
        base64(format!("xy{secret}z")),
        base64(format!("xyz{secret}")),
        format!("postgres://app:{}@db/app", percent(secret, false)),
        percent(secret, true).to_lowercase(),
        hexadecimal(secret).to_uppercase(),
    ] {
        assert!(!scan.found_in(&text).is_empty(), "{text}");
    }
    for text in
        ["", "nothing", "pa-ss_word~with", &base64("another text of the same length".into())]
    {
        assert_eq!(scan.found_in(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_key_is_found_by_any_of_its_own_lines_and_not_by_its_frame() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\nBBBBBBBBBBBBBBBBBBBBBBBB\n\
               CCCCCCCCCCCCCCCCCCCCCCCC\n-----END PRIVATE KEY-----\n";
    let scan = Scan::for_texts(&[("key", key)]);
    assert!(scan.found_in("-----BEGIN PRIVATE KEY-----").is_empty());
    assert!(scan.found_in("AAAAAAAAAAAAAAAAAAAAAAAA").is_empty());
    for line in ["x BBBBBBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCCCCCC"] {
        assert_eq!(scan.found_in(line)[0], "key", "{line}");
    }
    let none = Scan::for_texts(&[("key", key)]).without(|name| name == "key");
    assert!(none.found_in(key).is_empty());
}
