//! A run's records in the audit log: one before the first change, one per further plan, one at the end.

use ennead_audit::{AuditLog, Event, LogError, Tally, Verdict, Who, keepers};
use ennead_executor::audit::Recorder;
use ennead_executor::walk::WalkReport;
use ennead_host::{clock, environment};
use ennead_model::{Digest, NodeName, Plan, sha256_hex};
use ennead_spec::vault::VaultFiles;

use super::Session;
use crate::cli::Global;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::{paths, ui};

/// A run that has begun.
pub(crate) struct AuditRun<'a> {
    session: &'a Session,
    recorder: Recorder,
    begun: Digest,
}

impl Session {
    /// Writes that a run is about to change something: called before its first change.
    ///
    /// # Errors
    /// The log on this machine cannot be written, or is damaged. Nodes that are silent are no error.
    pub(crate) async fn begin_audit(
        &self,
        global: &Global,
        command: &str,
        plan: Option<&Plan>,
    ) -> Result<AuditRun<'_>, CommandError> {
        let recorder = Recorder {
            log: AuditLog::new(paths::audit_log(global, &self.spec)),
            platform: self.spec.platform.clone(),
            who: who(global)?,
            keepers: keepers(&self.spec.fleet),
        };
        let make = |copies_seen| Event::Began {
            command: command.to_owned(),
            spec_sha256: Digest(self.spec_sha256.clone()),
            plan_sha256: plan.map(digest),
            copies_seen,
        };
        let nodes = self.pool.names();
        let begun = recorder.record(self.pool.as_ref(), &nodes, clock::now(), make);
        let begun = begun.await.map_err(|error| nothing_changed(&error))?;
        begun.notes.iter().for_each(|note| ui::say(format!("audit: {note}")));
        let begun = begun.hash.unwrap_or_else(|| Digest(String::new()));
        Ok(AuditRun { session: self, recorder, begun })
    }
}

impl AuditRun<'_> {
    /// Writes that the run goes on with another plan, before that plan's first change.
    ///
    /// # Errors
    /// As [`Session::begin_audit`].
    pub(crate) async fn go_on(&self, plan: &Plan) -> Result<(), CommandError> {
        let event = |_| Event::WentOn { run: self.begun.clone(), plan_sha256: digest(plan) };
        // Nodes get it with the end; here it is on the disk before the plan changes anything.
        let pool = self.session.pool.as_ref();
        let written = self.recorder.record(pool, &[], clock::now(), event).await;
        written.map(drop).map_err(|error| nothing_changed(&error))
    }

    /// Writes what came of the run and sends everything new to the nodes that keep copies. `nodes` is
    /// false when they were just deleted.
    ///
    /// # Errors
    /// The end could not be written on this machine.
    pub(crate) async fn end(self, tally: Tally, nodes: bool) -> Result<(), CommandError> {
        let keepers: &[NodeName] = if nodes { &self.recorder.keepers } else { &[] };
        let event = |_| Event::Ended { run: self.begun.clone(), tally };
        let pool = self.session.pool.as_ref();
        let written = self.recorder.record(pool, keepers, clock::now(), event).await;
        let written = written.map_err(|error| {
            let what = format!("the run ended, but the audit log does not say so: {error}");
            CommandError::new(Exit::Internal, what).hint("see `ennead audit verify`")
        })?;
        written.notes.iter().for_each(|note| ui::say(format!("audit: {note}")));
        Ok(())
    }
}

fn digest(plan: &Plan) -> Digest {
    // Plans always become JSON.
    Digest(sha256_hex(serde_json::to_string(plan).unwrap_or_default()))
}

fn who(global: &Global) -> Result<Who, CommandError> {
    let files = VaultFiles::beside(&global.spec, &paths::config_home());
    Ok(Who { name: environment::person(), key: files.recipient().or_exit(Exit::Usage)? })
}

fn nothing_changed(error: &LogError) -> CommandError {
    let hint = match error {
        LogError::Damaged { path, .. } | LogError::Head { path, .. } => {
            let path = path.as_str().trim_end_matches(".head");
            format!(
                "see `ennead audit verify`; when the reason is known, move {path} and {path}.head \
                 away together: the next run goes on from the nodes' copies"
            )
        }
        _ => "every change is written there first; make it writable".to_owned(),
    };
    let what = format!("nothing was changed: {}", crate::error::chain(error));
    CommandError::new(Exit::Internal, what).hint(hint)
}

/// Adds what came of a plan to what came of those before.
pub(crate) fn add_walk(tally: &mut Tally, report: &WalkReport) {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    tally.steps += number(report.steps.len());
    tally.changed += number(report.changed());
    tally.failed += number(report.failed().count());
    tally.not_started += number(report.not_started().count());
    tally.verdict = match (report.cancelled, report.is_done()) {
        (_, true) => Verdict::Done,
        (true, false) => Verdict::Cancelled,
        (false, false) => Verdict::Failed,
    };
}

/// Returns the tally of a run that did nothing yet; until it is told otherwise it failed.
pub(crate) fn nothing_yet() -> Tally {
    Tally { verdict: Verdict::Failed, steps: 0, changed: 0, failed: 0, not_started: 0 }
}
