//! Node-side actions: the cluster's settings, and the application's database.

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_host::{Command, Host};
use serde::Deserialize;
use serde_json::Value;

use super::plan::{CONFIG_PATH, USER};
use super::{NAME, SOCKET_DIRECTORY};
use crate::component::ComponentError;

/// How long the cluster is waited for to be founded.
const FOUNDED_DEADLINE: Duration = Duration::from_secs(85);
/// How long a primary is waited for, and this instance to follow it.
const PRIMARY_DEADLINE: Duration = Duration::from_secs(590);
/// First pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn apply(
    host: &dyn Host,
    verb: &str,
    arguments: &Value,
) -> Result<bool, ComponentError> {
    match verb {
        "configure" => configure(host, arguments).await,
        "bootstrap-database" => bootstrap_database(host, arguments).await,
        _ => Err(ComponentError::Verb { component: NAME, verb: verb.to_owned() }),
    }
}

fn answer(what: String) -> ComponentError {
    ComponentError::Answer { component: NAME, what }
}

/// Returns `patronictl` with the node's settings.
pub(super) fn patronictl() -> Command {
    Command::new("patronictl").args(["-c", CONFIG_PATH])
}

/// Returns a query of the local instance as the superuser, over the socket and without a password.
pub(super) fn query(sql: &str) -> Command {
    psql().args(["--tuples-only", "--no-align", "--command", sql]).user(USER)
}

fn psql() -> Command {
    Command::new("psql").args(["--no-psqlrc", "--quiet", "--host", SOCKET_DIRECTORY])
}

/// Merges the settings into the cluster's. Tried again while the cluster is not founded yet, and
/// when another member changed them at the same time.
async fn configure(host: &dyn Host, settings: &Value) -> Result<bool, ComponentError> {
    let command =
        patronictl().args(["edit-config", "--force", "--apply", "-"]).stdin(settings.to_string());
    wait_until(FOUNDED_DEADLINE, PAUSE, || async {
        let output = host.run_ok(&command).await.map_err(|error| error.to_string())?;
        Ok(!output.stdout_text().contains("Not changed"))
    })
    .await
    .map_err(|error| answer(format!("the cluster's settings could not be changed: {error}")))
}

/// Arguments of `bootstrap-database`.
#[derive(Debug, Deserialize)]
struct Database {
    /// The role and its database.
    role: String,
    /// File with the role's password, as libpq reads it.
    passfile: String,
    /// Statements that create both or bring them to what they should be.
    sql: String,
}

/// What the instance is, as far as creating a database goes.
enum Now {
    Primary,
    Replica,
}

async fn bootstrap_database(host: &dyn Host, arguments: &Value) -> Result<bool, ComponentError> {
    let database: Database = serde_json::from_value(arguments.clone())
        .map_err(|error| answer(format!("arguments of \"bootstrap-database\": {error}")))?;
    wait_until(PRIMARY_DEADLINE, PAUSE, || async {
        match now(host).await? {
            Now::Replica => Ok(false),
            Now::Primary => {
                if can_log_in(host, &database).await.map_err(|error| error.to_string())? {
                    return Ok(false);
                }
                // A primary that lost its role meanwhile refuses to write, and is asked again.
                let create = psql().user(USER).stdin(&*database.sql);
                host.run_ok(&create).await.map_err(|error| error.to_string())?;
                Ok(true)
            }
        }
    })
    .await
    .map_err(|error| answer(format!("database {} could not be made: {error}", database.role)))
}

/// Says what the instance is once it is settled: the primary, or a replica that receives changes.
async fn now(host: &dyn Host) -> Result<Now, String> {
    let sql = "SELECT pg_is_in_recovery(), \
               EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')";
    let output = host.run_ok(&query(sql)).await.map_err(|error| error.to_string())?;
    match output.stdout_text().trim() {
        "f|f" | "f|t" => Ok(Now::Primary),
        "t|t" => Ok(Now::Replica),
        _ => Err("the instance is a replica that receives nothing yet".to_owned()),
    }
}

/// Returns whether the role exists with the right password and reaches its database.
async fn can_log_in(host: &dyn Host, database: &Database) -> Result<bool, ComponentError> {
    let login = psql()
        .args(["--username", &database.role, "--dbname", &database.role, "--no-password"])
        .args(["--command", "SELECT"])
        .env("PGPASSFILE", &*database.passfile)
        .user(USER);
    Ok(host.run(&login).await?.success())
}
