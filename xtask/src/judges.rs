//! The cloud's own clients against the lab: runs them, counts what they say, writes the page. The
//! page's part on documented answers is written by the lab's API tests and kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Options of `cargo xtask judges`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these judges: cli, library, playbook
    only: Vec<String>,
}

const PAGE: &str = "docs/reference/conformance.md";
/// First and last line of the part that the lab's API tests write.
const ANSWERS: [&str; 2] =
    ["<!-- documented answers: begin -->", "<!-- documented answers: end -->"];

const PROGRAM: &str = "target/debug/ennead";

/// How long the lab may take to answer after its start.
const START_DEADLINE: Duration = Duration::from_secs(30);

struct Judge {
    name: &'static str,
    what: &'static str,
    script: &'static str,
}

const JUDGES: [Judge; 3] = [
    Judge { name: "cli", what: "`hcloud`, Debian's package `hcloud-cli`", script: "judges/cli.sh" },
    Judge { name: "library", what: "Python package `hcloud`", script: "judges/library.py" },
    Judge {
        name: "playbook",
        what: "Ansible collection `hetzner.hcloud`",
        script: "judges/playbook.sh",
    },
];

/// What a judge said.
#[derive(Default)]
struct Said {
    version: String,
    good: Vec<String>,
    bad: Vec<String>,
}

/// Runs the judges; fails when one of them finds something.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let tools = install()?;
    let mut said = BTreeMap::new();
    for (place, judge) in JUDGES.iter().enumerate() {
        if !options.only.is_empty() && !options.only.iter().any(|name| name == judge.name) {
            continue;
        }
        // A lab of its own for each: whatever one leaves behind does not matter to the next.
        let lab = Lab::start(judge.name)?;
        let heard = ask(judge, &tools, &lab)?;
        println!("{}: {} passed, {} failed", judge.name, heard.good.len(), heard.bad.len());
        heard.bad.iter().for_each(|line| println!("  {line}"));
        said.insert(place, heard);
    }
    let (good, bad) = said
        .values()
        .fold((0, 0), |(good, bad), said| (good + said.good.len(), bad + said.bad.len()));
    let page = std::fs::read_to_string(PAGE).with_context(|| PAGE.to_owned())?;
    let answers = answers(&page)?;
    answers
        .lines()
        .filter(|line| line.contains("met and valid;"))
        .for_each(|line| println!("{line}"));
    // Read by ./test as the line of any test.
    println!("test result: judges. {good} passed; {bad} failed;");
    anyhow::ensure!(bad == 0, "{bad} steps failed");
    if options.only.is_empty() {
        std::fs::write(PAGE, render(&said, answers)?)?;
    }
    Ok(())
}

/// Returns the folder of the judges' programs.
fn install() -> anyhow::Result<PathBuf> {
    let output = Command::new("scripts/install-judges").stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(output.status.success(), "scripts/install-judges ended with {}", output.status);
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn ask(judge: &Judge, tools: &Path, lab: &Lab) -> anyhow::Result<Said> {
    let path = std::env::var("PATH")?;
    let output = Command::new(judge.script)
        .env("PATH", format!("{}:{path}", tools.join("bin").display()))
        .env("ANSIBLE_COLLECTIONS_PATH", tools.join("collections"))
        .env("HCLOUD_ENDPOINT", lab.word("endpoint")?)
        .env("HCLOUD_TOKEN", lab.word("token")?)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| judge.script.to_owned())?;
    let mut said = Said { version: version(judge, tools), ..Said::default() };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(step) = line.strip_prefix("ok - ") {
            said.good.push(step.to_owned());
        } else if line.starts_with("not ok - ") {
            said.bad.push(line.to_owned());
        }
    }
    if !output.status.success() || said.good.is_empty() {
        said.bad.push(format!("not ok - {} ended with {}", judge.script, output.status));
    }
    Ok(said)
}

fn version(judge: &Judge, tools: &Path) -> String {
    let text = |command: &mut Command| {
        let output = command.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let found = match judge.name {
        "cli" => text(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "hcloud-cli"])),
        "library" => text(
            Command::new(tools.join("bin/python"))
                .args(["-c", "from importlib.metadata import version; print(version('hcloud'))"]),
        ),
        _ => std::fs::read_to_string(
            tools.join("collections/ansible_collections/hetzner/hcloud/MANIFEST.json"),
        )
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|all| Some(all["collection_info"]["version"].as_str()?.to_owned())),
    };
    found.unwrap_or_else(|| "unknown".to_owned())
}

/// A lab that only remembers, served until this is dropped.
struct Lab {
    daemon: Child,
    folder: tempfile::TempDir,
    name: String,
}

impl Lab {
    fn start(judge: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let name = format!("judge-{judge}-{}", std::process::id());
        let daemon = Command::new(PROGRAM)
            .args(["lab", "serve", "--remember-only"])
            .env("ENNEAD_LAB", &name)
            .env("ENNEAD_LAB_STATE", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{PROGRAM}: `cargo build` makes it"))?;
        let mut lab = Self { daemon, folder, name };
        let until = Instant::now() + START_DEADLINE;
        // The daemon writes this file last.
        while !lab.folder.path().join(&lab.name).join("daemon").exists() {
            anyhow::ensure!(lab.daemon.try_wait()?.is_none(), "the lab ended");
            anyhow::ensure!(Instant::now() < until, "the lab does not answer");
            std::thread::yield_now();
        }
        Ok(lab)
    }

    fn word(&self, file: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join(&self.name).join(file);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.trim().to_owned())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // It only remembers, so nothing is left when it is gone.
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

/// Returns the page's part on documented answers, with its marks.
fn answers(page: &str) -> anyhow::Result<&str> {
    let [begin, end] = ANSWERS;
    let part = page.find(begin).zip(page.find(end)).and_then(|(from, to)| {
        let to = to + end.len();
        page.get(from..to)
    });
    part.with_context(|| format!("{PAGE} has no part from {begin} to {end}"))
}

fn render(all: &BTreeMap<usize, Said>, answers: &str) -> anyhow::Result<String> {
    let mut page = String::from(
        "# Conformance\n\nWritten by `cargo xtask judges`: the cloud's own clients, unchanged, against the lab's API.\n\
         [How they are run](../../judges/README.md). Every answer in the lab's own API tests is compared with the\n\
         official description as well, and each documented one is met: below.\n\n| judge | version | steps passed | failed |\n|---|---|---|---|\n",
    );
    for (place, said) in all {
        let what = JUDGES[*place].what;
        writeln!(page, "| {what} | {} | {} | {} |", said.version, said.good.len(), said.bad.len())?;
    }
    writeln!(page, "\n{answers}")?;
    for (place, said) in all {
        writeln!(page, "\n## {}\n", JUDGES[*place].what)?;
        for step in &said.good {
            writeln!(page, "- {step}")?;
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_on_documented_answers_is_kept() {
        let page = std::fs::read_to_string(Path::new("..").join(PAGE)).unwrap();
        let part = answers(&page).unwrap();
        assert!(part.contains("documented answers met and valid;"), "{part}");
        let said = BTreeMap::from([(0, Said { version: "1".into(), ..Said::default() })]);
        let again = render(&said, part).unwrap();
        assert_eq!(answers(&again).unwrap(), part);
        assert_eq!(again.matches("| judge | version |").count(), 1);
        assert!(answers("# Conformance\n").is_err());
    }
}
