//! The world made of this machine: containers, namespaces and links.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ennead_host::files;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

mod disks;
mod ending;
mod harm;
mod public_side;
mod usage;
mod wiring;

use wiring::Wiring;

use super::limits::Limits;
use super::nspawn::{self, Container};
use super::place::{LabPlace, ids};
use super::process::Process;
use super::record::{
    ServerRecord, find_server, load_server, remove_network, save_network, save_server,
};
use super::why::Why;
use super::{
    Attachment, NetworkSeed, ServerSeed, World, WorldError, WorldEvent, cgroup, first_start,
    freezer, metadata, mounts, namespace, network, own_disk, run, throttle, volume,
};
use crate::names::NameServer;
use crate::state::Prefix;

/// Servers that are containers on this machine. Needs root.
///
/// # Guarantees
/// Dropping it stops nothing: servers run on, and the next one opened at the same place finds them.
pub struct RealWorld {
    inner: Arc<Inner>,
    events: TurnMutex<UnboundedReceiver<WorldEvent>>,
}

struct Inner {
    place: LabPlace,
    turns: Mutex<BTreeMap<String, Arc<TurnMutex<()>>>>,
    watched: Mutex<BTreeSet<(u64, i32)>>,
    tell: UnboundedSender<WorldEvent>,
    names: NameServer,
    closed: CancellationToken,
    wires: Wiring,
    own_disks: AtomicBool,
}

impl Drop for RealWorld {
    fn drop(&mut self) {
        self.inner.closed.cancel();
    }
}

fn server_error(id: u64, verb: &'static str) -> impl FnOnce(Why) -> WorldError {
    move |why| why.about(format!("server {id}"), verb)
}

fn network_error(id: u64, verb: &'static str) -> impl FnOnce(Why) -> WorldError {
    move |why| why.about(format!("network {id}"), verb)
}

impl RealWorld {
    /// Opens a lab: makes its internet where it is missing, answers servers' metadata questions and
    /// serves names at [`LabPlace::name_server`].
    ///
    /// # Errors
    /// When this machine refuses, usually because of missing rights: `ennead doctor` says which.
    pub async fn open(place: LabPlace) -> Result<Self, WorldError> {
        let lab = format!("lab {}", place.lab);
        let opened = Self::open_at(place).await;
        opened.map_err(|why| why.about(lab, "open"))
    }

    async fn open_at(place: LabPlace) -> Result<Self, Why> {
        place.prepare()?;
        clear_removed(&place)?;
        network::ensure_internet(&place).await?;
        let closed = CancellationToken::new();
        let serving = metadata::serve(place.clone()).await?;
        let until = closed.clone();
        tokio::spawn(async move {
            if let Some(Err(error)) = until.run_until_cancelled(serving).await {
                tracing::error!(%error, "the metadata service has ended");
            }
        });
        let names = NameServer::default();
        let serving = public_side::serve_names(&place, &names).await?;
        let until = closed.clone();
        tokio::spawn(async move {
            if let Some(Err(error)) = until.run_until_cancelled(serving).await {
                tracing::error!(%error, "the name server has ended");
            }
        });
        let (tell, events) = unbounded_channel();
        let (turns, watched, wires) = (Mutex::default(), Mutex::default(), Wiring::default());
        let own_disks = AtomicBool::new(false);
        let inner = Inner { place, turns, watched, tell, names, closed, wires, own_disks };
        // What a lost daemon or another boot of this machine left, or took away.
        inner.rewire().await?;
        inner.apply_filters().await?;
        inner.heal().await?;
        Ok(Self { inner: Arc::new(inner), events: TurnMutex::new(events) })
    }

    /// Decides whether servers that are created from now on have disks of their own: file systems as
    /// large as their types say. Those that are there stay as they are.
    pub fn set_own_disks(&self, own: bool) {
        self.inner.own_disks.store(own, Ordering::Relaxed);
    }

    /// Returns where it lives.
    pub fn place(&self) -> &LabPlace {
        &self.inner.place
    }
}

/// A removed server's folder is renamed first; this ends what a killed daemon began.
fn clear_removed(place: &LabPlace) -> Result<(), Why> {
    for name in files::list(&place.servers())? {
        if name.starts_with(REMOVED) {
            let folder = place.servers().join(name);
            mounts::unmount_below(&folder)?;
            files::remove_all(&folder)?;
        }
    }
    Ok(())
}

const REMOVED: &str = "removed-";

