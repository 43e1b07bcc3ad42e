//! What an operator meets on a few servers: drift, full disks, nodes that are silent or strangers,
//! and specs that would lose data.

use super::real::{Real, wait_until};
use super::secrets::expect_no_secret_outside;
use super::system::{a_missing_package_is_installed, an_old_c_library_is_named};
use crate::support::preset;

/// A fourth server that holds a replica and no vote, so that the quorum does without it.
const REPLICA: &str = r#"
[tiers.data]
server_type = "cx33"
components = ["postgres", "pgbouncer"]

[nodes.seed-4]
site = "main"
tier = "data"
address = "10.1.0.14"
"#;

#[test]
fn servers_are_put_right_after_harm_and_never_lose_data_unasked() {
    let lab = Real::new("harm", preset("seed"));
    lab.up();
    lab.expect_settled();
    a_member_is_added(&lab);
    drift_is_put_back(&lab);
    a_full_disk_is_named_and_gone_on_from(&lab);
    a_missing_package_is_installed(&lab);
    an_old_c_library_is_named(&lab);
    another_host_key_is_not_believed(&lab);
    a_silent_node_is_waited_for(&lab);
    a_dropped_node_keeps_its_data_until_its_loss_is_permitted(&lab);
    expect_no_secret_outside(&lab);
    lab.remove();
}

fn a_member_is_added(lab: &Real) {
    lab.place.put("ennead.toml", &format!("{}{REPLICA}", preset("seed")));
    lab.up();
    let roles = lab.roles("postgres");
    assert!(roles.iter().any(|one| one.0 == "seed-4" && one.1 == "replica"), "{roles:?}");
    lab.expect_settled();
}

fn drift_is_put_back(lab: &Real) {
    let started = "systemctl show -P ActiveEnterTimestampMonotonic pgbouncer";
    let before = lab.on_ok("seed-1", started);
    lab.on_ok("seed-1", "echo '# drifted' >> /etc/haproxy/haproxy.cfg; systemctl stop pgbouncer");
    let plan = lab.place.ennead(&["plan"]).expect_code(0);
    assert!(plan.out.contains("/etc/haproxy/haproxy.cfg has other content"), "{plan:?}");
    let summary = lab.up();
    assert!(summary["changed"].as_u64().unwrap() >= 2, "{summary}");
    assert!(!lab.on_ok("seed-1", "cat /etc/haproxy/haproxy.cfg").contains("drifted"));
    assert_ne!(lab.on_ok("seed-1", started), before, "the unit that was stopped runs again");
    lab.expect_settled();
}

fn a_full_disk_is_named_and_gone_on_from(lab: &Real) {
    lab.on_ok(
        "seed-1",
        "set -e; cp -a /etc/haproxy /root/kept; mount -t tmpfs -o size=64k none /etc/haproxy; \
         cp -a /root/kept/. /etc/haproxy; echo '# drifted' >> /etc/haproxy/haproxy.cfg; \
         head -c 1M /dev/zero > /etc/haproxy/fills 2>/dev/null || true",
    );
    let answer = lab.place.ennead(&["up"]).expect_code(5);
    let answer = answer.expect_error("seed-1").expect_error("/etc/haproxy/haproxy.cfg");
    answer.expect_error("No space left").expect_hint("df -h");
    lab.on_ok("seed-1", "rm /etc/haproxy/fills");
    lab.up();
    assert!(!lab.on_ok("seed-1", "cat /etc/haproxy/haproxy.cfg").contains("drifted"));
    lab.on_ok("seed-1", "umount /etc/haproxy; rm -r /root/kept");
    lab.expect_settled();
}

