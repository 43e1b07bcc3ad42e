//! Commands with which a drill disturbs the database, as root on its node. Pure.

use ennead_host::Command;

use super::Options;
use super::plan::{CONFIG_PATH, data_directory};

/// Kills the process that stands in the first line of a file, if it is PostgreSQL: a file that was
/// left behind may name another.
const KILL_POSTMASTER: &str =
    r#"read -r pid < "$1" && grep -qx postgres "/proc/$pid/comm" && kill -KILL "$pid""#;

/// How `patronictl switchover` begins its last line when it worked. It ends with status 0 also when
/// Patroni refused (Patroni 4.0, `ctl.py`).
const SWITCHED: &str = "Successfully";

/// Returns the command that kills PostgreSQL's first process with SIGKILL.
pub fn kill_postgres(options: &Options) -> Command {
    let pid_file = format!("{}/postmaster.pid", data_directory(options.version));
    Command::new("sh").args(["-c", KILL_POSTMASTER, "sh", pid_file.as_str()])
}

/// Returns the command that kills Patroni with SIGKILL; PostgreSQL goes on.
pub fn kill_patroni() -> Command {
    Command::new("systemctl").args(["kill", "--kill-whom=main", "-s", "KILL", "patroni.service"])
}

/// Returns the command that moves the primary from one node to another, without a question.
pub fn switchover(from: &str, to: &str) -> Command {
    let command = Command::new("patronictl").args(["-c", CONFIG_PATH, "switchover"]);
    command.args(["--leader", from, "--candidate", to, "--force"])
}

/// Returns whether what [`switchover`] printed says that it worked.
pub fn has_switched(stdout: &str) -> bool {
    stdout.contains(SWITCHED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_process_and_ask_nothing() {
        let kill = kill_postgres(&Options { version: 17, ..Options::default() }).to_string();
        assert!(kill.ends_with(" sh /var/lib/postgresql/17/ennead/postmaster.pid"), "{kill}");
        assert_eq!(
            kill_patroni().to_string(),
            "systemctl kill --kill-whom=main -s KILL patroni.service"
        );
        assert_eq!(
            switchover("db-1", "db-2").to_string(),
            "patronictl -c /etc/patroni/config.yml switchover --leader db-1 --candidate db-2 --force"
        );
    }

    #[test]
    fn a_refusal_is_told_from_success() {
        assert!(has_switched("2026-01-01 10:00:00.00 Successfully switched over to \"db-2\"\n"));
        assert!(!has_switched("Switchover failed, details: 412, candidate name is not sync\n"));
        assert!(!has_switched("Switchover failed, details: 503, Switchover status unknown\n"));
    }
}
