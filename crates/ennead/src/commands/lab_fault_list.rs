//! `ennead lab fault list` as a table: what is wrong, where, how much.

use serde_json::Value;

use crate::ui::{self, Tone};

/// Prints the faults in force.
pub(crate) fn show(faults: &Value) {
    let orders = faults.as_array().map(Vec::as_slice).unwrap_or_default();
    if orders.is_empty() {
        ui::say("No fault is in force.");
        return;
    }
    let rows = orders.iter().map(|order| {
        let [kind, place, amount] = describe(&order["fault"]);
        let id = ui::Cell(order["id"].to_string(), Tone::Plain);
        vec![id, kind.into(), place.into(), amount.into()]
    });
    ui::table(&["ID", "FAULT", "WHERE", "HOW MUCH"], rows.collect());
}

/// Returns its name on the command line, whom or what it meets, and how much.
fn describe(fault: &Value) -> [String; 3] {
    let kind = fault["kind"].as_str().unwrap_or("-");
    let all = "everything".to_owned();
    let (place, amount) = match kind {
        "partition" => (between(fault), all),
        "loss" => (between(fault), format!("{} %", fault["percent"])),
        "delay" => (between(fault), delay(fault)),
        "cut" => (names(&fault["servers"]), format!("{} interfaces", word(&fault["side"]))),
        "freeze" | "full_disk" => (names(&fault["servers"]), all),
        "slow_disk" => (names(&fault["servers"]), format!("{} bytes/s", fault["bytes_per_second"])),
        "refuse" => {
            let times = times(&fault["on"]["times"]);
            (requests(&fault["on"]), format!("{}, {times}", word(&fault["code"])))
        }
        "lose_response" => (requests(&fault["on"]), times(&fault["on"]["times"])),
        "fail_action" => (word(&fault["command"]), times(&fault["times"])),
        "hold_actions" => {
            let which = fault["command"].as_str().unwrap_or("all actions");
            (which.to_owned(), format!("{} ms longer", fault["ms"]))
        }
        "unreachable" => ("the API, for servers".to_owned(), all),
        "sold_out" => {
            let place = format!("{} in {}", word(&fault["server_type"]), word(&fault["location"]));
            (place, all)
        }
        // A daemon of a later version: nothing is kept back.
        _ => ("-".to_owned(), fault.to_string()),
    };
    [spoken(kind), place, amount]
}

/// The words that order it.
fn spoken(kind: &str) -> String {
    let api = ["refuse", "lose_response", "fail_action", "hold_actions", "sold_out", "unreachable"];
    let prefix = if api.contains(&kind) { "api " } else { "" };
    format!("{prefix}{}", kind.replace('_', "-"))
}

fn between(fault: &Value) -> String {
    let arrow = if fault["one_way"] == Value::Bool(true) { "->" } else { "<->" };
    format!("{} {arrow} {}", names(&fault["from"]), names(&fault["to"]))
}

fn delay(fault: &Value) -> String {
    match fault["jitter_ms"].as_f64() {
        Some(jitter) if jitter > 0.0 => format!("{} ms, varies by {jitter} ms", fault["ms"]),
        _ => format!("{} ms", fault["ms"]),
    }
}

fn requests(on: &Value) -> String {
    format!("{} {}", on["method"].as_str().unwrap_or("any"), word(&on["path"]))
}

fn times(count: &Value) -> String {
    if count.as_u64() == Some(1) { "once more".to_owned() } else { format!("{count} times more") }
}

fn names(list: &Value) -> String {
    let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.collect::<Vec<_>>().join(",")
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_says_what_it_meets_and_how_much() {
        let pair = |kind: &str, one_way: bool| {
            json!({ "kind": kind, "from": ["fsn1"],
            "to": ["sin", "us-east"], "one_way": one_way, "percent": 20.5, "ms": 30.0,
            "jitter_ms": 0.0 })
        };
        let of = |kind: &str| {
            json!({ "kind": kind, "servers": ["a", "b"], "side": "private",
            "bytes_per_second": 1000 })
        };
        let on = json!({ "method": "POST", "path": "/servers", "times": 2 });
        let cases = [
            (pair("partition", true), "partition|fsn1 -> sin,us-east|everything"),
            (pair("loss", false), "loss|fsn1 <-> sin,us-east|20.5 %"),
            (pair("delay", false), "delay|fsn1 <-> sin,us-east|30.0 ms"),
            (of("cut"), "cut|a,b|private interfaces"),
            (of("freeze"), "freeze|a,b|everything"),
            (of("slow_disk"), "slow-disk|a,b|1000 bytes/s"),
            (
                json!({ "kind": "refuse", "on": on, "code": "locked" }),
                "api refuse|POST /servers|locked, 2 times more",
            ),
            (
                json!({ "kind": "lose_response", "on": { "method": null, "path": "/x", "times": 1 } }),
                "api lose-response|any /x|once more",
            ),
            (
                json!({ "kind": "fail_action", "command": "create_server", "times": 1 }),
                "api fail-action|create_server|once more",
            ),
            (
                json!({ "kind": "hold_actions", "command": null, "ms": 50 }),
                "api hold-actions|all actions|50 ms longer",
            ),
            (json!({ "kind": "unreachable" }), "api unreachable|the API, for servers|everything"),
            (
                json!({ "kind": "sold_out", "server_type": "cx33", "location": "fsn1" }),
                "api sold-out|cx33 in fsn1|everything",
            ),
        ];
        for (fault, expected) in cases {
            assert_eq!(describe(&fault).join("|"), expected);
        }
    }

    #[test]
    fn a_kind_of_a_later_daemon_is_shown_as_it_is() {
        let [kind, _, rest] = describe(&json!({ "kind": "new", "x": 1 }));
        assert_eq!(kind, "new");
        assert!(rest.contains("\"x\":1"));
    }
}
