//! Record sets of zones, and zone files.

use serde_json::{Value, json};

use crate::client::{Lab, lab};
use crate::zones::{NAMESERVERS, act, make_zone};

const SETS: &str = "/zones/example.com/rrsets";

async fn lab_with_zone() -> Lab {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    lab
}

fn records(values: &[&str]) -> Value {
    json!(values.iter().map(|value| json!({ "value": value })).collect::<Vec<_>>())
}

async fn make_set(lab: &Lab, name: &str, kind: &str, values: &[&str]) -> Value {
    let body = json!({ "name": name, "type": kind, "ttl": null, "records": records(values) });
    let made = lab.post(SETS, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.ok();
    assert_eq!(made["action"]["command"], "create_rrset");
    assert_eq!(lab.ended(&made["action"]).await["status"], "success");
    made["rrset"].clone()
}

async fn values(lab: &Lab, id: &str) -> Vec<String> {
    let set = lab.get(&format!("{SETS}/{id}")).await.ok()["rrset"].clone();
    let records = set["records"].as_array().unwrap().iter();
    records.map(|record| record["value"].as_str().unwrap().to_owned()).collect()
}

/// Returns what the world answers with for a set.
fn published(lab: &Lab, name: &str, kind: &str) -> Option<Vec<String>> {
    let zone = lab.lab.world.zone("example.com").unwrap();
    let set = zone.records.into_iter().find(|set| set.name == name && set.kind == kind);
    set.map(|set| set.values)
}

#[tokio::test]
async fn a_set_is_made_shown_listed_and_removed() {
    let lab = lab_with_zone().await;
    let set = make_set(&lab, "www", "AAAA", &["2001:db8::1"]).await;
    assert_eq!((&set["id"], &set["ttl"]), (&json!("www/AAAA"), &Value::Null));
    assert_eq!(set["protection"], json!({ "change": false }));
    assert_eq!(set["records"], json!([{ "value": "2001:db8::1" }]));
    assert_eq!(lab.get(&format!("{SETS}/www/AAAA")).await.ok()["rrset"], set);
    assert_eq!(published(&lab, "www", "AAAA").unwrap(), ["2001:db8::1"]);
    make_set(&lab, "@", "A", &["203.0.113.1"]).await;
    assert_eq!(lab.get(&format!("{SETS}/%40/A")).await.ok()["rrset"]["id"], "@/A");
    make_set(&lab, "*", "A", &["203.0.113.2"]).await;
    assert_eq!(lab.get(&format!("{SETS}/%2A/A")).await.ok()["rrset"]["name"], "*");
    let ids = async |query: &str| -> Vec<String> {
        let sets = lab.get(&format!("{SETS}?{query}")).await.ok()["rrsets"].clone();
        sets.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("sort=name:asc").await, ["*/A", "@/A", "@/NS", "@/SOA", "www/AAAA"]);
    assert_eq!(ids("type=A&type=AAAA&sort=id:desc").await, ["www/AAAA", "@/A", "*/A"]);
    assert_eq!(ids("name=%40&type=NS").await, ["@/NS"]);
    lab.get(&format!("{SETS}?type=SPF")).await.refused(422, "invalid_input");
    let deleted = lab.delete(&format!("{SETS}/www/AAAA")).await;
    assert_eq!(
        (deleted.status, &deleted.json()["action"]["command"]),
        (201, &json!("delete_rrset"))
    );
    assert_eq!(lab.ended(&deleted.ok()["action"]).await["status"], "success");
    lab.get(&format!("{SETS}/www/AAAA")).await.refused(404, "not_found");
    assert_eq!(published(&lab, "www", "AAAA"), None);
}

#[tokio::test]
async fn a_page_has_up_to_a_hundred_sets() {
    let lab = lab().await;
    let set = |n: usize| json!({ "name": format!("n{n}"), "type": "A", "records": records(&["192.0.2.1"]) });
    let sets: Vec<_> = (0..120).map(set).collect();
    make_zone(&lab, "example.com", json!({ "rrsets": sets })).await;
    let page = lab.get(&format!("{SETS}?per_page=500")).await.ok();
    assert_eq!(page["rrsets"].as_array().unwrap().len(), 100);
    assert_eq!(page["meta"]["pagination"]["total_entries"], 122);
}

#[tokio::test]
async fn wrong_sets_are_refused() {
    let lab = lab_with_zone().await;
    make_set(&lab, "www", "A", &["203.0.113.1"]).await;
    make_set(&lab, "alias", "CNAME", &["www"]).await;
    for (name, kind, values, field) in [
        ("WWW", "A", vec!["203.0.113.1"], "name"),
        ("www.example.com", "A", vec!["203.0.113.1"], "name"),
        ("a.", "A", vec!["203.0.113.1"], "name"),
        ("a", "SPF", vec!["x"], "type"),
        ("a", "A", vec![], "records"),
        ("a", "A", vec!["203.0.113.300"], "records"),
        ("a", "A", vec!["203.0.113.1", "203.0.113.1"], "records"),
        ("a", "AAAA", vec!["2001:db8::1", "2001:DB8:0::1"], "records"),
        ("a", "CNAME", vec!["b", "c"], "records"),
        ("a", "TXT", vec!["no quotes"], "records"),
        ("a", "MX", vec!["mail"], "records"),
        ("a", "SOA", vec!["a. b. 1 2 3 4 5"], "name"),
        ("www", "CNAME", vec!["other"], "name"),
        ("alias", "TXT", vec!["\"x\""], "name"),
        ("@", "CNAME", vec!["www"], "name"),
    ] {
        let body = json!({ "name": name, "type": kind, "records": records(&values) });
        let refused = lab.post(SETS, body).await;
        refused.refused(422, "invalid_input");
        let fields = refused.json()["error"]["details"]["fields"].clone();
        assert_eq!(fields[0]["name"], field, "{name} {kind} {values:?}: {fields}");
    }
    let short = json!({ "name": "a", "type": "A", "ttl": 30, "records": records(&["192.0.2.1"]) });
    lab.post(SETS, short).await.refused(422, "invalid_input");
    lab.post(SETS, json!({})).await.refused(422, "invalid_input");
    let twin = json!({ "name": "www", "type": "A", "records": records(&["203.0.113.9"]) });
    lab.post(SETS, twin).await.refused(409, "uniqueness_error");
    lab.delete(&format!("{SETS}/@/SOA")).await.refused(422, "invalid_input");
    let body = json!({ "records": records(&["203.0.113.1"]) });
    for action in ["set_records", "remove_records", "update_records"] {
        let path = format!("{SETS}/none/A/actions/{action}");
        let records = json!({ "records": [{ "value": "203.0.113.1", "comment": "" }] });
        lab.post(&path, records).await.refused(404, "not_found");
    }
    lab.post(&format!("{SETS}/WWW/A/actions/add_records"), body)
        .await
        .refused(422, "invalid_input");
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["record_count"], 6);
}

