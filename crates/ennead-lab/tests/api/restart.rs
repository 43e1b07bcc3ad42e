//! A daemon that ends and starts again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_host::clock::wait_until;
use ennead_lab::serve::ServeOptions;
use ennead_lab::world::memory::MemoryWorld;
use serde_json::json;

use crate::client::{Lab, lab_on};
use crate::zones::make_zone;

struct Home {
    _scratch: tempfile::TempDir,
    path: Utf8PathBuf,
}

fn home() -> Home {
    let scratch = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(scratch.path().join("lab")).unwrap();
    Home { _scratch: scratch, path }
}

impl Home {
    async fn lab(&self, world: &Arc<MemoryWorld>) -> Lab {
        let state_dir = Some(self.path.clone());
        lab_on(ServeOptions { state_dir, ..ServeOptions::default() }, Arc::clone(world)).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks at what was written")]
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap().trim().to_owned()
    }
}

#[tokio::test]
async fn endpoint_and_token_are_written_for_the_clients() {
    let (home, world) = (home(), Arc::new(MemoryWorld::new()));
    let lab = home.lab(&world).await;
    assert_eq!(home.file("endpoint"), lab.lab.endpoint);
    assert_eq!(home.file("pid"), std::process::id().to_string());
    let token = home.file("token");
    assert_eq!((token.len(), token.as_str()), (64, lab.lab.token.text()));
    let mode = fs::metadata(home.path.join("token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    lab.lab.end().await;
    assert!(!home.path.join("pid").exists());
    let again = home.lab(&world).await;
    assert_eq!(again.lab.token.text(), token);
}

#[tokio::test]
async fn objects_stay_and_servers_that_do_not_run_are_off() {
    let (home, world) = (home(), Arc::new(MemoryWorld::new()));
    let lab = home.lab(&world).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let alive = lab.make("alive", json!({ "networks": [network] })).await;
    let dead = lab.make("dead", json!({ "networks": [network] })).await;
    lab.lab.end().await;
    world.lose_power(dead);

    let lab = home.lab(&world).await;
    assert_eq!(lab.server(alive).await["status"], "running");
    assert_eq!(lab.server(dead).await["status"], "off");
    assert_eq!(lab.server(dead).await["private_net"][0]["ip"], "10.0.0.3");
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.act(dead, "poweron", json!({})).await["status"], "success");
}

#[tokio::test]
async fn after_a_crash_of_the_machine_the_world_is_made_again() {
    let home = home();
    let lab = home.lab(&Arc::new(MemoryWorld::new())).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let server = lab.make("s", json!({ "networks": [network] })).await;
    let volume = json!({ "name": "v", "size": 10, "server": server, "automount": true });
    let created = lab.post("/volumes", volume).await.ok();
    lab.ended(&created["next_actions"][0]).await;
    lab.lab.end().await;

    let world = Arc::new(MemoryWorld::new());
    let lab = home.lab(&world).await;
    assert_eq!(lab.server(server).await["status"], "off");
    assert_eq!(lab.act(server, "poweron", json!({})).await["status"], "success");
    assert_eq!(world.server(server).unwrap().attachments[0].network, network);
    lab.lab.quiet().await.unwrap();
    let volume = world.volume(created["volume"]["id"].as_u64().unwrap()).unwrap();
    assert_eq!(volume.place.map(|place| (place.server, place.automount)), Some((server, true)));
}

#[tokio::test]
async fn zones_are_published_again() {
    let home = home();
    let lab = home.lab(&Arc::new(MemoryWorld::new())).await;
    make_zone(&lab, "example.com", json!({})).await;
    let published = lab.lab.world.zone("example.com");
    lab.lab.end().await;

    // The name server forgets with its daemon.
    let world = Arc::new(MemoryWorld::new());
    let lab = home.lab(&world).await;
    lab.lab.quiet().await.unwrap();
    assert_eq!(world.zone("example.com"), published);
    assert_eq!(world.names().zones(), ["example.com"]);
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["status"], "ok");
}

#[tokio::test]
async fn an_action_that_was_cut_off_is_carried_out_again() {
    let (home, world) = (home(), Arc::new(MemoryWorld::new()));
    let lab = home.lab(&world).await;
    let server = lab.make("s", json!({})).await;
    // What a kill leaves behind is the stored state while the action still runs.
    world.slow("power_off", 1, Duration::from_millis(300));
    let begun = lab.post(&format!("/servers/{server}/actions/poweroff"), json!({})).await.ok();
    let torn = home.file("state.json");
    lab.lab.end().await;
    #[expect(clippy::disallowed_methods, reason = "a test plays a crash")]
    fs::write(home.path.join("state.json"), torn).unwrap();

    let lab = home.lab(&world).await;
    assert_eq!(lab.ended(&begun["action"]).await["status"], "success");
    assert_eq!(lab.server(server).await["status"], "off");
    let cuts = world.calls().iter().filter(|call| call.starts_with("power_off")).count();
    assert_eq!(cuts, 2);
}

