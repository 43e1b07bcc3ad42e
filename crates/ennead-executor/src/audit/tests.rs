//! Several operators and nodes that come and go, with real files and remembered copies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use ennead_audit::join::continued;
use ennead_audit::wire::{AppendAnswer, ReadAnswer};
use ennead_audit::{Event, runs};

use super::*;

/// Copies in memory; a silent node answers nothing.
#[derive(Default)]
struct Remembered {
    chains: Mutex<BTreeMap<NodeName, Vec<Record>>>,
    silent: Mutex<BTreeSet<NodeName>>,
}

impl Remembered {
    fn chain(&self, node: &NodeName) -> Result<Vec<Record>, String> {
        if self.silent.lock().unwrap().contains(node) {
            return Err("silent".to_owned());
        }
        Ok(self.chains.lock().unwrap().get(node).cloned().unwrap_or_default())
    }

    fn silence(&self, nodes: &[&str]) {
        *self.silent.lock().unwrap() = nodes.iter().map(|node| node.parse().unwrap()).collect();
    }

    fn of(&self, node: &str) -> Vec<Record> {
        self.chains.lock().unwrap().get(node).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Copies for Remembered {
    async fn read(&self, node: &NodeName, from: u64) -> Result<ReadAnswer, String> {
        let chain = self.chain(node)?;
        let lines = chain.iter().filter(|record| record.sequence >= from).map(Record::line);
        let lines = lines.collect();
        Ok(ReadAnswer { format_version: 1, head: head_of(&chain), lines, problem: None })
    }

    async fn append(&self, node: &NodeName, lines: Vec<String>) -> Result<AppendAnswer, String> {
        let chain = self.chain(node)?;
        let offered: Vec<Record> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (chain, refused) = match continued(&chain, &offered) {
            Ok(chain) => (chain, None),
            Err(refusal) => (chain, Some(refusal.to_string())),
        };
        let head = head_of(&chain);
        self.chains.lock().unwrap().insert(node.clone(), chain);
        Ok(AppendAnswer { format_version: 1, head, refused })
    }
}

struct Place {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
    nodes: Vec<NodeName>,
    copies: Remembered,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let nodes = ["a", "b", "c"].map(|name| name.parse().unwrap()).to_vec();
        Self { _folder: folder, root, nodes, copies: Remembered::default() }
    }

    fn operator(&self, name: &str) -> Recorder {
        Recorder {
            log: AuditLog::new(self.root.join(name).join("demo.jsonl")),
            platform: "demo".to_owned(),
            who: Who { name: name.to_owned(), key: None },
            keepers: self.nodes[..2].to_vec(),
        }
    }

    async fn begin(&self, operator: &Recorder, command: &str) -> Recorded {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let begun = operator.record(&self.copies, &self.nodes, at, |copies_seen| Event::Began {
            command: command.to_owned(),
            spec_sha256: Digest("0".repeat(64)),
            plan_sha256: None,
            copies_seen,
        });
        begun.await.unwrap()
    }
}

fn commands(records: &[Record]) -> Vec<String> {
    let mut commands: Vec<_> = runs(records).into_iter().map(|run| run.command).collect();
    commands.sort();
    commands
}

#[tokio::test]
async fn two_keepers_get_every_record_and_silent_ones_get_it_later() {
    let place = Place::new();
    let anna = place.operator("anna");
    place.copies.silence(&["b"]);
    assert_eq!(place.begin(&anna, "one").await.copied.len(), 1);
    place.copies.silence(&["a", "b", "c"]);
    assert!(place.begin(&anna, "two").await.copied.is_empty());
    place.copies.silence(&[]);
    assert_eq!(place.begin(&anna, "three").await.copied.len(), 2);
    for node in ["a", "b"] {
        assert_eq!(commands(&place.copies.of(node)), ["one", "three", "two"], "{node}");
    }
    assert!(place.copies.of("c").is_empty());
}

#[tokio::test]
async fn another_operator_goes_on_where_the_first_ended() {
    let place = Place::new();
    let (anna, bert) = (place.operator("anna"), place.operator("bert"));
    place.begin(&anna, "one").await;
    let begun = place.begin(&bert, "two").await;
    assert!(begun.notes.is_empty(), "{begun:?}");
    place.begin(&anna, "three").await;
    let (records, problems) = anna.log.examine().unwrap();
    assert!(problems.is_empty());
    assert_eq!(commands(&records), ["one", "three", "two"]);
    assert!(runs(&records).iter().all(|run| !run.forked));
    assert_eq!(place.copies.of("b"), records);
}

#[tokio::test]
async fn operators_who_cannot_see_each_other_make_a_fork_that_is_shown_and_whole() {
    let place = Place::new();
    let (anna, bert) = (place.operator("anna"), place.operator("bert"));
    place.begin(&anna, "one").await;
    place.begin(&bert, "two").await;
    // Each reaches another keeper only.
    place.copies.silence(&["b", "c"]);
    place.begin(&anna, "three").await;
    place.begin(&anna, "four").await;
    place.copies.silence(&["a", "c"]);
    place.begin(&bert, "five").await;
    place.copies.silence(&[]);
    let begun = place.begin(&bert, "six").await;
    assert!(begun.notes[0].contains("did not see each other"), "{begun:?}");
    assert_eq!(begun.copied.len(), 2);
    place.begin(&anna, "seven").await;
    let all = ["five", "four", "one", "seven", "six", "three", "two"];
    for operator in [&anna, &bert] {
        let (records, problems) = operator.log.examine().unwrap();
        assert!(problems.is_empty());
        let count = if operator.who.name == "anna" { all.len() } else { all.len() - 1 };
        assert_eq!(commands(&records).len(), count);
    }
    assert_eq!(commands(&place.copies.of("a")), all);
    assert_eq!(place.copies.of("a"), place.copies.of("b"));
    let forked: Vec<_> = runs(&place.copies.of("a")).into_iter().filter(|run| run.forked).collect();
    assert_eq!(forked.len(), 1);
}

#[tokio::test]
async fn a_log_that_was_cut_is_not_continued() {
    let place = Place::new();
    let anna = place.operator("anna");
    for command in ["one", "two", "three"] {
        place.begin(&anna, command).await;
    }
    let text = ennead_host::files::read_text(anna.log.path()).unwrap().unwrap();
    let cut: String = text.lines().take(2).flat_map(|line| [line, "\n"]).collect();
    ennead_host::files::write(anna.log.path(), cut).unwrap();
    let at = "2026-11-23T12:00:00Z".parse().unwrap();
    let event =
        |_| Event::WentOn { run: Digest(String::new()), plan_sha256: Digest(String::new()) };
    let error = anna.record(&place.copies, &place.nodes, at, event).await.unwrap_err();
    assert!(error.to_string().ends_with("record 3 was written: its end was cut off"), "{error}");
    // Moved away with its head, the log is taken from the nodes.
    ennead_host::files::remove(anna.log.path()).unwrap();
    ennead_host::files::remove(&Utf8PathBuf::from(format!("{}.head", anna.log.path()))).unwrap();
    place.begin(&anna, "four").await;
    assert_eq!(commands(&anna.log.examine().unwrap().0), ["four", "one", "three", "two"]);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    // A file where a folder has to be.
    ennead_host::files::write(&place.root.join("anna"), "").unwrap();
    let anna = place.operator("anna");
    let at = "2026-11-23T12:00:00Z".parse().unwrap();
    let event =
        |_| Event::WentOn { run: Digest(String::new()), plan_sha256: Digest(String::new()) };
    assert!(anna.record(&place.copies, &[], at, event).await.is_err());
}
