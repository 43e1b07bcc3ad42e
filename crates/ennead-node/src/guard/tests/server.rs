//! A real etcd on the loopback, with TLS and client certificates, gone with its folder.
#![expect(clippy::disallowed_methods, reason = "the test starts its own etcd")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_guard::LeaseId;
use ennead_host::clock::wait_until;
use ennead_host::files;
use ennead_model::NodeName;
use tempfile::TempDir;

use super::super::etcd::{Etcd, Keys, Part, TlsFiles, Txn};
use super::super::keys::KeyNames;
use super::super::store::Store;
use super::super::testing::closed_port;

/// Patience with a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The running etcd.
pub(crate) struct Server {
    process: Child,
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) tls: TlsFiles,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Returns where etcd is: on the `PATH`, or in one of the lab's images.
fn program() -> PathBuf {
    let on_path = std::env::var("PATH").unwrap_or_default();
    let images = files::list(Utf8Path::new(ennead_lab::image::IMAGE_CACHE)).unwrap();
    let in_images = images
        .iter()
        .map(|image| PathBuf::from(format!("{}/{image}/usr/bin", ennead_lab::image::IMAGE_CACHE)));
    let mut folders = std::env::split_paths(&on_path).chain(in_images);
    folders.find_map(|folder| Some(folder.join("etcd")).filter(|it| it.is_file())).unwrap_or_else(
        || panic!("NOT RUN: there is no etcd on the PATH and none in an image: ennead lab image"),
    )
}

/// Makes an authority and one certificate for server and client.
fn certificates() -> TlsFiles {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let ca = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::from_params(&authority, &authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let cert = leaf.signed_by(&key, &issuer).unwrap().pem();
    let bytes = String::into_bytes;
    TlsFiles { ca: bytes(ca), cert: bytes(cert), key: bytes(key.serialize_pem()) }
}

impl Server {
    /// Starts one of a single member and waits until it answers.
    pub(crate) async fn start() -> Self {
        Self::start_with(certificates()).await
    }

    /// Starts another one with the same certificates; the two know nothing of each other.
    pub(crate) async fn start_with(tls: TlsFiles) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for (name, text) in [("ca", &tls.ca), ("cert", &tls.cert), ("key", &tls.key)] {
            files::write_private(Utf8Path::new(&path(name)), text).unwrap();
        }
        let (client, peer) = (closed_port(), closed_port());
        let url = format!("https://127.0.0.1:{client}");
        let peer = format!("http://127.0.0.1:{peer}");
        let log = std::fs::File::create(path("log")).unwrap();
        let process = Command::new(program())
            .args(["--name=one", "--client-cert-auth"])
            .arg(format!("--data-dir={}", path("data")))
            .arg(format!("--listen-client-urls={url}"))
            .arg(format!("--advertise-client-urls={url}"))
            .arg(format!("--listen-peer-urls={peer}"))
            .arg(format!("--initial-advertise-peer-urls={peer}"))
            .arg(format!("--initial-cluster=one={peer}"))
            .arg(format!("--trusted-ca-file={}", path("ca")))
            .arg(format!("--cert-file={}", path("cert")))
            .arg(format!("--key-file={}", path("key")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { process, folder, url, tls };
        let etcd = server.etcd(&[&server.url], PATIENCE);
        wait_until(PATIENCE, Duration::from_millis(20), || async {
            let question = Txn::reading(vec![Part::Range(Keys::One("k".to_owned()))]);
            etcd.txn(&question).await.map(drop).map_err(|error| error.to_string())
        })
        .await
        .unwrap();
        server
    }

    /// Makes a client.
    pub(crate) fn etcd(&self, endpoints: &[&str], deadline: Duration) -> Etcd {
        let endpoints: Vec<String> = endpoints.iter().map(|url| (*url).to_owned()).collect();
        Etcd::new(&endpoints, &self.tls, deadline).unwrap()
    }

    /// Makes a guard's store with patience.
    pub(crate) fn store(&self, own: &str) -> Arc<Store> {
        let etcd = self.etcd(&[&self.url], PATIENCE);
        Arc::new(Store { etcd, keys: KeyNames::new("s"), own: NodeName::new(own).unwrap() })
    }

    /// Returns its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Returns the path of one of its files.
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.folder.path().join(name)).unwrap()
    }
}

/// Writes a key.
pub(crate) async fn put(store: &Store, key: &str, value: &str, lease: Option<LeaseId>) {
    let lease = lease.map(|it| it.0);
    let put = Part::Put { key: key.to_owned(), value: value.to_owned(), lease };
    assert!(store.etcd.txn(&Txn { then: vec![put], ..Txn::default() }).await.unwrap().succeeded);
}

/// Returns all keys that begin so, with their values.
pub(crate) async fn all(store: &Store, prefix: &str) -> Vec<(String, String)> {
    let question = Txn::reading(vec![Part::Range(Keys::Prefix(prefix.to_owned()))]);
    let answer = store.etcd.txn(&question).await.unwrap();
    let pair = |kv: &super::super::etcd::Kv| (kv.key().unwrap(), kv.value().unwrap());
    answer.range(0).unwrap().iter().map(pair).collect()
}
