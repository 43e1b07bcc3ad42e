//! What a person is told while a plan is walked.

use ennead_model::Step;

use super::report::StepReport;

/// Is told what happens. Must return at once: it is called between steps.
pub trait Progress: Send + Sync {
    /// A step's action begins.
    fn started(&self, step: &Step);
    /// A step waits for something, and what was seen of it changed.
    fn waiting(&self, step: &Step, waits_for: &str, seen: &str);
    /// A step ended, or will not be started.
    fn finished(&self, step: &Step, report: &StepReport);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _step: &Step) {}
    fn waiting(&self, _step: &Step, _waits_for: &str, _seen: &str) {}
    fn finished(&self, _step: &Step, _report: &StepReport) {}
}
