//! Whether this machine can carry a lab, and how to get what it lacks.
//!
//! [`probe`] tries each thing for real, because a kernel's configuration says little about what a
//! container or a virtual machine is allowed to do; [`evaluate`] judges what was seen.

mod features;
mod probe;

use serde::Serialize;

pub use probe::probe;

/// Room for an image, nine servers' disks and their databases.
const DISK_BYTES_MIN: u64 = 10_000_000_000;

/// Nine servers take about 2 GiB when a platform runs on them; as much again for the rest.
const MEMORY_BYTES_MIN: u64 = 4 << 30;

/// The daemon holds some descriptors for each server and request.
const OPEN_FILES_MIN: u64 = 4096;

/// Each server of a platform was seen with four, and a host has some of its own; kernels begin with
/// 128 for all of a user's programs, and servers share the user root with this machine.
const INOTIFY_INSTANCES_MIN: u64 = 512;

/// What is lost without a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "need", content = "what")]
pub enum Need {
    /// No real server boots.
    Lab,
    /// Only this does not work.
    Feature(&'static str),
}

/// One thing that a lab needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorCheck {
    /// What is needed.
    pub name: &'static str,
    /// What for.
    #[serde(flatten)]
    pub need: Need,
    /// Whether it is there.
    pub ok: bool,
    /// What was seen.
    pub seen: String,
    /// How to get it, one line.
    pub fix: &'static str,
}

/// What was seen on a machine. `Err` holds the one line that explains a failure.
#[derive(Debug, Clone)]
pub struct Probes {
    /// Whether this process is root.
    pub root: bool,
    /// Mounting an overlay in the lab's folder.
    pub overlay: Result<(), String>,
    /// Making a namespace with a pair of links.
    pub namespaces: Result<(), String>,
    /// Making an nftables table in a namespace.
    pub nftables: Result<(), String>,
    /// Making a TUN device in a namespace.
    pub tun: Result<(), String>,
    /// Version of mmdebstrap.
    pub mmdebstrap: Result<String, String>,
    /// Version of systemd-nspawn.
    pub nspawn: Result<String, String>,
    /// Version of the SSH client.
    pub ssh: Result<String, String>,
    /// Where Debian's archive keys are.
    pub keyring: Option<&'static str>,
    /// Free bytes in the lab's folder.
    pub disk_free_bytes: Result<u64, String>,
    /// Bytes of memory that can be had without swapping.
    pub memory_available_bytes: Result<u64, String>,
    /// Files that a process may have open; `None` when there is no limit.
    pub open_files: Option<u64>,
    /// What only single features need.
    pub features: FeatureProbes,
}

/// What was seen of the things that single features need.
#[derive(Debug, Clone)]
pub struct FeatureProbes {
    /// Handing packets to the kernel's packet queues in a namespace.
    pub packet_queue: Result<(), String>,
    /// Running a program before all ordinary ones.
    pub real_time: Result<(), String>,
    /// Mounting a file with ext4 by a loop device.
    pub loop_ext4: Result<(), String>,
    /// Version of mkfs.xfs, on a kernel that knows xfs.
    pub mkfs_xfs: Result<String, String>,
    /// Stopping a control group and letting it go on.
    pub freezer: Result<(), String>,
    /// Limiting the processors of a control group.
    pub cpu_quota: Result<(), String>,
    /// Instances of inotify that all programs of root together may have.
    pub inotify_instances: Result<u64, String>,
}

