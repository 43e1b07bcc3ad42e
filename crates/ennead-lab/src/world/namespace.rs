//! Network namespaces of this machine, by name, and scripts for `ip` in them.

use std::fs::File;
use std::os::fd::AsFd as _;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost, files};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::why::Why;

/// Where named network namespaces are, for `ip netns` and for us.
const FOLDER: &str = "/run/netns";

/// Returns the path of a namespace.
pub(crate) fn path(name: &str) -> Utf8PathBuf {
    Utf8Path::new(FOLDER).join(name)
}

/// Returns whether a namespace exists.
pub(crate) fn exists(name: &str) -> Result<bool, Why> {
    Ok(files::exists(&path(name))?)
}

/// Returns the names of all namespaces that begin with a prefix.
pub(crate) fn list(prefix: &str) -> Result<Vec<String>, Why> {
    let names = files::list(Utf8Path::new(FOLDER))?;
    Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
}

/// Runs lines of `ip -batch` in the root namespace.
pub(crate) async fn script(lines: &[String]) -> Result<(), Why> {
    batch(Command::new("ip").args(["-batch", "-"]), lines).await
}

/// Runs lines of `ip -batch` in a namespace.
pub(crate) async fn script_in(name: &str, lines: &[String]) -> Result<(), Why> {
    batch(Command::new("ip").args(["-n", name, "-batch", "-"]), lines).await
}

async fn batch(command: Command, lines: &[String]) -> Result<(), Why> {
    let command = command.stdin(lines.join("\n") + "\n");
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

/// Runs a script of `nft` in a namespace: all of it takes effect, or nothing.
pub(crate) async fn nft_in(name: &str, script: String) -> Result<(), Why> {
    let net = format!("--net={}", path(name));
    let command = Command::new("nsenter").args([net.as_str(), "nft", "-f", "-"]).stdin(script);
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

/// Removes a namespace; no-op when it is gone. Its links, addresses, routes, rules and connections
/// end with the last process in it.
pub(crate) async fn remove(name: &str) -> Result<(), Why> {
    if exists(name)? {
        let command = Command::new("ip").args(["netns", "delete", name]);
        LocalHost::new("lab").run_ok(&command).await?;
    }
    Ok(())
}

/// Runs a closure on a thread of its own inside a namespace.
#[expect(clippy::disallowed_methods, reason = "a namespace is entered by its file's descriptor")]
pub(crate) async fn inside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T, Why> + Send + 'static,
) -> Result<T, Why> {
    let path = path(name);
    let (tell, told) = tokio::sync::oneshot::channel();
    // Not a thread of the runtime's pool: this one stays in the namespace until it ends.
    std::thread::spawn(move || {
        let enter = || {
            let file = File::open(&path).map_err(|error| Why(format!("open {path}: {error}")))?;
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|error| Why(format!("enter {path}: {error}")))
        };
        // Whoever asked may have been dropped.
        tell.send(enter().and_then(|()| work())).map_err(drop).unwrap_or_default();
    });
    told.await.map_err(|error| Why::of(&error))?
}
