//! The operator's terminal, as far as secrets go through it: a line that is not shown, and an editor.

use std::io::{self, IsTerminal as _, Read as _};

use camino::Utf8Path;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::host::HostError;
use crate::local;

/// Most bytes that are read from standard input: far more than a password, little for memory.
const INPUT_BYTES_MAX: u64 = 64 << 10;

/// Returns whether somebody types on standard input.
pub fn is_typed() -> bool {
    io::stdin().is_terminal()
}

/// Reads standard input to its end, without the line break at it.
///
/// # Errors
/// When it cannot be read, is not UTF-8 or longer than 64 KiB.
pub fn read_piped() -> io::Result<SecretString> {
    let mut text = String::new();
    let read = io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > INPUT_BYTES_MAX {
        return Err(io::Error::other("it is longer than 64 KiB"));
    }
    Ok(without_line_break(&text).to_owned().into())
}

/// Reads a line that the terminal does not show; `None` when Ctrl-C was pressed. The terminal shows
/// again what is typed when this returns.
///
/// # Errors
/// When standard input is no terminal, or closed.
pub async fn read_hidden() -> io::Result<Option<SecretString>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let _quiet = Quiet::begin()?;
    let (answer, line) = oneshot::channel();
    // A thread that the end of the program does not wait for: a line may never come.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = io::stdin().read_line(&mut text).map(|_| text);
        // Nobody waits for it any more after Ctrl-C.
        answer.send(read).ok();
    });
    tokio::select! {
        line = line => {
            let text = line.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))??;
            Ok(Some(without_line_break(&text).to_owned().into()))
        }
        _ = interrupt.recv() => Ok(None),
    }
}

fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// A terminal that does not show what is typed, until it is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        quiet.local_flags.insert(LocalFlags::ECHONL);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &self.0).ok();
    }
}

/// Opens a file in an editor and waits for its end: true when it ended with status 0. The editor may
/// be a program with arguments, as in `code --wait`. A termination of this program ends the editor;
/// Ctrl-C is the editor's own.
///
/// # Errors
/// [`HostError::Start`]; [`HostError::Status`] when this program was told to end.
pub async fn edit(editor: &str, path: &Utf8Path) -> Result<bool, HostError> {
    let start = |source| HostError::Start {
        host: "this machine".to_owned(),
        command: editor.to_owned(),
        source,
    };
    // Taken before the editor starts: from then on none of them ends this program by itself, so that
    // whoever made the file can take it away.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(start)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(start)?;
    let script = format!("{editor} \"$1\"");
    let args = ["-c", &script, "sh", path.as_str()].map(str::to_owned);
    let mut child = local::process("sh", &args).kill_on_drop(true).spawn().map_err(start)?;
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(ended.map_err(start)?.success()),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => return Err(told_to_end(editor)),
            _ = hangup.recv() => return Err(told_to_end(editor)),
        }
    }
}

fn told_to_end(editor: &str) -> HostError {
    HostError::Status {
        host: "this machine".to_owned(),
        command: editor.to_owned(),
        status: 1,
        stderr: "this program was told to end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_taken_from_the_end() {
        for (text, expected) in
            [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\n\n", "a\n"), ("", ""), (" a ", " a ")]
        {
            assert_eq!(without_line_break(text), expected, "{text:?}");
        }
    }

    #[tokio::test]
    async fn an_editor_with_arguments_changes_the_file_and_tells_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("with space");
        crate::files::write_private(&path, "one\n").unwrap();
        assert!(edit("sed -i s/one/two/", &path).await.unwrap());
        assert_eq!(crate::files::read_text(&path).unwrap().unwrap(), "two\n");
        assert!(!edit("false", &path).await.unwrap());
        assert!(!edit("/nowhere/editor", &path).await.unwrap());
    }
}
