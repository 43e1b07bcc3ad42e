//! Stories that an operator would tell, over a remembering world with the real components. Each
//! file in `scripts/` is a list of commands; what was seen stands beside it as a snapshot.

mod simulation;
mod storyteller;

use camino::Utf8Path;
use storyteller::Storyteller;

fn tell(path: &Utf8Path, script: String) -> datatest_stable::Result<()> {
    let mut storyteller = Storyteller::default();
    let mut told = String::new();
    for line in script.lines() {
        told.push_str(&match line.trim() {
            "" => "\n".to_owned(),
            remark if remark.starts_with('#') => format!("{remark}\n"),
            command => format!("> {command}\n{}", storyteller.obey(command)?),
        });
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
