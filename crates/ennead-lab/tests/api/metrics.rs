//! What servers use.

use ennead_lab::world::Usage;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::lab;

#[tokio::test]
async fn metrics_are_the_rates_of_what_was_measured() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    for step in 0..=12 {
        let seconds = step * 5;
        let usage = Usage {
            cpu_nanos: seconds * 1_500_000_000,
            disk_write_ops: seconds * 7,
            bytes_in: seconds * 1_000,
            ..Usage::default()
        };
        lab.lab.world.set_usage(id, usage);
        let at = noon.as_second() + i64::try_from(seconds).unwrap();
        lab.lab.engine().take_samples(Timestamp::from_second(at).unwrap()).await;
    }
    let path = format!("/servers/{id}/metrics");
    let window = "start=2026-11-23T11:59:00Z&end=2026-11-23T14%3A01%3A00%2B02%3A00&step=30";
    let body = lab.get(&format!("{path}?type=cpu,disk&type=network&{window}")).await.ok();
    let metrics = &body["metrics"];
    assert_eq!(metrics["step"], 30);
    assert_eq!(metrics["end"], "2026-11-23T12:01:00Z");
    let values = |name: &str| metrics["time_series"][name]["values"].clone();
    let at = noon.as_second();
    assert_eq!(values("cpu"), json!([[at + 30, "150"], [at + 60, "150"]]));
    assert_eq!(values("disk.0.iops.write")[0], json!([at + 30, "7"]));
    assert_eq!(values("network.0.bandwidth.in")[1], json!([at + 60, "1000"]));
    assert_eq!(metrics["time_series"].as_object().unwrap().len(), 9);

    // A server that is off is not measured.
    lab.act(id, "poweroff", json!({})).await;
    let later = Timestamp::from_second(at + 3600).unwrap();
    lab.lab.engine().take_samples(later).await;
    let window = "start=2026-11-23T12:58:00Z&end=2026-11-23T13:00:00Z";
    let body = lab.get(&format!("{path}?type=cpu&{window}")).await.ok();
    assert_eq!(body["metrics"]["time_series"], json!({ "cpu": { "values": [] } }));
}

#[tokio::test]
async fn a_question_for_metrics_must_be_complete() {
    let lab = lab().await;
    let id = lab.make("s", json!({})).await;
    let window = "start=2026-11-23T11:00:00Z&end=2026-11-23T12:00:00Z";
    for query in [
        window.to_owned(),
        format!("type=weather&{window}"),
        "type=cpu&start=2026-11-23T11:00:00Z".to_owned(),
        "type=cpu&start=yesterday&end=2026-11-23T12:00:00Z".to_owned(),
        "type=cpu&start=2026-11-23T12:00:00Z&end=2026-11-23T11:00:00Z".to_owned(),
        format!("type=cpu&{window}&step=0"),
    ] {
        lab.get(&format!("/servers/{id}/metrics?{query}")).await.refused(422, "invalid_input");
    }
    lab.get(&format!("/servers/999/metrics?type=cpu&{window}")).await.refused(404, "not_found");
    assert_ne!(lab.server(id).await, Value::Null);
}
