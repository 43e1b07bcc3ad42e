//! Commands, waits and a component's own actions: what may depend on other nodes.

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_host::redaction::Redaction;
use ennead_host::{Command, Host};
use ennead_model::Condition;

use super::{Done, Place};
use crate::condition::test;
use crate::problem::{Problem, one_line};

/// First pause between two tests of a condition; grows to eight times that.
const PAUSE: Duration = Duration::from_millis(50);

/// A command of an order.
pub(super) struct Wanted<'a> {
    pub(super) argv: &'a [String],
    pub(super) stdin: Option<&'a str>,
    pub(super) user: &'a str,
    pub(super) deadline_s: u32,
}

pub(super) async fn run(
    host: &dyn Host,
    wanted: &Wanted<'_>,
    unless: Option<&Condition>,
) -> Result<Done, Problem> {
    if let Some(guard) = unless
        && test(host, guard).await.holds
    {
        return Ok(Done::Unchanged);
    }
    let deadline = Duration::from_secs(wanted.deadline_s.into());
    let mut command = Command::from_argv(wanted.argv).user(wanted.user).deadline(deadline);
    if let Some(stdin) = wanted.stdin {
        command = command.stdin(stdin);
    }
    let output = host.run(&command).await?;
    if output.success() {
        return Ok(Done::Changed);
    }
    // A program that fails may repeat its input, which may be secret.
    let redaction = Redaction::of_words(wanted.stdin.unwrap_or_default());
    let said = redaction.apply(&one_line(&output.stderr_tail()));
    let error =
        format!("`{command}` as {} ended with status {}: {said}", wanted.user, output.status);
    Err(Problem::new(error))
}

pub(super) async fn wait(
    host: &dyn Host,
    condition: &Condition,
    deadline_s: u32,
) -> Result<Done, Problem> {
    let deadline = Duration::from_secs(deadline_s.into());
    let held = wait_until(deadline, PAUSE, || async {
        let tested = test(host, condition).await;
        if tested.holds { Ok(()) } else { Err(tested.seen) }
    });
    match held.await {
        Ok(()) => Ok(Done::Unchanged),
        Err(late) => Err(Problem::new(format!("waited until {}: {late}", condition.summary()))),
    }
}

pub(super) async fn component(
    place: Place<'_>,
    verb: &str,
    arguments: &serde_json::Value,
    deadline_s: u32,
) -> Result<Done, Problem> {
    let name = place.component.as_str();
    let Some(component) = ennead_components::find(name) else {
        return Err(Problem::new(format!("this program knows no component {name:?}"))
            .hint("the order comes from another version of ennead: run `ennead up` again"));
    };
    let deadline = Duration::from_secs(deadline_s.into());
    match tokio::time::timeout(deadline, component.apply(place.host, verb, arguments)).await {
        Ok(changed) => Ok(Done::changed(changed?)),
        Err(_) => Err(Problem::new(format!("{name} did not {verb} within {deadline_s} s"))),
    }
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;
    use ennead_host::fake::output;

    use super::*;

    fn wanted<'a>(argv: &'a [String], stdin: Option<&'a str>) -> Wanted<'a> {
        Wanted { argv, stdin, user: "postgres", deadline_s: 5 }
    }

    #[tokio::test]
    async fn a_command_is_skipped_when_its_guard_holds() {
        let host = FakeHost::new("n1").file("/done", "");
        let guard = Condition::PathExists { path: "/done".into() };
        let argv = ["initdb".to_owned()];
        assert_eq!(run(&host, &wanted(&argv, None), Some(&guard)).await, Ok(Done::Unchanged));
        assert!(host.ran().is_empty());
    }

    #[tokio::test]
    async fn a_failing_command_does_not_tell_its_input() {
        let host = FakeHost::new("n1");
        host.set_answer("psql", output(3, "", "ERROR: syntax\nLINE 1: 'c2VjcmV0c2VjcmV0c2Vj'"));
        let argv = ["psql".to_owned()];
        let input = "alter role app password 'c2VjcmV0c2VjcmV0c2Vj'";
        let problem = run(&host, &wanted(&argv, Some(input)), None).await.unwrap_err();
        assert_eq!(
            problem.error,
            "`psql` as postgres ended with status 3: ERROR: syntax | LINE 1: '[redacted]'"
        );
        assert_eq!(host.ran()[0].stdin.as_deref(), Some(input));
    }

    #[tokio::test]
    async fn a_wait_that_is_in_vain_says_what_was_last_seen() {
        let host = FakeHost::new("n1").answer("systemctl is-active", 3, "activating\n");
        let condition = Condition::UnitActive { unit: "etcd.service".to_owned() };
        let problem = wait(&host, &condition, 0).await.unwrap_err();
        assert!(problem.error.starts_with("waited until etcd.service is active: not within 0 s"));
    }
}
