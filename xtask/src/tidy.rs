//! The house rules that a machine can check, as tests.

use std::path::{Path, PathBuf};

/// Above this a file holds more than one idea. Source: ARCHITECTURE.md.
const FILE_LINES_MAX: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(under: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(under)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut paths = files("crates", "rs");
    paths.extend(files("xtask", "rs"));
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{}: {lines} lines", path.display());
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in sources() {
        let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
        assert!(first.starts_with("//!"), "{}: has no module header", path.display());
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for path in files("crates", "toml").iter().filter(|path| path.ends_with("Cargo.toml")) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{}", path.display());
    }
}

#[test]
fn every_component_has_the_same_shape() {
    let folder = root().join("crates/ennead-components/src");
    let list = std::fs::read_to_string(folder.join("lib.rs")).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(list.contains(&format!("{name} => ")), "{name} is not in the list of components");
        for part in ["README.md", "mod.rs", "cases"] {
            assert!(path.join(part).exists(), "component {name} lacks {part}");
        }
    }
}

#[test]
fn architecture_is_short_and_names_every_crate() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 200, "ARCHITECTURE.md is too long");
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(text.contains(&name), "ARCHITECTURE.md does not name {name}");
    }
}

#[test]
fn forbidden_words_stay_out() {
    // Split so that this file does not contain them.
    let words = [
        concat!("/wor", "k/"),
        concat!("todo", "!("),
        concat!("FIX", "ME"),
        concat!("#[ign", "ore"),
    ];
    for (path, text) in sources() {
        for word in words {
            assert!(!text.contains(word), "{}: contains {word}", path.display());
        }
    }
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let mut numbers: Vec<u32> = files("docs/decisions", "md")
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap()[..4].parse().unwrap())
        .collect();
    numbers.sort_unstable();
    let expected: Vec<u32> = (1..=u32::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(numbers, expected);
}
