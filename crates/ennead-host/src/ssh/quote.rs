//! Commands as one line for the shell at the other end.

use std::fmt::Write as _;

use crate::command::Command;

/// How much longer a command may live at the other end than here. It is ended there too, so that a
/// broken connection leaves nothing running for ever.
const GRACE_SECONDS: u64 = 2;

/// Returns a word that a POSIX shell takes literally.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns the line that runs a command with its environment and user, ended at its deadline.
pub(crate) fn line(command: &Command) -> String {
    let seconds = command.deadline.as_secs() + GRACE_SECONDS;
    // The shell stays, to turn a signal into a status: the protocol to `ssh` has no word for it.
    format!("timeout -k 1 {seconds} {}; exit $?", bare_line(command))
}

/// As [`line()`], for a program that runs as long as it is wanted.
pub(crate) fn bare_line(command: &Command) -> String {
    let mut line = String::from("env LC_ALL=C.UTF-8");
    let mut add = |word: &str| {
        // Writing to a String cannot fail.
        write!(line, " {}", quote(word)).unwrap_or_default();
    };
    for (key, value) in &command.env {
        add(&format!("{key}={value}"));
    }
    if let Some(user) = &command.user {
        ["runuser", "-u", user, "--"].into_iter().for_each(&mut add);
    }
    add(&command.program);
    command.args.iter().for_each(|arg| add(arg));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_unchanged() {
        assert_eq!(quote("/usr/bin/etcd"), "/usr/bin/etcd");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn a_line_has_environment_user_and_deadline() {
        let command = Command::new("psql").arg("-c").arg("select 1").user("postgres");
        assert_eq!(
            line(&command.env("PGHOST", "/run")),
            "timeout -k 1 62 env LC_ALL=C.UTF-8 PGHOST=/run runuser -u postgres -- \
             psql -c 'select 1'; exit $?"
        );
    }
}
