//! cloud-init user data: what the lab carries out itself before the first start, and what it leaves
//! to the real cloud-init. Decision 0002 says why and with what figures.
//!
//! The rule is that nothing is ignored: user data in which every key and value is known here becomes
//! files; anything else, even one unknown key, boots the real cloud-init, which takes seconds.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// A file to be put into a server's root before its first start; owned by root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RootFile {
    /// Path, absolute in the server.
    pub(crate) path: String,
    /// Whole content.
    pub(crate) content: Vec<u8>,
    /// Permission bits.
    pub(crate) mode: u32,
}

/// How user data takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FirstStart {
    /// As these files.
    Files(Vec<RootFile>),
    /// By the real cloud-init with this text.
    CloudInit(String),
}

/// What the lab knows of cloud-config. Any other key is left to cloud-init.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudConfig {
    hostname: Option<String>,
    ssh_keys: Option<HostKeys>,
    #[serde(default)]
    ssh_authorized_keys: Vec<String>,
    disable_root: Option<bool>,
    ssh_pwauth: Option<bool>,
    ssh_deletekeys: Option<bool>,
    manage_etc_hosts: Option<bool>,
    #[serde(default)]
    write_files: Vec<FileEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostKeys {
    ed25519_private: String,
    ed25519_public: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    path: String,
    #[serde(default)]
    content: String,
    permissions: Option<String>,
    owner: Option<String>,
    encoding: Option<String>,
}

/// Decides how a server's user data takes effect. `name` is its name in the cloud, `ssh_keys` are
/// the cloud's keys for root.
pub(crate) fn first_start(name: &str, ssh_keys: &[String], user_data: Option<&str>) -> FirstStart {
    let text = decoded(user_data.unwrap_or_default());
    match parse(&text).and_then(|config| files(name, ssh_keys, &config)) {
        Some(files) => FirstStart::Files(files),
        None => FirstStart::CloudInit(text),
    }
}

/// The cloud takes user data in base64 as well.
fn decoded(text: &str) -> String {
    let compact: String = text.split_whitespace().collect();
    let plain = || String::from_utf8(BASE64_STANDARD.decode(compact).ok()?).ok();
    if text.starts_with('#') { text.to_owned() } else { plain().unwrap_or_else(|| text.to_owned()) }
}

/// Returns what is known here; `None` when anything in it is not.
fn parse(text: &str) -> Option<CloudConfig> {
    if text.trim().is_empty() {
        return Some(CloudConfig::default());
    }
    let (first, body) = text.split_once('\n')?;
    if first.trim_end() != "#cloud-config" {
        return None;
    }
    // A number or a truth value where a text is wanted would mean something else to cloud-init, for
    // example `permissions: 644`: only quoted ones are texts.
    let options = serde_saphyr::options! { no_schema: true };
    serde_saphyr::from_str_with_options(body, options).ok()
}

/// Returns the files that cloud-init would write; `None` when a value is not known here.
fn files(name: &str, ssh_keys: &[String], config: &CloudConfig) -> Option<Vec<RootFile>> {
    let host_name = config.hostname.as_deref().unwrap_or(name);
    let dotted = host_name.contains('.') || name.contains('.');
    // These change what is written below in ways that only cloud-init knows.
    if dotted
        || config.disable_root == Some(true)
        || config.ssh_pwauth == Some(true)
        || config.ssh_deletekeys == Some(false)
        || config.manage_etc_hosts == Some(false)
    {
        return None;
    }
    let mut files = Vec::new();
    // In cloud-init's order: what it writes later wins.
    for entry in &config.write_files {
        files.push(entry.file()?);
    }
    files.push(text_file("/etc/hostname", format!("{host_name}\n"), 0o644));
    files.push(text_file("/etc/hosts", hosts(name, host_name), 0o644));
    if let Some(keys) = &config.ssh_keys {
        let path = "/etc/ssh/ssh_host_ed25519_key";
        files.push(text_file(path, keys.ed25519_private.clone(), 0o600));
        files.push(text_file(&format!("{path}.pub"), keys.ed25519_public.clone(), 0o644));
    }
    let keys = authorized_keys(ssh_keys.iter().chain(&config.ssh_authorized_keys));
    files.push(text_file("/root/.ssh/authorized_keys", keys, 0o600));
    if config.ssh_pwauth == Some(false) {
        let path = "/etc/ssh/sshd_config.d/50-cloud-init.conf";
        files.push(text_file(path, "PasswordAuthentication no\n".to_owned(), 0o600));
    }
    Some(files)
}

fn text_file(path: &str, content: String, mode: u32) -> RootFile {
    RootFile { path: path.to_owned(), content: content.into_bytes(), mode }
}

impl FileEntry {
    fn file(&self) -> Option<RootFile> {
        let content = match self.encoding.as_deref() {
            None | Some("text/plain") => self.content.clone().into_bytes(),
            Some("b64" | "base64") => {
                let compact: String = self.content.split_whitespace().collect();
                BASE64_STANDARD.decode(compact).ok()?
            }
            Some(_) => return None,
        };
        let mode = match &self.permissions {
            None => 0o644,
            Some(text) => u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777)?,
        };
        let owned_by_root = matches!(self.owner.as_deref(), None | Some("root" | "root:root"));
        let path = self.path.clone();
        // Relative paths and detours are resolved by cloud-init, not here.
        let plain =
            path.starts_with('/') && !path.split('/').any(|part| part == ".." || part == ".");
        (owned_by_root && plain).then_some(RootFile { path, content, mode })
    }
}

