//! Where a lab lives on this machine.

use std::net::{Ipv4Addr, SocketAddr};

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;

use super::names::LabNames;
use super::why::Why;
use crate::state::Prefix;

/// A file that marks a folder as a lab's, so that removing a lab removes nothing else.
pub(crate) const MARK: &str = "ennead-lab";

/// What a real lab is made from.
#[derive(Debug, Clone)]
pub struct LabPlace {
    /// The lab's name; all names of things on this machine are derived from it.
    pub lab: String,
    /// Its folder, on a file system that can carry overlays. Made when it does not exist.
    pub state: Utf8PathBuf,
    /// The root that servers start from, made by [`crate::image::ensure_image`].
    pub image: Utf8PathBuf,
    /// Its public addresses, for example `198.18.7.0/24`; no other lab may have them. The first
    /// one is this machine's own, see [`LabPlace::operator_address`]; servers have the others.
    pub public: Prefix,
}

impl LabPlace {
    /// The address from which this machine is seen by the lab's servers.
    pub fn operator_address(&self) -> Ipv4Addr {
        self.public.gateway()
    }

    /// Where the lab's name server answers, over UDP and TCP: port 53 of the third address of the
    /// public prefix, which no server is ever given. Its servers and this machine reach it.
    pub fn name_server(&self) -> SocketAddr {
        name_server_of(self.public)
    }

    /// Names of its things.
    pub fn names(&self) -> LabNames {
        LabNames::new(&self.lab)
    }

    pub(crate) fn servers(&self) -> Utf8PathBuf {
        self.state.join("servers")
    }

    pub(crate) fn networks(&self) -> Utf8PathBuf {
        self.state.join("networks")
    }

    pub(crate) fn volumes(&self) -> Utf8PathBuf {
        self.state.join("volumes")
    }

    pub(crate) fn images(&self) -> Utf8PathBuf {
        self.state.join("images")
    }

    pub(crate) fn server(&self, server: u64) -> ServerPlace {
        ServerPlace { folder: self.servers().join(server.to_string()) }
    }

    /// Makes and marks its folder.
    pub(crate) fn prepare(&self) -> Result<(), Why> {
        // These characters separate the options of an overlay mount or a container's bind.
        if self.state.as_str().contains([',', ':', ' ', '\\', '\n']) {
            return Err(Why(format!("{}: the path must not hold , : \\ or a space", self.state)));
        }
        files::make_directory(&self.servers())?;
        files::make_directory(&self.networks())?;
        files::write(&self.state.join(MARK), format!("{}\n", self.lab))?;
        Ok(())
    }
}

/// Returns where the name server of a lab with these public addresses answers.
pub(crate) fn name_server_of(public: Prefix) -> SocketAddr {
    let address = public.gateway().to_bits().saturating_add(1);
    (Ipv4Addr::from_bits(address), 53).into()
}

/// A server's files.
#[derive(Debug, Clone)]
pub(crate) struct ServerPlace {
    pub(crate) folder: Utf8PathBuf,
}

impl ServerPlace {
    /// What is known of it.
    pub(crate) fn record(&self) -> Utf8PathBuf {
        self.folder.join("server.json")
    }

    /// Written by the container's starter: the host's boot id and its own line of /proc/PID/stat.
    pub(crate) fn run(&self) -> Utf8PathBuf {
        self.folder.join("run")
    }

    /// How its container ended, once it has: the exit status and a line feed.
    pub(crate) fn exit(&self) -> Utf8PathBuf {
        self.folder.join("exit")
    }

    /// There once its first start has been prepared.
    pub(crate) fn prepared(&self) -> Utf8PathBuf {
        self.folder.join("prepared")
    }

    pub(crate) fn console(&self) -> Utf8PathBuf {
        self.folder.join("console.log")
    }

    /// Its root, the overlay's mount point.
    pub(crate) fn root(&self) -> Utf8PathBuf {
        self.folder.join("root")
    }

    /// The file that is its disk, when it has one of its own.
    pub(crate) fn own_disk(&self) -> Utf8PathBuf {
        self.folder.join("disk.img")
    }

    /// Where its own disk is mounted.
    pub(crate) fn own_mount(&self) -> Utf8PathBuf {
        self.folder.join("disk")
    }

    /// What it writes: on its own disk, or beside its other files on this machine's.
    pub(crate) fn disk(&self, own: bool) -> DiskPlace {
        DiskPlace { folder: if own { self.own_mount() } else { self.folder.clone() } }
    }
}

/// A server's disk: what it has written over its image.
#[derive(Debug, Clone)]
pub(crate) struct DiskPlace {
    folder: Utf8PathBuf,
}

impl DiskPlace {
    pub(crate) fn upper(&self) -> Utf8PathBuf {
        self.folder.join("upper")
    }

    pub(crate) fn work(&self) -> Utf8PathBuf {
        self.folder.join("work")
    }

    /// Folders bound into it, because container engines cannot put an overlay on an overlay.
    pub(crate) fn bound(&self) -> [(Utf8PathBuf, &'static str); 2] {
        [
            (self.folder.join("containerd"), "/var/lib/containerd"),
            (self.folder.join("kubelet"), "/var/lib/kubelet"),
        ]
    }

    /// Makes its folders.
    pub(crate) fn prepare(&self) -> Result<(), Why> {
        for folder in [self.upper(), self.work()] {
            files::make_directory(&folder)?;
        }
        for (folder, _) in self.bound() {
            files::make_directory(&folder)?;
        }
        Ok(())
    }
}

/// Returns the ids of all things that have a folder or file named after their id.
pub(crate) fn ids(folder: &Utf8Path) -> Result<Vec<u64>, Why> {
    let names = files::list(folder)?;
    let id = |name: &String| name.trim_end_matches(".json").parse().ok();
    Ok(names.iter().filter_map(id).collect())
}