impl Inner {
    /// Waits until nobody else works on an object.
    async fn turn(&self, object: String) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(object).or_default().clone()
        };
        turn.lock_owned().await
    }

    async fn server_turn(&self, id: u64) -> OwnedMutexGuard<()> {
        self.turn(format!("server {id}")).await
    }

    fn running(&self, id: u64) -> Result<Option<Process>, Why> {
        nspawn::find(&self.place.server(id))
    }

    async fn clear(&self, id: u64) -> Result<(), Why> {
        let names = self.place.names();
        let place = self.place.server(id);
        nspawn::clear(&place, &names.server(id), &names.server_cgroup(id)).await?;
        own_disk::put_away(&place).await
    }

    async fn start(&self, id: u64) -> Result<Process, Why> {
        let record = load_server(&self.place, id)?;
        // What a lost run left behind.
        network::cut(&self.place, &record).await?;
        self.clear(id).await?;
        let started = self.boot(&record).await;
        if started.is_err() {
            self.put_out(&record).await?;
        }
        started
    }

    async fn boot(&self, record: &ServerRecord) -> Result<Process, Why> {
        let place = self.place.server(record.seed.id);
        let names = self.place.names();
        let name = names.server(record.seed.id);
        if record.own_disk {
            own_disk::mount(&place).await?;
        }
        let disk = record.disk(&self.place);
        disk.prepare()?;
        mounts::mount_overlay(&record.image, &disk.upper(), &disk.work(), &place.root())?;
        let prepared = first_start::prepare(&place, &name, record);
        let connected = network::connect(&self.place, record);
        tokio::try_join!(prepared, connected)?;
        self.fill_up(record).await?;
        self.forget_password(record)?;
        let container = Container {
            place: &place,
            disk: &disk,
            name: &name,
            host_name: &record.seed.name,
            group: &names.server_cgroup(record.seed.id),
            limits: Limits { memory_bytes: record.seed.memory_bytes, cores: record.seed.cores },
        };
        let started = nspawn::start(&container).await?;
        self.plug_volumes(record.seed.id).await?;
        self.slow_down(record.seed.id)?;
        Ok(started)
    }

    /// It is set by now; from here on only the server itself knows it.
    fn forget_password(&self, record: &ServerRecord) -> Result<(), Why> {
        if record.seed.root_password.is_none() {
            return Ok(());
        }
        let mut record = record.clone();
        record.seed.root_password = None;
        save_server(&self.place, &record)
    }

    /// Links first: a dying server must not answer a single packet.
    async fn put_out(&self, record: &ServerRecord) -> Result<(), Why> {
        network::cut(&self.place, record).await?;
        let group = self.place.names().server_cgroup(record.seed.id);
        // What still waits for a slow disk cannot be killed.
        if throttle::is_set(&group)? {
            self.throttle(record.seed.id, None)?;
        }
        if freezer::is_frozen(&group)? {
            cgroup::kill_all(&group).await?;
        }
        if let Some(container) = self.running(record.seed.id)? {
            nspawn::kill(container).await?;
        }
        self.clear(record.seed.id).await?;
        // Off is off, however it ended before.
        files::remove(&self.place.server(record.seed.id).exit())?;
        volume::release_all(&self.place, record.seed.id).await
    }

    async fn attach(&self, server: u64, attachment: &Attachment) -> Result<(), Why> {
        let mut record = load_server(&self.place, server)?;
        if record.attached_to(attachment.network).is_some_and(|it| it.attachment != *attachment) {
            record.detach(attachment.network);
        }
        let attached = record.attach(attachment);
        save_server(&self.place, &record)?;
        if self.running(server)?.is_some() {
            network::plug(&self.place, server, &attached).await?;
        }
        Ok(())
    }

    async fn detach(&self, server: u64, id: u64) -> Result<(), Why> {
        let Some(mut record) = find_server(&self.place, server)? else { return Ok(()) };
        network::unplug(&self.place, server, id).await?;
        record.detach(id);
        save_server(&self.place, &record)
    }

    async fn create(&self, seed: &ServerSeed) -> Result<(), Why> {
        if find_server(&self.place, seed.id)?.is_some() {
            return Ok(());
        }
        seed.public_ip.map_or(Ok(()), |address| self.check_public(address))?;
        let place = self.place.server(seed.id);
        files::make_directory(&place.root())?;
        let own_disk = self.own_disks.load(Ordering::Relaxed);
        let image = self.fresh_disk(seed, own_disk).await?;
        let record = ServerRecord {
            seed: seed.clone(),
            image,
            attached: Vec::new(),
            filter: None,
            floating: Vec::new(),
            own_disk,
        };
        save_server(&self.place, &record)
    }

    fn check_public(&self, address: Ipv4Addr) -> Result<(), Why> {
        let public = &self.place.public;
        if public.contains(address) && address != self.place.operator_address() {
            return Ok(());
        }
        Err(Why(format!("{address} is not one of {public} after the first")))
    }

    async fn remove(&self, id: u64) -> Result<(), Why> {
        let folder = self.place.server(id).folder;
        if !files::exists(&folder)? {
            return Ok(());
        }
        match find_server(&self.place, id)? {
            Some(record) => self.put_out(&record).await?,
            None => self.clear(id).await?,
        }
        let removed = self.place.servers().join(format!("{REMOVED}{id}"));
        files::remove_all(&removed)?;
        run::rename(&folder, &removed)?;
        // A disk may hold many files.
        let emptied = tokio::task::spawn_blocking(move || files::remove_all(&removed)).await;
        emptied.map_err(|error| Why::of(&error))??;
        Ok(())
    }
}

