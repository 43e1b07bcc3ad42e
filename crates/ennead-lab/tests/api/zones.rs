//! DNS zones.

use serde_json::{Value, json};

use crate::client::{Lab, lab};

pub(crate) const NAMESERVERS: [&str; 3] =
    ["hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."];

/// Makes a primary zone and waits until it is published.
pub(crate) async fn make_zone(lab: &Lab, name: &str, more: Value) -> Value {
    let mut body = json!({ "name": name, "mode": "primary" });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let made = lab.post("/zones", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.ok();
    assert_eq!(made["action"]["command"], "create_zone");
    assert_eq!(made["action"]["resources"], json!([{ "id": made["zone"]["id"], "type": "zone" }]));
    assert_eq!(lab.ended(&made["action"]).await["status"], "success");
    made["zone"].clone()
}

/// Sends an action that succeeds.
pub(crate) async fn act(lab: &Lab, path: &str, body: Value) -> Value {
    let begun = lab.post(path, body).await.ok();
    let action = lab.ended(&begun["action"]).await;
    assert_eq!(action["status"], "success", "{action}");
    action
}

/// Returns the serial number that the world answers with.
fn serial(lab: &Lab, zone: &str) -> u32 {
    let zone = lab.lab.world.zone(zone).unwrap();
    let soa = zone.records.iter().find(|set| set.kind == "SOA").unwrap();
    soa.values[0].split(' ').nth(2).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_new_zone_has_its_soa_and_name_servers_and_is_published() {
    let lab = lab().await;
    let zone = make_zone(&lab, "example.com", json!({ "labels": { "a": "b" } })).await;
    assert_eq!(zone["mode"], "primary");
    assert_eq!((&zone["ttl"], &zone["record_count"]), (&json!(3600), &json!(4)));
    assert_eq!(zone["authoritative_nameservers"]["assigned"], json!(NAMESERVERS));
    assert_eq!(zone["protection"], json!({ "delete": false }));
    assert_eq!((&zone["registrar"], &zone["labels"]["a"]), (&json!("other"), &json!("b")));
    let by_name = lab.get("/zones/example.com").await.ok();
    assert_eq!(by_name["zone"]["status"], "ok");
    assert_eq!(lab.get(&format!("/zones/{}", zone["id"])).await.ok(), by_name);
    let published = lab.lab.world.zone("example.com").unwrap();
    assert_eq!(published.records.len(), 2);
    assert!(published.records.iter().all(|set| set.name == "@" && set.ttl == 3600));
    // The day, then 00.
    let today: u32 = zone["created"].as_str().unwrap()[..10].replace('-', "").parse().unwrap();
    assert_eq!(serial(&lab, "example.com"), today * 100);
}

#[tokio::test]
async fn zones_are_listed_by_name_mode_and_label() {
    let lab = lab().await;
    make_zone(&lab, "one.com", json!({ "labels": { "n": "1" } })).await;
    make_zone(&lab, "two.com", json!({ "labels": { "n": "2" } })).await;
    lab.post("/zones", json!({ "name": "far.de", "mode": "secondary" })).await.ok();
    let names = async |query: &str| -> Vec<String> {
        let zones = lab.get(&format!("/zones?{query}")).await.ok()["zones"].clone();
        let names = zones.as_array().unwrap().iter();
        names.map(|zone| zone["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("sort=name:desc").await, ["two.com", "one.com", "far.de"]);
    assert_eq!(names("mode=secondary").await, ["far.de"]);
    assert_eq!(names("name=one.com").await, ["one.com"]);
    assert_eq!(names("label_selector=n%3D2").await, ["two.com"]);
    let changed = lab.put("/zones/one.com", json!({ "labels": { "n": "3" } })).await.ok();
    assert_eq!(changed["zone"]["labels"], json!({ "n": "3" }));
    lab.put("/zones/one.com", json!({ "labels": { "-": "" } })).await.refused(422, "invalid_input");
    lab.put("/zones/none.com", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn wrong_zones_are_refused_and_leave_nothing() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    let a = |name: &str, value: &str| json!({ "name": name, "type": "A", "records": [{ "value": value }] });
    for (body, field) in [
        (json!({ "mode": "primary" }), "name"),
        (json!({ "name": "x.com" }), "mode"),
        (json!({ "name": "x.com", "mode": "tertiary" }), "mode"),
        (json!({ "name": "www.x.com", "mode": "primary" }), "name"),
        (json!({ "name": "X.com", "mode": "primary" }), "name"),
        (json!({ "name": "lab.local", "mode": "primary" }), "name"),
        (json!({ "name": "x.com", "mode": "primary", "ttl": 59 }), "ttl"),
        (json!({ "name": "x.com", "mode": "primary", "ttl": 2_147_483_648_u64 }), "ttl"),
        (json!({ "name": "x.com", "mode": "primary", "labels": { "a": "-" } }), "labels"),
        (json!({ "name": "x.com", "mode": "primary", "zonefile": "" }), "zonefile"),
        (
            json!({ "name": "x.com", "mode": "primary", "rrsets": [a("www", "1.2.3")] }),
            "rrsets.0.records",
        ),
        (
            json!({ "name": "x.com", "mode": "primary",
                    "rrsets": [a("www", "1.2.3.4"), a("www", "1.2.3.5")] }),
            "rrsets.1",
        ),
        (
            json!({ "name": "x.com", "mode": "primary", "zonefile": "x",
                    "rrsets": [a("www", "1.2.3.4")] }),
            "rrsets",
        ),
        (
            json!({ "name": "x.com", "mode": "secondary",
                    "primary_nameservers": [{ "address": "10.0.0.1" }] }),
            "primary_nameservers.0.address",
        ),
        (
            json!({ "name": "x.com", "mode": "secondary",
                    "primary_nameservers": [{ "address": "9.9.9.9", "tsig_algorithm": "rot13" }] }),
            "primary_nameservers.0.tsig_algorithm",
        ),
        (
            json!({ "name": "x.com", "mode": "secondary",
                    "primary_nameservers": [{ "address": "9.9.9.9", "port": 0 }] }),
            "primary_nameservers.0.port",
        ),
    ] {
        let refused = lab.post("/zones", body.clone()).await;
        refused.refused(422, "invalid_input");
        let fields = refused.json()["error"]["details"]["fields"].clone();
        assert_eq!(fields[0]["name"], field, "{body}: {fields}");
    }
    let twin = lab.post("/zones", json!({ "name": "example.com", "mode": "secondary" })).await;
    twin.refused(409, "uniqueness_error");
    assert_eq!(twin.message(), "name is already used");
    assert_eq!(lab.get("/zones").await.ok()["zones"].as_array().unwrap().len(), 1);
    for path in ["/zones/x.com", "/zones/999", "/zones/x.com/zonefile", "/zones/x.com/rrsets"] {
        lab.get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_protected_zone_is_not_deleted_and_others_are() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    let path = "/zones/example.com/actions/change_protection";
    let action = act(&lab, path, json!({ "delete": true })).await;
    assert_eq!(action["command"], "change_protection");
    lab.delete("/zones/example.com").await.refused(423, "protected");
    lab.post(path, json!({ "delete": "no" })).await.refused(422, "invalid_input");
    act(&lab, path, json!({ "delete": false })).await;
    let deleted = lab.delete("/zones/example.com").await;
    assert_eq!(
        (deleted.status, &deleted.json()["action"]["command"]),
        (201, &json!("delete_zone"))
    );
    assert_eq!(lab.ended(&deleted.ok()["action"]).await["status"], "success");
    lab.get("/zones/example.com").await.refused(404, "not_found");
    lab.delete("/zones/example.com").await.refused(404, "not_found");
    assert_eq!(lab.lab.world.zone("example.com"), None);
}

#[tokio::test]
async fn a_zone_that_is_being_deleted_is_locked() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    lab.lab.world.slow("withdraw_zone", 1, std::time::Duration::from_secs(30));
    lab.delete("/zones/example.com").await.ok();
    lab.delete("/zones/example.com").await.refused(423, "locked");
    let body = json!({ "ttl": 60 });
    lab.post("/zones/example.com/actions/change_ttl", body).await.refused(423, "locked");
    lab.put("/zones/example.com", json!({})).await.refused(423, "locked");
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["status"], "updating");
}

#[tokio::test]
async fn the_ttl_of_a_zone_is_that_of_its_sets() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    let before = serial(&lab, "example.com");
    let path = "/zones/example.com/actions/change_ttl";
    act(&lab, path, json!({ "ttl": 600 })).await;
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["ttl"], 600);
    assert!(lab.lab.world.zone("example.com").unwrap().records.iter().all(|set| set.ttl == 600));
    assert_eq!(serial(&lab, "example.com"), before + 1);
    for body in [json!({}), json!({ "ttl": null }), json!({ "ttl": 1 }), json!({ "ttl": "x" })] {
        lab.post(path, body).await.refused(422, "invalid_input");
    }
}

#[tokio::test]
async fn a_secondary_zone_has_primary_name_servers_and_no_records() {
    let lab = lab().await;
    let servers = json!([{ "address": "201.34.67.42" }, { "address": "201.34.67.43", "port": 5353,
                          "tsig_algorithm": "hmac-sha256", "tsig_key": "c2VjcmV0" }]);
    let body = json!({ "name": "example.com", "mode": "secondary",
                       "primary_nameservers": servers, "ttl": 10800 });
    let zone = lab.post("/zones", body).await.ok()["zone"].clone();
    assert_eq!(zone["primary_nameservers"][0], json!({ "address": "201.34.67.42", "port": 53 }));
    assert_eq!(zone["primary_nameservers"][1]["tsig_key"], "c2VjcmV0");
    assert_eq!((&zone["record_count"], &zone["status"]), (&json!(0), &json!("error")));
    lab.lab.quiet().await.unwrap();
    assert_eq!(lab.lab.world.zone("example.com"), None);
    let at = |rest: &str| format!("/zones/example.com{rest}");
    for path in [at("/zonefile"), at("/rrsets"), at("/rrsets/@/A")] {
        lab.get(&path).await.refused(422, "incorrect_zone_mode");
    }
    let set = json!({ "name": "a", "type": "A", "records": [{ "value": "1.2.3.4" }] });
    for (path, body) in [
        (at("/rrsets"), set),
        (at("/actions/change_ttl"), json!({ "ttl": 60 })),
        (at("/actions/import_zonefile"), json!({ "zonefile": "" })),
        (at("/rrsets/a/A/actions/change_ttl"), json!({ "ttl": null })),
        (at("/rrsets/a/A/actions/change_protection"), json!({ "change": true })),
    ] {
        lab.post(&path, body).await.refused(422, "incorrect_zone_mode");
    }
    lab.delete(&at("/rrsets/a/A")).await.refused(422, "incorrect_zone_mode");
    let path = at("/actions/change_primary_nameservers");
    let action = act(&lab, &path, json!({ "primary_nameservers": [{ "address": "::9" }] })).await;
    assert_eq!(action["command"], "change_primary_nameservers");
    let twice =
        json!({ "primary_nameservers": [{ "address": "9.9.9.9" }, { "address": "9.9.9.9" }] });
    lab.post(&path, twice).await.refused(422, "invalid_input");
    lab.post(&path, json!({})).await.refused(422, "invalid_input");
    make_zone(&lab, "primary.com", json!({})).await;
    let path = "/zones/primary.com/actions/change_primary_nameservers";
    let body = json!({ "primary_nameservers": [] });
    lab.post(path, body).await.refused(422, "incorrect_zone_mode");
}

#[tokio::test]
async fn actions_are_found_below_their_zone() {
    let lab = lab().await;
    let zone = make_zone(&lab, "example.com", json!({})).await;
    make_zone(&lab, "other.com", json!({})).await;
    let change = act(&lab, "/zones/example.com/actions/change_ttl", json!({ "ttl": 60 })).await;
    let own = lab.get("/zones/example.com/actions?sort=id").await.ok()["actions"].clone();
    let commands: Vec<_> = own.as_array().unwrap().iter().map(|a| a["command"].clone()).collect();
    assert_eq!(commands, ["create_zone", "change_ttl"]);
    assert_eq!(
        lab.get(&format!("/zones/{}/actions?sort=id", zone["id"])).await.ok()["actions"],
        own
    );
    let all = lab.get("/zones/actions").await.ok()["actions"].clone();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let id = &change["id"];
    for path in [format!("/zones/actions/{id}"), format!("/zones/example.com/actions/{id}")] {
        assert_eq!(lab.get(&path).await.ok()["action"]["command"], "change_ttl");
    }
    lab.get(&format!("/zones/other.com/actions/{id}")).await.refused(404, "not_found");
    lab.get("/zones/none.com/actions").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_change_that_fails_is_taken_back() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    let fails = async |path: &str, body: Value| {
        lab.lab.world.fail("publish_zone", 1);
        let begun = lab.post(path, body).await.ok();
        let action = lab.ended(&begun["action"]).await;
        assert_eq!(action["error"]["code"], "action_failed", "{action}");
        lab.lab.quiet().await.unwrap();
    };
    let set = json!({ "name": "www", "type": "A", "records": [{ "value": "1.2.3.4" }] });
    fails("/zones/example.com/rrsets", set.clone()).await;
    lab.get("/zones/example.com/rrsets/www/A").await.refused(404, "not_found");
    fails("/zones/example.com/actions/change_ttl", json!({ "ttl": 60 })).await;
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["ttl"], 3600);
    lab.post("/zones/example.com/rrsets", set).await.ok();
    lab.lab.quiet().await.unwrap();
    let body = json!({ "records": [{ "value": "1.2.3.5" }] });
    fails("/zones/example.com/rrsets/www/A/actions/set_records", body).await;
    let set = lab.get("/zones/example.com/rrsets/www/A").await.ok()["rrset"].clone();
    assert_eq!(set["records"], json!([{ "value": "1.2.3.4" }]));
    // What the world answers with is what the API shows.
    let published = lab.lab.world.zone("example.com").unwrap();
    let www = published.records.iter().find(|set| set.name == "www").unwrap();
    assert_eq!((www.ttl, www.values.as_slice()), (3600, &["1.2.3.4".to_owned()][..]));
    fails("/zones", json!({ "name": "new.com", "mode": "primary" })).await;
    lab.get("/zones/new.com").await.refused(404, "not_found");
}