#[tokio::test]
async fn records_are_set_added_removed_and_commented_on() {
    let lab = lab_with_zone().await;
    let on = |action: &str| format!("{SETS}/www/A/actions/{action}");
    // The set is made by adding to it.
    let body = json!({ "ttl": 120, "records": records(&["203.0.113.1", "203.0.113.2"]) });
    let action = act(&lab, &on("add_records"), body).await;
    assert_eq!(action["command"], "add_rrset_records");
    let other = json!({ "ttl": 60, "records": records(&["203.0.113.3"]) });
    lab.post(&on("add_records"), other).await.refused(422, "invalid_input");
    let again = json!({ "records": records(&["203.0.113.2"]) });
    lab.post(&on("add_records"), again).await.refused(409, "uniqueness_error");
    act(&lab, &on("add_records"), json!({ "records": records(&["203.0.113.3"]) })).await;
    assert_eq!(values(&lab, "www/A").await, ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);

    let body = json!({ "records": [{ "value": "203.0.113.3", "comment": "three" }] });
    let updated = lab.post(&on("update_records"), body).await;
    assert_eq!(
        (updated.status, &updated.json()["action"]["command"]),
        (200, &json!("update_rrset_records"))
    );
    lab.lab.quiet().await.unwrap();
    let set = lab.get(&format!("{SETS}/www/A")).await.ok()["rrset"].clone();
    assert_eq!(set["records"][2], json!({ "value": "203.0.113.3", "comment": "three" }));
    assert_eq!(set["ttl"], 120);
    let missing = json!({ "records": [{ "value": "203.0.113.9", "comment": "x" }] });
    lab.post(&on("update_records"), missing).await.refused(422, "invalid_input");
    let silent = json!({ "records": records(&["203.0.113.3"]) });
    lab.post(&on("update_records"), silent).await.refused(422, "invalid_input");

    let missing = json!({ "records": records(&["203.0.113.9"]) });
    lab.post(&on("remove_records"), missing).await.refused(422, "invalid_input");
    let action =
        act(&lab, &on("remove_records"), json!({ "records": records(&["203.0.113.1"]) })).await;
    assert_eq!(action["command"], "remove_rrset_records");
    assert_eq!(published(&lab, "www", "A").unwrap(), ["203.0.113.2", "203.0.113.3"]);
    let action =
        act(&lab, &on("set_records"), json!({ "records": records(&["203.0.113.7"]) })).await;
    assert_eq!(action["command"], "set_rrset_records");
    assert_eq!(values(&lab, "www/A").await, ["203.0.113.7"]);
    let many: Vec<_> = (0..51).map(|n| format!("203.0.113.{n}")).collect();
    let many = json!({ "records": records(&many.iter().map(String::as_str).collect::<Vec<_>>()) });
    for action in ["set_records", "add_records", "remove_records"] {
        lab.post(&on(action), many.clone()).await.refused(422, "invalid_input");
        lab.post(&on(action), json!({ "records": [] })).await.refused(422, "invalid_input");
        lab.post(&on(action), json!({})).await.refused(422, "invalid_input");
    }
    // The last record takes the set with it.
    act(&lab, &on("remove_records"), json!({ "records": records(&["203.0.113.7"]) })).await;
    lab.get(&format!("{SETS}/www/A")).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_serial_number_of_a_zone_is_the_labs_own() {
    let lab = lab_with_zone().await;
    let before = values(&lab, "@/SOA").await.remove(0);
    let path = format!("{SETS}/@/SOA/actions/set_records");
    let soa = "hydrogen.ns.hetzner.com. dns.hetzner.com. 1 7200 10800 3600000 60";
    act(&lab, &path, json!({ "records": records(&[soa]) })).await;
    let after = values(&lab, "@/SOA").await.remove(0);
    assert!(after.ends_with(" 7200 10800 3600000 60"), "{after}");
    let serial = |soa: &str| soa.split(' ').nth(2).unwrap().parse::<u32>().unwrap();
    assert!(serial(&after) >= serial(&before), "{before} then {after}");
}

#[tokio::test]
async fn a_protected_set_changes_in_no_way() {
    let lab = lab_with_zone().await;
    make_set(&lab, "www", "A", &["203.0.113.1"]).await;
    let on = |action: &str| format!("{SETS}/www/A/actions/{action}");
    let action = act(&lab, &on("change_protection"), json!({ "change": true })).await;
    assert_eq!(action["command"], "change_rrset_protection");
    let body = json!({ "records": [{ "value": "203.0.113.1", "comment": "x" }] });
    for action in ["set_records", "add_records", "remove_records", "update_records"] {
        lab.post(&on(action), body.clone()).await.refused(423, "protected");
    }
    lab.post(&on("change_ttl"), json!({ "ttl": 60 })).await.refused(423, "protected");
    let refused = lab.delete(&format!("{SETS}/www/A")).await;
    refused.refused(423, "protected");
    assert_eq!(refused.message(), "RRSet(s) is/are change protected");
    let file = lab.get("/zones/example.com/zonefile").await.ok()["zonefile"].clone();
    let path = "/zones/example.com/actions/import_zonefile";
    lab.post(path, json!({ "zonefile": file })).await.refused(423, "protected");
    lab.post(&on("change_protection"), json!({})).await.refused(422, "invalid_input");
    let labelled = lab.put(&format!("{SETS}/www/A"), json!({ "labels": { "a": "b" } })).await.ok();
    assert_eq!(labelled["rrset"]["labels"], json!({ "a": "b" }));
    act(&lab, &on("change_protection"), json!({ "change": false })).await;
    act(&lab, &on("change_ttl"), json!({ "ttl": 60 })).await;
    assert_eq!(lab.get(&format!("{SETS}/www/A")).await.ok()["rrset"]["ttl"], 60);
    act(&lab, &on("change_ttl"), json!({ "ttl": null })).await;
    assert!(lab.get(&format!("{SETS}/www/A")).await.ok()["rrset"]["ttl"].is_null());
    lab.post(&on("change_ttl"), json!({})).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn a_zone_file_goes_out_and_comes_in_again() {
    let lab = lab_with_zone().await;
    make_set(&lab, "www", "A", &["203.0.113.1"]).await;
    make_set(&lab, "note", "TXT", &["\"two words; one\" \"more\""]).await;
    let file = lab.get("/zones/example.com/zonefile").await.ok()["zonefile"].clone();
    let file = file.as_str().unwrap();
    assert!(file.starts_with("$ORIGIN\texample.com.\n$TTL\t3600\n\n@\tIN\tSOA\t"), "{file}");
    let sets = async |zone: &str| {
        let sets = lab.get(&format!("/zones/{zone}/rrsets")).await.ok()["rrsets"].clone();
        let sets = sets.as_array().unwrap().iter().filter(|set| set["type"] != "SOA");
        sets.map(|set| (set["id"].clone(), set["records"].clone())).collect::<Vec<_>>()
    };
    let before = sets("example.com").await;
    let more = format!("{}\nnew\tIN\tA\t203.0.113.2\n", file.replace("3600\n\n", "600\n\n"));
    let path = "/zones/example.com/actions/import_zonefile";
    assert_eq!(act(&lab, path, json!({ "zonefile": more })).await["command"], "import_zonefile");
    assert_eq!(lab.get("/zones/example.com").await.ok()["zone"]["ttl"], 600);
    assert_eq!(values(&lab, "new/A").await, ["203.0.113.2"]);
    act(&lab, path, json!({ "zonefile": file })).await;
    assert_eq!(sets("example.com").await, before);
    // A new zone can begin with a file of its own.
    let other = file.replace("example.com", "other.com");
    make_zone(&lab, "other.com", json!({ "zonefile": other })).await;
    assert_eq!(sets("other.com").await, before);
    for wrong in ["", "$ORIGIN other.com.\n", "www A 1.2.3.4\n", "$INCLUDE /etc/passwd\n"] {
        lab.post(path, json!({ "zonefile": wrong })).await.refused(422, "invalid_input");
    }
    let without = file.replace(NAMESERVERS[1], "ns.example.net.");
    lab.post(path, json!({ "zonefile": without })).await.refused(422, "invalid_input");
    lab.post(path, json!({})).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn changes_that_follow_each_other_at_once_are_all_made() {
    let lab = lab_with_zone().await;
    lab.lab.world.slow("publish_zone", 1, std::time::Duration::from_millis(50));
    let mut begun = Vec::new();
    for n in 0..10 {
        let body =
            json!({ "name": format!("n{n}"), "type": "A", "records": records(&["192.0.2.1"]) });
        begun.push(lab.post(SETS, body).await.ok()["action"].clone());
        let path = format!("{SETS}/n{n}/A/actions/change_protection");
        begun.push(lab.post(&path, json!({ "change": true })).await.ok()["action"].clone());
    }
    for action in &begun {
        assert_eq!(lab.ended(action).await["status"], "success");
    }
    assert_eq!(lab.lab.world.zone("example.com").unwrap().records.len(), 12);
}
