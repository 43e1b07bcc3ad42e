//! Node-side actions: new rules on trial, and their confirmation.
//!
//! The timer that brings the confirmed rules back runs before new ones are loaded, and ends when the
//! operator has come in over a connection that was made after that. Killed between any two steps,
//! the node ends with rules that somebody has come in through, or with those before.

use camino::Utf8Path;
use ennead_host::host::FileWrite;
use ennead_host::{Command, Host};
use ennead_model::sha256_hex;

use super::NAME;
use super::plan::{CONFIRMED_PATH, LISTING_PATH, TIMER_NAME, TRIAL_PATH, WANTED_PATH};
use crate::component::ComponentError;

/// The rules of a node on which none were confirmed yet: none at all.
const NO_RULES: &str = "table inet ennead {}\ndelete table inet ennead\n";

pub(super) async fn apply(host: &dyn Host, verb: &str) -> Result<bool, ComponentError> {
    match verb {
        "prepare" => prepare(host).await,
        "try" => try_wanted(host).await,
        "confirm" => confirm(host).await,
        _ => Err(ComponentError::Verb { component: NAME, verb: verb.to_owned() }),
    }
}

fn answer(what: impl Into<String>) -> ComponentError {
    ComponentError::Answer { component: NAME, what: what.into() }
}

/// Makes the file that boots and rollbacks load, on a node that has none yet.
async fn prepare(host: &dyn Host) -> Result<bool, ComponentError> {
    if host.facts(Utf8Path::new(CONFIRMED_PATH)).await?.is_some() {
        return Ok(false);
    }
    write(host, CONFIRMED_PATH, NO_RULES.into()).await?;
    Ok(true)
}

/// Loads the wanted rules for the time of the trial. False when they are confirmed and in force.
async fn try_wanted(host: &dyn Host) -> Result<bool, ComponentError> {
    let wanted = wanted(host).await?;
    if is_settled(host, &wanted).await? {
        return Ok(false);
    }
    host.run_ok(&nft(&["--check", "--file", WANTED_PATH])).await?;
    host.remove(Utf8Path::new(TRIAL_PATH)).await?;
    let confirmed = host.read(Utf8Path::new(CONFIRMED_PATH)).await?;
    if confirmed.as_ref() == Some(&wanted) {
        // Somebody changed the table, or a newer `nft` lists it differently: nothing to try.
        host.run_ok(&nft(&["--file", CONFIRMED_PATH])).await?;
        write(host, LISTING_PATH, check_line(&loaded(host).await?)).await?;
        return Ok(true);
    }
    // The timer's file may be new. It is not declared as a unit: that would stop one that runs.
    host.run_ok(&systemctl(&["daemon-reload"])).await?;
    host.run_ok(&systemctl(&["restart", "--", TIMER_NAME])).await?;
    // When this fails the rules before are in force, and the timer does no harm.
    host.run_ok(&nft(&["--file", WANTED_PATH])).await?;
    write(host, TRIAL_PATH, check_line(&loaded(host).await?)).await?;
    Ok(true)
}

async fn loaded(host: &dyn Host) -> Result<Vec<u8>, ComponentError> {
    let listing = listing(host).await?;
    listing.ok_or_else(|| answer("the rules were loaded and there is no table"))
}

/// Keeps the rules on trial. Called over a connection that was made after they were loaded.
async fn confirm(host: &dyn Host) -> Result<bool, ComponentError> {
    let wanted = wanted(host).await?;
    if is_settled(host, &wanted).await? {
        return Ok(false);
    }
    let tried = host.read(Utf8Path::new(TRIAL_PATH)).await?;
    let in_force = listing(host).await?.as_deref().map(check_line);
    if tried.is_none() || tried != in_force {
        return Err(answer(
            "the new rules are not in force: they were taken back because nobody came in in time, \
             or something else changed the table; run again",
        ));
    }
    // In this order: a timer that ends meanwhile loads the rules that are confirmed here.
    write(host, LISTING_PATH, tried.unwrap_or_default()).await?;
    write(host, CONFIRMED_PATH, wanted.clone()).await?;
    host.run_ok(&systemctl(&["stop", "--", TIMER_NAME])).await?;
    if !is_settled(host, &wanted).await? {
        // It ended between the look and the writing, and loaded the rules before.
        host.run_ok(&nft(&["--file", CONFIRMED_PATH])).await?;
    }
    host.remove(Utf8Path::new(TRIAL_PATH)).await?;
    Ok(true)
}

async fn wanted(host: &dyn Host) -> Result<Vec<u8>, ComponentError> {
    let wanted = host.read(Utf8Path::new(WANTED_PATH)).await?;
    wanted.ok_or_else(|| answer(format!("{WANTED_PATH} is gone; run again")))
}

/// Returns whether rules are confirmed, and the kernel lists what it listed then.
async fn is_settled(host: &dyn Host, wanted: &[u8]) -> Result<bool, ComponentError> {
    let confirmed = host.read(Utf8Path::new(CONFIRMED_PATH)).await?;
    if confirmed.as_deref() != Some(wanted) {
        return Ok(false);
    }
    let known = host.read(Utf8Path::new(LISTING_PATH)).await?;
    let in_force = listing(host).await?.as_deref().map(check_line);
    Ok(known.is_some() && known == in_force)
}

/// Returns the rules as the kernel has them, without counts; `None` when there is no table.
async fn listing(host: &dyn Host) -> Result<Option<Vec<u8>>, ComponentError> {
    let output = host.run(&nft(&["--stateless", "list", "table", "inet", "ennead"])).await?;
    Ok(output.success().then_some(output.stdout))
}

/// Returns the line by which `sha256sum --check` compares its standard input.
fn check_line(listing: &[u8]) -> Vec<u8> {
    format!("{}  -\n", sha256_hex(listing)).into_bytes()
}

fn nft(args: &[&str]) -> Command {
    Command::new("nft").args(args.iter().copied())
}

fn systemctl(args: &[&str]) -> Command {
    Command::new("systemctl").args(args.iter().copied())
}

async fn write(host: &dyn Host, path: &str, content: Vec<u8>) -> Result<(), ComponentError> {
    let (owner, group) = ("root".to_owned(), "root".to_owned());
    let file = FileWrite { path: path.into(), content, owner, group, mode: 0o600 };
    Ok(host.write(&file).await?)
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
