//! Two userspace tunnels between two network namespaces, set up with the real `wg` and `ip`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "the test makes its own namespaces")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ennead_host::clock::wait_until;

const LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// Programs and namespaces of one test; gone when dropped.
struct World {
    tag: String,
    tunnels: Vec<Child>,
    directory: tempfile::TempDir,
}

fn run(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl World {
    /// The namespace, and the interface in it, of one side.
    fn name(&self, side: u8) -> String {
        format!("et{}n{side}", self.tag)
    }

    fn socket(&self, side: u8) -> PathBuf {
        PathBuf::from(format!("/var/run/wireguard/{}.sock", self.name(side)))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Joins the two namespaces by a line and makes the keys.
    fn prepare(&self) {
        let (one, two) = (self.name(1), self.name(2));
        run(&format!("ip netns add {one}"));
        run(&format!("ip netns add {two}"));
        run(&format!("ip link add line netns {one} type veth peer name line netns {two}"));
        for side in [1, 2] {
            let name = self.name(side);
            run(&format!("ip -n {name} address add 203.0.113.{side}/24 dev line"));
            run(&format!("ip -n {name} link set line up"));
            let key = self.file(&format!("{side}.key"));
            std::fs::write(&key, run("wg genkey")).unwrap();
            let script = format!("wg pubkey < {}", key.display());
            let public = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
            std::fs::write(self.file(&format!("{side}.pub")), public).unwrap();
        }
    }

    async fn start(&mut self, side: u8) {
        let name = self.name(side);
        // Built beside the tests: a program without other threads, as the tunnel needs.
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("examples/tunnel");
        let mut tunnel = Command::new("ip");
        tunnel.args(["netns", "exec", &name]).arg(program).arg(&name).stdin(Stdio::null());
        self.tunnels.push(tunnel.spawn().unwrap());
        let socket = self.socket(side);
        let there = || async { if socket.exists() { Ok(()) } else { Err("no socket".to_owned()) } };
        wait_until(LIMIT, PAUSE, there).await.unwrap();
    }

    fn set_peers(&self, own: u8, other: u8) {
        let read = |name: String| std::fs::read_to_string(self.file(&name)).unwrap();
        let (key, peer) = (read(format!("{own}.key")), read(format!("{other}.pub")));
        let text = format!(
            "[Interface]\nPrivateKey = {key}\nListenPort = 51820\n[Peer]\nPublicKey = {peer}\n\
             AllowedIPs = 10.9.0.{other}/32\nEndpoint = 203.0.113.{other}:51820\n"
        );
        let (name, file) = (self.name(own), self.file("conf"));
        std::fs::write(&file, text).unwrap();
        run(&format!("ip netns exec {name} wg setconf {name} {}", file.display()));
    }

    fn bring_up(&self, own: u8, other: u8) {
        let name = self.name(own);
        run(&format!("ip -n {name} address add 10.9.0.{own}/32 dev {name}"));
        run(&format!("ip -n {name} link set {name} mtu 1380 up"));
        run(&format!("ip -n {name} route add 10.9.0.{other}/32 dev {name}"));
    }

    fn received_bytes(&self, side: u8) -> u64 {
        let name = self.name(side);
        let said = run(&format!("ip netns exec {name} wg show {name} transfer"));
        said.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for tunnel in &mut self.tunnels {
            drop(tunnel.kill());
            drop(tunnel.wait());
        }
        for side in [1, 2] {
            drop(Command::new("ip").args(["netns", "delete", &self.name(side)]).output());
            drop(std::fs::remove_file(self.socket(side)));
        }
    }
}

#[tokio::test]
async fn two_tunnels_find_each_other_and_end_cleanly() {
    let root = nix::unistd::geteuid().is_root();
    if !root || !Path::new("/dev/net/tun").exists() {
        return;
    }
    let tag = std::process::id().to_string();
    let mut world = World { tag, tunnels: Vec::new(), directory: tempfile::tempdir().unwrap() };
    world.prepare();
    for (own, other) in [(1, 2), (2, 1)] {
        world.start(own).await;
        world.set_peers(own, other);
        world.bring_up(own, other);
    }
    // Peers are replaced as a whole: this is how a changed configuration arrives.
    world.set_peers(1, 2);
    let one = world.name(1);
    wait_until(LIMIT, PAUSE, || async {
        let say = "echo hello > /dev/udp/10.9.0.2/9";
        drop(Command::new("ip").args(["netns", "exec", &one, "bash", "-c", say]).output());
        // More than a handshake (148 bytes): data came through.
        let received = world.received_bytes(2);
        if received > 200 { Ok(()) } else { Err(format!("{received} bytes came through")) }
    })
    .await
    .unwrap();
    let mut first = world.tunnels.remove(0);
    let pid = nix::unistd::Pid::from_raw(i32::try_from(first.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(first.wait().unwrap().success(), "SIGTERM is a clean end");
    assert!(!world.socket(1).exists());
}