#[tokio::test]
async fn a_second_daemon_in_the_same_directory_is_refused() {
    let (home, world) = (home(), Arc::new(MemoryWorld::new()));
    let first = home.lab(&world).await;
    let options = ServeOptions { state_dir: Some(home.path.clone()), ..ServeOptions::default() };
    let second = ennead_lab::lab_in_memory_with(options, Arc::clone(&world)).await;
    assert!(second.is_err());
    drop(first);
    wait_until(Duration::from_secs(5), Duration::from_millis(5), || async {
        if home.path.join("pid").exists() { Err("still locked".to_owned()) } else { Ok(()) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn only_loopback_is_served() {
    let bind = "0.0.0.0:0".parse().unwrap();
    let options = ServeOptions { bind, ..ServeOptions::default() };
    let error = ennead_lab::lab_in_memory_with(options, Arc::new(MemoryWorld::new())).await;
    assert_eq!(error.unwrap_err().to_string(), "0.0.0.0:0 is not a loopback address");
}

#[tokio::test]
async fn after_a_crash_addresses_filters_and_routes_come_back() {
    let home = home();
    let lab = home.lab(&Arc::new(MemoryWorld::new())).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let server = lab.make("s", json!({ "networks": [network] })).await;
    let firewall = json!({ "name": "f", "apply_to": [{ "type": "server",
                           "server": { "id": server } }] });
    lab.post("/firewalls", firewall).await.ok();
    let floating = json!({ "type": "ipv4", "server": server });
    let floating = lab.post("/floating_ips", floating).await.ok()["floating_ip"]["ip"].clone();
    let floating = floating.as_str().unwrap().parse().unwrap();
    let route = json!({ "destination": "10.3.0.0/16", "gateway": "10.0.0.2" });
    lab.post(&format!("/networks/{network}/actions/add_route"), route).await.ok();
    let aliases = json!({ "network": network, "alias_ips": ["10.0.0.9"] });
    lab.lab.quiet().await.unwrap();
    lab.act(server, "change_alias_ips", aliases).await;
    lab.lab.end().await;

    // All of it in a world that knows nothing, and again in one where the server still runs.
    let world = Arc::new(MemoryWorld::new());
    for is_running in [false, true] {
        let lab = home.lab(&world).await;
        lab.lab.quiet().await.unwrap();
        let remembered = world.server(server).unwrap();
        assert_eq!(remembered.is_running, is_running);
        assert!(remembered.filter.is_some());
        assert_eq!(remembered.aliases[&network].len(), 1);
        assert_eq!(world.floating(floating), Some(server));
        assert_eq!(world.routes(network).len(), 1);
        if !is_running {
            lab.act(server, "poweron", json!({})).await;
        }
        world.forget_public_side();
        lab.lab.end().await;
    }
}

#[tokio::test]
async fn servers_of_an_older_lab_get_their_primary_ips_as_objects() {
    let (home, world) = (home(), Arc::new(MemoryWorld::new()));
    let lab = home.lab(&world).await;
    let server = lab.make("s", json!({})).await;
    let before = lab.server(server).await["public_net"]["ipv4"].clone();
    lab.lab.end().await;
    let mut stored: serde_json::Value = serde_json::from_str(&home.file("state.json")).unwrap();
    for key in ["primary_ips", "floating_ips", "firewalls"] {
        stored.as_object_mut().unwrap().remove(key).unwrap();
    }
    let record = stored["servers"][server.to_string()].as_object_mut().unwrap();
    record.remove("filter").unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test plays an older lab")]
    fs::write(home.path.join("state.json"), stored.to_string()).unwrap();

    let lab = home.lab(&world).await;
    assert_eq!(lab.server(server).await["public_net"]["ipv4"], before);
    let all = lab.get("/primary_ips?sort=id").await.ok();
    assert_eq!(all["primary_ips"][0]["id"], before["id"]);
    assert_eq!(all["primary_ips"].as_array().unwrap().len(), 2);
    assert_eq!(all["primary_ips"][1]["assignee_id"], server);
}
