//! HAProxy's runtime socket: all servers of a dead node are marked down, at once.
//!
//! `set server BACKEND/NAME health down` sets the counter of the server's checks to zero and the
//! server to down, as failed checks would; `on-marked-down` takes effect. Checks go on, and `rise`
//! good ones bring the server back, so nothing has to be undone. Without checks it would stay down
//! for ever: such a server is left alone, and so is one in maintenance. (`agent` is for a program
//! beside the server that speaks for it; here there is none.)
//!
//! Source: HAProxy 3.0 management guide, "set server", "show servers state"; `src/server.c`.

use std::time::Duration;

use camino::Utf8Path;
use ennead_model::NodeName;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Most time for one command. HAProxy answers from memory; estimate.
const COMMAND_MAX: Duration = Duration::from_secs(2);

/// Bits of `srv_check_state` that a server with checks has: configured and enabled. Source:
/// management guide, "show servers state".
const CHECKED: u32 = 0x02 | 0x04;

/// Bits of `srv_admin_state` that mean maintenance, by whatever reason. Source: as above.
const MAINTENANCE: u32 = 0x01 | 0x02 | 0x04 | 0x20;

/// A dialogue with HAProxy that failed.
#[derive(Debug, Error)]
pub(crate) enum HaproxyError {
    /// The socket.
    #[error("cannot talk to HAProxy through {path}: {source}")]
    Socket {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No answer in time.
    #[error("HAProxy does not answer through {path}")]
    Silent {
        /// Which.
        path: String,
    },
    /// It does not do as told.
    #[error("HAProxy answered `{command}` with: {said}")]
    Refused {
        /// What it was told.
        command: String,
        /// What it said.
        said: String,
    },
}

/// Marks all servers that are named like the node down. Returns them as `BACKEND/NAME`.
///
/// # Errors
/// [`HaproxyError`]. Servers before the one that failed are marked.
pub(crate) async fn mark_down(
    socket: &Utf8Path,
    dead: &NodeName,
) -> Result<Vec<String>, HaproxyError> {
    let state = ask(socket, "show servers state").await?;
    let servers = servers_of(&state, dead.as_str());
    for server in &servers {
        let command = format!("set server {server} health down");
        let said = ask(socket, &command).await?;
        if !said.trim().is_empty() {
            return Err(HaproxyError::Refused { command, said: said.trim().to_owned() });
        }
    }
    Ok(servers)
}

async fn ask(path: &Utf8Path, command: &str) -> Result<String, HaproxyError> {
    let talking = async {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(format!("{command}\n").as_bytes()).await?;
        let mut said = String::new();
        // It closes the connection after one line's commands.
        stream.read_to_string(&mut said).await?;
        Ok(said)
    };
    match timeout(COMMAND_MAX, talking).await {
        Ok(said) => said.map_err(|source| HaproxyError::Socket { path: path.to_string(), source }),
        Err(_) => Err(HaproxyError::Silent { path: path.to_string() }),
    }
}

/// Returns `BACKEND/NAME` of all servers of that name that checks can bring back. Columns are found
/// by their titles.
fn servers_of(state: &str, name: &str) -> Vec<String> {
    let title = |line: &str| line.strip_prefix("# ").map(str::to_owned);
    let Some(titles) = state.lines().find_map(title) else { return Vec::new() };
    let titles: Vec<&str> = titles.split_whitespace().collect();
    let column = |title: &str| titles.iter().position(|it| *it == title);
    let (Some(backend), Some(server), Some(admin), Some(check)) = (
        column("be_name"),
        column("srv_name"),
        column("srv_admin_state"),
        column("srv_check_state"),
    ) else {
        return Vec::new();
    };
    let found = state.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let bits = |at: usize| fields.get(at)?.parse::<u32>().ok();
        let (backend, server) = (fields.get(backend)?, fields.get(server)?);
        let is_checked = bits(check)? & CHECKED == CHECKED;
        let is_kept = bits(admin)? & MAINTENANCE != 0;
        (*server == name && is_checked && !is_kept).then(|| format!("{backend}/{server}"))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Balancer;
    use super::*;

    /// As HAProxy 3.0 writes it, with fewer columns at the end.
    const STATE: &str = "1\n\
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
srv_agent_state\n\
3 write 1 n1 10.0.0.1 2 0 1 1 60 15 3 2 6 0\n\
3 write 2 n2 10.0.0.2 0 0 1 1 60 15 3 0 7 0\n\
4 read 1 n1 10.0.0.1 2 0 1 1 60 15 3 2 6 0\n\
5 plain 1 n1 10.0.0.1 2 0 1 1 60 1 0 0 0 0\n\
6 kept 1 n1 10.0.0.1 0 1 1 1 60 15 3 2 14 0\n\n";

    #[test]
    fn the_nodes_checked_servers_are_found_in_all_backends() {
        assert_eq!(servers_of(STATE, "n1"), ["write/n1", "read/n1"]);
        assert_eq!(servers_of(STATE, "n2"), ["write/n2"]);
        assert_eq!(servers_of(STATE, "n"), Vec::<String>::new());
        assert_eq!(servers_of("Unknown command\n", "n1"), Vec::<String>::new());
    }

    async fn dialogue(refuses: bool) -> (Result<Vec<String>, HaproxyError>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("admin.sock")).unwrap();
        let answer = if refuses { "Permission denied\n\n" } else { "\n" };
        let balancer = Balancer::start(&path, STATE, answer);
        let answer = mark_down(&path, &NodeName::new("n1").unwrap()).await;
        (answer, balancer.told())
    }

    #[tokio::test]
    async fn each_server_is_marked_by_a_command_of_its_own() {
        let (answer, commands) = dialogue(false).await;
        assert_eq!(answer.unwrap(), ["write/n1", "read/n1"]);
        let expected = [
            "show servers state",
            "set server write/n1 health down",
            "set server read/n1 health down",
        ];
        assert_eq!(commands, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_haproxys_words() {
        let (answer, _) = dialogue(true).await;
        let error = answer.unwrap_err().to_string();
        assert!(error.contains("write/n1") && error.contains("Permission denied"), "{error}");
    }

    #[tokio::test]
    async fn a_socket_that_is_not_there_is_named() {
        let path = Utf8Path::new("/nonexistent/admin.sock");
        let error = mark_down(path, &NodeName::new("n1").unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("/nonexistent/admin.sock"), "{error}");
    }
}
