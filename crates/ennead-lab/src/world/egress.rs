//! The way from the lab's internet to this machine's own network, when it is asked for.
//!
//! Servers' packets leave under this machine's address. Only two links forward: the lab's, and the
//! one of the default route; what that one was before is written down in the lab's folder, and
//! while it forwards for the lab only, it lets nothing in but answers.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost, files};
use serde::{Deserialize, Serialize};

use super::names::LabNames;
use super::namespace;
use super::place::LabPlace;
use super::why::Why;

/// What was changed on this machine.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Changed {
    /// The link of the default route.
    uplink: String,
    /// Whether it did not forward before.
    forwarding_was_off: bool,
}

/// Opens the way; repairs what is missing.
pub(crate) async fn open(place: &LabPlace) -> Result<(), Why> {
    let names = place.names();
    let changed = if let Some(changed) = read(&place.state)? {
        changed
    } else {
        let uplink = uplink().await?;
        let now = files::read_text(&forwarding(&uplink))?.unwrap_or_default();
        let changed = Changed { uplink, forwarding_was_off: now.trim() == "0" };
        let text = serde_json::to_string(&changed).map_err(|error| Why::of(&error))?;
        files::write(&note(&place.state), text)?;
        changed
    };
    // The guard is there before anything is forwarded.
    nft(script(&names, &place.public.to_string(), &changed)).await?;
    set(&forwarding(&names.host_link()), "1")?;
    if changed.forwarding_was_off {
        set(&forwarding(&changed.uplink), "1")?;
    }
    let lines = [
        // Without it a packet to an address that nobody has would go round in circles.
        format!("route replace unreachable {}", place.public),
        format!("route replace default via {} dev host", place.operator_address()),
    ];
    namespace::script_in(&names.internet(), &lines).await
}

/// Closes the way while the lab goes on.
pub(crate) async fn close_all(place: &LabPlace) -> Result<(), Why> {
    let lines = ["route flush exact default".to_owned(), "route flush type unreachable".to_owned()];
    namespace::script_in(&place.names().internet(), &lines).await?;
    close(&place.names(), &place.state).await
}

/// Undoes what was changed outside the lab's namespaces; no-op when nothing was.
pub(crate) async fn close(names: &LabNames, state: &Utf8Path) -> Result<(), Why> {
    let Some(changed) = read(state)? else { return Ok(()) };
    let path = forwarding(&changed.uplink);
    // The link may be gone.
    if changed.forwarding_was_off && files::exists(&path)? {
        set(&path, "0")?;
    }
    let table = names.cgroup();
    nft(format!("table ip {table}\ndelete table ip {table}\n")).await?;
    files::remove(&note(state))?;
    Ok(())
}

fn script(names: &LabNames, public: &str, changed: &Changed) -> String {
    let (table, link, uplink) = (names.cgroup(), names.host_link(), &changed.uplink);
    let guard = if changed.forwarding_was_off {
        format!("ct state established,related accept\niifname \"{uplink}\" drop\n")
    } else {
        String::new()
    };
    format!(
        "table ip {table}\ndelete table ip {table}\ntable ip {table} {{\n\
         chain leave {{\ntype nat hook postrouting priority 100; policy accept;\n\
         ip saddr {public} oifname != \"{link}\" masquerade\n}}\n\
         chain pass {{\ntype filter hook forward priority 0; policy accept;\n{guard}}}\n}}\n"
    )
}

async fn uplink() -> Result<String, Why> {
    let command = Command::new("ip").args(["-4", "-o", "route", "show", "default"]);
    let text = LocalHost::new("lab").run_ok(&command).await?.stdout_text();
    parse_uplink(&text).ok_or_else(|| Why("this machine has no default route".to_owned()))
}

fn parse_uplink(text: &str) -> Option<String> {
    let mut words = text.lines().next()?.split_whitespace().skip_while(|word| *word != "dev");
    words.nth(1).map(str::to_owned)
}

async fn nft(script: String) -> Result<(), Why> {
    let command = Command::new("nft").args(["-f", "-"]).stdin(script);
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

fn note(state: &Utf8Path) -> Utf8PathBuf {
    state.join("egress.json")
}

fn read(state: &Utf8Path) -> Result<Option<Changed>, Why> {
    let path = note(state);
    let Some(text) = files::read_text(&path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| Why(format!("{path}: {error}")))
}

fn forwarding(link: &str) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("/proc/sys/net/ipv4/conf/{link}/forwarding"))
}

#[expect(clippy::disallowed_methods, reason = "a kernel setting is no file to be put in place")]
fn set(path: &Utf8Path, value: &str) -> Result<(), Why> {
    std::fs::write(path, value).map_err(|error| Why(format!("write {value} to {path}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_of_the_default_route_is_found() {
        let text = "default via 192.0.2.1 dev eth0 proto dhcp metric 100 \\\ndefault dev wlan0\n";
        assert_eq!(parse_uplink(text), Some("eth0".to_owned()));
        assert_eq!(parse_uplink(""), None);
    }

    #[test]
    fn a_link_that_forwarded_before_is_not_guarded() {
        let changed =
            |forwarding_was_off| Changed { uplink: "eth0".to_owned(), forwarding_was_off };
        let names = LabNames::new("one");
        let guarded = script(&names, "198.18.7.0/24", &changed(true));
        assert!(guarded.contains("iifname \"eth0\" drop"), "{guarded}");
        assert!(!script(&names, "198.18.7.0/24", &changed(false)).contains("drop"));
    }
}
