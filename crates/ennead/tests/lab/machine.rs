//! Everything of this machine that a lab could leave behind, as whole lists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::command_output;

/// What this machine has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine(BTreeSet<String>);

impl Machine {
    /// Looks at namespaces, links, routes, rules, tables, mounts, loop devices, control groups, and
    /// processes that are in another network namespace than this one.
    pub(super) fn look() -> Self {
        let mut all = BTreeSet::new();
        let mut add = |kind: &str, text: &str| {
            all.extend(text.lines().map(|line| format!("{kind}: {}", line.trim())));
        };
        add("namespace", &command_output("ip", &["netns", "list"]));
        add("link", &names_of_links());
        add("route", &command_output("ip", &["route", "show", "table", "all"]));
        add("rule", &command_output("ip", &["rule"]));
        add("tables", &command_output("nft", &["list", "tables"]));
        add("mount", &mount_points());
        add("loop device", &command_output("losetup", &["--list", "--noheadings", "--raw"]));
        add("control group", &control_groups());
        add("process", &processes_elsewhere());
        Self(all)
    }

    /// Returns what is here and was not there, without what other labs do meanwhile. A lab is known
    /// by its mark, and by its folder where paths are listed.
    pub(super) fn since(&self, before: &Self, own: &str, folder: &str) -> Vec<String> {
        let is_path = |line: &str| line.contains("/servers/") || line.contains("/volumes/");
        let is_foreign =
            |line: &str| is_of_another_lab(line, own) || (is_path(line) && !line.contains(folder));
        self.0.difference(&before.0).filter(|line| !is_foreign(line)).cloned().collect()
    }
}

/// Names of labs' things hold `en` or `ennead-` and six digits of the lab's own.
fn is_of_another_lab(line: &str, own: &str) -> bool {
    let is_mark =
        |part: &&str| part.len() >= 6 && part.chars().take(6).all(|c| c.is_ascii_hexdigit());
    let marks = ["en", "ennead-"].into_iter().flat_map(|start| line.split(start).skip(1));
    let marks: Vec<&str> = marks.filter(is_mark).filter_map(|part| part.get(..6)).collect();
    !marks.is_empty() && !marks.contains(&own)
}

fn names_of_links() -> String {
    let names = std::fs::read_dir("/sys/class/net").unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.collect::<Vec<_>>().join("\n")
}

fn mount_points() -> String {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let points = table.lines().filter_map(|line| line.split_whitespace().nth(4));
    points.collect::<Vec<_>>().join("\n")
}

fn control_groups() -> String {
    let mut found = Vec::new();
    let root = Path::new("/sys/fs/cgroup");
    let hierarchies = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    for folder in std::iter::once(root.to_owned()).chain(hierarchies) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found.join("\n")
}

/// Processes end while they are being listed, so whatever cannot be read is passed over.
fn processes_elsewhere() -> String {
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let folder = entry.path();
        let (namespace, groups) = (
            std::fs::read_link(folder.join("ns/net")),
            std::fs::read_to_string(folder.join("cgroup")),
        );
        let (Ok(namespace), Ok(groups)) = (namespace, groups) else { continue };
        if namespace != own {
            let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let group = groups.lines().find(|line| line.contains("ennead-")).unwrap_or_default();
            found.push(format!("{} {} {group}", entry.file_name().display(), name.trim()));
        }
    }
    found.join("\n")
}
