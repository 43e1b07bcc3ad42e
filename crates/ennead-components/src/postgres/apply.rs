//! Node-side actions: the cluster's settings, and the application's database.

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_host::{Command, Host};
use serde::Deserialize;
use serde_json::Value;

use super::plan::{CONFIG_PATH, Configure, PATRONI, USER};
use super::{NAME, SOCKET_DIRECTORY};
use crate::component::ComponentError;
use crate::etcd;

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

/// Returns a query of the local instance as the superuser, over the socket and without a password.
pub(super) fn query(sql: &str) -> Command {
    psql().args(["--tuples-only", "--no-align", "--command", sql]).user(USER)
}

fn psql() -> Command {
    Command::new("psql").args(["--no-psqlrc", "--quiet", "--host", SOCKET_DIRECTORY])
}

/// Merges the settings into the cluster's. Tried again while the cluster is not founded yet, and
/// when another member changed them at the same time.
async fn configure(host: &dyn Host, arguments: &Value) -> Result<bool, ComponentError> {
    let wanted: Configure = serde_json::from_value(arguments.clone())
        .map_err(|error| answer(format!("arguments of \"configure\": {error}")))?;
    let change = Command::new("patronictl")
        .args(["-c", CONFIG_PATH, "edit-config", "--force", "--apply", "-"])
        .stdin(wanted.settings.to_string());
    wait_until(FOUNDED_DEADLINE, PAUSE, || async {
        // Asking etcd costs a fiftieth of what starting patronictl does.
        let current = current_settings(host, &wanted).await?;
        if contains(&current, &wanted.settings) {
            return Ok(false);
        }
        let output = host.run_ok(&change).await.map_err(|error| error.to_string())?;
        // Another member may have been first.
        Ok(!output.stdout_text().contains("Not changed"))
    })
    .await
    .map_err(|error| answer(format!("the cluster's settings could not be changed: {error}")))
}

async fn current_settings(host: &dyn Host, wanted: &Configure) -> Result<Value, String> {
    let client = etcd::client(
        &wanted.endpoints,
        PATRONI.cert_path().as_str(),
        PATRONI.key_path().as_str(),
    );
    let get = client.args(["get", "--print-value-only", "--write-out", "simple", &wanted.key]);
    let output = host.run_ok(&get).await.map_err(|error| error.to_string())?;
    if output.stdout.is_empty() {
        return Err("the cluster is not founded yet".to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("its settings are {error}"))
}

/// Returns whether merging `part` into `whole` would change nothing.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part))),
        _ => whole == part,
    }
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

/// Returns whether the role exists with the right password and reaches its database. Over the
/// network, because the socket lets this user in without a password.
async fn can_log_in(host: &dyn Host, database: &Database) -> Result<bool, ComponentError> {
    let login = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--host", "127.0.0.1"])
        .env("PGSSLMODE", "require")
        .args(["--username", &database.role, "--dbname", &database.role, "--no-password"])
        .args(["--command", "SELECT"])
        .env("PGPASSFILE", &*database.passfile)
        .user(USER);
    Ok(host.run(&login).await?.success())
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;
    use serde_json::json;

    use super::*;

    /// The socket lets the pooler's user in as the application without a password: a login there
    /// would never show that the password is another one.
    #[tokio::test]
    async fn a_changed_password_is_seen_by_a_login_over_the_network() {
        let login = "psql --no-psqlrc --quiet --host 127.0.0.1 --username app";
        let socket = "psql --no-psqlrc --quiet --host /var/run/postgresql";
        let arguments = json!({ "role": "app", "passfile": "/pass", "sql": "ALTER ROLE app" });
        for (status, changes) in [(2, true), (0, false)] {
            let host = FakeHost::new("n1").answer(socket, 0, "f|f").answer(login, status, "");
            let changed = bootstrap_database(&host, &arguments).await.unwrap();
            assert_eq!(changed, changes);
            assert_eq!(host.lines().iter().filter(|line| line.starts_with(login)).count(), 1);
            assert_eq!(host.ran().iter().any(|ran| ran.stdin.is_some()), changes);
        }
    }

    #[test]
    fn settings_are_contained_when_a_merge_changes_nothing() {
        let whole = json!({"ttl": 20, "postgresql": {"parameters": {"a": "1", "b": "2"}}});
        assert!(contains(&whole, &json!({"postgresql": {"parameters": {"b": "2"}}})));
        for different in [
            json!({"ttl": 30}),
            json!({"postgresql": {"parameters": {"c": "3"}}}),
            json!({"postgresql": {"parameters": {"b": 2}}}),
            json!({"failsafe_mode": true}),
        ] {
            assert!(!contains(&whole, &different), "{different}");
        }
    }
}
