//! Faults and distance by the command line, on a lab that only remembers.

use crate::support::{Place, preset};

#[test]
fn faults_are_ordered_listed_and_ended() {
    let place = Place::with_lab("faults", preset("seed"), &["--remember-only"]);
    let order = ["lab", "fault", "partition", "--from", "hil", "--to", "ash,us-east", "--one-way"];
    let made = place.ennead(&order).expect_code(0);
    let id = made.out.trim().to_owned();
    let sold = [
        "lab",
        "fault",
        "api",
        "sold-out",
        "--server-type",
        "cx33",
        "--location",
        "hil",
        "--for",
        "1h",
    ];
    place.ennead(&sold).expect_code(0);
    let listed = place.ennead(&["lab", "fault", "list", "--json"]).expect_code(0).json();
    assert_eq!(listed[0]["fault"]["to"][1], "us-east", "{listed}");
    assert_eq!(listed[1]["fault"]["kind"], "sold_out", "{listed}");
    let table = place.ennead(&["lab", "fault", "list"]).expect_code(0).out;
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    assert!(lines[1].contains("partition") && lines[1].contains("hil -> ash,us-east"), "{table}");
    assert!(lines[2].contains("api sold-out") && lines[2].contains("cx33 in hil"), "{table}");
    assert_eq!(place.lab_status()["faults"], 2);

    place.ennead(&["lab", "fault", "clear", &id]).expect_code(0);
    place.ennead(&["lab", "fault", "clear", &id]).expect_code(2).expect_error("not found");
    let clock = ["lab", "fault", "clock", "--servers", "hil", "--offset-ms", "-500"];
    place.ennead(&clock).expect_code(2).expect_error("share this machine's clock");
    let nobody = ["lab", "fault", "freeze", "--servers", "nobody"];
    place.ennead(&nobody).expect_code(2).expect_error("nobody");
    place.ennead(&["lab", "fault", "clear"]).expect_code(0);
    let listed = place.ennead(&["lab", "fault", "list", "--json"]).expect_code(0).json();
    assert_eq!(listed, serde_json::json!([]));
    assert_eq!(place.lab_status()["faults"], 0);

    place.kill_daemon();
    assert_eq!(place.lab_status()["faults"], serde_json::Value::Null);
    place.ennead(&["lab", "fault", "list"]).expect_code(2).expect_hint("ennead lab up");
    let wrong = ["lab", "up", "--distance", "hil=30ms"];
    place.ennead(&wrong).expect_code(2).expect_error("fsn1:sin=30ms");
}
