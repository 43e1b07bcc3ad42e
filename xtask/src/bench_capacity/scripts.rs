//! What runs on the nodes. Each script ends by itself and tells lines `key=number`, besides what pgbench
//! says. The application's password stays on the node: libpq reads it from a file there.

/// How backends are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backends {
    /// Each has answered one query and waits.
    Idle,
    /// Each works on pgbench's own transactions.
    Active,
}

/// Rows are ten times this times 100,000: fits in the cache of the smallest server.
const SCALE: u32 = 10;
/// Clients of a run that measures work: enough to keep a processor busy.
const CLIENTS: u32 = 16;
/// Seconds that connections are given to be made, before memory is read.
const SETTLE_S: u32 = 4;

/// What all scripts begin with. `limited` ends a program that hangs.
const HEAD: &str = r#"set -eu
export PGPASSFILE=/etc/patroni/app.pgpass PGUSER=app PGDATABASE=app PGSSLMODE=require PGCONNECT_TIMEOUT=10
pgbench=$(ls /usr/lib/postgresql/*/bin/pgbench | tail -n 1)
socket=/var/run/postgresql
limited() { timeout --kill-after=5 300 $1 ${@:2}; }
ticks() { total=0; for pid in $1; do set -- $(sed 's/.*) //' /proc/$pid/stat); total=$((total + ${12} + ${13})); done; echo $total; }
pids_of() { for it in /proc/[0-9]*; do if [ "$(cat $it/comm 2> /dev/null)" = $1 ]; then echo ${it#/proc/}; fi; done; }
anonymous() { total=0; for pid in $1; do total=$((total + $(awk '/^RssAnon/ { print $2 }' /proc/$pid/status))); done; echo $total; }
echo ticks_per_s=$(getconf CLK_TCK)
"#;

fn script(body: &str) -> String {
    format!("{HEAD}{body}\n")
}

/// Makes pgbench's tables, unless there are some: those are somebody else's.
pub(super) fn prepare() -> String {
    script(&format!(
        "export PGHOST=$socket\n\
         there=$(psql -XAtc \"SELECT count(*) FROM pg_class WHERE relname LIKE 'pgbench%'\")\n\
         if [ \"$there\" != 0 ]; then echo 'the database has tables of pgbench already: drop them first' >&2; exit 1; fi\n\
         limited $pgbench --initialize --quiet --scale={SCALE} 2>&1"
    ))
}

/// Drops pgbench's tables.
pub(super) fn remove() -> String {
    script("export PGHOST=$socket\nlimited $pgbench --initialize --init-steps=d 2>&1")
}

/// Returns the options of clients that each ask once and then wait.
fn waiting(clients: u32, seconds: u32) -> String {
    let wait_s = seconds + SETTLE_S;
    format!(
        "--no-vacuum --client={clients} --jobs=1 --transactions=1 --protocol=simple \
         --file=<(printf 'SELECT 1;\\n\\\\sleep {wait_s} s\\n')"
    )
}

/// Tells the private memory of backends in KiB, and how many there are.
pub(super) fn backends(clients: u32, how: Backends, seconds: u32) -> String {
    let run_s = seconds + SETTLE_S;
    let options = match how {
        Backends::Idle => waiting(clients, seconds),
        Backends::Active => {
            format!("--no-vacuum --client={clients} --jobs=1 --time={run_s}")
        }
    };
    script(&format!(
        "export PGHOST=$socket\n\
         timeout --kill-after=5 300 $pgbench {options} > /dev/null 2>&1 &\n\
         sleep {SETTLE_S}\n\
         pids=$(psql -XAtc \"SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'\")\n\
         private=0; count=0\n\
         for pid in $pids; do\n\
         kib=$(awk '/^Private_/ {{ kib += $2 }} END {{ print kib + 0 }}' /proc/$pid/smaps_rollup 2> /dev/null) || continue\n\
         private=$((private + kib)); count=$((count + 1))\n\
         done\n\
         echo backends=$count; echo private_kib=$private\n\
         wait"
    ))
}

/// Tells the processor time of backends: the postmaster counts that of those that have ended.
pub(super) fn database(seconds: u32) -> String {
    script(&format!(
        "export PGHOST=$socket\n\
         postmaster=$(head -n 1 /var/lib/postgresql/*/ennead/postmaster.pid)\n\
         ended() {{ set -- $(sed 's/.*) //' /proc/$postmaster/stat); echo $((${{14}} + ${{15}})); }}\n\
         echo ticks_before=$(ended)\n\
         limited $pgbench --no-vacuum --client={CLIENTS} --jobs=2 --time={seconds} 2>&1\n\
         sleep 1\n\
         echo ticks_after=$(ended)"
    ))
}