#[async_trait]
impl World for RealWorld {
    async fn create_network(&self, seed: &NetworkSeed) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("network {}", seed.id)).await;
        let create = async {
            let range = Prefix::parse(&seed.ip_range)
                .ok_or_else(|| Why(format!("{} is no prefix", seed.ip_range)))?;
            save_network(&self.inner.place, seed)?;
            network::ensure_network(&self.inner.place.names(), seed.id, range).await?;
            self.inner.rewire().await
        };
        create.await.map_err(network_error(seed.id, "create"))
    }

    async fn delete_network(&self, id: u64) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("network {id}")).await;
        let delete = async {
            let router = self.inner.place.names().network(id);
            self.inner.wires.forget(&router).await?;
            namespace::remove(&router).await?;
            remove_network(&self.inner.place, id)
        };
        delete.await.map_err(network_error(id, "delete"))
    }

    async fn create_server(&self, seed: &ServerSeed) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(seed.id).await;
        let create = async {
            self.inner.create(seed).await?;
            self.inner.rewire().await
        };
        create.await.map_err(server_error(seed.id, "create"))
    }

    async fn attach(&self, server: u64, attachment: &Attachment) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        self.inner.attach(server, attachment).await.map_err(server_error(server, "attach"))
    }

    async fn detach(&self, server: u64, network: u64) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        self.inner.detach(server, network).await.map_err(server_error(server, "detach"))
    }

    async fn start(&self, server: u64) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let start = async {
            let container = match self.inner.running(server)? {
                Some(container) => container,
                None => self.inner.start(server).await?,
            };
            self.inner.watch(server, container);
            Ok(())
        };
        start.await.map_err(server_error(server, "start"))
    }

    async fn power_off(&self, server: u64) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let off = async {
            match find_server(&self.inner.place, server)? {
                Some(record) => self.inner.put_out(&record).await,
                None => Ok(()),
            }
        };
        off.await.map_err(server_error(server, "power off"))
    }

    async fn shutdown(&self, server: u64) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let place = self.inner.place.server(server);
        nspawn::ask_to_power_off(&place).await.map_err(server_error(server, "shut down"))
    }

    async fn delete_server(&self, server: u64) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let delete = async {
            self.inner.remove(server).await?;
            self.inner.apply_filters().await?;
            self.inner.rewire().await
        };
        delete.await.map_err(server_error(server, "delete"))
    }

    async fn running(&self) -> Result<Vec<u64>, WorldError> {
        let lab = format!("lab {}", self.inner.place.lab);
        let all = ids(&self.inner.place.servers()).map_err(|why| why.about(lab, "list"))?;
        let mut running = Vec::new();
        for id in all {
            let _turn = self.inner.server_turn(id).await;
            let adopt = async {
                match self.inner.running(id)? {
                    Some(container) => {
                        self.inner.watch(id, container);
                        running.push(id);
                    }
                    // Between its end and its next start when the last daemon went.
                    None if self.inner.was_rebooting(id)? => {
                        let container = self.inner.start(id).await?;
                        self.inner.watch(id, container);
                        running.push(id);
                    }
                    None if files::exists(&self.inner.place.server(id).run())? => {
                        if let Some(record) = find_server(&self.inner.place, id)? {
                            self.inner.put_out(&record).await?;
                        }
                    }
                    None => {}
                }
                Ok(())
            };
            adopt.await.map_err(server_error(id, "adopt"))?;
        }
        Ok(running)
    }

    async fn api_listener(&self) -> Result<Option<std::net::TcpListener>, WorldError> {
        let place = &self.inner.place;
        let listened = public_side::listen_for_api(place).await;
        listened.map(Some).map_err(|why| why.about(format!("lab {}", place.lab), "open the API of"))
    }

    async fn next_event(&self) -> WorldEvent {
        match self.events.lock().await.recv().await {
            Some(event) => event,
            // Cannot be: the sender lives as long as this.
            None => std::future::pending().await,
        }
    }
}
