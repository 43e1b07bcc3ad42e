//! Tests of the replacement of an authority: the chain of phases as a model, and its mixtures by
//! handshakes of the TLS library of the platform's own programs.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use ennead_components::Usage;
use proptest::prelude::*;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::TrustPhase::{Introduced, Single, Switched};
use super::*;
use crate::vault::{LeafRequest, Wanted};

const NODES: [&str; 3] = ["a", "b", "c"];

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn wanted() -> Wanted {
    let mut wanted = Wanted::nothing("demo", []);
    for node in NODES {
        let request = LeafRequest {
            common_name: "etcd".into(),
            dns_names: vec!["localhost".into()],
            addresses: Vec::new(),
            usage: Usage::Both,
        };
        wanted.leaves.insert(format!("etcd/{node}"), request);
    }
    wanted
}

fn founded() -> Vault {
    let mut vault = Vault::new();
    vault.ensure(&wanted(), now()).unwrap();
    vault
}

/// The vault in each phase of two replacements, one after another.
fn phases() -> Vec<Vault> {
    let mut phases = vec![founded()];
    for _ in 0..6 {
        let mut next = phases.last().unwrap().clone();
        next.advance_trust(&wanted(), &Rollout::Everywhere, now()).unwrap();
        phases.push(next);
    }
    phases
}

/// One end of a connection: whom it trusts and what it shows, each as of some phase.
struct End {
    trusted: String,
    certificate: String,
    key: String,
}

fn end(trust: &Vault, leaf: &Vault) -> End {
    let leaf = &leaf.leaves["etcd/a"];
    End {
        trusted: trust.trusted_authorities().unwrap(),
        certificate: leaf.certificate.clone(),
        key: leaf.key.expose().to_owned(),
    }
}

#[derive(Debug)]
struct At(Timestamp);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.as_second().unsigned_abs();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl End {
    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.trusted.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        Arc::new(roots)
    }

    fn identity(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        (vec![certificate], PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap())
    }

    fn client(&self) -> ClientConfig {
        let (chain, key) = self.identity();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_details(provider, Arc::new(At(now())));
        let config = config.with_safe_default_protocol_versions().unwrap();
        config.with_root_certificates(self.roots()).with_client_auth_cert(chain, key).unwrap()
    }

    fn server(&self) -> ServerConfig {
        let (chain, key) = self.identity();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.roots(), Arc::clone(&provider));
        let config = ServerConfig::builder_with_details(provider, Arc::new(At(now())));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_client_cert_verifier(verifier.build().unwrap());
        config.with_single_cert(chain, key).unwrap()
    }
}

/// Returns whether both ends accept each other and a word comes over.
fn connects(client: &End, server: &End) -> bool {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(client.client()), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server.server())).unwrap();
    client.writer().write_all(b"hello").unwrap();
    // A handshake of TLS 1.3 with both certificates takes three flights; the rest is for alerts.
    for _ in 0..6 {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight).unwrap();
        }
        while !flight.is_empty() && server.read_tls(&mut flight_of(&mut flight)).is_ok() {
            if server.process_new_packets().is_err() {
                return false;
            }
        }
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).unwrap();
        }
        while !flight.is_empty() && client.read_tls(&mut flight_of(&mut flight)).is_ok() {
            if client.process_new_packets().is_err() {
                return false;
            }
        }
    }
    let mut said = [0; 5];
    server.reader().read_exact(&mut said).is_ok() && said == *b"hello"
}

/// Reads from the front of a flight and takes away what was read.
struct Flight<'a>(&'a mut Vec<u8>);

fn flight_of(bytes: &mut Vec<u8>) -> Flight<'_> {
    Flight(bytes)
}

impl std::io::Read for Flight<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(into.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}

#[test]
fn every_mixture_of_neighbouring_phases_connects() {
    for pair in phases().windows(2) {
        let phase = |bits: u8, bit: u8| &pair[usize::from(bits >> bit & 1)];
        for mixture in 0..16_u8 {
            let client = end(phase(mixture, 0), phase(mixture, 1));
            let server = end(phase(mixture, 2), phase(mixture, 3));
            let from = pair[0].trust_phase();
            assert!(connects(&client, &server), "after {from:?}, mixture {mixture:04b}");
        }
    }
}

#[test]
fn phases_further_apart_do_not_connect() {
    let phases = phases();
    let whole = |index: usize| end(&phases[index], &phases[index]);
    // The new authority issues, and an end has not even heard of it; and the other way round.
    for (client, server) in [(0, 2), (2, 0), (1, 3), (3, 1), (0, 3), (3, 0)] {
        assert!(!connects(&whole(client), &whole(server)), "{client} with {server}");
    }
    assert!(connects(&whole(3), &whole(3)));
}

