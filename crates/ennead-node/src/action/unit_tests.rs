//! Units follow their files, also when a run is killed between the file and the restart.

use ennead_host::FakeHost;
use ennead_host::fake::{Ran, output};
use ennead_model::ComponentName;

use super::*;
use crate::state::StateDirectory;

const CONF: &str = "/etc/etcd/etcd.conf";

/// A machine whose systemd knows one unit, in a file: `load active file`.
fn machine(load: &str, active: &str, file: &str) -> FakeHost {
    let said = format!(
        "LoadState={load}\nActiveState={active}\nUnitFileState={file}\nNeedDaemonReload=no\n"
    );
    FakeHost::new("n1")
        .answer("systemctl", 0, "")
        .answer("systemctl show", 0, &said)
        .file(CONF, "a")
}

async fn apply(host: &FakeHost, on_change: OnChange) -> Result<Done, Problem> {
    let state = StateDirectory::without_turns("/var/lib/ennead");
    let component = ComponentName::new("etcd").unwrap();
    let watches = [Utf8PathBuf::from(CONF)];
    let wanted =
        Wanted { name: "etcd.service", enabled: true, running: true, on_change, watches: &watches };
    ensure(Place { host, state: &state, component: &component }, &wanted).await
}

fn verbs(host: &FakeHost) -> Vec<String> {
    let lines = host.lines().into_iter().filter(|line| !line.starts_with("systemctl show"));
    lines.map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_stopped_unit_is_enabled_and_started() {
    let host = machine("loaded", "inactive", "disabled");
    assert_eq!(apply(&host, OnChange::Restart).await, Ok(Done::Changed));
    assert_eq!(verbs(&host), ["enable", "start"]);
}

#[tokio::test]
async fn a_running_unit_is_left_alone_until_its_files_change() {
    let host = machine("loaded", "inactive", "enabled");
    apply(&host, OnChange::Restart).await.unwrap();
    let running = machine("loaded", "active", "enabled");
    running.put(
        "/var/lib/ennead/units/etcd.service",
        host.text("/var/lib/ennead/units/etcd.service").unwrap(),
    );
    assert_eq!(apply(&running, OnChange::Restart).await, Ok(Done::Unchanged));
    assert!(verbs(&running).is_empty());
    for (on_change, verb) in [
        (OnChange::Restart, Some("restart")),
        (OnChange::Reload, Some("reload-or-restart")),
        (OnChange::Nothing, None),
    ] {
        running.forget();
        running.put(CONF, format!("changed for {on_change:?}"));
        let done = Done::changed(verb.is_some());
        assert_eq!(apply(&running, on_change).await, Ok(done));
        assert_eq!(verbs(&running), verb.into_iter().collect::<Vec<_>>());
        assert_eq!(apply(&running, on_change).await, Ok(Done::Unchanged));
    }
}

#[tokio::test]
async fn a_run_killed_between_file_and_restart_is_made_good_by_the_next() {
    let host = machine("loaded", "active", "enabled");
    apply(&host, OnChange::Restart).await.unwrap();
    host.put(CONF, "new");
    // The restart does not come about: the program is killed, here as a systemctl that dies.
    host.set_answer("systemctl restart", output(137, "", ""));
    assert!(apply(&host, OnChange::Restart).await.is_err());
    host.clear_answer("systemctl restart");
    host.forget();
    assert_eq!(apply(&host, OnChange::Restart).await, Ok(Done::Changed));
    assert_eq!(verbs(&host), ["restart"]);
    host.forget();
    assert_eq!(apply(&host, OnChange::Restart).await, Ok(Done::Unchanged));
}

#[tokio::test]
async fn a_new_unit_file_is_loaded_first() {
    let host = FakeHost::new("n1").file(CONF, "a").answer("systemctl", 0, "");
    host.set_answer("systemctl show", output(0, "LoadState=not-found\nActiveState=inactive\n", ""));
    let loaded = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n";
    host.set_answer("systemctl show", output(0, loaded, ""));
    assert_eq!(apply(&host, OnChange::Restart).await, Ok(Done::Changed));
    assert_eq!(verbs(&host), ["daemon-reload", "enable", "start"]);
}

#[tokio::test]
async fn a_failed_start_tells_the_journal_on_one_line() {
    let host = machine("loaded", "failed", "enabled").respond(|ran: &Ran| {
        ran.line.starts_with("journalctl").then(|| output(0, "bind: in use\nexit 1\n", ""))
    });
    host.set_answer("systemctl start", output(1, "", "Job for etcd.service failed.\nSee more"));
    let problem = apply(&host, OnChange::Restart).await.unwrap_err();
    assert_eq!(
        problem.error,
        "systemctl start etcd.service failed: Job for etcd.service failed.; \
         its journal: bind: in use | exit 1"
    );
    assert!(verbs(&host).contains(&"reset-failed".to_owned()));
}

#[tokio::test]
async fn a_unit_that_is_not_there_is_told() {
    let host = machine("not-found", "inactive", "");
    let problem = apply(&host, OnChange::Nothing).await.unwrap_err();
    assert_eq!(problem.error, "there is no unit etcd.service");
}

#[tokio::test]
async fn several_units_are_asked_about_at_once() {
    let said = "LoadState=loaded\nActiveState=active\nUnitFileState=static\n\n\
                LoadState=not-found\nActiveState=inactive\nUnitFileState=\n";
    let host = FakeHost::new("n1").answer("systemctl show", 0, said);
    let states = show_units(&host, &["a.service", "b.service"]).await.unwrap();
    assert!(states["a.service"].is_active() && states["a.service"].is_enabled());
    assert!(!states["b.service"].exists());
}
