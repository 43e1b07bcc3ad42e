//! A server's container: a `systemd-nspawn` that boots Debian's own init.
//!
//! It runs in a session of its own and outlives the daemon. Its starter joins the server's control
//! groups and writes down who it is before it becomes `systemd-nspawn`, so there is no moment in
//! which a killed daemon would leave a container that is not written down.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, LocalHost, files};

use super::limits::Limits;
use super::place::{DiskPlace, ServerPlace};
use super::process::{Process, Run, container_init};
use super::why::Why;
use super::{cgroup, mounts, namespace, run};

/// How long an init may take to be there after its container was started.
const INIT_DEADLINE: Duration = Duration::from_secs(20);

/// How long what was killed may take to be gone.
const KILL_DEADLINE: Duration = Duration::from_secs(20);

/// The signal that makes systemd as init power off: glibc's SIGRTMIN + 4.
/// Source: systemd(1), "Signals".
const POWER_OFF_SIGNAL: &str = "38";

/// Joins the groups given before `--`, writes who it is, becomes the rest in a session of its own.
/// Uses builtins only, so that its number is the container's.
const STARTER: &str = r#"run=$1; shift
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
{ read -r boot; } < /proc/sys/kernel/random/boot_id
{ read -r stat; } < /proc/$$/stat
printf '%s\n%s\n' "$boot" "$stat" > "$run"
exec setsid "$@""#;

/// Runs the rest and writes its exit status into the file, which was opened before: whoever removes
/// the server meanwhile is not in its way. Stays outside of the server's control groups, where it
/// would be in the way of groups below; it outlives the daemon as the container does.
const KEEPER: &str = r#"exec 3> "$1"; shift
"$@" 3>&-
echo $? >&3"#;

/// `systemd-nspawn --keep-unit` ends with this status when the server was told to reboot.
/// Source: systemd-nspawn(1), "Exit Status", and systemd's src/nspawn/nspawn.c.
const REBOOT_STATUS: i32 = 133;

/// How long the keeper may take to write a container's exit status.
const EXIT_DEADLINE: Duration = Duration::from_secs(2);

/// What a container is started with.
#[derive(Debug)]
pub(crate) struct Container<'a> {
    /// Its files; the root is mounted.
    pub(crate) place: &'a ServerPlace,
    /// Its disk.
    pub(crate) disk: &'a DiskPlace,
    /// Name of its network namespace and of the machine.
    pub(crate) name: &'a str,
    /// Its first host name.
    pub(crate) host_name: &'a str,
    /// Its control group.
    pub(crate) group: &'a str,
    /// What it may use.
    pub(crate) limits: Limits,
}

/// Starts a container; returns it when its init runs.
pub(crate) async fn start(container: &Container<'_>) -> Result<Process, Why> {
    let place = container.place;
    let joins = cgroup::ensure(container.group, container.limits)?;
    files::remove(&place.run())?;
    run::detached(&start_command(container, &joins), &place.console())?;
    let seen = wait_until(INIT_DEADLINE, Duration::from_millis(5), || async {
        let not_yet = || Err("no container".to_owned());
        let Some(process) = find(place).map_err(|why| why.to_string())? else { return not_yet() };
        match container_init(process.id()) {
            Some(_) => Ok(process),
            None => Err("a container without an init".to_owned()),
        }
    });
    seen.await.map_err(|error| Why(format!("boot: {error}; see {}", place.console())))
}

fn start_command(container: &Container<'_>, joins: &[Utf8PathBuf]) -> Command {
    Command::new("setsid")
        .args(["sh", "-c", KEEPER, "keeper", container.place.exit().as_str()])
        .args(["sh", "-ec", STARTER, "start", container.place.run().as_str()])
        .args(joins.iter().map(ToString::to_string))
        .arg("--")
        .args(nspawn_arguments(container))
        // /proc/sys/net belongs to the server's own network namespace, so it may be written.
        .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network")
}

fn nspawn_arguments(container: &Container<'_>) -> Vec<String> {
    let place = container.place;
    let mut arguments = vec![
        "systemd-nspawn".to_owned(),
        "--quiet".to_owned(),
        "--settings=no".to_owned(),
        format!("--directory={}", place.root()),
        format!("--machine={}", container.name),
        format!("--hostname={}", container.host_name),
        "--register=no".to_owned(),
        "--keep-unit".to_owned(),
        format!("--network-namespace-path={}", namespace::path(container.name)),
        // Without all of them: no addresses, no nftables, no TUN.
        "--capability=all".to_owned(),
        // What container engines in a server need.
        "--system-call-filter=@keyring bpf perf_event_open".to_owned(),
        "--link-journal=no".to_owned(),
        "--resolv-conf=off".to_owned(),
        "--timezone=off".to_owned(),
        "--console=pipe".to_owned(),
        "--boot".to_owned(),
    ];
    let binds = container.disk.bound();
    arguments.extend(binds.iter().map(|(from, to)| format!("--bind={from}:{to}")));
    arguments
}

