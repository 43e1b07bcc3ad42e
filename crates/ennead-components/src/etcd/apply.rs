//! Node-side actions: coming into the cluster, and bringing its member list to what is declared.

use std::time::Duration;

use camino::Utf8Path;
use ennead_host::clock::wait_until;
use ennead_host::host::FileWrite;
use ennead_host::{Command, Host};

use super::members::{Member, MemberList, Way};
use super::plan::{BOOTSTRAP_PATH, CLIENT, DATA_DIRECTORY, Voters};
use super::{NAME, leader};
use crate::component::ComponentError;
use crate::leaf::CA_PATH;

/// Longest time for one request. Requests that need consensus wait for an election at most.
const REQUEST_DEADLINE: &str = "2s";
/// How long the member list is tried to be brought to what is declared, per verb.
const SETTLE_DEADLINE: Duration = Duration::from_secs(100);
/// First pause between two tries.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn apply(
    host: &dyn Host,
    verb: &str,
    arguments: &serde_json::Value,
) -> Result<bool, ComponentError> {
    let voters: Voters = serde_json::from_value(arguments.clone())
        .map_err(|error| answer(format!("arguments of {verb:?}: {error}")))?;
    match verb {
        "join" => join(host, &voters).await,
        "settle" => {
            let changed = settle(host, &voters).await?;
            leader::place(host, &voters).await?;
            Ok(changed)
        }
        _ => Err(ComponentError::Verb { component: NAME, verb: verb.to_owned() }),
    }
}

fn answer(what: String) -> ComponentError {
    ComponentError::Answer { component: NAME, what }
}

/// Returns `etcdctl` with the node's own certificate.
pub(super) fn etcdctl(endpoints: &[String]) -> Command {
    client(endpoints, CLIENT.cert_path().as_str(), CLIENT.key_path().as_str())
}

/// Returns `etcdctl` with a certificate, answering in JSON.
pub(crate) fn client(endpoints: &[String], cert: &str, key: &str) -> Command {
    let endpoints = endpoints.join(",");
    let connection = ["--endpoints", &endpoints, "--cacert", CA_PATH, "--cert", cert, "--key", key];
    let patience = ["--dial-timeout", "1s", "--command-timeout", REQUEST_DEADLINE];
    Command::new("etcdctl").args(connection).args(patience).args(["--write-out", "json"])
}

/// Returns the members as a majority knows them.
pub(super) async fn members(
    host: &dyn Host,
    endpoints: &[String],
) -> Result<Vec<Member>, ComponentError> {
    let output = host.run_ok(&etcdctl(endpoints).args(["member", "list"])).await?;
    let list: MemberList = serde_json::from_slice(&output.stdout)
        .map_err(|error| answer(format!("`member list` answered {error}")))?;
    Ok(list.members)
}

async fn join(host: &dyn Host, voters: &Voters) -> Result<bool, ComponentError> {
    let data = Utf8Path::new(DATA_DIRECTORY).join("member");
    let has_data = host.facts(&data).await?.is_some();
    let known = if anybody_listens(host, &voters.endpoints).await? {
        members(host, &voters.endpoints).await.ok()
    } else {
        None
    };
    if has_data {
        if !voters.was_removed(known.as_deref()) {
            return keep_way(host, voters).await;
        }
        set_aside(host).await?;
    }
    match voters.way(known.as_deref()) {
        Way::Bootstrap => write_bootstrap(host, voters.render_bootstrap()).await,
        Way::Start => {
            write_bootstrap(host, voters.render_existing(&known.unwrap_or_default())).await
        }
        Way::Replace(id) => {
            remove(host, voters, id).await?;
            add(host, voters).await
        }
        Way::Add => add(host, voters).await,
    }
}

/// Returns whether any of the endpoints accepts a connection within a second. `etcdctl` does not end
/// early when all of them refuse, which is the usual case when a cluster is founded.
async fn anybody_listens(host: &dyn Host, endpoints: &[String]) -> Result<bool, ComponentError> {
    let ask = "for endpoint; do \
               (timeout 1 bash -c \"exec 3<>/dev/tcp/$endpoint\" && echo yes) 2>/dev/null & \
               done; wait";
    let sockets = endpoints.iter().map(|url| url.trim_start_matches("https://").replace(':', "/"));
    let output = host.run(&Command::new("bash").args(["-c", ask, "bash"]).args(sockets)).await?;
    Ok(output.stdout_text().contains("yes"))
}