fn another_host_key_is_not_believed(lab: &Real) {
    let released = lab.break_until_asked(
        "seed-2",
        "cp -a /etc/ssh /root/ssh; rm /etc/ssh/ssh_host_*; \
         ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh",
        "cp -a /root/ssh/. /etc/ssh; rm -r /root/ssh; systemctl restart ssh",
    );
    wait_until("seed-2 shows another host key", || unknown(lab, "seed-2", "host key"));
    let answer = lab.place.ennead(&["up"]).expect_code(5);
    answer.expect_error("seed-2").expect_error("host key").expect_hint("rebuilt");
    let shell = lab.place.ennead(&["ssh", "seed-2", "--", "true"]);
    assert_ne!(shell.code, 0);
    shell.expect_error("seed-2").expect_error("host key");
    // The others are as before.
    let status = lab.status();
    for node in ["seed-1", "seed-3"] {
        let nodes = status["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|one| one["name"] == node).unwrap();
        let parts = node["components"].as_array().unwrap();
        assert!(parts.iter().all(|part| part["healthy"] == true), "{node}");
    }
    std::fs::write(released, "").unwrap();
    wait_until("seed-2 answers again", || lab.on("seed-2", "true").code == 0);
    lab.expect_settled();
}

fn a_silent_node_is_waited_for(lab: &Real) {
    let released = lab.break_until_asked(
        "seed-2",
        "systemctl stop ssh.socket ssh.service",
        "systemctl start ssh.service",
    );
    wait_until("seed-2 is silent", || unknown(lab, "seed-2", "no answer over SSH"));
    let mut up = lab.place.start(&["up"]);
    up.wait_for("steps, generation");
    up.interrupt();
    up.wait_for("Stopping");
    let answer = up.end().expect_code(5);
    answer.expect_error("seed-2").expect_error("refused").expect_hint("same command again");
    // Nobody interrupts: it is given up at its deadline, and the others are not held up by it.
    let late = lab.place.ennead(&["up", "--reach-timeout", "5"]).expect_code(5);
    let late = late.expect_error("seed-2").expect_error("not within 5 s").expect_error("refused");
    late.expect_hint("same command again");
    std::fs::write(released, "").unwrap();
    lab.up();
    lab.expect_settled();
}

fn a_dropped_node_keeps_its_data_until_its_loss_is_permitted(lab: &Real) {
    let role = || lab.roles("postgres").into_iter().find(|one| one.0 == "seed-4").unwrap().1;
    if role() == "primary" {
        // Whoever was first became primary; stopped, it hands over and comes back as a replica.
        lab.on_ok("seed-4", "systemctl stop patroni");
        let led = || lab.roles("postgres").iter().any(|one| one.1 == "primary");
        wait_until("another server is primary", led);
        lab.up();
    }
    assert_eq!(role(), "replica");
    let servers = lab.place.servers();

    // A new name is a new server: the old one would be lost.
    lab.place.edit_spec("[nodes.seed-4]", "[nodes.seed-5]");
    expect_blocked(lab);
    lab.place.put("ennead.toml", preset("seed"));
    expect_blocked(lab);
    assert_eq!(lab.place.servers(), servers, "nothing was changed");

    lab.place.ennead(&["up", "--allow-destroy", "seed-4"]).expect_code(0);
    assert!(lab.place.servers().iter().all(|server| server.1 != "seed-4"));
    assert_eq!(lab.place.servers().len(), 3);
    lab.expect_settled();
}

fn expect_blocked(lab: &Real) {
    let plan = lab.place.ennead(&["plan"]).expect_code(4);
    assert!(plan.out.contains("postgres (replica)"), "{plan:?}");
    for arguments in [&["plan"][..], &["up"], &["up", "--json"]] {
        let answer = lab.place.ennead(arguments).expect_code(4);
        answer
            .expect_error("server/seed-4")
            .expect_error("postgres (replica)")
            .expect_hint("--allow-destroy seed-4");
    }
}

fn unknown(lab: &Real, node: &str, why: &str) -> bool {
    let status = lab.status();
    let mut nodes = status["nodes"].as_array().unwrap().iter();
    let node = nodes.find(|one| one["name"] == node).unwrap();
    node["unknown"].as_str().is_some_and(|text| text.contains(why))
}
