//! From a server that was just switched on to a node that can be given orders.

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, HostError, SshHost};
use ennead_model::NodeName;

use super::error::NodeError;
use super::pool::Entry;
use super::program::{Directories, Needs, Program, parse_version};

/// How long a port may take to open. The other end of the world is 0.3 s away; a machine that boots
/// drops packets, and asking again soon is quicker than the kernel's own repetition after a second.
const KNOCK: Duration = Duration::from_millis(700);

/// First pause between two knocks; grows to eight times that.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the upload may take: some megabytes over a slow line.
const UPLOAD: Duration = Duration::from_mins(10);

/// Versions of the program that stay on a node, the newest included.
const VERSIONS_KEPT: &str = "4";

/// What reaching a node did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The program was there already.
    Unchanged,
    /// The program was put there.
    Pushed,
}

/// Says which version of the program is there, and what the system is.
const LOOK: &str = r#"[ -x "$1" ] && [ "$(readlink -- "$2")" = "$1" ] && echo there || echo missing
uname -m; getconf GNU_LIBC_VERSION || echo none"#;

/// Takes the packed program on standard input; the name is only there when the content is right.
const PUT: &str = r#"set -e; umask 022; mkdir -p -- "$(dirname -- "$1")" "$(dirname -- "$2")"
n="$1.$$.new"; trap 'rm -f -- "$n"' EXIT
gzip -dc > "$n"; echo "$3  $n" | sha256sum --check --quiet -
chmod 0755 -- "$n"; sync -- "$n"; mv -fT -- "$n" "$1"
ln -sfnT -- "$1" "$2.$$.new"; mv -fT -- "$2.$$.new" "$2"
ls -1t -- "$(dirname -- "$1")"/ennead-* | tail -n "+$4" | xargs -r rm -f --"#;

/// Waits until the node lets us in.
pub(super) async fn wait(entry: &Entry, deadline: Duration) -> Result<SshHost, NodeError> {
    let node = &entry.access.node;
    let address = (entry.access.public_ip, entry.access.port);
    let answer = wait_until(deadline, PAUSE, || async {
        knock(address).await?;
        match entry.host().await {
            Err(NodeError::Unreachable { why, .. }) => Err(why),
            other => Ok(other),
        }
    });
    let late = |why| NodeError::Unreachable { node: node.clone(), why };
    answer.await.map_err(|error| late(error.to_string()))?
}

/// Opens the port and closes it again: far cheaper than an `ssh` that fails.
pub(super) async fn knock(address: (std::net::Ipv4Addr, u16)) -> Result<(), String> {
    let told = || format!("{}:{}", address.0, address.1);
    match tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("{}: {error}", told())),
        Err(_) => Err(format!("{}: no answer within {} ms", told(), KNOCK.as_millis())),
    }
}

/// Puts the program on the node when this version is not there yet.
pub(super) async fn put_program(
    node: &NodeName,
    host: &SshHost,
    program: &Program,
    packed: impl Future<Output = Result<&[u8], NodeError>>,
    directories: &Directories,
) -> Result<Reached, NodeError> {
    let failed = |source| from_host(node, source);
    let path = directories.versions.join(program.file_name());
    let names = [path.as_str(), directories.link.as_str()];
    let look = Command::new("sh").args(["-c", LOOK, "sh"]).args(names);
    let said = host.run_ok(&look).await.map_err(failed)?.stdout_text();
    let mut lines = said.lines();
    if lines.next() == Some("there") {
        return Ok(Reached::Unchanged);
    }
    let (machine, libc) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    check_system(node, program.needs().await?, machine, libc)?;
    let put = Command::new("sh").args(["-c", PUT, "sh"]).args(names);
    let put = put.args([program.sha256.as_str(), VERSIONS_KEPT]).deadline(UPLOAD);
    let output = host.run_with_bytes(&put, packed.await?).await.map_err(failed)?;
    if output.success() {
        tracing::debug!(%node, version = %program.digest16(), "the program was put there");
        return Ok(Reached::Pushed);
    }
    Err(NodeError::Died {
        node: node.clone(),
        command: format!("put the ennead program at {path}"),
        status: output.status,
        stderr: one_line(&output.stderr_tail()),
    })
}

/// Refuses a node on which the program cannot start; the loader's own message helps nobody.
fn check_system(node: &NodeName, needs: Needs, machine: &str, libc: &str) -> Result<(), NodeError> {
    let refuse = |needs: String, has: &str| {
        Err(NodeError::System { node: node.clone(), needs, has: has.to_owned() })
    };
    if let Some(wanted) = needs.machine
        && wanted != machine
    {
        return refuse(format!("a processor of type {wanted}"), machine);
    }
    let Some((major, minor)) = needs.glibc else { return Ok(()) };
    match libc.strip_prefix("glibc ").and_then(parse_version) {
        Some(has) if has >= (major, minor) => Ok(()),
        _ => refuse(format!("glibc {major}.{minor}"), libc),
    }
}

/// Tells a broken connection from everything else.
pub(super) fn from_host(node: &NodeName, source: HostError) -> NodeError {
    let node = node.clone();
    match source {
        HostError::Unreachable { why, .. } => NodeError::Unreachable { node, why },
        source => NodeError::Host { node, source },
    }
}

pub(super) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_c_library_and_another_processor_are_refused() {
        let node = NodeName::new("n1").unwrap();
        let check = |machine, libc| {
            let needs = Needs { glibc: Some((2, 34)), machine: Some("x86_64") };
            check_system(&node, needs, machine, libc).map_err(|error| error.to_string())
        };
        assert_eq!(check("x86_64", "glibc 2.41"), Ok(()));
        assert_eq!(
            check("x86_64", "glibc 2.31").unwrap_err(),
            "n1: the ennead program needs glibc 2.34, the node has glibc 2.31"
        );
        assert!(check("x86_64", "none").unwrap_err().ends_with("the node has none"));
        assert!(check("aarch64", "glibc 2.41").unwrap_err().contains("x86_64"));
    }
}
