//! Random texts, SSH keys and WireGuard keys.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::Rng as _;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::VaultError;
use super::contents::{KeyPair, Secret};

/// Bytes behind a random text: 32 characters of base64, 192 bits.
const RANDOM_TEXT_BYTES: usize = 24;

/// Returns 32 characters of A-Z a-z 0-9 `-` `_`, which need no quoting in any file or URL.
pub(super) fn random_text() -> String {
    loop {
        let text = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; RANDOM_TEXT_BYTES]>());
        // A leading dash would be read as an option by some programs.
        if !text.starts_with('-') {
            return text;
        }
    }
}

/// Makes an Ed25519 key pair for SSH.
pub(super) fn ssh_key_pair(comment: &str) -> Result<KeyPair, VaultError> {
    let fail = |error: ssh_key::Error| VaultError::Make {
        what: format!("SSH key {comment}"),
        why: error.to_string(),
    };
    let pair = Ed25519Keypair::from_seed(&rand::rng().random());
    let key = PrivateKey::new(KeypairData::Ed25519(pair), comment).map_err(fail)?;
    let private = key.to_openssh(LineEnding::LF).map_err(fail)?;
    let public = key.public_key().to_openssh().map_err(fail)?;
    Ok(KeyPair { private: Secret::new(private.as_str()), public })
}

/// Makes a WireGuard key pair.
pub(super) fn wireguard_key_pair() -> KeyPair {
    let mut private: [u8; 32] = rand::rng().random();
    // Clamped as `wg genkey` does, so that every program shows the key as it is stored.
    private[0] &= 0b1111_1000;
    private[31] = (private[31] & 0b0111_1111) | 0b0100_0000;
    let public = x25519_dalek::x25519(private, x25519_dalek::X25519_BASEPOINT_BYTES);
    KeyPair { private: Secret::new(STANDARD.encode(private)), public: STANDARD.encode(public) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_are_long_and_differ() {
        let texts: std::collections::BTreeSet<_> = (0..200).map(|_| random_text()).collect();
        assert_eq!(texts.len(), 200);
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(texts.iter().all(|text| text.len() == 32 && text.chars().all(good)));
        assert!(texts.iter().all(|text| !text.starts_with('-')));
    }

    #[test]
    fn ssh_keys_read_back_and_match() {
        let pair = ssh_key_pair("n1").unwrap();
        let key = PrivateKey::from_openssh(pair.private.expose()).unwrap();
        assert_eq!(key.public_key().to_openssh().unwrap(), pair.public);
        assert!(pair.public.starts_with("ssh-ed25519 AAAA") && pair.public.ends_with(" n1"));
    }

    #[test]
    fn wireguard_keys_are_clamped_and_agree() {
        let (one, two) = (wireguard_key_pair(), wireguard_key_pair());
        let bytes = |text: &str| <[u8; 32]>::try_from(STANDARD.decode(text).unwrap()).unwrap();
        let shared = |private: &KeyPair, public: &KeyPair| {
            x25519_dalek::x25519(bytes(private.private.expose()), bytes(&public.public))
        };
        assert_eq!(shared(&one, &two), shared(&two, &one));
        assert_eq!(bytes(one.private.expose())[0] & 7, 0);
    }
}
