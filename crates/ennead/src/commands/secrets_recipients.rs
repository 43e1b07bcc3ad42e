//! `ennead secrets recipients`: who can open the secrets.

use ennead_spec::vault::Vault;
use serde::Serialize;

use crate::cli_trust::RecipientsCommand;
use crate::error::CommandError;
use crate::session::{OperatorVault, vault_error};
use crate::ui::{self, Cell, Tone};

/// What `list --json` prints of an operator.
#[derive(Debug, Serialize)]
struct Listed {
    /// Null for identities that made the vault, until the first operator is added.
    name: Option<String>,
    recipient: String,
    mine: bool,
}

/// Carries out what is asked of those who can open the secrets.
pub(super) fn run(
    vault: &mut OperatorVault,
    command: &RecipientsCommand,
) -> Result<(), CommandError> {
    match command {
        RecipientsCommand::List { json } => {
            let opened = vault.open(false)?;
            let own = vault.files().own_recipients().map_err(|error| vault_error(&error))?;
            list(&opened, &own, *json);
        }
        RecipientsCommand::Mine => {
            vault
                .files()
                .own_recipients()
                .map_err(|error| vault_error(&error))?
                .iter()
                .for_each(ui::line);
        }
        RecipientsCommand::Add { name, recipient } => {
            found(vault)?;
            vault.files().add_recipient(name, recipient).map_err(|error| vault_error(&error))?;
            ui::say(format!("{name} can open the secrets; {}", both(vault)));
        }
        RecipientsCommand::Remove { who, own } => {
            found(vault)?;
            vault.files().remove_recipient(who, *own).map_err(|error| vault_error(&error))?;
            ui::say(format!("{who} can open the secrets no longer; {}", both(vault)));
            ui::say("Copies from before stay readable to them: rotate what they could read.");
        }
    }
    Ok(())
}

/// Makes the vault when there is none. One that is there is not looked at here: what it lacks could
/// not be saved while the text beside it differs, which is what these commands put right.
fn found(vault: &mut OperatorVault) -> Result<(), CommandError> {
    if !vault.files().exists().map_err(|error| vault_error(&error))? {
        vault.open(false)?;
    }
    Ok(())
}

fn both(vault: &mut OperatorVault) -> String {
    let files = vault.files();
    format!("hand on {} and {} together.", files.vault_path(), files.recipients_path())
}

fn list(vault: &Vault, own: &[String], json: bool) {
    let mut listed: Vec<Listed> = vault
        .recipients()
        .map(|(name, recipient)| Listed {
            name: Some(name.to_owned()),
            recipient: recipient.to_owned(),
            mine: own.iter().any(|one| one == recipient),
        })
        .collect();
    if listed.is_empty() {
        let alone = |one: &String| Listed { name: None, recipient: one.clone(), mine: true };
        listed.extend(own.iter().map(alone));
    }
    if json {
        return ui::json(&listed);
    }
    let row = |one: Listed| {
        let mine = if one.mine { "you" } else { "" };
        vec![
            Cell::from(one.name.unwrap_or_else(|| "-".to_owned())),
            Cell(mine.to_owned(), Tone::Good),
            Cell::from(one.recipient),
        ]
    };
    ui::table(&["NAME", "", "RECIPIENT"], listed.into_iter().map(row).collect());
}
