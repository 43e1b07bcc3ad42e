//! The machine on which something was measured, in words.

/// Returns cores, memory and kernel: `2 cores and 23 GiB, Linux 6.18`.
pub(crate) fn machine() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let gib = memory.unwrap_or_default() >> 20;
    Ok(format!("{cores} cores and {gib} GiB, Linux {}", kernel.trim()))
}
