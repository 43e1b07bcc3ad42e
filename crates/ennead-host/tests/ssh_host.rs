//! A machine over SSH, for real: an sshd on loopback with keys made for the test.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "the test starts its own sshd")]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::{Stopwatch, wait_until};
use ennead_host::{Command, FileWrite, Host as _, HostError, Identity, SshHost, SshTarget, files};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

/// How long what must happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// An sshd of its own; ended, with its connections and files, when dropped.
struct Sshd {
    path: Utf8PathBuf,
    port: u16,
    child: Child,
    _directory: tempfile::TempDir,
}

fn keygen(path: &Utf8Path) {
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path.as_str()];
    assert!(Process::new("ssh-keygen").args(args).status().unwrap().success());
}

fn serve(path: &Utf8Path, port: u16) -> Child {
    let mut sshd = Process::new("/usr/sbin/sshd");
    sshd.args(["-D", "-q", "-f", path.join("conf").as_str()]).stdin(Stdio::null());
    sshd.stdout(Stdio::null()).stderr(Stdio::null());
    let child = sshd.spawn().expect("these tests need the Debian package openssh-server");
    let watch = Stopwatch::start();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(watch.elapsed() < PATIENCE, "sshd does not listen");
        std::thread::yield_now();
    }
    child
}

impl Sshd {
    fn start() -> Self {
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
        let child = serve(&path, port);
        Self { path, port, child, _directory: directory }
    }

    fn key(&self, name: &str) -> Identity {
        let text = files::read_text(&self.path.join(name)).unwrap().unwrap();
        Identity::new(&SecretString::from(text)).unwrap()
    }

    fn target(&self) -> SshTarget {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        let host_public_key = files::read_text(&self.path.join("host.pub")).unwrap().unwrap();
        SshTarget {
            name: "node-1".to_owned(),
            address: "127.0.0.1".to_owned(),
            port: self.port,
            user,
            host_public_key: host_public_key.trim().to_owned(),
        }
    }

    fn control(&self) -> Utf8PathBuf {
        self.path.join("ctl")
    }

    async fn connect(&self) -> Result<SshHost, HostError> {
        self.connect_as(&self.target(), "id").await
    }

    async fn connect_as(&self, target: &SshTarget, key: &str) -> Result<SshHost, HostError> {
        SshHost::connect_below(&self.control(), target, &self.key(key)).await
    }

    /// Ends sshd and its sessions at once, as a power loss would.
    fn kill(&mut self) {
        let listener = self.child.id();
        let sessions = format!("/proc/{listener}/task/{listener}/children");
        let sessions = std::fs::read_to_string(sessions).unwrap_or_default();
        drop(self.child.kill());
        drop(self.child.wait());
        for pid in sessions.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            let pid = nix::unistd::Pid::from_raw(pid);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap_or_default();
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        for socket in files::list(&self.control()).unwrap_or_default() {
            let socket = self.control().join(socket);
            let args = ["-F", "none", "-S", socket.as_str(), "-O", "exit", "none"];
            let mut ssh = Process::new("ssh");
            ssh.args(args).stdout(Stdio::null()).stderr(Stdio::null());
            drop(ssh.status());
        }
        self.kill();
    }
}