#[test]
fn each_phase_trusts_and_issues_as_it_says() {
    let numbers = |vault: &Vault| {
        let trusted = vault.trusted_authorities().unwrap().matches("BEGIN CERT").count();
        let issuers: Vec<u32> = vault.leaves.values().map(|leaf| leaf.issuer).collect();
        assert!(issuers.iter().all(|one| *one == issuers[0]), "{issuers:?}");
        (vault.trust_phase(), trusted, issuers[0])
    };
    let seen: Vec<_> = phases().iter().map(numbers).collect();
    let expected = [
        (Single, 1, 1),
        (Introduced, 2, 1),
        (Switched, 2, 2),
        (Single, 1, 2),
        (Introduced, 2, 2),
        (Switched, 2, 3),
        (Single, 1, 3),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn each_phase_changes_every_certificate_and_the_trust_only_when_it_grows_or_shrinks() {
    for pair in phases().windows(2) {
        for (name, leaf) in &pair[1].leaves {
            assert_ne!(leaf.certificate, pair[0].leaves[name].certificate);
        }
        let same = pair[0].trusted_authorities() == pair[1].trusted_authorities();
        assert_eq!(same, pair[1].trust_phase() == Switched);
    }
}

#[test]
fn a_phase_that_is_not_rolled_out_is_not_left() {
    let why = "node/a/etcd: its order has changed".to_owned();
    for vault in phases() {
        let mut changed = vault.clone();
        let rollout = Rollout::Unfinished { why: why.clone() };
        let error = changed.advance_trust(&wanted(), &rollout, now()).unwrap_err();
        assert!(error.to_string().ends_with(&why) && error.hint().contains("ennead up"));
        assert_eq!(changed.fingerprints(), vault.fingerprints());
    }
}

#[test]
fn renewal_goes_on_in_every_phase_and_ends_none() {
    for vault in phases() {
        let mut later = vault.clone();
        let at = now() + jiff::SignedDuration::from_hours(21 * 24);
        assert!(later.ensure(&wanted(), at).unwrap());
        assert_eq!(later.trust_phase(), vault.trust_phase());
        assert_eq!(later.trusted_authorities(), vault.trusted_authorities());
        let issuers = |vault: &Vault| vault.leaves["etcd/a"].issuer;
        assert_eq!(issuers(&later), issuers(&vault));
    }
}

#[test]
fn an_authority_that_ends_soon_is_reported_until_its_successor_is_there() {
    let mut vault = founded();
    let late = vault.authority.as_ref().unwrap().not_after - Duration::from_hours(24 * 100);
    let codes = |vault: &Vault| {
        let findings = vault.certificate_findings(late);
        findings.into_iter().filter(|one| one.code == "authority-ends").count()
    };
    assert_eq!(codes(&vault), 1);
    assert!(vault.authority_finding(now()).is_none());
    for expected in [0, 0, 0] {
        vault.advance_trust(&wanted(), &Rollout::Everywhere, late).unwrap();
        assert_eq!(codes(&vault), expected, "{:?}", vault.trust_phase());
    }
}

/// What an operator may do, and what a node then has.
#[derive(Debug, Clone, Copy)]
enum Act {
    Up(usize),
    Rotate,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![4 => (0..NODES.len()).prop_map(Act::Up), 1 => Just(Act::Rotate)];
    proptest::collection::vec(act, 1..60)
}

proptest! {
    /// However `up` of single nodes and `certs rotate --ca` follow each other, nodes are never
    /// further apart than one phase.
    #[test]
    fn no_two_nodes_are_further_apart_than_one_phase(acts in acts()) {
        let (mut steps, mut phase, mut nodes) = (0_u32, TrustPhase::Single, [0_u32; 3]);
        for act in acts {
            match act {
                Act::Up(node) => nodes[node] = steps,
                Act::Rotate => {
                    let behind = nodes.iter().position(|node| *node != steps);
                    let rollout = match behind {
                        None => Rollout::Everywhere,
                        Some(node) => Rollout::Unfinished { why: NODES[node].to_owned() },
                    };
                    if let Ok(next) = advance(phase, &rollout) {
                        (phase, steps) = (next, steps + 1);
                    }
                }
            }
            let (least, most) = (nodes.iter().min().unwrap(), nodes.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{nodes:?}");
        }
    }
}