/// Debian's `/etc/cloud/templates/hosts.debian.tmpl` as cloud-init renders it.
fn hosts(fqdn: &str, host_name: &str) -> String {
    format!(
        "# Your system has configured 'manage_etc_hosts' as True.
# As a result, if you wish for changes to this file to persist
# then you will need to either
# a.) make changes to the master file in /etc/cloud/templates/hosts.debian.tmpl
# b.) change or remove the value of 'manage_etc_hosts' in
#     /etc/cloud/cloud.cfg or cloud-config from user-data
#
127.0.1.1 {fqdn} {host_name}
127.0.0.1 localhost

# The following lines are desirable for IPv6 capable hosts
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters

"
    )
}

fn authorized_keys<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for key in keys.map(|key| key.trim()).filter(|key| !key.is_empty()) {
        if !lines.contains(&key) {
            lines.push(key);
        }
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAA operator";

    fn start(user_data: &str) -> FirstStart {
        first_start("web-1", &[KEY.to_owned()], Some(user_data))
    }

    fn content<'a>(start: &'a FirstStart, path: &str) -> Option<(&'a str, u32)> {
        let FirstStart::Files(files) = start else { return None };
        let file = files.iter().rev().find(|file| file.path == path)?;
        Some((std::str::from_utf8(&file.content).ok()?, file.mode))
    }

    #[test]
    fn host_keys_and_names_become_files() {
        let start = start(
            "#cloud-config
hostname: web-1
disable_root: false
ssh_pwauth: false
ssh_keys:
  ed25519_private: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3Bl
    -----END OPENSSH PRIVATE KEY-----
  ed25519_public: ssh-ed25519 BBBB web-1
ssh_authorized_keys: ['ssh-ed25519 CCCC second', 'ssh-ed25519 AAAA operator']
",
        );
        let private =
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(content(&start, "/etc/ssh/ssh_host_ed25519_key"), Some((private, 0o600)));
        let public = content(&start, "/etc/ssh/ssh_host_ed25519_key.pub");
        assert_eq!(public, Some(("ssh-ed25519 BBBB web-1", 0o644)));
        let keys = "ssh-ed25519 AAAA operator\nssh-ed25519 CCCC second\n";
        assert_eq!(content(&start, "/root/.ssh/authorized_keys"), Some((keys, 0o600)));
        assert_eq!(content(&start, "/etc/hostname"), Some(("web-1\n", 0o644)));
    }

    #[test]
    fn user_data_in_json_is_yaml_too() {
        let start = start(
            "#cloud-config\n{\"ssh_keys\": {\"ed25519_private\": \"a\\nb\\n\", \"ed25519_public\": \"c\"}}\n",
        );
        assert_eq!(content(&start, "/etc/ssh/ssh_host_ed25519_key"), Some(("a\nb\n", 0o600)));
    }

    #[test]
    fn files_are_written_with_their_modes_and_encodings() {
        let start = start(
            "#cloud-config
write_files:
- {path: /etc/a, content: 'one', permissions: '0600', owner: 'root:root'}
- {path: /etc/b, content: dHdv, encoding: b64}
",
        );
        assert_eq!(content(&start, "/etc/a"), Some(("one", 0o600)));
        assert_eq!(content(&start, "/etc/b"), Some(("two", 0o644)));
    }

    #[test]
    fn no_user_data_still_lets_the_operator_in() {
        let start = first_start("web-1", &[KEY.to_owned()], None);
        let keys = content(&start, "/root/.ssh/authorized_keys");
        assert_eq!(keys, Some(("ssh-ed25519 AAAA operator\n", 0o600)));
    }

    #[test]
    fn whatever_is_not_known_here_is_left_to_cloud_init() {
        for text in [
            "#cloud-config\nruncmd: [touch /a]\n",
            "#cloud-config\nhostname: a\npackages: [vim]\n",
            "#cloud-config\nhostname: web-1.example.com\n",
            "#cloud-config\ndisable_root: true\n",
            "#cloud-config\nwrite_files: [{path: /a, content: a, owner: 'www-data:www-data'}]\n",
            "#cloud-config\nwrite_files: [{path: /a, content: a, permissions: 644}]\n",
            "#cloud-config\nwrite_files: [{path: a/../b, content: a}]\n",
            "#cloud-config\nssh_keys: {rsa_private: a}\n",
            "#cloud-config\nhostname: [\n",
            "#!/bin/sh\ntouch /a\n",
            "Content-Type: multipart/mixed\n\n",
        ] {
            assert_eq!(start(text), FirstStart::CloudInit(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn base64_is_decoded_first() {
        let encoded = BASE64_STANDARD.encode("#cloud-config\nhostname: other\n");
        assert_eq!(content(&start(&encoded), "/etc/hostname"), Some(("other\n", 0o644)));
    }
}
