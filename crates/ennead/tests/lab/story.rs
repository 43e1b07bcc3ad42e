//! The main job on nine servers: brought up through kills, measured, removed without a trace.

use super::real::{Real, wait_until};
use crate::support::preset;

#[test]
fn nine_servers_come_up_survive_kills_and_a_power_loss_and_leave_nothing() {
    let lab = Real::new("story", preset("crm"));
    // Killed in the middle of three stages; each next run goes on.
    for moment in ["done power on crm-", "done converge etcd on", "done converge postgres on"] {
        let mut up = lab.place.start(&["up"]);
        up.wait_for(moment);
        up.kill();
    }
    let summary = lab.up();
    assert_eq!(summary["healthy"], true, "{summary}");
    lab.expect_settled();
    lab.expect_settled_plan();
    lab.expect_one_primary();
    assert_eq!(lab.on_ok("crm-app-hil-1", "hostname"), "crm-app-hil-1\n");
    assert_eq!(lab.on("crm-app-hil-1", "exit 7").code, 7, "a command's own status comes back");

    // The daemon dies; the servers do not notice, and the next daemon knows them.
    let boot = |node: &str| lab.on_ok(node, "cat /proc/1/stat | cut -d' ' -f22");
    let (servers, booted) = (lab.place.servers(), boot("crm-svc-ash-2"));
    assert_eq!(servers.len(), 9);
    assert!(servers.iter().all(|server| server.2 == "running"), "{servers:?}");
    lab.place.kill_daemon();
    lab.place.ennead(&["lab", "up"]).expect_code(0);
    assert_eq!(lab.place.servers(), servers);
    assert_eq!(boot("crm-svc-ash-2"), booted);
    lab.expect_settled();

    lab.expect_refused_drill();
    lab.expect_power_loss();
    lab.expect_one_primary();
    lab.remove();
}

impl Real {
    #[track_caller]
    fn expect_settled_plan(&self) {
        let plan = self.place.ennead(&["plan", "--json"]).expect_code(0).json();
        assert_eq!(plan["steps"].as_array().unwrap().len(), 0, "{plan}");
        assert_eq!(plan["blocked"].as_array().unwrap().len(), 0, "{plan}");
    }

    #[track_caller]
    fn expect_one_primary(&self) {
        // One look at a busy machine may find an answer late.
        wait_until("everything is healthy", || self.status()["healthy"] == true);
        let roles = self.roles("postgres");
        let primaries = roles.iter().filter(|(_, role)| role == "primary").count();
        assert_eq!((roles.len(), primaries), (3, 1), "{roles:?}");
    }

    #[track_caller]
    fn expect_refused_drill(&self) {
        self.place.edit_spec("drills = true", "drills = false");
        let refused = self.place.ennead(&["drill", "power-loss"]).expect_code(6);
        refused.expect_error("crm").expect_hint("drills = true");
        self.place.edit_spec("drills = false", "drills = true");
        self.expect_settled();
    }

    #[track_caller]
    fn expect_power_loss(&self) {
        let drill = self.place.ennead(&["drill", "power-loss", "--json"]);
        let drill = drill.expect_code(0).json();
        assert_eq!(drill["passed"], true, "{drill}");
        assert_eq!(drill["lost"], 0, "{drill}");
        assert!(drill["acknowledged"].as_u64().unwrap() > 0, "{drill}");
        let evidence = self.place.path().join(drill["evidence"].as_str().unwrap());
        for file in ["report.json", "report.md", "timeline.svg"] {
            let size = std::fs::metadata(evidence.join(file)).unwrap().len();
            assert!(size > 100, "{file} has {size} bytes");
        }
    }
}
