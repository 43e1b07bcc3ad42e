//! Actions that take as long as in the cloud.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_host::clock::{Stopwatch, wait_until};
use ennead_lab::pace::Pace;
use ennead_lab::serve::ServeOptions;
use ennead_lab::world::memory::MemoryWorld;
use serde_json::json;

use crate::client::{lab_on, lab_with};

#[tokio::test]
async fn an_action_takes_its_time_and_shows_how_far_it_is() {
    let lab = lab_with(ServeOptions { pace: Pace::Real, ..ServeOptions::default() }).await;
    let network = lab.network("n", "10.0.0.0/16").await;
    let watch = Stopwatch::start();
    let path = format!("/networks/{network}/actions/change_protection");
    let action = lab.post(&path, json!({ "delete": true })).await.ok()["action"].clone();
    let (id, seen) = (action["id"].clone(), std::sync::Mutex::new(BTreeSet::new()));
    wait_until(Duration::from_secs(30), Duration::from_millis(20), || async {
        let action = lab.get(&format!("/actions/{id}")).await.ok()["action"].clone();
        seen.lock().unwrap().insert(action["progress"].as_u64().unwrap());
        if action["status"] == "success" { Ok(()) } else { Err(action.to_string()) }
    })
    .await
    .unwrap();
    let least = Pace::Real.time("change_protection", id.as_u64().unwrap());
    assert!(least >= Duration::from_secs(1) && watch.elapsed() >= least, "{:?}", watch.elapsed());
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() >= 3 && seen.contains(&100), "progress grows: {seen:?}");
}

#[tokio::test]
async fn an_end_does_not_wait_for_the_time_and_the_next_start_goes_on() {
    let scratch = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(scratch.path().join("lab")).unwrap();
    let world = Arc::new(MemoryWorld::new());
    let options =
        |pace| ServeOptions { state_dir: Some(path.clone()), pace, ..ServeOptions::default() };
    let lab = lab_on(options(Pace::Real), Arc::clone(&world)).await;
    let body = crate::client::server_body("s", json!({}));
    let created = lab.post("/servers", body).await.ok();
    let id = created["server"]["id"].as_u64().unwrap();
    let watch = Stopwatch::start();
    lab.lab.end().await;
    let time = Pace::Real.time("create_server", created["action"]["id"].as_u64().unwrap());
    assert!(watch.elapsed() < time, "the end waited {:?} of {time:?}", watch.elapsed());
    assert!(world.server(id).is_none(), "the effect comes at the end of the time");

    let lab = lab_on(options(Pace::Fast), world).await;
    assert_eq!(lab.ended(&created["action"]).await["status"], "success");
    lab.reaches(id, "running").await;
}
