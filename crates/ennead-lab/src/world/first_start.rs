//! What makes a fresh root one server's own: done once, before its first start.

use camino::Utf8Path;
use ennead_host::{Command, Host as _, LocalHost, files};
use ennead_model::sha256_hex;

use crate::image::CLOUD_INIT_OFF;

use super::Password;
use super::place::ServerPlace;
use super::record::ServerRecord;
use super::root_files::{make_folder, remove, write};
use super::user_data::{FirstStart, RootFile, first_start};
use super::why::Why;

/// Where cloud-init looks for what a cloud would tell it.
const SEED: &str = "/var/lib/cloud/seed/nocloud";

/// Prepares a server's mounted root; no-op when it was done before. What a killed daemon left half
/// done is done again.
pub(crate) async fn prepare(
    place: &ServerPlace,
    name: &str,
    record: &ServerRecord,
) -> Result<(), Why> {
    if files::exists(&place.prepared())? {
        return Ok(());
    }
    let (root, seed) = (place.root(), &record.seed);
    if seed.snapshot.is_some() {
        forget_first_life(&root)?;
    }
    let machine_id: String = sha256_hex(name).chars().take(32).collect();
    put(&root, "/etc/machine-id", format!("{machine_id}\n"), 0o444)?;
    put(&root, "/etc/hostname", format!("{}\n", seed.name), 0o644)?;
    match first_start(&seed.name, &seed.ssh_keys, seed.user_data.as_deref()) {
        FirstStart::Files(all) => {
            make_folder(&root, "/root/.ssh", 0o700)?;
            all.iter().try_for_each(|file| write(&root, file))?;
            ensure_host_key(&root).await?;
        }
        FirstStart::CloudInit(user_data) => seed_cloud_init(&root, record, &user_data)?,
    }
    if let Some(password) = &seed.root_password {
        set_password(&root, password).await?;
    }
    files::write(&place.prepared(), "")?;
    Ok(())
}

/// Standard input is no argument: nobody sees it in a list of processes or in an error.
async fn set_password(root: &Utf8Path, password: &Password) -> Result<(), Why> {
    let entry = format!("root:{}\n", password.0);
    let command = Command::new("chroot").args([root.as_str(), "chpasswd"]).stdin(entry);
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

/// A disk from a snapshot has been another server's: its host keys and what cloud-init was told go,
/// as cloud-init would have it.
fn forget_first_life(root: &Utf8Path) -> Result<(), Why> {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        remove(root, &format!("/etc/ssh/ssh_host_{kind}_key"))?;
        remove(root, &format!("/etc/ssh/ssh_host_{kind}_key.pub"))?;
    }
    for name in ["meta-data", "user-data"] {
        remove(root, &format!("{SEED}/{name}"))?;
    }
    put(root, CLOUD_INIT_OFF, String::new(), 0o644)
}

fn put(root: &Utf8Path, path: &str, content: String, mode: u32) -> Result<(), Why> {
    write(root, &RootFile { path: path.to_owned(), content: content.into_bytes(), mode })
}

/// A server that was given no host key makes one, as cloud-init would (which makes two more kinds).
async fn ensure_host_key(root: &Utf8Path) -> Result<(), Why> {
    let key = "etc/ssh/ssh_host_ed25519_key";
    if files::exists(&root.join(key))? {
        return Ok(());
    }
    let make =
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/ssh_host_ed25519_key"];
    let command = Command::new("chroot").arg(root.as_str()).args(make);
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}

/// Lets the real cloud-init do it at the first start. Hetzner's own data source cannot be active in
/// a container (cloud-init does not read DMI there), so the same facts come by a seed.
fn seed_cloud_init(root: &Utf8Path, record: &ServerRecord, user_data: &str) -> Result<(), Why> {
    let seed = &record.seed;
    // JSON is YAML.
    let meta = serde_json::json!({
        "instance-id": seed.id.to_string(),
        "local-hostname": seed.name,
        "public-keys": seed.ssh_keys,
    });
    put(root, &format!("{SEED}/meta-data"), format!("{meta}\n"), 0o600)?;
    put(root, &format!("{SEED}/user-data"), user_data.to_owned(), 0o600)?;
    remove(root, CLOUD_INIT_OFF)
}
