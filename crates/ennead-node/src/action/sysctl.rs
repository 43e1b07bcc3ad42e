//! Kernel settings: the live value and the file that sets it at boot.
//!
//! In a container most of `/proc/sys` belongs to the machine around it and is read-only. Such a
//! setting is neither "unchanged", which would be a lie, nor a failure, which would stop the whole
//! order for something that nobody can change from here: its file is written, the action's report
//! says that the live value is the container host's, and `observe` shows it as a fact. On a machine
//! of its own the same refusal is a failure.

use camino::Utf8PathBuf;
use ennead_host::{Command, FileWrite, Host, HostError};

use super::{Done, path};
use crate::problem::{Problem, one_line};

/// Exists in every systemd container and nowhere else.
const CONTAINER_MARK: &str = "/run/systemd/container";

fn file(key: &str, value: &str) -> FileWrite {
    FileWrite {
        path: format!("/etc/sysctl.d/60-ennead-{}.conf", key.replace('/', "-")).into(),
        content: format!("{key} = {value}\n").into_bytes(),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        mode: 0o644,
    }
}

fn live_path(key: &str) -> Utf8PathBuf {
    Utf8PathBuf::from("/proc/sys").join(key.replace('.', "/"))
}

/// Returns the kernel's value; `None` when it has no such setting.
pub(crate) async fn live_value(host: &dyn Host, key: &str) -> Result<Option<String>, HostError> {
    let bytes = host.read(&live_path(key)).await?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// Returns whether two values mean the same: the kernel separates parts with tabs.
pub(crate) fn same_value(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

pub(super) async fn ensure(host: &dyn Host, key: &str, value: &str) -> Result<Done, Problem> {
    let file_changed = path::ensure_file(host, &file(key, value)).await? == Done::Changed;
    let live = live_value(host, key).await?;
    if live.as_deref().is_some_and(|live| same_value(live, value)) {
        return Ok(Done::changed(file_changed));
    }
    let why = match live {
        None => format!("the kernel has no setting {key}"),
        Some(live) => {
            let set = Command::new("tee").arg(live_path(key).as_str()).stdin(value.to_owned());
            let output = host.run(&set).await?;
            if output.success() {
                return Ok(Done::Changed);
            }
            format!("{key} stays {live}: {}", one_line(&output.stderr_tail()))
        }
    };
    if host.facts(CONTAINER_MARK.into()).await?.is_some() {
        return Ok(Done::OutOfReach { key: key.to_owned(), why, changed: file_changed });
    }
    Err(Problem::new(format!("cannot set {key} to {value}: {why}"))
        .hint("the setting may need a kernel module, or its value be out of range"))
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;
    use ennead_host::fake::output;

    use super::*;

    #[tokio::test]
    async fn a_setting_is_kept_for_the_next_boot_and_set_now_when_it_differs() {
        let host =
            FakeHost::new("n1").answer("tee", 0, "").file("/proc/sys/net/ipv4/ip_forward", "0\n");
        assert_eq!(ensure(&host, "net.ipv4.ip_forward", "1").await, Ok(Done::Changed));
        let conf = "/etc/sysctl.d/60-ennead-net.ipv4.ip_forward.conf";
        assert_eq!(host.text(conf).unwrap(), "net.ipv4.ip_forward = 1\n");
        assert_eq!(host.ran()[0].stdin.as_deref(), Some("1"));
        host.put("/proc/sys/net/ipv4/ip_forward", "1\n");
        assert_eq!(ensure(&host, "net.ipv4.ip_forward", "1").await, Ok(Done::Unchanged));
    }

    #[tokio::test]
    async fn a_setting_of_the_machine_around_a_container_is_told_and_not_hidden() {
        let host = FakeHost::new("n1").file("/proc/sys/vm/swappiness", "60\n");
        host.set_answer(
            "tee",
            output(1, "", "tee: /proc/sys/vm/swappiness: Read-only file system"),
        );
        let problem = ensure(&host, "vm.swappiness", "1").await.unwrap_err();
        assert!(problem.error.starts_with("cannot set vm.swappiness to 1: vm.swappiness stays 60"));
        host.put("/run/systemd/container", "systemd-nspawn");
        let done = ensure(&host, "vm.swappiness", "1").await;
        assert!(matches!(done, Ok(Done::OutOfReach { changed: false, .. })), "{done:?}");
    }

    #[test]
    fn tabs_and_spaces_mean_the_same() {
        assert!(same_value("4096\t87380 6291456", "4096 87380 6291456"));
    }
}