fn shell(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

#[tokio::test]
async fn commands_answer_over_one_connection_that_the_next_program_takes_over() {
    let sshd = Sshd::start();
    let host = sshd.connect().await.unwrap();
    let command = shell("cat; echo oops >&2; exit 3").stdin("it's $HOME\n");
    let output = host.run(&command).await.unwrap();
    assert_eq!((output.status, output.stdout_text()), (3, "it's $HOME\n".to_owned()));
    assert_eq!(output.stderr_tail(), "oops");
    let missing = host.run(&Command::new("/no/such/program")).await.unwrap();
    assert_eq!(missing.status, 127);
    assert!(missing.stderr_tail().contains("/no/such/program"), "{}", missing.stderr_tail());
    assert_eq!(host.run(&shell("kill -KILL $$")).await.unwrap().status, 137);
    drop(host);
    let before = files::list(&sshd.control()).unwrap();
    let again = sshd.connect().await.unwrap();
    assert!(again.run(&Command::new("true")).await.unwrap().success());
    assert_eq!((before.len(), files::list(&sshd.control()).unwrap()), (1, before));
}

#[tokio::test]
async fn the_deadline_holds_and_the_program_is_ended_at_the_other_end() {
    let sshd = Sshd::start();
    let host = sshd.connect().await.unwrap();
    let script = format!("echo $$ > {0}/new; mv {0}/new {0}/pid; exec sleep 600", sshd.path);
    let pid = sshd.path.join("pid");
    // On a busy machine a deadline can pass before the program is there; then a longer one is tried.
    let mut seconds = 1;
    while !files::exists(&pid).unwrap() {
        assert!(seconds <= 64, "the program is not begun within {} s", seconds / 2);
        let command = shell(&script).deadline(Duration::from_secs(seconds));
        let error = host.run(&command).await.unwrap_err();
        assert!(matches!(error, HostError::Deadline { .. }), "{error}");
        seconds *= 2;
    }
    let pid = files::read_text(&pid).unwrap().unwrap();
    let process = Utf8PathBuf::from(format!("/proc/{}", pid.trim()));
    wait_until(PATIENCE, Duration::from_millis(50), || async {
        if files::exists(&process).unwrap() { Err("it runs".to_owned()) } else { Ok(()) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn files_go_there_and_back_whole() {
    let sshd = Sshd::start();
    let host = sshd.connect().await.unwrap();
    let directory = sshd.path.join("a/b c");
    let me = sshd.target().user;
    let group = host.run_ok(&Command::new("id").arg("-gn")).await.unwrap();
    let group = group.stdout_text().trim().to_owned();
    host.make_directory(&directory, &me, &group, 0o750).await.unwrap();
    let file = FileWrite {
        path: directory.join("it's"),
        content: (0..=255).cycle().take(300_000).collect(),
        owner: me.clone(),
        group: group.clone(),
        mode: 0o640,
    };
    host.write(&file).await.unwrap();
    assert_eq!(host.read(&file.path).await.unwrap().unwrap(), file.content);
    let facts = host.facts(&file.path).await.unwrap().unwrap();
    assert_eq!((facts.owner, facts.mode, facts.len), (me, 0o640, 300_000));
    assert!(host.facts(&directory).await.unwrap().unwrap().is_directory);
    assert_eq!(files::list(&directory).unwrap(), ["it's"]);
    assert!(host.remove(&file.path).await.unwrap());
    assert!(!host.remove(&file.path).await.unwrap());
    assert_eq!(host.read(&file.path).await.unwrap(), None);
    assert_eq!(host.facts(&file.path).await.unwrap(), None);
    let stranger = FileWrite { owner: "no-such-user".to_owned(), ..file.clone() };
    let error = host.write(&stranger).await.unwrap_err();
    assert!(matches!(error, HostError::Account { .. }), "{error}");
    let nowhere = FileWrite { path: "/no/such/directory/f".into(), ..file };
    let error = host.write(&nowhere).await.unwrap_err();
    assert_eq!(error.to_string(), "node-1: cannot write /no/such/directory/f");
}

#[tokio::test]
async fn a_conversation_goes_both_ways_until_its_input_ends() {
    let sshd = Sshd::start();
    let host = sshd.connect().await.unwrap();
    let script = "while read line; do echo got $line; done; exit 4";
    let mut talk = host.spawn(&shell(script)).await.unwrap();
    let mut input = talk.stdin.take().unwrap();
    let mut lines = BufReader::new(talk.stdout.take().unwrap()).lines();
    for word in ["one", "two"] {
        input.write_all(format!("{word}\n").as_bytes()).await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("got {word}"));
    }
    drop(input);
    let mut rest = String::new();
    lines.into_inner().read_to_string(&mut rest).await.unwrap();
    assert_eq!((talk.wait().await, rest), (4, String::new()));
}

#[tokio::test]
async fn another_host_key_is_told_from_no_answer() {
    let mut sshd = Sshd::start();
    keygen(&sshd.path.join("other"));
    let other = files::read_text(&sshd.path.join("other.pub")).unwrap().unwrap();
    let target = SshTarget { host_public_key: other.trim().to_owned(), ..sshd.target() };
    let error = sshd.connect_as(&target, "id").await.unwrap_err();
    assert!(matches!(error, HostError::HostKey { .. }), "{error}");
    let error = sshd.connect_as(&sshd.target(), "other").await.unwrap_err().to_string();
    assert!(error.contains("Permission denied"), "{error}");
    sshd.kill();
    let error = sshd.connect().await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }), "{error}");
    assert!(error.to_string().ends_with("Connection refused"), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_unreachable_and_then_made_anew() {
    let mut sshd = Sshd::start();
    let host = sshd.connect().await.unwrap();
    let command = shell("echo ready; sleep 600");
    let mut talk = host.spawn(&command).await.unwrap();
    let mut ready = [0; 6];
    talk.stdout.as_mut().unwrap().read_exact(&mut ready).await.unwrap();
    sshd.kill();
    assert_eq!(talk.wait().await, 255);
    let error = host.run(&Command::new("true")).await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }), "{error}");
    sshd.child = serve(&sshd.path, sshd.port);
    let host = sshd.connect().await.unwrap();
    assert!(host.run(&Command::new("true")).await.unwrap().success());
}

#[tokio::test]
async fn nothing_of_the_private_key_is_on_the_disk_or_in_an_argument() {
    let sshd = Sshd::start();
    let _host = sshd.connect().await.unwrap();
    let all = Process::new("ps").args(["-eo", "args"]).output().unwrap();
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    let master = all.lines().find(|line| line.contains(sshd.control().as_str())).unwrap();
    assert!(!master.contains("PRIVATE"), "{master}");
    assert_eq!(files::list(&sshd.control()).unwrap().len(), 1, "only the control socket");
}
