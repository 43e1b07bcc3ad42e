//! `ennead certs`: certificates with their ends, and new ones.

use ennead_components::Usage;
use ennead_host::clock;
use ennead_spec::vault::{CertificateFacts, TrustPhase, Vault};
use jiff::Timestamp;
use serde::Serialize;

use super::secrets;
use crate::cli::Global;
use crate::cli_trust::{CertsCommand, CertsRotateArgs};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::Session;
use crate::ui::{self, Cell, Tone};

/// What `list --json` prints.
#[derive(Debug, Serialize)]
struct Certificates {
    /// Where the replacement of the authority stands.
    authority: TrustPhase,
    certificates: Vec<Listed>,
}

/// A certificate as its node has it, for all that is known.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    node: String,
    usage: Usage,
    /// Number of the authority that issued the newest.
    authority: u32,
    not_after: Timestamp,
    /// Whole days until then; negative when it has ended.
    days_left: i64,
    renew_at: Timestamp,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// A newer one is in the vault and waits for `up`.
    Waits,
    /// Past its renewal.
    Due,
    Ended,
}

impl State {
    fn of(one: &CertificateFacts<'_>, now: Timestamp) -> Self {
        let used = one.used();
        match () {
            () if used.not_after <= now => Self::Ended,
            () if used.is_due(now) => Self::Due,
            () if one.on_node.is_some() => Self::Waits,
            () => Self::Good,
        }
    }

    fn cell(self) -> Cell {
        match self {
            Self::Good => Cell("good".to_owned(), Tone::Good),
            Self::Waits => Cell("new one waits for up".to_owned(), Tone::Warn),
            Self::Due => Cell("due".to_owned(), Tone::Warn),
            Self::Ended => Cell("ended".to_owned(), Tone::Bad),
        }
    }
}

/// Carries out what is asked of the certificates.
pub(crate) async fn run(global: &Global, command: &CertsCommand) -> Result<Exit, CommandError> {
    match command {
        CertsCommand::List { json } => list(&secrets::open(global)?.open(false)?, *json),
        CertsCommand::Rotate(args) if args.ca => rotate_authority(global).await?,
        CertsCommand::Rotate(args) => rotate(global, args)?,
    }
    Ok(Exit::Done)
}

fn list(vault: &Vault, json: bool) {
    let now = clock::now();
    let listed = |one: CertificateFacts<'_>| Listed {
        name: one.name.to_owned(),
        node: one.node.to_owned(),
        usage: one.usage,
        authority: one.authority,
        not_after: one.used().not_after,
        days_left: one.used().days_left(now),
        renew_at: one.used().renew_at(),
        state: State::of(&one, now),
    };
    let certificates: Vec<Listed> = vault.certificates().map(listed).collect();
    if json {
        return ui::json(&Certificates { authority: vault.trust_phase(), certificates });
    }
    let row = |one: Listed| {
        vec![
            Cell::from(one.name),
            Cell::from(one.node),
            Cell::from(usage(one.usage)),
            Cell::from(day(one.not_after)),
            Cell::from(one.days_left.to_string()),
            Cell::from(day(one.renew_at)),
            one.state.cell(),
        ]
    };
    let header = ["NAME", "NODE", "USAGE", "NOT AFTER", "DAYS LEFT", "RENEW AT", "STATE"];
    ui::table(&header, certificates.into_iter().map(row).collect());
    if vault.trust_phase() != TrustPhase::Single {
        let word = ui::paint("authority", Tone::Warn);
        let next = "go on with `ennead up`, then `ennead certs rotate --ca`";
        ui::line(format!("{word}: {}; {next}.", vault.trust_phase().meaning()));
    }
}

fn usage(usage: Usage) -> &'static str {
    match usage {
        Usage::Server => "server",
        Usage::Client => "client",
        Usage::Both => "both",
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn rotate(global: &Global, args: &CertsRotateArgs) -> Result<(), CommandError> {
    let mut vault = secrets::open(global)?;
    let count = vault.change(|vault, wanted| {
        vault.reissue(wanted, clock::now(), |name, node| {
            args.name.as_deref().is_none_or(|it| it == name)
                && args.node.as_ref().is_none_or(|it| it.as_str() == node)
        })
    })?;
    if count == 0 {
        return Err(CommandError::new(Exit::Usage, "no certificate is of that name and node")
            .hint("`ennead certs list` shows all"));
    }
    ui::say(format!("{count} certificates are issued anew; `ennead up` rolls them out."));
    Ok(())
}

async fn rotate_authority(global: &Global) -> Result<(), CommandError> {
    let session = Session::open_to_change(global)?;
    let inventory = session.observe().await?;
    let phase = session.advance_trust(&inventory)?;
    ui::say(format!("From the next `ennead up` on {}.", phase.meaning()));
    ui::say(match phase {
        TrustPhase::Single => "That run ends the replacement.",
        _ => "After it, run the same command again for the next phase.",
    });
    Ok(())
}
