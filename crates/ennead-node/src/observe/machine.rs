//! The machine itself: system, memory, disk and the ennead program on it.

use camino::Utf8Path;
use ennead_host::{Command, Host, environment};

use crate::problem::Problem;

pub(super) struct Machine {
    pub(super) ennead: String,
    pub(super) os: String,
    pub(super) memory_bytes: u64,
    pub(super) disk_free_bytes: u64,
}

pub(super) async fn facts(host: &dyn Host) -> Result<Machine, Problem> {
    let text = async |path: &str| -> Result<String, Problem> {
        let bytes = host.read(Utf8Path::new(path)).await?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let disk = Command::new("df").args(["--block-size=1", "--output=avail", "/"]);
    let disk = host.run_ok(&disk).await?.stdout_text();
    Ok(Machine {
        ennead: own_version(),
        os: pretty_name(&text("/etc/os-release").await?),
        memory_bytes: memory(&text("/proc/meminfo").await?),
        disk_free_bytes: disk.lines().next_back().and_then(|n| n.trim().parse().ok()).unwrap_or(0),
    })
}

/// Returns version and digest. The digest is in the program's file name, as it was put there.
fn own_version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let path = environment::executable().unwrap_or_default();
    let digest = path.file_name().and_then(|name| name.strip_prefix("ennead-"));
    format!("{version} {}", digest.unwrap_or("unknown"))
}

fn pretty_name(os_release: &str) -> String {
    let name = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or("unknown").trim_matches('"').to_owned()
}

fn memory(meminfo: &str) -> u64 {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_read_from_its_files() {
        assert_eq!(memory("MemTotal:       24675844 kB\nMemFree: 1 kB\n"), 24_675_844 * 1024);
        assert_eq!(
            pretty_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"),
            "Debian GNU/Linux 13 (trixie)"
        );
    }
}
