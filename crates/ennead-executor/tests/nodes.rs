//! Nodes over SSH, for real: an sshd on loopback, and a script in the place of the program.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "the test starts its own sshd")]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_executor::nodes::{Directories, NodeAccess, NodeError, NodePool, Reached, Retry};
use ennead_host::clock::Stopwatch;
use ennead_host::{Identity, files};
use ennead_model::{ComponentName, Condition, Known, NodeAction, NodeName, NodeOrder};
use secrecy::SecretString;

/// Answers like the real program; says on standard error what it was asked.
const PROGRAM: &str = r#"#!/bin/sh
question=$(cat)
echo "asked $2" >&2
case "$2" in
observe) echo '{"generation":4,"ennead":"0.1.0 x","os":"Debian","memory_bytes":1,
  "disk_free_bytes":2,"components":{}}' ;;
test) case "$question" in *tcp*) echo '{"holds":true,"seen":"open"}' ;; *) echo nonsense ;; esac ;;
apply) case "$question" in
  *'"generation":9'*) exit 3 ;;
  *'"generation":7'*) rm -f "$(dirname "$0")/../../id.pub" ; echo '{"format_version":1,"node":"n1","component":"etcd","generation":5,"actions":[]}' ;;
  *) echo '{"format_version":1,"node":"n1","component":"etcd","generation":5,"actions":[]}' ;;
  esac ;;
confirm) echo "{\"format_version\":1,\"node\":\"n1\",\"component\":\"etcd\",\"generation\":5,
  \"actions\":[{\"action\":\"${SSH_CONNECTION% * *}\",\"outcome\":{\"outcome\":\"changed\"},\"took_ms\":0}]}" ;;
esac
"#;

struct Node {
    path: Utf8PathBuf,
    port: u16,
    child: Option<Child>,
    _directory: tempfile::TempDir,
}

fn keygen(path: &Utf8Path) {
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path.as_str()];
    assert!(Process::new("ssh-keygen").args(args).status().unwrap().success());
}

impl Node {
    fn new() -> Self {
        // sshd of root insists on its privilege separation directory.
        drop(std::fs::create_dir("/run/sshd"));
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_path_buf()).unwrap();
        keygen(&path.join("host"));
        keygen(&path.join("id"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let conf = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {path}/host\nUsePAM no\nPidFile none\n\
             AuthorizedKeysFile {path}/id.pub\nStrictModes no\nPermitRootLogin yes\n"
        );
        files::write(&path.join("conf"), conf).unwrap();
        files::write(&path.join("program"), PROGRAM).unwrap();
        Self { path, port, child: None, _directory: directory }
    }

    fn power_on(&mut self) {
        let mut sshd = Process::new("/usr/sbin/sshd");
        sshd.args(["-D", "-q", "-f", self.path.join("conf").as_str()]).stdin(Stdio::null());
        sshd.stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(sshd.spawn().expect("these tests need the package openssh-server"));
    }

    fn running() -> Self {
        let mut node = Self::new();
        node.power_on();
        let watch = Stopwatch::start();
        while TcpStream::connect(("127.0.0.1", node.port)).is_err() {
            assert!(watch.elapsed() < Duration::from_secs(10), "sshd does not listen");
            std::thread::yield_now();
        }
        node
    }

    fn text(&self, name: &str) -> String {
        files::read_text(&self.path.join(name)).unwrap().unwrap()
    }

    fn access(&self) -> NodeAccess {
        NodeAccess {
            node: name("n1"),
            public_ip: Ipv4Addr::LOCALHOST,
            port: self.port,
            host_public_key: self.text("host.pub").trim().to_owned(),
        }
    }

