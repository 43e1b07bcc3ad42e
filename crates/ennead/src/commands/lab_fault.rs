//! `ennead lab fault`: orders faults from the lab's daemon, lists and ends them.

use ennead_host::files;
use ennead_lab::daemon::Lab;
use serde_json::{Map, Value, json};

use crate::cli_fault::{ApiFault, Between, FaultCommand, Lasts, Requests, Side, Whose};
use crate::commands::lab_fault_list;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::lab_desk::{DeskError, LabDesk};
use crate::ui;

/// Runs one of its commands.
pub(crate) async fn run(lab: &Lab, command: &FaultCommand) -> Result<Exit, CommandError> {
    let desk = desk(lab)?;
    match command {
        FaultCommand::List { json } => {
            let listed = desk.ask(reqwest::Method::GET, "", None).await.map_err(said)?;
            if *json {
                ui::json(&listed["faults"]);
            } else {
                lab_fault_list::show(&listed["faults"]);
            }
        }
        FaultCommand::Clear { id } => {
            let path = id.map(|id| format!("/{id}")).unwrap_or_default();
            desk.ask(reqwest::Method::DELETE, &path, None).await.map_err(said)?;
            ui::say(
                id.map_or("No fault is in force.".to_owned(), |id| format!("Fault {id} is over.")),
            );
        }
        ordered => {
            let made = desk.ask(reqwest::Method::POST, "", Some(body(ordered))).await;
            let made = made.map_err(said)?;
            ui::line(made["fault"]["id"].to_string());
            ui::say("The fault is in force; `ennead lab fault clear` with this number ends it.");
        }
    }
    Ok(Exit::Done)
}

fn desk(lab: &Lab) -> Result<LabDesk, CommandError> {
    let read = |name: &str| files::read_text(&lab.folder.join(name)).or_exit(Exit::Internal);
    let (endpoint, token) = (read("endpoint")?, read("token")?);
    let is_served = lab.is_served().or_exit(Exit::Internal)?;
    let endpoint = endpoint.filter(|_| is_served).ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("lab {} is not served", lab.name))
            .hint("start it with `ennead lab up`")
    })?;
    Ok(LabDesk::new(endpoint.trim(), token.unwrap_or_default().trim()))
}

fn said(error: DeskError) -> CommandError {
    match error {
        DeskError::Refused { message, .. } => CommandError::new(Exit::Usage, message),
        DeskError::Silent(message) => CommandError::new(Exit::Internal, message),
    }
}

/// Writes an order as the daemon reads it.
fn body(command: &FaultCommand) -> Value {
    match command {
        FaultCommand::Partition(between) => pair("partition", between, json!({})),
        FaultCommand::Loss { between, percent } => {
            pair("loss", between, json!({ "percent": percent }))
        }
        FaultCommand::Delay { between, ms, jitter_ms } => {
            pair("delay", between, json!({ "ms": ms, "jitter_ms": jitter_ms }))
        }
        FaultCommand::Cut { whose, side } => {
            let side = match side {
                Side::Public => "public",
                Side::Private => "private",
            };
            some("cut", whose, json!({ "side": side }))
        }
        FaultCommand::Freeze(whose) => some("freeze", whose, json!({})),
        FaultCommand::FullDisk(whose) => some("full_disk", whose, json!({})),
        FaultCommand::SlowDisk { whose, bytes_per_second } => {
            some("slow_disk", whose, json!({ "bytes_per_second": bytes_per_second }))
        }
        FaultCommand::Clock { whose, offset_ms } => {
            some("clock", whose, json!({ "offset_ms": offset_ms }))
        }
        FaultCommand::Api(fault) => api(fault),
        FaultCommand::List { .. } | FaultCommand::Clear { .. } => Value::Null,
    }
}

fn api(fault: &ApiFault) -> Value {
    match fault {
        ApiFault::Refuse { on, code, lasts } => {
            fields("refuse", lasts, [json!({ "on": requests(on), "code": code })])
        }
        ApiFault::LoseResponse { on, lasts } => {
            fields("lose_response", lasts, [json!({ "on": requests(on) })])
        }
        ApiFault::FailAction { action, times, lasts } => {
            fields("fail_action", lasts, [json!({ "command": action, "times": times })])
        }
        ApiFault::HoldActions { action, ms, lasts } => {
            fields("hold_actions", lasts, [json!({ "command": action, "ms": ms })])
        }
        ApiFault::Unreachable { lasts } => fields("unreachable", lasts, []),
        ApiFault::SoldOut { server_type, location, lasts } => {
            let what = json!({ "server_type": server_type, "location": location });
            fields("sold_out", lasts, [what])
        }
    }
}

fn requests(on: &Requests) -> Value {
    json!({ "method": on.method, "path": on.path, "times": on.times })
}

fn pair(kind: &str, between: &Between, further: Value) -> Value {
    let Between { from, to, one_way, lasts } = between;
    let both = json!({ "from": from, "to": to, "one_way": one_way });
    fields(kind, lasts, [both, further])
}

fn some(kind: &str, whose: &Whose, further: Value) -> Value {
    fields(kind, &whose.lasts, [json!({ "servers": whose.servers }), further])
}

fn fields<const N: usize>(kind: &str, lasts: &Lasts, parts: [Value; N]) -> Value {
    let mut all = Map::new();
    all.insert("kind".to_owned(), kind.into());
    if let Some(time) = lasts.time {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        all.insert("for_ms".to_owned(), ms.into());
    }
    for part in parts {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    Value::Object(all)
}
