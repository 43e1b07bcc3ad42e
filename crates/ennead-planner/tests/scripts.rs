//! Stories that an operator would tell, over a remembering world with the real components. Each
//! file in `scripts/` is a list of commands; what was seen stands beside it as a snapshot.

mod simulation;
mod storyteller;

use std::fmt::Write as _;

use camino::Utf8Path;
use storyteller::Storyteller;

#[expect(clippy::needless_pass_by_value, reason = "the harness gives the text by value")]
fn tell(path: &Utf8Path, script: String) -> datatest_stable::Result<()> {
    let mut storyteller = Storyteller::default();
    let mut told = String::new();
    for line in script.lines() {
        if line.is_empty() || line.starts_with('#') {
            writeln!(told, "{line}")?;
        } else {
            writeln!(told, "> {line}")?;
            told.push_str(&storyteller.obey(line)?);
        }
    }
    let lines = told.lines().count();
    assert!(lines <= 300, "{lines} lines are more than a reader reads");
    let name = path.file_stem().unwrap_or_default().to_owned();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("scripts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, told));
    Ok(())
}

datatest_stable::harness! {
    { test = tell, root = "tests/scripts", pattern = r"^.*\.txt$" },
}
