//! Debian packages. A node whose packages are there is not slowed down by `apt`.

use std::collections::BTreeSet;
use std::time::Duration;

use ennead_host::{Command, Host, HostError, Output};

use super::Done;
use crate::problem::{Problem, one_line};

/// How long an installation may take: some hundred megabytes over a slow mirror.
const INSTALL_DEADLINE: Duration = Duration::from_mins(10);

/// How long `apt` waits for another `apt`, as Debian runs one by itself after the first boot.
const LOCK_SECONDS: u32 = 180;

/// Returns which of the packages are not installed, in one question.
pub(crate) async fn missing(host: &dyn Host, names: &[String]) -> Result<Vec<String>, HostError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let command = Command::new("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\n"]);
    // Status 1 only says that some name is unknown; what is known is on standard output.
    let output = host.run(&command.arg("--").args(names)).await?;
    let said = output.stdout_text();
    let installed: BTreeSet<&str> =
        said.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    Ok(names.iter().filter(|name| !installed.contains(name.as_str())).cloned().collect())
}

pub(super) async fn install(host: &dyn Host, names: &[String]) -> Result<Done, Problem> {
    let missing = missing(host, names).await?;
    if missing.is_empty() {
        return Ok(Done::Unchanged);
    }
    let mut output = host.run(&apt_install(&missing)).await?;
    if !output.success() && lists_are_old(&output) {
        host.run(&apt(&["update"])).await?;
        output = host.run(&apt_install(&missing)).await?;
    }
    if output.success() {
        return Ok(Done::Changed);
    }
    let said = one_line(&output.stderr_tail());
    let names = missing.join(" ");
    let error =
        format!("cannot install {names}: apt-get ended with status {}: {said}", output.status);
    let hint = if said.contains("No space left") || said.contains("enough free space") {
        "free space on the node, `df -h /` shows how much there is, then run again".to_owned()
    } else {
        format!("try `apt-get install {names}` on the node")
    };
    Err(Problem::new(error).hint(hint))
}

fn lists_are_old(output: &Output) -> bool {
    let said = output.stderr_tail();
    ["Unable to locate package", "has no installation candidate", "404", "Unable to fetch"]
        .iter()
        .any(|text| said.contains(text))
}

fn apt(args: &[&str]) -> Command {
    let lock = format!("DPkg::Lock::Timeout={LOCK_SECONDS}");
    Command::new("apt-get")
        .args(["-q", "-y", "-o", &lock, "-o", "DPkg::Options::=--force-confold"])
        .args(args.iter().copied())
        .env("DEBIAN_FRONTEND", "noninteractive")
        .deadline(INSTALL_DEADLINE)
}

fn apt_install(names: &[String]) -> Command {
    apt(&["install", "--no-install-recommends", "--"]).args(names)
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;
    use ennead_host::fake::output;

    use super::*;

    fn names() -> Vec<String> {
        vec!["etcd-server".to_owned(), "haproxy".to_owned()]
    }

    #[tokio::test]
    async fn installed_packages_are_left_alone() {
        let said = "etcd-server installed\nhaproxy installed\n";
        let host = FakeHost::new("n1").answer("dpkg-query", 0, said);
        assert_eq!(install(&host, &names()).await, Ok(Done::Unchanged));
        assert_eq!(host.lines().len(), 1);
    }

    #[tokio::test]
    async fn only_missing_ones_are_installed_after_an_update_when_lists_are_old() {
        let host = FakeHost::new("n1")
            .answer("dpkg-query", 1, "etcd-server installed\nhaproxy config-files\n")
            .answer(
                "apt-get -q -y -o DPkg::Lock::Timeout=180 -o DPkg::Options::=--force-confold u",
                0,
                "",
            );
        let install_line = "apt-get -q -y -o DPkg::Lock::Timeout=180 \
                            -o DPkg::Options::=--force-confold install";
        host.set_answer(install_line, output(100, "", "E: Unable to locate package haproxy"));
        host.set_answer(install_line, output(0, "", ""));
        assert_eq!(install(&host, &names()).await, Ok(Done::Changed));
        let lines = host.lines();
        assert_eq!(lines.len(), 4);
        assert!(
            lines
                .iter()
                .all(|line| !line.ends_with("etcd-server haproxy") || line.starts_with("dpkg"))
        );
    }

    #[tokio::test]
    async fn a_refused_installation_is_one_line() {
        let host = FakeHost::new("n1").answer("dpkg-query", 1, "");
        host.set_answer("apt-get", output(100, "", "E: write error\nNo space left on device"));
        let problem = install(&host, &names()).await.unwrap_err();
        assert!(!problem.error.contains('\n') && problem.error.contains("etcd-server haproxy"));
        assert!(problem.hint.contains("df -h"), "{}", problem.hint);
    }
}