    fn pool(&self) -> NodePool {
        let identity = Identity::new(&SecretString::from(self.text("id"))).unwrap();
        let directories =
            Directories { versions: self.path.join("opt/bin"), link: self.path.join("usr/ennead") };
        let pool = NodePool::new(identity, &self.path.join("program"));
        let pool = pool.with_directories(directories, &self.path.join("ctl"));
        pool.put(self.access());
        pool
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        for socket in files::list(&self.path.join("ctl")).unwrap_or_default() {
            let socket = self.path.join("ctl").join(socket);
            let args = ["-F", "none", "-S", socket.as_str(), "-O", "exit", "none"];
            let mut ssh = Process::new("ssh");
            drop(ssh.args(args).stdout(Stdio::null()).stderr(Stdio::null()).status());
        }
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

fn order(generation: u64) -> NodeOrder {
    let mut order = NodeOrder::new("crm", name("n1"), ComponentName::new("etcd").unwrap());
    order.generation = generation;
    order
}

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_node_gets_the_program_once_and_then_answers() {
    let node = Node::running();
    let pool = node.pool();
    let unknown = pool.observe(&name("n1")).await;
    let why = unknown.why_unknown().unwrap();
    assert!(why.contains("the ennead program is not on it yet"), "{why}");
    assert_eq!(pool.reach(&name("n1"), SOON).await.unwrap(), Reached::Pushed);
    assert_eq!(pool.reach(&name("n1"), SOON).await.unwrap(), Reached::Unchanged);
    let versions = files::list(&node.path.join("opt/bin")).unwrap();
    assert!(versions.len() == 1 && versions[0].len() == "ennead-".len() + 16, "{versions:?}");
    assert_eq!(node.text("usr/ennead"), PROGRAM);
    let all = pool.observe_all().await;
    assert!(matches!(&all[&name("n1")], Known::Known(facts) if facts.generation == 4), "{all:?}");
    let report = pool.converge(&order(5), SOON).await.unwrap();
    assert_eq!((report.generation, report.actions.len()), (5, 0));
    pool.close().await;
    assert!(files::list(&node.path.join("ctl")).unwrap().is_empty());
}

#[tokio::test]
async fn an_order_brings_the_program_along_and_a_newer_one_replaces_the_link() {
    let node = Node::running();
    assert!(node.pool().converge(&order(5), SOON).await.is_ok());
    files::write(&node.path.join("program"), format!("{PROGRAM}# newer\n")).unwrap();
    let newer = node.pool();
    let asked = newer.observe(&name("n1")).await;
    assert!(asked.known().is_some(), "the older program answers: {asked:?}");
    assert_eq!(files::list(&node.path.join("opt/bin")).unwrap().len(), 1);
    assert_eq!(newer.reach(&name("n1"), SOON).await.unwrap(), Reached::Pushed);
    assert_eq!(files::list(&node.path.join("opt/bin")).unwrap().len(), 2);
    assert!(node.text("usr/ennead").ends_with("# newer\n"));
}

#[tokio::test]
async fn a_program_that_dies_or_talks_nonsense_is_named_with_its_last_words() {
    let node = Node::running();
    let pool = node.pool();
    pool.reach(&name("n1"), SOON).await.unwrap();
    let error = pool.converge(&order(9), SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "n1: `ennead node apply` ended with status 3: asked apply");
    let open = Condition::Tcp { address: "127.0.0.1:1".to_owned() };
    assert_eq!(pool.test(&name("n1"), &open).await.unwrap().seen, "open");
    let exists = Condition::PathExists { path: "/x".into() };
    let error = pool.test(&name("n1"), &exists).await.unwrap_err().to_string();
    assert!(error.starts_with("n1: `ennead node test` gave an answer that is not"), "{error}");
    assert!(error.ends_with("asked test"), "{error}");
}

#[tokio::test]
async fn a_node_that_boots_is_reached_as_soon_as_it_answers() {
    let mut node = Node::new();
    let pool = node.pool();
    let name = name("n1");
    let reach = pool.reach(&name, SOON);
    tokio::pin!(reach);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut reach).await;
    assert!(early.is_err(), "it is not on yet");
    node.power_on();
    assert_eq!(reach.await.unwrap(), Reached::Pushed);
}

fn to_confirm(generation: u64) -> NodeOrder {
    NodeOrder { confirm: vec![NodeAction::Absent { path: "/x".into() }], ..order(generation) }
}

#[tokio::test]
async fn what_is_to_be_confirmed_goes_over_a_new_connection_each_time() {
    let node = Node::running();
    let pool = node.pool();
    let over = async || {
        let report = pool.converge(&to_confirm(5), SOON).await.unwrap();
        assert_eq!(report.actions.len(), 1);
        report.actions[0].action.clone()
    };
    let (first, second) = (over().await, over().await);
    assert!(first.starts_with("127.0.0.1 ") && first != second, "{first} {second}");
    let ask = ennead_host::Command::new("sh").args(["-c", "echo ${SSH_CONNECTION% * *}"]);
    let old = pool.run(&name("n1"), &ask).await.unwrap().stdout_text();
    assert!(![first, second].contains(&old.trim().to_owned()), "{old}");
    assert!(files::list(&node.path.join("ctl/anew/etcd")).unwrap().is_empty());
}

#[tokio::test]
async fn a_node_that_lets_no_new_connection_in_is_told_as_such() {
    let node = Node::running();
    let pool = node.pool().with_reconnect(Duration::from_millis(500));
    let error = pool.converge(&to_confirm(7), SOON).await.unwrap_err();
    assert!(matches!(error, NodeError::ShutOut { .. }), "{error}");
    assert!(error.to_string().contains("after its order for etcd it lets no new"), "{error}");
    assert!(error.hint().contains("may use SSH"), "{}", error.hint());
}

#[tokio::test]
async fn silence_and_a_changed_host_key_are_different_errors() {
    let node = Node::new();
    let error = node.pool().reach(&name("n1"), Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(error.retry(), Retry::After(_)), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
    let pool = node.pool();
    assert!(pool.observe(&name("n1")).await.why_unknown().unwrap().contains("Connection refused"));
    let error = pool.reach(&name("n2"), SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "n2: it has no server, or no address yet");

    let node = Node::running();
    keygen(&node.path.join("other"));
    let pool = node.pool();
    let host_public_key = node.text("other.pub").trim().to_owned();
    pool.put(NodeAccess { host_public_key, ..node.access() });
    let watch = Stopwatch::start();
    let error = pool.reach(&name("n1"), SOON).await.unwrap_err();
    assert!(matches!(error, NodeError::HostKey { .. }), "{error}");
    assert!(error.retry() == Retry::Never && watch.elapsed() < SOON / 2);
}
