//! Long work as people see it: bars on a terminal, plain lines with the time otherwise.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use ennead_executor::walk::{Progress, StepReport, StepResult};
use ennead_host::clock::{self, Stopwatch};
use ennead_model::{CloudAction, Step, StepAction, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::ui::{self, Tone};

/// Shows a walk.
pub(crate) struct WalkView {
    watch: Stopwatch,
    bars: Option<Bars>,
    /// What each waiting step was last said to wait for, so that nothing is said twice.
    said: Mutex<BTreeMap<StepId, String>>,
    /// When the first server was begun, since the walk's start.
    making: Mutex<Option<Duration>>,
}

struct Bars {
    multi: MultiProgress,
    total: ProgressBar,
    running: Mutex<BTreeMap<StepId, ProgressBar>>,
}

impl WalkView {
    /// Starts a view of this many steps.
    pub(crate) fn new(steps: usize) -> Self {
        let bars = ui::is_interactive().then(|| Bars::new(steps));
        Self { watch: Stopwatch::start(), bars, said: Mutex::default(), making: Mutex::default() }
    }

    /// Removes the bars from the terminal.
    pub(crate) fn finish(&self) {
        if let Some(bars) = &self.bars {
            bars.total.finish_and_clear();
            if bars.multi.clear().is_err() {
                tracing::debug!("the terminal is gone");
            }
        }
    }

    /// Returns when the first server's creation began, since the walk's start; `None` when none did.
    pub(crate) fn making_since(&self) -> Option<Duration> {
        self.making.lock().ok().and_then(|making| *making)
    }

    fn note_making(&self, step: &Step) {
        let is_new =
            matches!(step.action, StepAction::Cloud { action: CloudAction::CreateServer { .. } });
        if let Ok(mut making) = self.making.lock()
            && is_new
        {
            making.get_or_insert(self.watch.elapsed());
        }
    }

    fn plain(&self, text: &str) {
        ui::say(format!("{} {:>6.1}s {text}", time_of_day(), self.watch.elapsed().as_secs_f64()));
    }
}

/// Says a line with the time of day, for work that has no bars.
pub(crate) fn say_with_time(text: &str) {
    ui::say(format!("{} {text}", time_of_day()));
}

fn time_of_day() -> String {
    clock::now().strftime("%H:%M:%S").to_string()
}

impl Bars {
    fn new(steps: usize) -> Self {
        let multi = MultiProgress::new();
        let total = multi.add(ProgressBar::new(steps as u64));
        total.set_style(style("{bar:30.green/dim} {pos}/{len} steps  {elapsed}"));
        total.enable_steady_tick(Duration::from_millis(250));
        Self { multi, total, running: Mutex::new(BTreeMap::new()) }
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template that cannot be read leaves indicatif's own.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for WalkView {
    fn started(&self, step: &Step) {
        self.note_making(step);
        let Some(bars) = &self.bars else { return };
        let bar = bars.multi.add(ProgressBar::new_spinner());
        bar.set_style(style("  {spinner} {msg} {elapsed:.dim}"));
        bar.set_message(step.summary());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut running) = bars.running.lock() {
            running.insert(step.id.clone(), bar);
        }
    }

    fn waiting(&self, step: &Step, waits_for: &str, seen: &str) {
        let text = format!("{}: waits until {waits_for}; seen: {seen}", step.summary());
        let Ok(mut said) = self.said.lock() else { return };
        if said.get(&step.id) == Some(&text) {
            return;
        }
        match &self.bars {
            None => self.plain(&text),
            Some(bars) => {
                if let Ok(running) = bars.running.lock()
                    && let Some(bar) = running.get(&step.id)
                {
                    bar.set_message(text.clone());
                }
            }
        }
        said.insert(step.id.clone(), text);
    }

    fn finished(&self, step: &Step, report: &StepReport) {
        let took = Duration::from_millis(report.took_ms);
        let (word, tone, more) = match &report.result {
            StepResult::Done { changed: 0 } => ("same", Tone::Quiet, String::new()),
            StepResult::Done { .. } => ("done", Tone::Good, String::new()),
            StepResult::Failed { error, .. } => ("FAILED", Tone::Bad, format!(": {error}")),
            StepResult::NotStarted { because } => ("skipped", Tone::Warn, format!(": {because}")),
        };
        let word = ui::paint(word, tone);
        match &self.bars {
            // What was not tried is said once, as a number, in the error.
            None if matches!(report.result, StepResult::NotStarted { .. }) => {}
            None => {
                let summary = step.summary();
                self.plain(&format!("{word} {summary} ({:.1} s){more}", took.as_secs_f64()));
            }
            Some(bars) => {
                bars.total.inc(1);
                if let Ok(mut running) = bars.running.lock()
                    && let Some(bar) = running.remove(&step.id)
                {
                    bar.finish_and_clear();
                }
                if matches!(report.result, StepResult::Failed { .. })
                    && bars.multi.println(format!("{word} {}{more}", step.summary())).is_err()
                {
                    tracing::debug!("the terminal is gone");
                }
            }
        }
    }
}
