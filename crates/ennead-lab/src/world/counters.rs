//! Reads a server's counters from its control groups and from its link at the internet's router.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;

use super::names::{LabNames, router_link};
use super::usage::Usage;
use super::why::Why;
use super::{cgroup, namespace};

/// Major number of loop devices. Of those a server uses, all but its own disk are volumes.
const LOOP_MAJOR: &str = "7:";

/// Reads all counters of a server that runs. When it has a disk of its own, given by its device's
/// numbers, only that one is counted: what lies beneath would count the same bytes again.
///
/// # Caveats
/// With control groups of version 1 the kernel does not know whose delayed writes are: only what a
/// server writes and waits for is counted.
pub(crate) async fn read(
    names: &LabNames,
    server: u64,
    own_disk: Option<&str>,
) -> Result<Usage, Why> {
    let folders = cgroup::folders(&names.server_cgroup(server))?;
    let mut usage = Usage { cpu_nanos: cpu_nanos(&folders), ..Usage::default() };
    disk(&folders, own_disk, &mut usage);
    let table = namespace::inside(&names.internet(), || {
        Ok(files::read_text(Utf8Path::new("/proc/thread-self/net/dev"))?.unwrap_or_default())
    })
    .await?;
    link(&table, &router_link(server), &mut usage);
    Ok(usage)
}

fn texts<'a>(folders: &'a [Utf8PathBuf], name: &'a str) -> impl Iterator<Item = String> + 'a {
    folders.iter().filter_map(move |folder| files::read_text(&folder.join(name)).ok().flatten())
}

fn cpu_nanos(folders: &[Utf8PathBuf]) -> u64 {
    let first = texts(folders, "cpuacct.usage").find_map(|text| text.trim().parse().ok());
    let second = || {
        texts(folders, "cpu.stat").find_map(|text| {
            let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            micros.trim().parse::<u64>().ok().map(|micros| micros.saturating_mul(1000))
        })
    };
    first.or_else(second).unwrap_or(0)
}

fn disk(folders: &[Utf8PathBuf], own: Option<&str>, usage: &mut Usage) {
    for text in texts(folders, "blkio.throttle.io_serviced_recursive") {
        (usage.disk_read_ops, usage.disk_write_ops) = first_version(&text, own);
    }
    for text in texts(folders, "blkio.throttle.io_service_bytes_recursive") {
        (usage.disk_read_bytes, usage.disk_write_bytes) = first_version(&text, own);
    }
    for text in texts(folders, "io.stat") {
        second_version(&text, own, usage);
    }
}

fn is_counted(line: &str, own: Option<&str>) -> bool {
    let is = |own| line.strip_prefix(own).is_some_and(|rest| rest.starts_with(' '));
    own.map_or_else(|| !line.starts_with(LOOP_MAJOR), is)
}

/// Sums lines such as `254:0 Read 12`; returns what was read and what was written.
fn first_version(text: &str, own: Option<&str>) -> (u64, u64) {
    let sum = |word: &str| {
        let lines = text.lines().filter(|line| is_counted(line, own));
        lines
            .filter_map(|line| {
                let mut words = line.split(' ').skip(1);
                let is_it = words.next() == Some(word);
                words.next().filter(|_| is_it)?.parse::<u64>().ok()
            })
            .sum()
    };
    (sum("Read"), sum("Write"))
}

/// Adds lines such as `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`.
fn second_version(text: &str, own: Option<&str>, usage: &mut Usage) {
    let lines = text.lines().filter(|line| is_counted(line, own));
    for (name, value) in lines.flat_map(|line| line.split(' ')).filter_map(|w| w.split_once('=')) {
        let value = value.parse().unwrap_or(0);
        match name {
            "rbytes" => usage.disk_read_bytes += value,
            "wbytes" => usage.disk_write_bytes += value,
            "rios" => usage.disk_read_ops += value,
            "wios" => usage.disk_write_ops += value,
            _ => {}
        }
    }
}

/// Reads a link's line of /proc/net/dev. What the router received the server has sent.
fn link(table: &str, name: &str, usage: &mut Usage) {
    let line = table.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    let numbers: Vec<u64> =
        line.unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect();
    if let [bytes_out, packets_out, _, _, _, _, _, _, bytes_in, packets_in, ..] = numbers[..] {
        (usage.bytes_out, usage.packets_out) = (bytes_out, packets_out);
        (usage.bytes_in, usage.packets_in) = (bytes_in, packets_in);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_read_without_volumes() {
        let text = "254:0 Read 5\n254:0 Write 7\n254:0 Sync 9\n7:1 Read 100\nTotal 12\n";
        assert_eq!(first_version(text, None), (5, 7));
        assert_eq!(first_version(text, Some("7:1")), (100, 0));
        assert_eq!(first_version(text, Some("7:11")), (0, 0));
        let mut usage = Usage::default();
        let text = "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n7:0 rbytes=50\n";
        second_version(text, None, &mut usage);
        let read = (usage.disk_read_bytes, usage.disk_read_ops);
        assert_eq!((read, usage.disk_write_bytes, usage.disk_write_ops), ((1, 3), 2, 4));
    }

    #[test]
    fn what_the_router_receives_the_server_has_sent() {
        let table = "Inter-| Receive | Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets
    s1: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0
   s12: 30 3 0 0 0 0 0 0 40 4 0 0 0 0 0 0
";
        let mut usage = Usage::default();
        link(table, "s12", &mut usage);
        assert_eq!((usage.bytes_out, usage.packets_out), (30, 3));
        assert_eq!((usage.bytes_in, usage.packets_in), (40, 4));
    }
}
