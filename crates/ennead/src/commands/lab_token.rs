//! `ennead lab token`: who may ask the lab, and for which project.

use ennead_lab::daemon::Lab;
use serde_json::{Value, json};

use crate::cli_lab::LabTokenCommand;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::ui;

/// Runs one of the commands.
pub(crate) async fn run(lab: &Lab, command: &LabTokenCommand) -> Result<Exit, CommandError> {
    match command {
        LabTokenCommand::Add { project, name, read_only } => {
            let wish = json!({ "project": project, "name": name, "read_only": read_only });
            let made = lab.ask("POST", "/tokens", Some(&wish)).await.or_exit(Exit::Usage)?;
            let word = |name: &str| made["token"][name].as_str().unwrap_or_default().to_owned();
            ui::say(format!("Token {} of project {}:", word("name"), word("project")));
            ui::line(word("token"));
        }
        LabTokenCommand::List { json } => list(lab, *json).await?,
        LabTokenCommand::Remove { name } => {
            let path = format!("/tokens/{name}");
            lab.ask("DELETE", &path, None).await.or_exit(Exit::Usage)?;
            ui::say(format!("Token {name} opens nothing any more."));
        }
    }
    Ok(Exit::Done)
}

async fn list(lab: &Lab, json: bool) -> Result<(), CommandError> {
    let listed = lab.ask("GET", "/tokens", None).await.or_exit(Exit::Usage)?;
    if json {
        ui::json(&listed["tokens"]);
        return Ok(());
    }
    let rows = listed["tokens"].as_array().into_iter().flatten().map(|token| {
        let word = |name: &str| token[name].as_str().unwrap_or_default().to_owned();
        let access = if token["read_only"] == Value::Bool(true) { "read" } else { "read, write" };
        vec![word("name").into(), word("project").into(), access.into()]
    });
    ui::table(&["TOKEN", "PROJECT", "MAY"], rows.collect());
    Ok(())
}
