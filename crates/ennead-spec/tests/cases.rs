//! One file per thing that can be wrong with a spec, and what is said about it.
//!
//! Each `cases/<name>.toml` is read; what is found stands in `cases/<name>.snap` beside it.

#![expect(clippy::disallowed_methods, reason = "a test reads its own cases")]

use std::fmt::Write as _;
use std::path::Path;

use ennead_model::Catalogue;
use ennead_spec::parse_spec;

fn case(path: &Path) -> datatest_stable::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let parsed = parse_spec(&text, Catalogue::embedded());
    let mut said = String::new();
    for finding in &parsed.findings {
        assert!(!finding.message.contains('\n') && !finding.hint.contains('\n'), "{finding:?}");
        assert!(!finding.message.ends_with('.'), "{finding}");
        writeln!(said, "{finding}")?;
        if !finding.hint.is_empty() {
            writeln!(said, "  hint: {}", finding.hint)?;
        }
    }
    for secret in ["jEheVytl", "hunter2", "b3Bl"] {
        assert!(!said.contains(secret), "a secret is shown: {said}");
    }
    let made = if parsed.spec.is_some() { "a spec" } else { "no spec" };
    writeln!(said, "{made}")?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path.parent().ok_or("a case is a file in a folder")?;
    insta::with_settings!({
        snapshot_path => folder.canonicalize()?,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, said) });
    Ok(())
}

datatest_stable::harness! { { test = case, root = "tests/cases", pattern = r"\.toml$" } }
