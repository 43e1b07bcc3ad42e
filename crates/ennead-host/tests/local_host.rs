//! This machine, for real: programs, deadlines, users and files.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{Command, FileWrite, Host as _, HostError, LocalHost, files};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn host() -> LocalHost {
    LocalHost::new("here")
}

fn shell(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().to_path_buf()).unwrap();
    (directory, path)
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[tokio::test]
async fn a_program_gets_its_input_and_gives_status_and_both_outputs() {
    let command = shell("cat; echo oops >&2; exit 3").stdin("in\n");
    let output = host().run(&command).await.unwrap();
    assert_eq!((output.status, output.stdout_text()), (3, "in\n".to_owned()));
    assert_eq!(output.stderr_tail(), "oops");
    let error = host().run_ok(&command).await.unwrap_err().to_string();
    assert!(error.ends_with("ended with status 3: oops"), "{error}");
}

#[tokio::test]
async fn large_input_and_output_do_not_block_each_other() {
    let text = "0123456789abcdef".repeat(40_000);
    let output = host().run(&Command::new("cat").stdin(text.clone())).await.unwrap();
    assert_eq!(output.stdout.len(), text.len());
}

#[tokio::test]
async fn input_that_nobody_reads_is_no_error() {
    let text = "x".repeat(1_000_000);
    assert!(host().run(&Command::new("true").stdin(text)).await.unwrap().success());
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let error = host().run(&Command::new("/no/such/program")).await.unwrap_err();
    assert_eq!(error.to_string(), "here: cannot start `/no/such/program`");
}

#[tokio::test]
async fn the_deadline_ends_the_program_and_its_children() {
    let (_keep, path) = directory();
    let script = format!("sleep 600 & echo $! > {path}/new; mv {path}/new {path}/pid; wait");
    let pid = path.join("pid");
    // On a busy machine a deadline can pass before the child is there; then a longer one is tried.
    let mut milliseconds = 300;
    while !files::exists(&pid).unwrap() {
        assert!(milliseconds < 40_000, "the child is not begun within {milliseconds} ms");
        let command = shell(&script).deadline(Duration::from_millis(milliseconds));
        let error = host().run(&command).await.unwrap_err();
        assert!(matches!(error, HostError::Deadline { .. }), "{error}");
        milliseconds *= 2;
    }
    let pid = files::read_text(&pid).unwrap().unwrap();
    let stat = Utf8PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    wait_until(Duration::from_mins(1), Duration::from_millis(10), || async {
        match files::read_text(&stat) {
            Ok(Some(text)) if !text.contains(") Z ") => Err(text),
            _ => Ok(()),
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_daemon_that_keeps_the_output_open_does_not_hold_the_answer_up() {
    let output = host().run(&shell("sleep 600 & echo $!")).await.unwrap();
    let daemon = Pid::from_raw(output.stdout_text().trim().parse().unwrap());
    // It is there to be ended: the answer did not wait for it.
    kill(daemon, Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_signal_is_told_as_a_shell_does() {
    assert_eq!(host().run(&shell("kill -TERM $$")).await.unwrap().status, 143);
}

#[tokio::test]
async fn another_user_has_its_own_groups_and_home() {
    if !is_root() {
        return;
    }
    let command = shell("id -un; id -gn; echo $HOME").user("nobody");
    let output = host().run_ok(&command).await.unwrap();
    assert_eq!(output.stdout_text(), "nobody\nnogroup\n/nonexistent\n");
    let error = host().run(&shell("true").user("no-such-user")).await.unwrap_err();
    assert_eq!(error.to_string(), "here: there is no user \"no-such-user\"");
}

#[tokio::test]
async fn a_file_is_replaced_whole_with_owner_and_mode() {
    let (_keep, path) = directory();
    let me = host().facts(&path).await.unwrap().unwrap();
    let mut file = FileWrite {
        path: path.join("conf"),
        content: b"one".to_vec(),
        owner: me.owner.clone(),
        group: me.group.clone(),
        mode: 0o640,
    };
    host().write(&file).await.unwrap();
    file.content = b"two".to_vec();
    host().write(&file).await.unwrap();
    assert_eq!(host().read(&file.path).await.unwrap().unwrap(), b"two");
    let facts = host().facts(&file.path).await.unwrap().unwrap();
    assert_eq!((facts.mode, facts.len, facts.is_directory), (0o640, 3, false));
    assert_eq!(files::list(&path).unwrap(), ["conf"], "no neighbour is left behind");
    assert!(host().remove(&file.path).await.unwrap());
    assert!(!host().remove(&file.path).await.unwrap());
    assert_eq!(host().read(&file.path).await.unwrap(), None);
}

#[tokio::test]
async fn files_take_the_owner_by_name() {
    if !is_root() {
        return;
    }
    let (_keep, path) = directory();
    let sub = path.join("a/b");
    host().make_directory(&sub, "nobody", "nogroup", 0o750).await.unwrap();
    let facts = host().facts(&sub).await.unwrap().unwrap();
    assert_eq!(
        (facts.owner.as_str(), facts.group.as_str(), facts.mode),
        ("nobody", "nogroup", 0o750)
    );
    assert_eq!(host().facts(&path.join("a")).await.unwrap().unwrap().mode, 0o755);
    let file = FileWrite {
        path: sub.join("f"),
        content: Vec::new(),
        owner: "nobody".to_owned(),
        group: "no-such-group".to_owned(),
        mode: 0o600,
    };
    let error = host().write(&file).await.unwrap_err();
    assert_eq!(error.to_string(), "here: there is no group \"no-such-group\"");
}

#[tokio::test]
async fn a_full_disk_is_one_line_that_names_the_path() {
    let file = FileWrite {
        path: "/proc/conf".into(),
        content: b"x".to_vec(),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        mode: 0o600,
    };
    let error = host().write(&file).await.unwrap_err();
    assert_eq!(error.to_string(), "here: cannot write /proc/conf");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn private_files_are_private() {
    let (_keep, path) = directory();
    let sub = path.join("x/y");
    files::make_private_directory(&sub).unwrap();
    files::write_private(&sub.join("key"), "secret").unwrap();
    let mode = |path: &Utf8Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&sub), mode(&sub.join("key"))), (0o700, 0o600));
    assert_eq!(files::read_text(&sub.join("key")).unwrap().unwrap(), "secret");
    assert!(files::remove_all(&path.join("x")).unwrap());
}

#[test]
fn a_lock_is_held_by_one_at_a_time() {
    let (_keep, path) = directory();
    let lock = path.join("lock");
    let log = path.join("log");
    let worker = |_| {
        let (lock, log) = (lock.clone(), log.clone());
        std::thread::spawn(move || {
            for _ in 0..20 {
                let held = files::lock(&lock).unwrap();
                let mut file =
                    std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
                file.write_all(b"(").unwrap();
                std::thread::yield_now();
                file.write_all(b")").unwrap();
                drop(held);
            }
        })
    };
    let threads: Vec<_> = (0..4).map(worker).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(files::read_text(&log).unwrap().unwrap(), "()".repeat(80));
}