/// Returns a server's container; `None` when none runs.
pub(crate) fn find(place: &ServerPlace) -> Result<Option<Process>, Why> {
    let text = files::read_text(&place.run())?.unwrap_or_default();
    Run::parse(&text).map_or(Ok(None), |run| run.hold())
}

/// Returns whether a server whose container has ended was told to reboot; false when nobody noted
/// how it ended.
pub(crate) fn is_rebooting(place: &ServerPlace) -> Result<bool, Why> {
    Ok(exit_status(place)? == Some(REBOOT_STATUS))
}

/// As [`is_rebooting`], for a container that has ended just now.
pub(crate) async fn wants_reboot(place: &ServerPlace) -> Result<bool, Why> {
    let noted = wait_until(EXIT_DEADLINE, Duration::from_millis(5), || async {
        let status = exit_status(place).map_err(|why| why.to_string())?;
        status.ok_or_else(|| "no exit status".to_owned())
    });
    match noted.await {
        Ok(status) => Ok(status == REBOOT_STATUS),
        // Its keeper was killed.
        Err(_) => is_rebooting(place),
    }
}

fn exit_status(place: &ServerPlace) -> Result<Option<i32>, Why> {
    let text = files::read_text(&place.exit())?.unwrap_or_default();
    Ok(text.strip_suffix('\n').and_then(|status| status.parse().ok()))
}

/// Kills a container with everything in it; returns when nothing of it runs.
///
/// The init is killed first: the kernel then kills all processes of its namespace and holds its end
/// back until the last one is gone.
pub(crate) async fn kill(container: Process) -> Result<(), Why> {
    let init = container_init(container.id());
    if let Some(init) = &init {
        init.kill();
    }
    container.kill();
    let gone = async {
        if let Some(init) = init {
            init.ended().await?;
        }
        container.ended().await
    };
    tokio::time::timeout(KILL_DEADLINE, gone).await.unwrap_or_else(|_| {
        Err(Why(format!("killed, but not gone within {} s", KILL_DEADLINE.as_secs())))
    })
}

/// Asks a container's init to power off; no-op when none runs.
pub(crate) async fn ask_to_power_off(place: &ServerPlace) -> Result<(), Why> {
    let Some(init) = find(place)?.and_then(|container| container_init(container.id())) else {
        return Ok(());
    };
    let signal = format!("-{POWER_OFF_SIGNAL}");
    let command = Command::new("kill").args([signal.as_str(), "--", &init.id().to_string()]);
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

/// Returns the init of a server's container once it is the server's own: before, it is still
/// `systemd-nspawn` that prepares the root. `None` when no container runs.
pub(crate) async fn own_init(place: &ServerPlace) -> Result<Option<Process>, Why> {
    let program = |id: i32| {
        let path = format!("/proc/{id}/exe");
        rustix::fs::readlink(path, Vec::new()).map_err(|error| error.to_string())
    };
    let seen = wait_until(INIT_DEADLINE, Duration::from_millis(5), || async {
        let Some(container) = find(place).map_err(|why| why.to_string())? else { return Ok(None) };
        let init = container_init(container.id()).ok_or("a container without an init")?;
        if program(container.id())? == program(init.id())? {
            return Err("the init is not started yet".to_owned());
        }
        Ok(Some(init))
    });
    seen.await.map_err(|error| Why::of(&error))
}

/// Begins a command that runs in a container beside its init.
pub(crate) fn inside(init: &Process) -> Command {
    let target = init.id().to_string();
    Command::new("nsenter").args(["--target", &target, "--mount", "--uts", "--ipc", "--pid", "--"])
}

/// Clears what a container that has ended left on this machine, except its disk.
pub(crate) async fn clear(place: &ServerPlace, name: &str, group: &str) -> Result<(), Why> {
    // A container that lost its `systemd-nspawn` may live on without it.
    cgroup::kill_all(group).await?;
    namespace::remove(name).await?;
    mounts::unmount_below(&place.root())?;
    clear_runtime(name)?;
    cgroup::remove(group).await?;
    files::remove(&place.run())?;
    Ok(())
}

/// A killed `systemd-nspawn` cannot remove its own folders in /run.
pub(crate) fn clear_runtime(name: &str) -> Result<(), Why> {
    let runtime = Utf8Path::new("/run/systemd/nspawn");
    for kind in ["propagate", "unix-export"] {
        let folder = runtime.join(kind).join(name);
        mounts::unmount_below(&folder)?;
        files::remove_all(&folder)?;
    }
    Ok(())
}