/// Judges what was seen. The order is the one in which things are best repaired; what only single
/// features need comes last.
pub fn evaluate(probes: &Probes) -> Vec<DoctorCheck> {
    let disk = "free 10 GB in the lab's folder, or put it on another disk";
    let memory = "free 4 GiB of memory: end other programs or use a larger machine";
    let mut checks = vec![
        DoctorCheck {
            name: "root",
            need: Need::Lab,
            ok: probes.root,
            seen: if probes.root { "yes" } else { "no" }.to_owned(),
            fix: "run the lab as root, for example with sudo",
        },
        tried("overlayfs", &probes.overlay, "modprobe overlay; use ext4 or xfs for the lab"),
        tried("network namespaces", &probes.namespaces, "apt install iproute2; modprobe veth"),
        tried("nftables", &probes.nftables, "apt install nftables; modprobe nf_tables"),
        tried("TUN", &probes.tun, "modprobe tun; in a container, hand in /dev/net/tun"),
        program("mmdebstrap", &probes.mmdebstrap, "apt install mmdebstrap"),
        DoctorCheck {
            name: "Debian's archive keys",
            need: Need::Lab,
            ok: probes.keyring.is_some(),
            seen: probes.keyring.unwrap_or("none").to_owned(),
            fix: "apt install debian-archive-keyring",
        },
        program("systemd-nspawn", &probes.nspawn, "apt install systemd-container"),
        program("SSH client", &probes.ssh, "apt install openssh-client"),
        at_least("disk", &probes.disk_free_bytes, DISK_BYTES_MIN, disk),
        at_least("memory", &probes.memory_available_bytes, MEMORY_BYTES_MIN, memory),
        DoctorCheck {
            name: "open files",
            need: Need::Lab,
            ok: probes.open_files.is_none_or(|limit| limit >= OPEN_FILES_MIN),
            seen: probes.open_files.map_or_else(|| "no limit".to_owned(), |it| it.to_string()),
            fix: "ulimit -n 4096",
        },
    ];
    checks.extend(evaluate_features(&probes.features));
    checks
}

fn evaluate_features(probes: &FeatureProbes) -> Vec<DoctorCheck> {
    let queue = "modprobe nft_compat xt_NFQUEUE nfnetlink_queue";
    let loops = "apt install e2fsprogs util-linux; modprobe loop; in a container, hand in \
                 /dev/loop-control and /dev/loop*";
    let freezer =
        "mount the freezer's control groups, or boot with systemd.unified_cgroup_hierarchy=1";
    let quota = "a kernel with CONFIG_CFS_BANDWIDTH; mount the cpu control groups";
    let checks = [
        (
            "distance between locations and delays on order",
            tried("packet queue", &probes.packet_queue, queue),
        ),
        (
            "delays that are exact while the machine is busy",
            tried(
                "real time",
                &probes.real_time,
                "apt install util-linux; run as root with CAP_SYS_NICE",
            ),
        ),
        ("volumes", tried("loop devices, ext4", &probes.loop_ext4, loops)),
        (
            "volumes with xfs",
            program("mkfs.xfs", &probes.mkfs_xfs, "apt install xfsprogs; modprobe xfs"),
        ),
        ("freezing servers on order", tried("freezer", &probes.freezer, freezer)),
        ("types that limit processors", tried("processor quota", &probes.cpu_quota, quota)),
        ("more than 30 servers at once", inotify(&probes.inotify_instances)),
    ];
    checks
        .into_iter()
        .map(|(what, check)| DoctorCheck { need: Need::Feature(what), ..check })
        .collect()
}

fn inotify(seen: &Result<u64, String>) -> DoctorCheck {
    let (ok, seen) = match seen {
        Ok(limit) => (
            *limit >= INOTIFY_INSTANCES_MIN,
            format!("{limit} of at least {INOTIFY_INSTANCES_MIN}"),
        ),
        Err(why) => (false, why.clone()),
    };
    let fix = "sysctl fs.inotify.max_user_instances=512";
    DoctorCheck { name: "inotify instances", need: Need::Lab, ok, seen, fix }
}

fn tried(name: &'static str, seen: &Result<(), String>, fix: &'static str) -> DoctorCheck {
    let ok = seen.is_ok();
    let seen = seen.clone().err().unwrap_or_else(|| "works".to_owned());
    DoctorCheck { name, need: Need::Lab, ok, seen, fix }
}

fn program(name: &'static str, version: &Result<String, String>, fix: &'static str) -> DoctorCheck {
    let ok = version.is_ok();
    let seen = version.clone().unwrap_or_else(|why| why);
    DoctorCheck { name, need: Need::Lab, ok, seen, fix }
}

