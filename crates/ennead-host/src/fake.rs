//! A machine that only remembers: for tests of everything that works through a [`Host`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};

use crate::command::{Command, Output};
use crate::host::{FileFacts, FileWrite, Host, HostError};

/// A command as the fake saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Program and arguments with spaces between.
    pub line: String,
    /// Standard input.
    pub stdin: Option<String>,
    /// User to run as.
    pub user: Option<String>,
}

/// A path of the fake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeFile {
    /// Content; empty for a directory.
    pub content: Vec<u8>,
    /// What `facts` says.
    pub facts: FileFacts,
}

type Responder = Box<dyn Fn(&Ran) -> Option<Output> + Send>;

#[derive(Default)]
struct State {
    files: BTreeMap<Utf8PathBuf, FakeFile>,
    answers: Vec<(String, Vec<Output>)>,
    responders: Vec<Responder>,
    broken: BTreeMap<Utf8PathBuf, io::ErrorKind>,
    unreachable: Option<String>,
    ran: Vec<Ran>,
}

/// A machine in memory. A command without a scripted answer ends with status 127.
#[derive(Default)]
pub struct FakeHost {
    name: String,
    state: Mutex<State>,
}

/// Makes a program's answer.
pub fn output(status: i32, stdout: &str, stderr: &str) -> Output {
    Output { status, stdout: stdout.as_bytes().to_vec(), stderr: stderr.as_bytes().to_vec() }
}

impl FakeHost {
    /// Makes an empty machine.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers commands whose line starts with `prefix`; the longest prefix counts. Several answers
    /// for one prefix are given in turn, and the last one from then on.
    #[must_use]
    pub fn answer(self, prefix: &str, status: i32, stdout: &str) -> Self {
        self.set_answer(prefix, output(status, stdout, ""));
        self
    }

    /// As [`FakeHost::answer`] while the machine is in use.
    pub fn set_answer(&self, prefix: &str, answer: Output) {
        let mut state = self.state();
        match state.answers.iter_mut().find(|(known, _)| known == prefix) {
            Some((_, list)) => list.push(answer),
            None => state.answers.push((prefix.to_owned(), vec![answer])),
        }
    }

    /// Forgets the answers of a prefix.
    pub fn clear_answer(&self, prefix: &str) {
        self.state().answers.retain(|(known, _)| known != prefix);
    }

    /// Lets a function answer; it comes before the scripted answers and passes with `None`.
    #[must_use]
    pub fn respond(self, responder: impl Fn(&Ran) -> Option<Output> + Send + 'static) -> Self {
        self.state().responders.push(Box::new(responder));
        self
    }

    /// Puts a file there, owned by root, mode 0644.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, content);
        self
    }

    /// As [`FakeHost::file`] while the machine is in use.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let content = content.as_ref().to_vec();
        let facts = facts_of(false, "root", "root", 0o644, &content);
        self.state().files.insert(path.into(), FakeFile { content, facts });
    }

    /// Makes every change and reading of a path fail, as a full disk does.
    pub fn break_path(&self, path: &str, kind: io::ErrorKind) {
        self.state().broken.insert(path.into(), kind);
    }

    /// Makes a path work again.
    pub fn mend_path(&self, path: &str) {
        self.state().broken.remove(Utf8Path::new(path));
    }

    /// Makes the machine unreachable, or reachable again.
    pub fn set_unreachable(&self, why: Option<&str>) {
        self.state().unreachable = why.map(str::to_owned);
    }

    /// Returns what was run, in order.
    pub fn ran(&self) -> Vec<Ran> {
        self.state().ran.clone()
    }

    /// Returns the lines of what was run, in order.
    pub fn lines(&self) -> Vec<String> {
        self.state().ran.iter().map(|ran| ran.line.clone()).collect()
    }

    /// Forgets what was run.
    pub fn forget(&self) {
        self.state().ran.clear();
    }

    /// Returns a file.
    pub fn get(&self, path: &str) -> Option<FakeFile> {
        self.state().files.get(Utf8Path::new(path)).cloned()
    }

    /// Returns a file's content as text.
    pub fn text(&self, path: &str) -> Option<String> {
        self.get(path).map(|file| String::from_utf8_lossy(&file.content).into_owned())
    }

    fn check(&self, verb: &'static str, path: &Utf8Path) -> Result<(), HostError> {
        let state = self.state();
        if let Some(why) = &state.unreachable {
            return Err(HostError::Unreachable { host: self.name.clone(), why: why.clone() });
        }
        match state.broken.get(path) {
            Some(kind) => Err(HostError::File {
                host: self.name.clone(),
                verb,
                path: path.to_owned(),
                source: (*kind).into(),
            }),
            None => Ok(()),
        }
    }
}

fn facts_of(is_directory: bool, owner: &str, group: &str, mode: u32, content: &[u8]) -> FileFacts {
    FileFacts {
        is_directory,
        owner: owner.to_owned(),
        group: group.to_owned(),
        mode,
        len: content.len() as u64,
    }
}

#[async_trait]
impl Host for FakeHost {
    fn name(&self) -> &str {
        &self.name
    }

    async fn run(&self, command: &Command) -> Result<Output, HostError> {
        let mut state = self.state();
        if let Some(why) = &state.unreachable {
            return Err(HostError::Unreachable { host: self.name.clone(), why: why.clone() });
        }
        let ran = Ran {
            line: command.to_string(),
            stdin: command.stdin_text().map(str::to_owned),
            user: command.user.clone(),
        };
        state.ran.push(ran.clone());
        if let Some(answer) = state.responders.iter().find_map(|responder| responder(&ran)) {
            return Ok(answer);
        }
        let scripted = state.answers.iter_mut().filter(|(prefix, _)| ran.line.starts_with(prefix));
        Ok(match scripted.max_by_key(|(prefix, _)| prefix.len()) {
            Some((_, list)) if list.len() > 1 => list.remove(0),
            Some((_, list)) => list.first().cloned().unwrap_or_else(|| output(0, "", "")),
            None => output(127, "", &format!("no answer is scripted for `{}`", ran.line)),
        })
    }

    async fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
        self.check("read", path)?;
        Ok(self.state().files.get(path).map(|file| file.content.clone()))
    }

    async fn write(&self, file: &FileWrite) -> Result<(), HostError> {
        self.check("write", &file.path)?;
        let facts = facts_of(false, &file.owner, &file.group, file.mode, &file.content);
        let entry = FakeFile { content: file.content.clone(), facts };
        self.state().files.insert(file.path.clone(), entry);
        Ok(())
    }

    async fn make_directory(
        &self,
        path: &Utf8Path,
        owner: &str,
        group: &str,
        mode: u32,
    ) -> Result<(), HostError> {
        self.check("make the directory", path)?;
        let mut state = self.state();
        for parent in path.ancestors().skip(1).filter(|parent| !parent.as_str().is_empty()) {
            let facts = facts_of(true, "root", "root", 0o755, &[]);
            let entry = FakeFile { content: Vec::new(), facts };
            state.files.entry(parent.to_owned()).or_insert(entry);
        }
        let facts = facts_of(true, owner, group, mode, &[]);
        state.files.insert(path.to_owned(), FakeFile { content: Vec::new(), facts });
        Ok(())
    }

    async fn facts(&self, path: &Utf8Path) -> Result<Option<FileFacts>, HostError> {
        self.check("look at", path)?;
        Ok(self.state().files.get(path).map(|file| file.facts.clone()))
    }

    async fn remove(&self, path: &Utf8Path) -> Result<bool, HostError> {
        self.check("remove", path)?;
        Ok(self.state().files.remove(path).is_some())
    }
}