/// Tells the memory of the pooler before and with so many clients that wait.
pub(super) fn pooler_memory(clients: u32, seconds: u32) -> String {
    memory("pgbouncer", 6432, clients, seconds)
}

/// Tells the memory of this node's load balancer before and with so many sessions that wait.
pub(super) fn balancer_memory(clients: u32, seconds: u32) -> String {
    memory("haproxy", 5000, clients, seconds)
}

/// Tells the memory of a program of this node before and with so many clients that wait at its port.
fn memory(program: &str, port: u16, clients: u32, seconds: u32) -> String {
    script(&format!(
        "pids=$(pids_of {program})\n\
         echo before_kib=$(anonymous \"$pids\")\n\
         PGHOST=127.0.0.1 PGPORT={port} timeout --kill-after=5 300 $pgbench {} > /dev/null 2>&1 &\n\
         sleep {}\n\
         echo after_kib=$(anonymous \"$pids\")\n\
         {}\n\
         wait",
        waiting(clients, seconds),
        SETTLE_S + seconds / 2,
        established(port),
    ))
}

/// Returns how the connections to a port of this node are counted, which the kernel lists in hexadecimal.
fn established(port: u16) -> String {
    format!(
        "echo connections=$(cat /proc/net/tcp | awk '$2 ~ /:{port:04X}$/ && $4 == \"01\"' | wc -l)"
    )
}

/// Tells the processor time of the pooler.
pub(super) fn pooler_ticks() -> String {
    script("echo ticks=$(ticks \"$(pids_of pgbouncer)\")")
}

/// Runs clients against the pooler beside the primary; each transaction on a new connection if asked.
pub(super) fn through_pooler(address: &str, seconds: u32, new_connections: bool) -> String {
    let connect = if new_connections { "--connect" } else { "" };
    script(&format!(
        "export PGHOST={address} PGPORT=6432\n\
         limited $pgbench --no-vacuum --select-only {connect} --client={CLIENTS} --jobs=2 --time={seconds} 2>&1"
    ))
}

/// Runs clients through this node's load balancer; tells its processor time before and after.
pub(super) fn through_balancer(seconds: u32) -> String {
    script(&format!(
        "export PGHOST=127.0.0.1 PGPORT=5000\n\
         pids=$(pids_of haproxy)\n\
         echo ticks_before=$(ticks \"$pids\")\n\
         limited $pgbench --no-vacuum --select-only --client={CLIENTS} --jobs=2 --time={seconds} 2>&1\n\
         echo ticks_after=$(ticks \"$pids\")"
    ))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn all() -> Vec<String> {
        vec![
            prepare(),
            remove(),
            backends(20, Backends::Idle, 10),
            backends(20, Backends::Active, 10),
            database(10),
            pooler_memory(200, 10),
            pooler_ticks(),
            through_pooler("10.0.0.1", 10, true),
            through_balancer(10),
            balancer_memory(200, 10),
        ]
    }

    #[test]
    fn every_script_is_one_that_bash_reads() {
        for script in all() {
            let read = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
            assert!(read.status.success(), "{script}\n{}", String::from_utf8_lossy(&read.stderr));
        }
    }

    #[test]
    fn every_run_of_pgbench_has_a_limit() {
        for script in all() {
            for line in script.lines().filter(|line| line.contains("$pgbench ")) {
                let limited = line.starts_with("limited ") || line.contains("timeout --kill-after");
                assert!(limited, "{line}");
                let ends = ["--time=", "--transactions=", "--initialize"];
                assert!(ends.iter().any(|end| line.contains(end)), "{line}");
            }
        }
    }

    #[test]
    fn the_ports_are_those_of_the_components() {
        for (digits, port) in [("1920", 6432), ("1388", 5000)] {
            assert_eq!(u16::from_str_radix(digits, 16).unwrap(), port);
        }
    }

    #[test]
    fn ticks_and_memory_of_a_process_are_read() {
        let body = "if pids_of bash | grep -qx $$; then echo found=1; fi\necho own=$(ticks $$)\necho kib=$(anonymous $$)\n\
                    set -- $(sed 's/.*) //' /proc/$$/stat)\necho user=${12}\necho state=$1";
        // Without pgbench on this machine its path is only empty.
        let text = script(body).replace("ls /usr/lib", "echo /usr/lib");
        let told = Command::new("bash").args(["-c", &text]).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let values = super::super::figures::values(&told);
        assert_eq!(values.get("found"), Some(&1.0), "{told}");
        assert!(values.get("kib").is_some_and(|kib| *kib > 0.0), "{told}");
        assert!(values.contains_key("own") && values.contains_key("user"), "{told}");
        assert_eq!(values.get("ticks_per_s"), Some(&100.0), "{told}");
    }
}
