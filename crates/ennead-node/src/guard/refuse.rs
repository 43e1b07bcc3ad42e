//! The kernel's refusal: programs of this node that connect to a dead node are told so at once.
//!
//! A server that is off answers nothing, so each connection to it waits for its own timeout: in
//! Patroni two seconds for the dead member, before each of two decisions. A table of nftables of the
//! guard's own refuses such packets on their way out. Addresses in it expire by themselves, so a
//! guard that ends leaves nothing behind, and a node that comes back is refused a few seconds more
//! at most. Connections that are waiting already, or open, are ended first with `ss --kill`: the
//! kernel would repeat their packets after a second only.
//!
//! Sockets of root are left alone: the guard's own probes must not take the refusal for a word of
//! the dead node's kernel. Patroni, PostgreSQL, etcd and HAProxy's workers have users of their own.
//!
//! Source: nft(8), sets with timeout, reject statement, `meta skuid`; ss(8), `--kill`, which Debian's
//! kernel has (`CONFIG_INET_DIAG_DESTROY`).

use std::net::Ipv4Addr;
use std::time::Duration;

use ennead_host::{Command, Host as _, HostError, LocalHost};

/// How long connections are refused: longer than the takeover, shorter than a server's boot.
/// Estimate.
const REFUSED_S: u32 = 5;

/// Most time for `nft` and for `ss`, which change a table of a few lines and a few sockets. Estimate.
const PROGRAM_MAX: Duration = Duration::from_secs(2);

/// Has this node's kernel refuse connections to an address for [`REFUSED_S`] seconds, and ends those
/// that there are. Doing it twice is doing it once.
///
/// # Errors
/// [`HostError`] of `nft` or `ss`.
pub(crate) async fn refuse(dead: Ipv4Addr) -> Result<(), HostError> {
    let host = LocalHost::new("this node");
    let table = Command::new("nft").args(["-f", "-"]).stdin(script(dead)).deadline(PROGRAM_MAX);
    host.run_ok(&table).await?;
    let dead = dead.to_string();
    let end = ["--kill", "--no-header", "--tcp", "dst", dead.as_str()];
    host.run_ok(&Command::new("ss").args(end).deadline(PROGRAM_MAX)).await.map(drop)
}

/// Returns one transaction: the table as it must be, and the address in it.
fn script(dead: Ipv4Addr) -> String {
    format!(
        "table inet ennead-guard {{
  set off {{ type ipv4_addr; flags timeout; }}
  chain out {{ type filter hook output priority -10; policy accept; }}
}}
flush chain inet ennead-guard out
table inet ennead-guard {{
  chain out {{
    meta skuid 0 accept
    ip daddr @off meta l4proto tcp reject with tcp reset
    ip daddr @off reject with icmpx host-unreachable
  }}
}}
add element inet ennead-guard off {{ {dead} timeout {REFUSED_S}s }}
"
    )
}

#[cfg(test)]
mod tests;
