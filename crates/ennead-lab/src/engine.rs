//! Carries out the state's jobs in the world, and keeps the stored state up with both.
//!
//! Jobs on different objects run at the same time; on one object they run in order. Every change,
//! by a request or by the end of a job, is stored before anybody hears of it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ennead_host::clock::{now, pause_for};
use jiff::Timestamp;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{self, Method, Reply, Request};
use crate::engine_faults::HarmDesk;
use crate::fault::Faults;
use crate::neighbours::{Neighbours, addresses_in};
use crate::pace::Pace;
use crate::shelf::{Answer, Circumstances, Shelf};
use crate::state::metrics::Sample;
use crate::state::{Code, Effect, Ending, Job, Moment, Refusal, Rules, State};
use crate::store::{Store, StoreError};
use crate::world::{World, WorldError, WorldEvent};

/// Steps in which the progress of an action grows that takes its time.
const STEPS: usize = 10;

/// An engine that cannot start.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The state directory cannot be used.
    #[error("cannot use the state directory")]
    Store(#[source] StoreError),
    /// The world does not say what runs.
    #[error("cannot see which servers run")]
    World(#[source] WorldError),
}

/// How an engine works.
#[derive(Clone, Default)]
pub struct EngineOptions {
    /// The lab's rules.
    pub rules: Rules,
    /// How long actions take.
    pub pace: Pace,
    /// Ids of a state that is not stored yet begin after this one.
    pub ids_after: u64,
    /// Another project does harm to the world, if any is ordered.
    pub is_guest: bool,
    /// The other projects of the same lab.
    pub neighbours: Neighbours,
}

pub(crate) struct Inner {
    pub(crate) state: State,
    /// Counts the state's changes.
    revision: u64,
    /// Jobs that are being carried out.
    in_flight: BTreeSet<u64>,
    shelf: Shelf,
    /// Public addresses at a revision.
    addresses: (u64, Arc<BTreeSet<Ipv4Addr>>),
}

impl Inner {
    /// Returns the state to change it. What was kept of its former self no longer counts.
    fn change(&mut self) -> &mut State {
        self.revision += 1;
        &mut self.state
    }
}

/// The state, the world and what goes between them.
pub struct Engine {
    inner: Mutex<Inner>,
    faults: Mutex<Faults>,
    pub(crate) harm: HarmDesk,
    pub(crate) world: Arc<dyn World>,
    store: Option<Arc<Store>>,
    rules: Rules,
    pace: Pace,
    pub(crate) is_guest: bool,
    neighbours: Neighbours,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Engine {
    /// Loads the state, brings it in line with what runs and goes on with unfinished jobs.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn start(
        world: Arc<dyn World>,
        store: Option<Arc<Store>>,
        options: EngineOptions,
    ) -> Result<Arc<Self>, EngineError> {
        let stored = match &store {
            Some(store) => store.load().map_err(EngineError::Store)?,
            None => None,
        };
        if !options.is_guest {
            // Faults are not stored: what another daemon did to the world ends here.
            world.set_harm(&[]).await.map_err(EngineError::World)?;
        }
        let fresh = || State { last_id: options.ids_after, ..State::default() };
        let mut state = stored.unwrap_or_else(fresh);
        // Servers of other projects run, too; the state only looks at its own.
        state.adopt(&world.running().await.map_err(EngineError::World)?);
        let engine = Arc::new(Self {
            inner: Mutex::new(Inner {
                state,
                revision: 1,
                in_flight: BTreeSet::new(),
                shelf: Shelf::default(),
                addresses: (0, Arc::default()),
            }),
            faults: Mutex::default(),
            harm: HarmDesk::default(),
            world,
            store,
            rules: options.rules,
            pace: options.pace,
            is_guest: options.is_guest,
            neighbours: options.neighbours,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        });
        engine.neighbours.turn().join(&engine);
        engine.save(&engine.inner().state).map_err(EngineError::Store)?;
        engine.dispatch(&mut engine.inner());
        Ok(engine)
    }

    /// Answers a request of the API. `question` is its path and query as they were sent.
    pub fn answer(self: &Arc<Self>, request: &Request, question: &str) -> Answer {
        if request.method == Method::Get {
            return self.read(request, question);
        }
        let reply = self.change(request).unwrap_or_else(|refusal| api::refuse(&refusal));
        Answer::from(&reply)
    }

    fn read(&self, request: &Request, question: &str) -> Answer {
        let sold_out = self.faults().sold_out();
        let mut inner = self.inner();
        let second = now().as_second();
        let circumstances = Circumstances { revision: inner.revision, second, sold_out };
        let Inner { state, shelf, .. } = &mut *inner;
        shelf.answer(&circumstances, question, || {
            let rules = self.rules_now();
            Answer::from(&api::answer(state, request, &moment(&rules)))
        })
    }

    fn change(self: &Arc<Self>, request: &Request) -> Result<Reply, Refusal> {
        // Held until the change is made, so that no other project takes the same address meanwhile.
        let turn = self.neighbours.turn();
        let mut rules = self.rules_now();
        rules.taken = turn.taken_by_others(self);
        let mut inner = self.inner();
        let (reply, draft) = api::change(&inner.state, request, &moment(&rules))?;
        if let Err(error) = self.save(&draft) {
            tracing::error!(error = &error as &dyn std::error::Error, "a change was not stored");
            return Err(Refusal::new(Code::ServerError, "the lab cannot store its state"));
        }
        *inner.change() = draft;
        self.dispatch(&mut inner);
        Ok(reply)
    }

    /// Returns the faults in force.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many jobs are not finished.
    pub fn unfinished(&self) -> usize {
        self.inner().state.jobs.len()
    }

    /// Returns a copy of the state.
    pub fn state(&self) -> State {
        self.inner().state.clone()
    }

    /// Returns the public addresses that it has given away.
    pub(crate) fn public_addresses(&self) -> Arc<BTreeSet<Ipv4Addr>> {
        let mut inner = self.inner();
        if inner.addresses.0 != inner.revision {
            let found = addresses_in(&inner.state, self.rules.public_prefix);
            inner.addresses = (inner.revision, Arc::new(found));
        }
        Arc::clone(&inner.addresses.1)
    }

    /// Notes an event of the world; one that concerns a server of another project changes nothing.
    pub fn note(self: &Arc<Self>, event: WorldEvent) {
        let WorldEvent::Stopped(server) = event;
        let mut inner = self.inner();
        if !inner.state.servers.contains_key(&server) {
            return;
        }
        tracing::info!(server, "a server stopped by itself");
        inner.change().note_stopped(server);
        self.keep(&inner.state);
        self.dispatch(&mut inner);
    }

    /// Measures once what each server that runs uses.
    pub async fn take_samples(&self, at: Timestamp) {
        let servers: Vec<_> = self.inner().state.servers.keys().copied().collect();
        for server in servers {
            match self.world.usage(server).await {
                Ok(Some(usage)) => {
                    let samples = &mut self.inner().state.samples;
                    Arc::make_mut(samples).add(server, Sample { at, usage });
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(server, %error, "a server was not measured"),
            }
        }
        let State { samples, servers, .. } = &mut self.inner().state;
        Arc::make_mut(samples).keep(|server| servers.contains_key(&server));
    }

    /// Waits until the jobs that are being carried out have ended; no further ones begin. Those
    /// that only wait for their time are left to the next start.
    pub async fn settle(&self) {
        self.tasks.close();
        self.closing.cancel();
        self.tasks.wait().await;
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the rules with what is out of stock at the moment.
    fn rules_now(&self) -> Rules {
        let mut rules = self.rules.clone();
        rules.sold_out.extend(self.faults().sold_out());
        rules
    }

    fn save(&self, state: &State) -> Result<(), StoreError> {
        self.store.as_ref().map_or(Ok(()), |store| store.save(state))
    }

    /// Stores what has already happened in the world: there is nobody to refuse it to.
    fn keep(&self, state: &State) {
        if let Err(error) = self.save(state) {
            tracing::error!(error = &error as &dyn std::error::Error, "a change was not stored");
        }
    }

    /// Begins every job that nothing holds back.
    fn dispatch(self: &Arc<Self>, inner: &mut Inner) {
        if self.tasks.is_closed() {
            return;
        }
        for job in inner.state.ready_jobs(&inner.in_flight) {
            inner.in_flight.insert(job.id);
            if self.pace == Pace::Fast {
                inner.change().show_progress(job.id);
            }
            let action = job.action.and_then(|id| inner.state.actions.get(&id));
            let command = action.map(|action| action.command.clone());
            let engine = Arc::clone(self);
            self.tasks.spawn(async move { engine.run(job, command).await });
        }
    }

    async fn run(self: Arc<Self>, job: Job, command: Option<String>) {
        if let (Some(command), Some(action)) = (&command, job.action) {
            let time = self.pace.time(command, action);
            let waited = self.closing.run_until_cancelled(self.spend(action, time)).await;
            if waited.is_none() {
                return;
            }
        }
        let ending = self.carry_out(&job, command.as_deref()).await;
        if let Ending::Failed { message, .. } = &ending {
            tracing::warn!(job = job.id, command, message, "a job failed");
        }
        // A server that is new may be meant by a fault, too.
        self.harm_as_ordered().await;
        let rules = self.rules_now();
        {
            let mut inner = self.inner();
            inner.change().finish(job.id, &ending, &moment(&rules));
            inner.in_flight.remove(&job.id);
            self.keep(&inner.state);
            self.dispatch(&mut inner);
        }
        // One that is gone is meant no more.
        self.harm_as_ordered().await;
    }

    /// Lets time pass while the action's progress grows.
    async fn spend(&self, action: u64, time: Duration) {
        if time.is_zero() {
            return;
        }
        for progress in (0..100).step_by(100 / STEPS) {
            // Not stored: after a restart the time begins anew.
            if let Some(action) = self.inner().change().actions.get_mut(&action) {
                action.progress = progress;
            }
            pause_for(time / u32::try_from(STEPS).unwrap_or(1)).await;
        }
    }

    async fn carry_out(&self, job: &Job, command: Option<&str>) -> Ending {
        if let Some(command) = command {
            let hold = self.faults().hold(command);
            if !hold.is_zero() {
                pause_for(hold).await;
            }
            let failure = self.faults().fails(command);
            if let Some(failure) = failure {
                return failure;
            }
        }
        let mut ending = Ending::Done;
        for effect in &job.effects {
            match self.call(effect).await {
                Ok(None) => {}
                Ok(Some(seen)) => ending = seen,
                Err(error) => {
                    let (code, message) = ("action_failed".to_owned(), error.to_string());
                    return Ending::Failed { code, message };
                }
            }
        }
        ending
    }

    /// Calls the world; gives what it saw when that is of interest.
    async fn call(&self, effect: &Effect) -> Result<Option<Ending>, WorldError> {
        let world = &self.world;
        match effect {
            Effect::CreateNetwork(seed) => world.create_network(seed).await?,
            Effect::DeleteNetwork(id) => world.delete_network(*id).await?,
            Effect::CreateServer(seed) => world.create_server(seed).await?,
            Effect::Attach(server, attachment) => world.attach(*server, attachment).await?,
            Effect::Detach(server, network) => world.detach(*server, *network).await?,
            Effect::Start(server) => world.start(*server).await?,
            Effect::PowerOff(server) => world.power_off(*server).await?,
            Effect::Shutdown(server) => world.shutdown(*server).await?,
            Effect::DeleteServer(server) => world.delete_server(*server).await?,
            Effect::SetFilter(server, filter) => {
                world.set_filter(*server, filter.as_ref()).await?;
            }
            Effect::RouteFloating(ip, server) => world.route_floating(*ip, *server).await?,
            Effect::SetPublicAddress(server, ip) => world.set_public_address(*server, *ip).await?,
            Effect::SetAliases(server, network, aliases) => {
                world.set_aliases(*server, *network, aliases).await?;
            }
            Effect::SetRoutes(network, routes) => world.set_routes(*network, routes).await?,
            Effect::PublishZone(zone) => world.publish_zone(zone).await?,
            Effect::WithdrawZone(name) => world.withdraw_zone(name).await?,
            Effect::Rebuild(seed) => world.rebuild(seed).await?,
            Effect::Resize(server, size) => world.resize(*server, *size).await?,
            Effect::SetPassword(server, password) => world.set_password(*server, password).await?,
            Effect::CreateImage(image, server) => {
                return Ok(Some(Ending::Copied(world.create_image(*image, *server).await?)));
            }
            Effect::DeleteImage(image) => world.delete_image(*image).await?,
            Effect::CreateVolume(volume) => world.create_volume(volume).await?,
            Effect::AttachVolume(place) => world.attach_volume(place).await?,
            Effect::DetachVolume(volume) => world.detach_volume(*volume).await?,
            Effect::ResizeVolume(volume, size_gb) => world.resize_volume(*volume, *size_gb).await?,
            Effect::DeleteVolume(volume) => world.delete_volume(*volume).await?,
            Effect::LookWhetherRuns(server) => {
                return Ok(Some(Ending::Runs(world.running().await?.contains(server))));
            }
        }
        Ok(None)
    }
}

fn moment(rules: &Rules) -> Moment<'_> {
    Moment { now: now(), salt: rand::random(), rules }
}
