//! `ennead secrets`: passwords without their values, and new values for them.

use ennead_components::{ALL, Component};
use ennead_host::{MemoryFolder, clock, environment, files, terminal};
use ennead_spec::vault::{SecretFacts, Vault};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::secrets_recipients;
use crate::cli::Global;
use crate::cli_trust::SecretsCommand;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::session::{OperatorVault, check_spec, vault_error};
use crate::ui::{self, Cell, Tone};

/// The editor of a machine that names none: every Debian has it.
const EDITOR: &str = "vi";

/// What `list --json` prints of a secret.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    purpose: &'a str,
    /// When its value was made; null when that was not noted.
    since: Option<String>,
    /// Whole days since then.
    age_days: Option<i64>,
    /// Whether `up` can give a running platform another value.
    can_change: bool,
}

/// Carries out what is asked of the secrets.
pub(crate) async fn run(global: &Global, command: &SecretsCommand) -> Result<Exit, CommandError> {
    let mut vault = open(global)?;
    match command {
        SecretsCommand::List { json } => list(&vault.open(false)?, *json),
        SecretsCommand::Set { name } => set(&mut vault, name).await?,
        SecretsCommand::Edit => edit(&mut vault).await?,
        SecretsCommand::Rotate { name } => {
            refuse_kept(name)?;
            vault.change(|vault, _| vault.rotate_secret(name, clock::now()))?;
            ui::say(format!("{name} has a new value; `ennead up` rolls it out."));
        }
        SecretsCommand::Recipients(command) => secrets_recipients::run(&mut vault, command)?,
    }
    Ok(Exit::Done)
}

/// Names the vault of the spec, which must be without errors.
pub(super) fn open(global: &Global) -> Result<OperatorVault, CommandError> {
    let (spec, _) = check_spec(&global.spec)?.accepted()?;
    Ok(OperatorVault::of(global, &spec))
}

fn list(vault: &Vault, json: bool) {
    let now = clock::now();
    let age = |since| now.duration_since(since).as_hours().div_euclid(24);
    let secrets: Vec<_> = vault.secrets().map(|one| (one, one.since.map(age))).collect();
    if json {
        let secrets = secrets.iter().map(|(one, age_days)| Listed {
            name: one.name,
            purpose: one.purpose,
            since: one.since.map(|since| since.to_string()),
            age_days: *age_days,
            can_change: kept_by(one.name).is_none(),
        });
        return ui::json(&secrets.collect::<Vec<_>>());
    }
    let row = |(one, age): &(SecretFacts<'_>, Option<i64>)| {
        let age = age.map_or_else(|| "not noted".to_owned(), |days| format!("{days} days"));
        vec![one.name.into(), Cell(age, Tone::Plain), one.purpose.into()]
    };
    ui::table(&["SECRET", "AGE", "PURPOSE"], secrets.iter().map(row).collect());
}

async fn set(vault: &mut OperatorVault, name: &str) -> Result<(), CommandError> {
    refuse_kept(name)?;
    // Before anybody is asked for a value that nobody wants.
    vault.open(false)?.check_secret(name).map_err(|error| vault_error(&error))?;
    let value = if terminal::is_typed() {
        let first = ask(&format!("Value for {name} (not shown):")).await?;
        let second = ask("The same again:").await?;
        if first.expose_secret() != second.expose_secret() {
            return Err(
                CommandError::new(Exit::Usage, "the two values differ").hint("nothing was changed")
            );
        }
        first
    } else {
        terminal::read_piped().or_exit(Exit::Usage)?
    };
    let changed = vault.change(|vault, _| vault.set_secret(name, &value, clock::now()))?;
    ui::say(if changed {
        format!("{name} is set; `ennead up` rolls it out.")
    } else {
        format!("{name} has this value already.")
    });
    Ok(())
}

async fn ask(question: &str) -> Result<SecretString, CommandError> {
    ui::say(question);
    let typed = terminal::read_hidden().await.or_exit(Exit::Usage)?;
    typed.ok_or_else(|| CommandError::new(Exit::Usage, "interrupted").hint("nothing was changed"))
}

async fn edit(vault: &mut OperatorVault) -> Result<(), CommandError> {
    let shown = vault.open(false)?;
    let edited = edit_text(&shown.to_edit()).await?;
    let edited = shown.read_edit(&edited).map_err(|error| vault_error(&error))?;
    for name in edited.keys() {
        refuse_kept(name)?;
    }
    if edited.is_empty() {
        ui::say("Nothing was changed.");
        return Ok(());
    }
    vault.change(|vault, _| vault.apply_edit(&shown, &edited, clock::now()))?;
    let names: Vec<&str> = edited.keys().map(String::as_str).collect();
    ui::say(format!("{} changed; `ennead up` rolls it out.", names.join(", ")));
    Ok(())
}

/// Lets the operator edit a text that is in memory only; it is gone when this returns, whatever
/// happens.
async fn edit_text(text: &SecretString) -> Result<SecretString, CommandError> {
    let folder = MemoryFolder::make().or_exit(Exit::Usage).map_err(|error| {
        error.hint("set XDG_RUNTIME_DIR to a folder of yours that is in memory (tmpfs)")
    })?;
    let path = folder.path().join("secrets.txt");
    files::write_private(&path, text.expose_secret()).or_exit(Exit::Usage)?;
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(environment::read);
    let editor = editor.unwrap_or_else(|| EDITOR.to_owned());
    if !terminal::edit(&editor, &path).await.or_exit(Exit::Usage)? {
        return Err(CommandError::new(Exit::Usage, format!("the editor {editor:?} failed"))
            .hint("nothing was changed; $EDITOR says which one is used"));
    }
    let edited = files::read_text(&path).or_exit(Exit::Usage)?.ok_or_else(|| {
        CommandError::new(Exit::Usage, "the editor left no file").hint("nothing was changed")
    })?;
    Ok(edited.into())
}

/// Returns the component whose running cluster takes no other value of this secret.
fn kept_by(secret: &str) -> Option<&'static str> {
    let keeps = |one: &&&dyn Component| one.kept_secrets().contains(&secret);
    ALL.iter().find(keeps).map(|one| one.name())
}

fn refuse_kept(secret: &str) -> Result<(), CommandError> {
    let Some(component) = kept_by(secret) else { return Ok(()) };
    let message = format!("{secret} cannot be changed: a running {component} takes no other value");
    Err(CommandError::new(Exit::Usage, message)
        .hint("docs/decisions/0009-password-rotation.md says why; nothing was changed"))
}
