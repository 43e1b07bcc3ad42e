//! What a server may use at most, by its control group: the memory and processors of its type.

use camino::Utf8Path;
use ennead_host::files;

use super::cgroup::{folders, write};
use super::why::Why;

/// The time over which the kernel counts what a group may use of the processors, in microseconds.
/// It is the kernel's own default. Source: Documentation/scheduler/sched-bwc.rst.
const CPU_PERIOD_US: u64 = 100_000;

/// What a group may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Memory in bytes.
    pub(crate) memory_bytes: u64,
    /// Processors. More than the machine has are no limit.
    pub(crate) cores: u32,
}

impl Limits {
    /// Limits the group of a folder, as far as its hierarchy has the controllers for it.
    pub(crate) fn put_into(self, folder: &Utf8Path) -> Result<(), Why> {
        limit_memory(folder, self.memory_bytes)?;
        limit_cores(folder, self.cores)
    }
}

fn limit_memory(folder: &Utf8Path, memory_bytes: u64) -> Result<(), Why> {
    for name in ["memory.limit_in_bytes", "memory.max"] {
        let path = folder.join(name);
        if files::exists(&path)? {
            write(&path, &memory_bytes.to_string())?;
        }
    }
    Ok(())
}

/// A machine with fewer processors limits more than the type does, so nothing is set there.
fn limit_cores(folder: &Utf8Path, cores: u32) -> Result<(), Why> {
    let here = std::thread::available_parallelism().map_err(|error| Why::of(&error))?;
    for (name, text) in cpu_quota(cores, here.get()) {
        let path = folder.join(name);
        if !files::exists(&path)? {
            continue;
        }
        // A group above, which is not the lab's, may allow less than this.
        if let Err(why) = write(&path, &text) {
            tracing::warn!(%why, "a server's processors are not limited");
        }
    }
    Ok(())
}

/// Returns what is written for so many processors on a machine with `here` of them: version 1's
/// files and version 2's.
fn cpu_quota(cores: u32, here: usize) -> Vec<(&'static str, String)> {
    if usize::try_from(cores).is_ok_and(|cores| cores > here) {
        return Vec::new();
    }
    let quota = u64::from(cores) * CPU_PERIOD_US;
    vec![
        ("cpu.cfs_period_us", CPU_PERIOD_US.to_string()),
        ("cpu.cfs_quota_us", quota.to_string()),
        ("cpu.max", format!("{quota} {CPU_PERIOD_US}")),
    ]
}

/// Returns whether the processors of a group can be limited.
pub(crate) fn has_cpu_quota(group: &str) -> Result<bool, Why> {
    for folder in folders(group)? {
        for name in ["cpu.cfs_quota_us", "cpu.max"] {
            if files::exists(&folder.join(name))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_limits_processors_only_where_there_are_as_many() {
        assert_eq!(cpu_quota(4, 2), []);
        let quota = cpu_quota(2, 2);
        assert!(quota.contains(&("cpu.cfs_quota_us", "200000".to_owned())), "{quota:?}");
        assert!(quota.contains(&("cpu.max", "200000 100000".to_owned())), "{quota:?}");
    }
}