fn at_least(
    name: &'static str,
    seen: &Result<u64, String>,
    min: u64,
    fix: &'static str,
) -> DoctorCheck {
    // Tenths of a gigabyte, without floating point.
    let text = |bytes: u64| format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10);
    let (ok, seen) = match seen {
        Ok(bytes) => (*bytes >= min, format!("{} of at least {}", text(*bytes), text(min))),
        Err(why) => (false, why.clone()),
    };
    DoctorCheck { name, need: Need::Lab, ok, seen, fix }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use ennead_host::files;

    use super::*;
    use crate::world::{cgroup, loops};

    fn healthy() -> Probes {
        Probes {
            root: true,
            overlay: Ok(()),
            namespaces: Ok(()),
            nftables: Ok(()),
            tun: Ok(()),
            mmdebstrap: Ok("mmdebstrap 1.3.5".to_owned()),
            nspawn: Ok("systemd 252".to_owned()),
            ssh: Ok("OpenSSH_9.2".to_owned()),
            keyring: Some("/usr/share/keyrings/debian-archive-keyring.gpg"),
            disk_free_bytes: Ok(DISK_BYTES_MIN),
            memory_available_bytes: Ok(MEMORY_BYTES_MIN),
            open_files: Some(OPEN_FILES_MIN),
            features: FeatureProbes {
                packet_queue: Ok(()),
                real_time: Ok(()),
                loop_ext4: Ok(()),
                mkfs_xfs: Ok("mkfs.xfs version 6.1.0".to_owned()),
                freezer: Ok(()),
                cpu_quota: Ok(()),
                inotify_instances: Ok(INOTIFY_INSTANCES_MIN),
            },
        }
    }

    fn failing(change: impl FnOnce(&mut Probes)) -> Vec<&'static str> {
        let mut probes = healthy();
        change(&mut probes);
        evaluate(&probes).into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
    }

    #[test]
    fn a_machine_that_has_everything_passes() {
        assert!(failing(|_| {}).is_empty());
        assert!(failing(|probes| probes.open_files = None).is_empty());
    }

    #[test]
    fn each_lack_is_named_and_nothing_else() {
        let no = || Err("no such program".to_owned());
        assert_eq!(failing(|it| it.root = false), ["root"]);
        assert_eq!(failing(|it| it.overlay = Err("denied".to_owned())), ["overlayfs"]);
        assert_eq!(failing(|it| it.mmdebstrap = no()), ["mmdebstrap"]);
        assert_eq!(failing(|it| it.keyring = None), ["Debian's archive keys"]);
        assert_eq!(failing(|it| it.disk_free_bytes = Ok(DISK_BYTES_MIN - 1)), ["disk"]);
        assert_eq!(failing(|it| it.memory_available_bytes = Ok(1)), ["memory"]);
        assert_eq!(failing(|it| it.open_files = Some(1024)), ["open files"]);
    }

    #[test]
    fn what_a_feature_lacks_is_no_lack_of_the_lab() {
        let mut probes = healthy();
        probes.features.mkfs_xfs = Err("no such program".to_owned());
        probes.features.packet_queue = Err("No such file or directory".to_owned());
        probes.features.inotify_instances = Ok(128);
        let lacking: Vec<_> = evaluate(&probes).into_iter().filter(|check| !check.ok).collect();
        assert_eq!(lacking.len(), 3);
        assert!(lacking.iter().all(|check| check.need != Need::Lab), "{lacking:?}");
        assert_eq!(lacking[1].need, Need::Feature("volumes with xfs"));
        assert!(lacking[1].fix.contains("xfsprogs"));
        probes.root = false;
        let root = evaluate(&probes).into_iter().find(|check| !check.ok).unwrap();
        assert_eq!((root.name, root.need), ("root", Need::Lab));
    }

    #[test]
    fn amounts_are_told_with_what_is_needed() {
        let mut probes = healthy();
        probes.disk_free_bytes = Ok(2_560_000_000);
        let checks = evaluate(&probes);
        let disk = checks.iter().find(|check| check.name == "disk").unwrap();
        assert_eq!(disk.seen, "2.5 GB of at least 10.0 GB");
    }

    #[tokio::test]
    async fn probing_leaves_the_folder_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let state = Utf8Path::from_path(folder.path()).unwrap();
        let probes = probe(state).await;
        assert!(files::list(state).unwrap().is_empty());
        assert!(probes.disk_free_bytes.is_ok() && probes.memory_available_bytes.is_ok());
        let own = &probes.features;
        let here = [
            &probes.overlay,
            &probes.namespaces,
            &probes.nftables,
            &probes.tun,
            &own.packet_queue,
            &own.real_time,
            &own.loop_ext4,
            &own.freezer,
            &own.cpu_quota,
        ];
        assert!(here.iter().all(|seen| seen.is_ok()), "{here:?}");
        assert!(own.mkfs_xfs.is_ok(), "{own:?}");
        let namespaces = files::list(Utf8Path::new("/run/netns")).unwrap();
        let trial = features::trial_name();
        assert!(!namespaces.contains(&trial), "{namespaces:?}");
        assert!(cgroup::folders(&trial).unwrap().is_empty());
        assert!(loops::below(state).unwrap().is_empty());
    }
}
