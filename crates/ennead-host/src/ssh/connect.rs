//! Connections: who is connected to, with which keys, and the `ssh` process that holds it.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use openssh::Session;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use super::memory_file::MemoryFile;
use crate::host::HostError;
use crate::{disk, environment, local};

/// Seconds that an unused connection stays open after the program that made it.
pub const PERSIST_SECONDS: u32 = 60;

/// Seconds in which a machine must answer and let us in. A machine in the same region answers in
/// well under one; a booting machine that drops packets is asked again rather than waited for.
const CONNECT_SECONDS: u64 = 5;

/// How long an existing connection may take to show that it is alive.
const ALIVE: Duration = Duration::from_millis(2500);

/// A machine to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    /// Its name, for errors and as the name its host key belongs to.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its SSH port.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// Its OpenSSH public host key: `ssh-ed25519 AAAA...`; a comment is ignored.
    pub host_public_key: String,
}

/// The operator's private key, held in memory only.
#[derive(Debug, Clone)]
pub struct Identity {
    file: Arc<MemoryFile>,
    digest: String,
}

impl Identity {
    /// Takes an OpenSSH private key without passphrase.
    ///
    /// # Errors
    /// [`HostError::File`] when the system gives no memory file.
    pub fn new(private_key: &SecretString) -> Result<Self, HostError> {
        let mut text = private_key.expose_secret().trim_end().to_owned();
        // ssh refuses a key without a final line end.
        text.push('\n');
        let file = MemoryFile::new("ennead-ssh-key", text.as_bytes());
        let file = file.map_err(disk::failed("this machine", "make", Utf8Path::new("memfd")))?;
        let digest = ennead_model::sha256_hex(&text);
        Ok(Self { file: Arc::new(file), digest })
    }
}

/// Returns the directory of control sockets: private to the user, gone after a reboot.
pub fn control_directory() -> Utf8PathBuf {
    environment::runtime_directory().join("ssh")
}

/// Returns the control socket's path. Everything that makes a connection the right one is in its
/// name, so that a rebuilt server or another key never meets an old connection.
pub(super) fn control_path(
    directory: &Utf8Path,
    target: &SshTarget,
    key: &Identity,
) -> Utf8PathBuf {
    let SshTarget { name, address, port, user, host_public_key } = target;
    let all = format!("{name} {address} {port} {user} {host_public_key} {}", key.digest);
    let digest = ennead_model::sha256_hex(all);
    directory.join(digest.chars().take(16).collect::<String>())
}

/// Returns a session on a living connection, an old one or a new one.
pub(super) async fn session(
    directory: &Utf8Path,
    target: &SshTarget,
    key: &Identity,
) -> Result<Session, HostError> {
    disk::make_directory(directory, 0o700, None).map_err(disk::failed(
        "this machine",
        "make the directory",
        directory,
    ))?;
    let control = control_path(directory, target, key);
    if let Some(session) = living(&control).await {
        return Ok(session);
    }
    start_master(&control, target, key).await?;
    Ok(Session::resume_mux(control.as_std_path().into(), None))
}

/// Asks the machine itself: a master whose machine lost power knows nothing of it for seconds.
async fn living(control: &Utf8Path) -> Option<Session> {
    disk::facts(control).ok()??;
    let session = Session::resume_mux(control.as_std_path().into(), None);
    let asked = tokio::time::timeout(ALIVE, async { session.raw_command("true").status().await });
    match asked.await {
        Ok(Ok(status)) if status.success() => Some(session),
        _ => {
            end_master(control).await;
            None
        }
    }
}

/// Ends the connection to a machine, if one is open: before its server is deleted, or at the end of
/// a lab, so that no process stays behind.
pub async fn close(target: &SshTarget, key: &Identity) {
    close_below(&control_directory(), target, key).await;
}

/// As [`close`] with the control socket in a stated directory.
pub async fn close_below(control_directory: &Utf8Path, target: &SshTarget, key: &Identity) {
    let control = control_path(control_directory, target, key);
    if disk::facts(&control).is_ok_and(|facts| facts.is_some()) {
        end_master(&control).await;
    }
}

async fn end_master(control: &Utf8Path) {
    let ask = ["-F", "none", "-S", control.as_str(), "-O", "exit", "none"].map(str::to_owned);
    let mut process = local::process("ssh", &ask);
    process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    // No answer means that there is no master; the socket is then only a leftover.
    drop(tokio::time::timeout(ALIVE, process.status()).await);
    disk::remove(control).unwrap_or_default();
}

/// Starts the process that holds the connection. It listens on a socket of its own name first,
/// which is then renamed: of two programs that connect at the same time one wins, and the other's
/// master ends when unused, whereas `ssh` itself would go on for ever without a socket.
async fn start_master(
    control: &Utf8Path,
    target: &SshTarget,
    key: &Identity,
) -> Result<(), HostError> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let here = |source| disk::failed("this machine", "connect over", control)(source);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let own = control.with_extension(format!("{}-{number}", std::process::id()));
    let known = format!("{} {}\n", target.name, target.host_public_key);
    let known = MemoryFile::new("ennead-ssh-host-key", known.as_bytes()).map_err(here)?;
    let said = MemoryFile::new("ennead-ssh-log", b"").map_err(here)?;

    let mut args = common_options(target, key, &known).await;
    args.extend(["-M", "-S", own.as_str(), "-f", "-N", "-T"].map(str::to_owned));
    args.extend(["-o".to_owned(), format!("ControlPersist={PERSIST_SECONDS}")]);
    args.extend(["--".to_owned(), target.address.clone()]);
    let mut process = local::process("ssh", &args);
    process.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    process.stderr(said.handle().map_err(here)?);
    let start =
        |source| HostError::Start { host: target.name.clone(), command: "ssh".to_owned(), source };
    let mut child = process.spawn().map_err(start)?;
    let limit = Duration::from_secs(CONNECT_SECONDS * 2);
    let Ok(status) = tokio::time::timeout(limit, child.wait()).await else {
        let why = format!("no SSH session within {} s", limit.as_secs());
        return Err(HostError::Unreachable { host: target.name.clone(), why });
    };
    if status.map_err(start)?.success() {
        return rename(&own, control).map_err(here);
    }
    Err(interpret(target, &said.text().map_err(here)?))
}

