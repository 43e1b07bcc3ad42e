//! System users and groups.

use camino::Utf8Path;
use ennead_host::{Command, Host, HostError};

use super::Done;
use crate::problem::Problem;

/// Returns which of the users do not exist, in one question.
pub(crate) async fn missing(host: &dyn Host, users: &[String]) -> Result<Vec<String>, HostError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    // Status 2 only says that some name is unknown; what is known is on standard output.
    let said = host.run(&Command::new("getent").arg("passwd").args(users)).await?.stdout_text();
    let known: Vec<&str> = said.lines().filter_map(|line| line.split(':').next()).collect();
    Ok(users.iter().filter(|user| !known.contains(&user.as_str())).cloned().collect())
}

async fn entry(host: &dyn Host, database: &str, name: &str) -> Result<bool, HostError> {
    Ok(host.run(&Command::new("getent").args([database, name])).await?.success())
}

pub(super) async fn ensure(
    host: &dyn Host,
    name: &str,
    home: &Utf8Path,
    groups: &[String],
) -> Result<Done, Problem> {
    let mut changed = false;
    if !entry(host, "passwd", name).await? {
        let mut add = Command::new("useradd").args(["--system", "--no-create-home"]);
        add = add.args(["--home-dir", home.as_str(), "--shell", "/usr/sbin/nologin"]);
        add = if entry(host, "group", name).await? {
            add.args(["--gid", name])
        } else {
            add.arg("--user-group")
        };
        host.run_ok(&add.arg(name)).await?;
        changed = true;
    }
    if !groups.is_empty() {
        let has = host.run_ok(&Command::new("id").args(["-nG", name])).await?.stdout_text();
        let has: Vec<&str> = has.split_whitespace().collect();
        let lacks: Vec<&str> =
            groups.iter().map(String::as_str).filter(|group| !has.contains(group)).collect();
        if !lacks.is_empty() {
            let join = Command::new("usermod").args(["-aG", &lacks.join(","), name]);
            host.run_ok(&join).await?;
            changed = true;
        }
    }
    Ok(Done::changed(changed))
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;

    use super::*;

    #[tokio::test]
    async fn a_user_is_made_once_and_joins_what_it_lacks() {
        let host = FakeHost::new("n1")
            .answer("getent", 2, "")
            .answer("useradd", 0, "")
            .answer("id -nG etcd", 0, "etcd ssl-cert\n")
            .answer("usermod", 0, "");
        let groups = ["ssl-cert".to_owned(), "adm".to_owned()];
        let done = ensure(&host, "etcd", "/var/lib/etcd".into(), &groups).await;
        assert_eq!(done, Ok(Done::Changed));
        let lines = host.lines();
        assert_eq!(lines.last().unwrap(), "usermod -aG adm etcd");
        assert!(lines.iter().any(|line| line.ends_with("--user-group etcd")), "{lines:?}");
        let host = FakeHost::new("n1").answer("getent", 0, "");
        assert_eq!(ensure(&host, "etcd", "/x".into(), &[]).await, Ok(Done::Unchanged));
    }
}
