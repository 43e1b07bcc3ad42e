//! Power, locks, and servers that stop by themselves.

use std::time::Duration;

use ennead_lab::world::WorldEvent;
use serde_json::json;

use crate::client::lab;

#[tokio::test]
async fn power_is_cut_and_given_back() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let cases = [
        ("poweroff", "stop_server", "off"),
        ("poweron", "start_server", "running"),
        ("poweron", "start_server", "running"),
        ("reset", "reset_server", "running"),
        ("poweroff", "stop_server", "off"),
        ("poweroff", "stop_server", "off"),
    ];
    for (path, command, status) in cases {
        let action = lab.act(id, path, json!({})).await;
        assert_eq!(
            (action["command"].as_str(), action["status"].as_str()),
            (Some(command), Some("success"))
        );
        let server = lab.server(id).await;
        assert_eq!(server["status"], status, "after {path}");
        assert_eq!(lab.lab.world.server(id).unwrap().is_running, status == "running");
    }
}

#[tokio::test]
async fn while_an_action_runs_the_server_is_locked() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    lab.lab.world.slow("power_off", 1, Duration::from_millis(200));
    let path = |action: &str| format!("/servers/{id}/actions/{action}");
    let off = lab.post(&path("poweroff"), json!({})).await.ok();
    assert_eq!(off["action"]["status"], "running");
    let during = lab.server(id).await;
    assert_eq!(
        (during["status"].clone(), during["locked"].clone()),
        (json!("stopping"), json!(true))
    );
    let refused = lab.post(&path("poweron"), json!({})).await;
    refused.refused(423, "locked");
    assert_eq!(refused.message(), "cannot perform operation because server is locked");
    lab.delete(&format!("/servers/{id}")).await.refused(423, "locked");
    let seen = lab.get(&format!("/actions/{}", off["action"]["id"])).await.ok();
    assert_eq!(seen["action"]["progress"], 50);
    lab.ended(&off["action"]).await;
    lab.act(id, "poweron", json!({})).await;
}

#[tokio::test]
async fn two_servers_do_not_wait_for_each_other() {
    let lab = lab().await;
    let (slow, quick) = (lab.make("slow", json!({})).await, lab.make("quick", json!({})).await);
    lab.lab.world.slow("power_off", 1, Duration::from_secs(5));
    lab.post(&format!("/servers/{slow}/actions/poweroff"), json!({})).await.ok();
    lab.act(quick, "poweroff", json!({})).await;
    assert_eq!(lab.server(slow).await["status"], "stopping");
}

#[tokio::test]
async fn shutdown_ends_when_asked_and_the_server_stops_by_itself() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let action = lab.act(id, "shutdown", json!({})).await;
    assert_eq!(action["command"], "shutdown_server");
    lab.reaches(id, "off").await;
    // Nobody listens in a server that is off.
    assert_eq!(lab.act(id, "shutdown", json!({})).await["status"], "success");
    assert_eq!(lab.act(id, "reboot", json!({})).await["status"], "success");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.server(id).await["status"], "off");
}

#[tokio::test]
async fn a_reboot_starts_the_server_when_it_has_stopped() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let before = lab.lab.world.calls().len();
    assert_eq!(lab.act(id, "reboot", json!({})).await["command"], "reboot_server");
    lab.lab.quiet().await.unwrap();
    lab.reaches(id, "running").await;
    lab.lab.quiet().await.unwrap();
    let calls = lab.lab.world.calls();
    assert_eq!(calls[before..], [format!("shutdown {id}"), format!("start {id}")]);
    assert!(lab.lab.world.server(id).unwrap().is_running);
}

#[tokio::test]
async fn a_server_that_stops_from_inside_is_off() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    lab.lab.world.stop_from_inside(id);
    lab.reaches(id, "off").await;
}

#[tokio::test]
async fn late_news_of_a_stop_does_not_turn_a_started_server_off() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    lab.lab.world.say(WorldEvent::Stopped(id));
    lab.lab.world.say(WorldEvent::Stopped(4711));
    lab.act(id, "poweron", json!({})).await;
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.server(id).await["status"], "running");
}

#[tokio::test]
async fn a_failed_action_says_why_and_leaves_the_server_as_it_was() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    lab.lab.world.fail("power_off", 1);
    let action = lab.act(id, "poweroff", json!({})).await;
    assert_eq!(action["status"], "error");
    assert_eq!(action["error"]["code"], "action_failed");
    assert!(action["error"]["message"].as_str().unwrap().contains("told to fail"));
    let server = lab.server(id).await;
    assert_eq!(
        (server["status"].clone(), server["locked"].clone()),
        (json!("running"), json!(false))
    );
    assert_eq!(lab.act(id, "poweroff", json!({})).await["status"], "success");
}

#[tokio::test]
async fn what_the_lab_does_not_do_it_does_not_pretend() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    for action in ["rebuild", "change_type", "enable_rescue", "create_image"] {
        let refused = lab.post(&format!("/servers/{id}/actions/{action}"), json!({})).await;
        refused.refused(422, "unsupported_error");
    }
    lab.post(&format!("/servers/{id}/actions/nonsense"), json!({})).await.refused(404, "not_found");
    lab.post("/servers/999/actions/poweron", json!({})).await.refused(404, "not_found");
    lab.post("/servers/999/actions/rebuild", json!({})).await.refused(404, "not_found");
    lab.get("/volumes").await.refused(404, "not_found");
}