#[expect(clippy::disallowed_methods, reason = "this module is the door to SSH")]
fn rename(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

async fn common_options(target: &SshTarget, key: &Identity, known: &MemoryFile) -> Vec<String> {
    let options = [
        "BatchMode=yes".to_owned(),
        "StrictHostKeyChecking=yes".to_owned(),
        format!("UserKnownHostsFile={}", known.path()),
        "GlobalKnownHostsFile=/dev/null".to_owned(),
        format!("HostKeyAlias={}", target.name),
        "UpdateHostKeys=no".to_owned(),
        "CheckHostIP=no".to_owned(),
        "IdentitiesOnly=yes".to_owned(),
        "PreferredAuthentications=publickey".to_owned(),
        format!("ConnectTimeout={CONNECT_SECONDS}"),
        // A machine that lost its power is noticed within nine seconds.
        "ServerAliveInterval=3".to_owned(),
        "ServerAliveCountMax=3".to_owned(),
        format!("KexAlgorithms={}", key_exchange().await),
    ];
    let mut args = vec!["-F".to_owned(), "none".to_owned(), "-i".to_owned(), key.file.path()];
    args.extend(["-l".to_owned(), target.user.clone(), "-p".to_owned(), target.port.to_string()]);
    args.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
    args
}

/// Returns the key exchanges to try first. OpenSSH before 10 prefers sntrup761, which costs 75 ms of
/// processor time at each end (measured, OpenSSH 9.2: nine connections on two processors 3.8 s
/// against 0.4 s with curve25519). ML-KEM is as safe against later quantum computers and cheap, but
/// an older client refuses its name, so it is asked what it knows.
async fn key_exchange() -> &'static str {
    static KNOWN: OnceCell<&'static str> = OnceCell::const_new();
    KNOWN
        .get_or_init(|| async {
            let ask = ["-Q", "kex"].map(str::to_owned);
            let answer = local::process("ssh", &ask).stdin(Stdio::null()).output().await;
            let known = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned());
            if known.is_ok_and(|known| known.contains("mlkem768x25519-sha256")) {
                "^mlkem768x25519-sha256,curve25519-sha256"
            } else {
                "^curve25519-sha256"
            }
        })
        .await
}

/// Makes an error of what `ssh` said when it could not connect.
fn interpret(target: &SshTarget, said: &str) -> HostError {
    let host = target.name.clone();
    let changed = ["REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed"];
    if changed.iter().any(|text| said.contains(text)) {
        return HostError::HostKey { host };
    }
    let telling = |line: &&str| !line.is_empty() && !line.starts_with("Warning:");
    let last = said.lines().map(str::trim).rfind(telling);
    let why = last.unwrap_or("ssh gave no reason").trim_start_matches("ssh: ").to_owned();
    HostError::Unreachable { host, why }
}

/// Opens a shell, or runs a command, on the terminal of this process; returns its exit status.
///
/// # Errors
/// [`HostError::Unreachable`], [`HostError::HostKey`], [`HostError::Start`].
pub async fn open_shell(
    target: &SshTarget,
    key: &Identity,
    argv: &[String],
) -> Result<i32, HostError> {
    let directory = control_directory();
    drop(session(&directory, target, key).await?);
    let control = control_path(&directory, target, key);
    let mut args = ["-F", "none", "-q", "-S", control.as_str()].map(str::to_owned).to_vec();
    if argv.is_empty() {
        args.push("-t".to_owned());
    }
    args.extend(["--".to_owned(), target.address.clone()]);
    args.extend(argv.iter().map(|word| super::quote::quote(word)));
    let start =
        |source| HostError::Start { host: target.name.clone(), command: "ssh".to_owned(), source };
    local::process("ssh", &args).status().await.map(local::exit_status).map_err(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> SshTarget {
        SshTarget {
            name: "n1".to_owned(),
            address: "192.0.2.1".to_owned(),
            port: 22,
            user: "root".to_owned(),
            host_public_key: "ssh-ed25519 AAAA".to_owned(),
        }
    }

    #[test]
    fn what_ssh_says_becomes_one_line() {
        let refused = "ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n";
        assert_eq!(
            interpret(&target(), refused).to_string(),
            "n1: cannot be reached: connect to host 192.0.2.1 port 22: Connection refused"
        );
        assert!(matches!(interpret(&target(), ""), HostError::Unreachable { .. }));
    }

    #[test]
    fn a_changed_host_key_is_an_error_of_its_own() {
        let said = "No ED25519 host key is known for n1 and you have requested strict checking.\r\n\
                    Host key verification failed.\r\n";
        assert!(matches!(interpret(&target(), said), HostError::HostKey { .. }));
    }

    #[test]
    fn another_host_key_is_another_connection() {
        let key = Identity::new(&SecretString::from("a key".to_owned())).unwrap();
        let other = SshTarget { host_public_key: "ssh-ed25519 BBBB".to_owned(), ..target() };
        let directory = Utf8Path::new("/run");
        let path = control_path(directory, &target(), &key);
        assert_ne!(path, control_path(directory, &other, &key));
        assert_eq!(path, control_path(directory, &target(), &key.clone()));
        assert!(!format!("{key:?}").contains("a key"));
    }
}
