//! The platform's certificate authority and the leaf certificates that it issues.
//!
//! ECDSA P-256 everywhere: every program of the platform reads it, and a handshake costs little.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};

use super::VaultError;
use super::contents::{Authority, Leaf, Secret};
use super::life::{AUTHORITY_LIFE, CLOCK_TOLERANCE, LEAF_LIFE};
use super::wanted::LeafRequest;
use ennead_components::Usage;

impl Authority {
    /// Makes a platform's authority of this number. Each has a name of its own: a program that
    /// looks for an issuer by its name must not find another.
    pub(super) fn make(platform: &str, number: u32, now: Timestamp) -> Result<Self, VaultError> {
        let name = match number {
            0 | 1 => format!("{platform} platform authority"),
            _ => format!("{platform} platform authority {number}"),
        };
        let fail = |error| failed(&name, &error);
        let key = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(fail)?;
        let mut params = params(&name, now, now + AUTHORITY_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(fail)?.pem();
        let key = Secret::new(key.serialize_pem());
        Ok(Self { certificate, key, not_after: now + AUTHORITY_LIFE, number })
    }

    /// Issues a leaf certificate with a key of its own.
    pub(super) fn issue(
        &self,
        name: &str,
        request: &LeafRequest,
        now: Timestamp,
    ) -> Result<Leaf, VaultError> {
        let fail = |error| failed(name, &error);
        let key = rcgen::KeyPair::from_pem(self.key.expose()).map_err(fail)?;
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, key).map_err(fail)?;
        let not_before = now - CLOCK_TOLERANCE;
        let not_after = (now + LEAF_LIFE).min(self.not_after);
        let mut params = params(&request.common_name, now, not_after);
        for name in &request.dns_names {
            params
                .subject_alt_names
                .push(SanType::DnsName(name.as_str().try_into().map_err(fail)?));
        }
        let addresses = request.addresses.iter().map(|ip| SanType::IpAddress(IpAddr::V4(*ip)));
        params.subject_alt_names.extend(addresses);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match request.usage {
            Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Usage::Both => {
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]
            }
        };
        let key = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(fail)?;
        let certificate = params.signed_by(&key, &issuer).map_err(fail)?.pem();
        let key = Secret::new(key.serialize_pem());
        let (request, issuer) = (request.clone(), self.number);
        Ok(Leaf { request, certificate, key, not_before, not_after, issuer, replaced: None })
    }
}

impl Leaf {
    /// Returns whether it says what is wanted, comes from this authority and has enough life left.
    pub(super) fn is_good(&self, request: &LeafRequest, issuer: u32, now: Timestamp) -> bool {
        self.request == *request && self.issuer == issuer && !self.life().is_due(now)
    }
}

fn params(common_name: &str, now: Timestamp, not_after: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let since_epoch =
        |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default());
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(now - CLOCK_TOLERANCE);
    params.not_after = epoch + since_epoch(not_after);
    params
}

fn failed(what: &str, error: &rcgen::Error) -> VaultError {
    VaultError::Make { what: format!("certificate {what}"), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    /// Asks the TLS library of the platform's own programs.
    fn accepted(authority: &Authority, leaf: &Leaf, name: &str, at: Timestamp) -> bool {
        let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(der(&authority.certificate)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at.as_second().unsigned_abs()));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&der(&leaf.certificate), &[], &name, &[], at).is_ok()
    }

    fn request(usage: Usage) -> LeafRequest {
        LeafRequest {
            common_name: "etcd".into(),
            dns_names: vec!["n1.demo.internal".into(), "localhost".into()],
            addresses: vec!["10.1.0.11".parse().unwrap()],
            usage,
        }
    }

    #[test]
    fn a_leaf_is_accepted_for_its_names_in_its_time_and_for_nothing_else() {
        let authority = Authority::make("demo", 1, now()).unwrap();
        let leaf = authority.issue("etcd/n1", &request(Usage::Both), now()).unwrap();
        for name in ["n1.demo.internal", "localhost", "10.1.0.11"] {
            assert!(accepted(&authority, &leaf, name, now()), "{name}");
        }
        for name in ["n2.demo.internal", "10.1.0.12"] {
            assert!(!accepted(&authority, &leaf, name, now()), "{name}");
        }
        assert!(!accepted(&authority, &leaf, "localhost", now() + LEAF_LIFE + DAY));
        let other = Authority::make("demo", 1, now()).unwrap();
        assert!(!accepted(&other, &leaf, "localhost", now()));
        let client = authority.issue("client/n1", &request(Usage::Client), now()).unwrap();
        assert!(!accepted(&authority, &client, "localhost", now()), "a client is no server");
    }

    #[test]
    fn no_leaf_outlives_its_authority() {
        let authority = Authority::make("demo", 1, now()).unwrap();
        let late = authority.not_after - DAY;
        let leaf = authority.issue("etcd/n1", &request(Usage::Server), late).unwrap();
        assert_eq!(leaf.not_after, authority.not_after);
    }
}
