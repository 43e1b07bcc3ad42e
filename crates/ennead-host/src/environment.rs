//! The one place that reads the process's environment.

use camino::Utf8PathBuf;

/// Returns an environment variable; `None` when it is not set, empty or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this module is the door to the environment")]
pub fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the path of the running program.
///
/// # Errors
/// When the system cannot say it, or it is not UTF-8.
pub fn executable() -> std::io::Result<Utf8PathBuf> {
    let path = std::env::current_exe()?;
    Utf8PathBuf::from_path_buf(path)
        .map_err(|_| std::io::Error::other("the program's own path is not UTF-8"))
}

/// Returns the current directory.
///
/// # Errors
/// When it is gone, or not UTF-8.
pub fn current_directory() -> std::io::Result<Utf8PathBuf> {
    let path = std::env::current_dir()?;
    Utf8PathBuf::from_path_buf(path)
        .map_err(|_| std::io::Error::other("the current directory is not UTF-8"))
}

/// Returns who runs the program, as `account@machine`: behind `sudo` the account that called it.
pub fn person() -> String {
    let uid = nix::unistd::getuid();
    let account = nix::unistd::User::from_uid(uid).ok().flatten();
    let account = account.map_or_else(|| uid.to_string(), |user| user.name);
    let account = read("SUDO_USER").filter(|_| uid.is_root()).unwrap_or(account);
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{account}@{machine}")
}

/// Returns a directory for sockets of this user that does not outlive a reboot: below
/// `$XDG_RUNTIME_DIR`, or for root `/run`, or else `/tmp`. Not made yet.
pub fn runtime_directory() -> Utf8PathBuf {
    let uid = nix::unistd::getuid();
    match read("XDG_RUNTIME_DIR") {
        Some(directory) => Utf8PathBuf::from(directory).join("ennead"),
        None if uid.is_root() => Utf8PathBuf::from("/run/ennead"),
        None => Utf8PathBuf::from(format!("/tmp/ennead-{uid}")),
    }
}
