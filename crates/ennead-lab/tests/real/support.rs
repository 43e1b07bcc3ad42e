//! A real lab for a test: made from the platform's image, gone after it, also when it fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::Ipv4Addr;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, LocalHost, Output, files};
use ennead_lab::image::{IMAGE_CACHE, ensure_image, image_packages};
use ennead_lab::lifecycle::{census, teardown};
use ennead_lab::state::Prefix;
use ennead_lab::world::{LabPlace, RealWorld, ServerSeed};

/// How long a server may take until it answers on port 22.
const BOOT_DEADLINE: Duration = Duration::from_mins(1);

/// A lab's place and the operator's key.
#[derive(Clone)]
pub(crate) struct TestLab {
    pub(crate) place: LabPlace,
    pub(crate) keys: Utf8PathBuf,
}

impl TestLab {
    /// Runs a test in a lab of its own; `block` tells labs apart: `198.19.BLOCK.0/24`, and every test
    /// of this program has its own.
    pub(crate) async fn run<F, Fut>(name: &str, block: u8, test: F)
    where
        F: FnOnce(Self) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let folder = Utf8PathBuf::from(format!("/var/tmp/ennead-test-{name}"));
        let (state, keys) = (folder.join("lab"), folder.join("keys"));
        teardown(name, &state).await.unwrap();
        files::remove_all(&folder).unwrap();
        files::make_directory(&keys).unwrap();
        let packages = image_packages(&ennead_components::image_packages());
        let (tell, _told) = tokio::sync::mpsc::unbounded_channel();
        let image = ensure_image(Utf8Path::new(IMAGE_CACHE), &packages, &tell).await.unwrap();
        let public = Prefix::parse(&format!("198.19.{block}.0/24")).unwrap();
        let place = LabPlace { lab: name.to_owned(), state, image, public };
        let lab = Self { place, keys };
        lab.make_key("operator").await;

        let done = tokio::spawn(test(lab.clone())).await;

        teardown(name, &lab.place.state).await.unwrap();
        let left = census(name, &lab.place.state).await.unwrap();
        files::remove_all(&folder).unwrap();
        if let Err(failed) = done {
            std::panic::resume_unwind(failed.into_panic());
        }
        assert!(left.is_empty(), "left behind: {left}");
    }

    pub(crate) async fn open(&self) -> RealWorld {
        RealWorld::open(self.place.clone()).await.unwrap()
    }

    pub(crate) fn address(&self, server: u64) -> Ipv4Addr {
        // After the name server's.
        let first = self.place.operator_address().to_bits() + 1;
        Ipv4Addr::from_bits(first + u32::try_from(server).unwrap())
    }

    async fn make_key(&self, name: &str) {
        let path = self.keys.join(name);
        let command = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(path.as_str());
        LocalHost::new("test").run_ok(&command).await.unwrap();
    }

    pub(crate) fn key(&self, name: &str) -> String {
        files::read_text(&self.keys.join(name)).unwrap().unwrap()
    }

    /// A server as ennead orders one: its host key is made before it exists.
    pub(crate) async fn seed(&self, id: u64, location: &str, network_zone: &str) -> ServerSeed {
        let name = format!("{location}-{id}");
        self.make_key(&name).await;
        let private = self.key(&name).replace('\n', "\n    ");
        let public = self.key(&format!("{name}.pub"));
        ServerSeed {
            id,
            image: "debian-13".to_owned(),
            location: location.to_owned(),
            network_zone: network_zone.to_owned(),
            snapshot: None,
            public_ip: Some(self.address(id)),
            public_mac: format!("96:00:00:00:00:{id:02x}"),
            ssh_keys: vec![self.key("operator.pub").trim().to_owned()],
            root_password: None,
            user_data: Some(format!(
                "#cloud-config\nhostname: {name}\ndisable_root: false\nssh_pwauth: false\n\
                 ssh_keys:\n  ed25519_private: |\n    {}\n  ed25519_public: {public}\n",
                private.trim_end()
            )),
            memory_bytes: 16 << 30,
            cores: 4,
            disk_gb: 160,
            name,
        }
    }

    /// Waits until a server answers on port 22 of its public address.
    pub(crate) async fn wait_for_ssh(&self, server: u64) {
        let address = (self.address(server), 22);
        wait_until(BOOT_DEADLINE, Duration::from_millis(10), || async move {
            let stream = tokio::net::TcpStream::connect(address);
            let answer = tokio::time::timeout(Duration::from_secs(1), stream).await;
            answer.map_err(|_| "silence".to_owned())?.map(drop).map_err(|error| error.to_string())
        })
        .await
        .unwrap();
    }

    /// Waits until the real cloud-init is done. It may restart the SSH server meanwhile.
    pub(crate) async fn wait_for_cloud_init(&self, seed: &ServerSeed) {
        wait_until(BOOT_DEADLINE, Duration::from_millis(200), || async {
            let output = self.ssh(seed, "cloud-init status --wait").await;
            let done = output.success() && output.stdout_text().contains("status: done");
            if done { Ok(()) } else { Err(format!("{output:?}")) }
        })
        .await
        .unwrap();
    }

    /// Runs a shell command on a server as root; its host key must be the one it was given.
    pub(crate) async fn ssh(&self, seed: &ServerSeed, script: &str) -> Output {
        let known = self.keys.join(format!("{}.known", seed.name));
        let public = self.key(&format!("{}.pub", seed.name));
        files::write(&known, format!("{} {public}", self.address(seed.id))).unwrap();
        let command = Command::new("ssh")
            .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
            .args(["-o", "ConnectTimeout=5", "-o", "HostKeyAlgorithms=ssh-ed25519"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={known}"))
            .arg("-i")
            .arg(self.keys.join("operator").as_str())
            .arg(format!("root@{}", self.address(seed.id)))
            .arg(script);
        LocalHost::new("test").run(&command).await.unwrap()
    }

    /// As [`TestLab::ssh`], for a script that must succeed; returns what it wrote.
    pub(crate) async fn ssh_ok(&self, seed: &ServerSeed, script: &str) -> String {
        let output = self.ssh(seed, script).await;
        assert!(output.success(), "{}: {script}: {}", seed.name, output.stderr_tail());
        output.stdout_text()
    }
}