/// Sees to it that the environment file exists, whatever it says: without it the unit fails.
async fn keep_way(host: &dyn Host, voters: &Voters) -> Result<bool, ComponentError> {
    if host.read(BOOTSTRAP_PATH.into()).await?.is_some() {
        return Ok(false);
    }
    write_bootstrap(host, voters.render_bootstrap()).await
}

/// Moves the data of a member that was removed out of the way: the cluster has all of it, and etcd
/// refuses to start with it.
async fn set_aside(host: &dyn Host) -> Result<(), ComponentError> {
    host.run_ok(&Command::new("systemctl").args(["stop", "etcd.service"])).await?;
    let aside = format!("{DATA_DIRECTORY}.removed");
    host.run_ok(&Command::new("rm").args(["--recursive", "--force", "--", &aside])).await?;
    host.run_ok(&Command::new("mv").args(["--no-target-directory", "--", DATA_DIRECTORY, &aside]))
        .await?;
    Ok(())
}

async fn write_bootstrap(host: &dyn Host, content: String) -> Result<bool, ComponentError> {
    let directory = Utf8Path::new("/var/lib/ennead");
    host.make_directory(directory, "root", "root", 0o700).await?;
    if host.read(BOOTSTRAP_PATH.into()).await?.as_deref() == Some(content.as_bytes()) {
        return Ok(false);
    }
    let file = FileWrite {
        path: BOOTSTRAP_PATH.into(),
        content: content.into_bytes(),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        mode: 0o644,
    };
    host.write(&file).await?;
    Ok(true)
}

/// Adds the node as a learner. Tried again while another learner is in the way: etcd takes one at
/// a time.
async fn add(host: &dyn Host, voters: &Voters) -> Result<bool, ComponentError> {
    let command = etcdctl(&voters.endpoints).args([
        "member",
        "add",
        &voters.name,
        "--learner",
        "--peer-urls",
        voters.peer_url(),
    ]);
    let members = wait_until(SETTLE_DEADLINE, PAUSE, || async {
        let known = members(host, &voters.endpoints).await.map_err(|error| error.to_string())?;
        if voters.own(&known).is_some() {
            return Ok(known);
        }
        for member in voters.surplus(&known) {
            remove(host, voters, member.id).await.map_err(|error| error.to_string())?;
        }
        host.run_ok(&command).await.map_err(|error| error.to_string())?;
        Err("it was added just now".to_owned())
    })
    .await
    .map_err(|error| answer(format!("{} could not be added: {error}", voters.name)))?;
    write_bootstrap(host, voters.render_existing(&members)).await?;
    Ok(true)
}

async fn remove(host: &dyn Host, voters: &Voters, id: u64) -> Result<(), ComponentError> {
    let id = format!("{id:x}");
    let output = host.run(&etcdctl(&voters.endpoints).args(["member", "remove", &id])).await?;
    // Another voter may have removed it at the same time.
    if output.success() || output.stderr_tail().contains("member not found") {
        return Ok(());
    }
    Err(answer(format!("member {id} could not be removed: {}", output.stderr_tail())))
}

/// Promotes this member when it is a learner, then removes members that are no longer declared.
async fn settle(host: &dyn Host, voters: &Voters) -> Result<bool, ComponentError> {
    let mut changed = false;
    let step = |done: Result<bool, ComponentError>| done.map_err(|error| error.to_string());
    loop {
        let progressed = wait_until(SETTLE_DEADLINE, PAUSE, || async {
            step(settle_step(host, voters).await)
        })
        .await
        .map_err(|error| answer(format!("the member list did not settle: {error}")))?;
        if !progressed {
            return Ok(changed);
        }
        changed = true;
    }
}

/// Makes one change to the member list; false when there is none to make.
async fn settle_step(host: &dyn Host, voters: &Voters) -> Result<bool, ComponentError> {
    let known = members(host, &voters.endpoints).await?;
    let own = voters
        .own(&known)
        .ok_or_else(|| answer(format!("{} is not in the member list", voters.name)))?;
    if own.is_learner {
        let id = format!("{:x}", own.id);
        host.run_ok(&etcdctl(&voters.endpoints).args(["member", "promote", &id])).await?;
        return Ok(true);
    }
    match voters.surplus(&known).first() {
        None => Ok(false),
        Some(member) => remove(host, voters, member.id).await.map(|()| true),
    }
}
