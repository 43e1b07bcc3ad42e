//! Carries out the state's jobs in the world, and keeps the stored state up with both.
//!
//! Jobs on different objects run at the same time; on one object they run in order. Every change,
//! by a request or by the end of a job, is stored before anybody hears of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ennead_host::clock::{now, pause_for};
use thiserror::Error;
use tokio_util::task::TaskTracker;

use crate::api::{self, Method, Reply, Request};
use crate::engine_faults::HarmDesk;
use crate::fault::Faults;
use crate::state::{Code, Effect, Ending, Job, Moment, Refusal, Rules, State};
use crate::store::{Store, StoreError};
use crate::world::{World, WorldError, WorldEvent};

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

pub(crate) struct Inner {
    pub(crate) state: State,
    /// Jobs that are being carried out.
    in_flight: BTreeSet<u64>,
}

/// The state, the world and what goes between them.
pub struct Engine {
    inner: Mutex<Inner>,
    faults: Mutex<Faults>,
    pub(crate) harm: HarmDesk,
    pub(crate) world: Arc<dyn World>,
    store: Option<Store>,
    rules: Rules,
    tasks: TaskTracker,
}

impl Engine {
    /// Loads the state, brings it in line with what runs and goes on with unfinished jobs.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn start(
        world: Arc<dyn World>,
        store: Option<Store>,
        rules: Rules,
    ) -> Result<Arc<Self>, EngineError> {
        let mut state = match &store {
            Some(store) => store.load().map_err(EngineError::Store)?,
            None => State::default(),
        };
        // Faults are not stored: what another daemon did to the world ends here.
        world.set_harm(&[]).await.map_err(EngineError::World)?;
        state.adopt(&world.running().await.map_err(EngineError::World)?);
        let engine = Arc::new(Self {
            inner: Mutex::new(Inner { state, in_flight: BTreeSet::new() }),
            faults: Mutex::default(),
            harm: HarmDesk::default(),
            world,
            store,
            rules,
            tasks: TaskTracker::new(),
        });
        engine.save(&engine.inner().state).map_err(EngineError::Store)?;
        engine.dispatch(&mut engine.inner());
        Ok(engine)
    }

    /// Answers a request of the API.
    pub fn answer(self: &Arc<Self>, request: &Request) -> Reply {
        let rules = self.rules_now();
        let moment = moment(&rules);
        let mut inner = self.inner();
        if request.method == Method::Get {
            return api::answer(&mut inner.state, request, &moment);
        }
        let before = inner.state.clone();
        let reply = api::answer(&mut inner.state, request, &moment);
        if inner.state == before {
            return reply;
        }
        if let Err(error) = self.save(&inner.state) {
            tracing::error!(error = &error as &dyn std::error::Error, "a change was not stored");
            inner.state = before;
            let refusal = Refusal::new(Code::ServerError, "the lab cannot store its state");
            return api::refuse(&refusal);
        }
        self.dispatch(&mut inner);
        reply
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

    /// Listens to the world. Never ends.
    pub async fn listen(self: &Arc<Self>) {
        loop {
            let WorldEvent::Stopped(server) = self.world.next_event().await;
            tracing::info!(server, "a server stopped by itself");
            let mut inner = self.inner();
            inner.state.note_stopped(server);
            self.keep(&inner.state);
            self.dispatch(&mut inner);
        }
    }

    /// Waits until the jobs that are being carried out have ended; no further ones begin.
    pub async fn settle(&self) {
        self.tasks.close();
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
            inner.state.show_progress(job.id);
            let action = job.action.and_then(|id| inner.state.actions.get(&id));
            let command = action.map(|action| action.command.clone());
            let engine = Arc::clone(self);
            self.tasks.spawn(async move { engine.run(job, command).await });
        }
    }

    async fn run(self: Arc<Self>, job: Job, command: Option<String>) {
        let ending = self.carry_out(&job, command.as_deref()).await;
        if let Ending::Failed { message, .. } = &ending {
            tracing::warn!(job = job.id, command, message, "a job failed");
        }
        // A server that is new may be meant by a fault, too.
        self.harm_as_ordered().await;
        let rules = self.rules_now();
        {
            let mut inner = self.inner();
            inner.state.finish(job.id, &ending, &moment(&rules));
            inner.in_flight.remove(&job.id);
            self.keep(&inner.state);
            self.dispatch(&mut inner);
        }
        // One that is gone is meant no more.
        self.harm_as_ordered().await;
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
                Ok(Some(runs)) => ending = Ending::Runs(runs),
                Err(error) => {
                    let (code, message) = ("action_failed".to_owned(), error.to_string());
                    return Ending::Failed { code, message };
                }
            }
        }
        ending
    }

    /// Calls the world; gives what it saw when it was only to look.
    async fn call(&self, effect: &Effect) -> Result<Option<bool>, WorldError> {
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
            Effect::CreateImage(image, server) => world.create_image(*image, *server).await?,
            Effect::DeleteImage(image) => world.delete_image(*image).await?,
            Effect::CreateVolume(volume) => world.create_volume(volume).await?,
            Effect::AttachVolume(place) => world.attach_volume(place).await?,
            Effect::DetachVolume(volume) => world.detach_volume(*volume).await?,
            Effect::ResizeVolume(volume, size_gb) => world.resize_volume(*volume, *size_gb).await?,
            Effect::DeleteVolume(volume) => world.delete_volume(*volume).await?,
            Effect::LookWhetherRuns(server) => {
                return Ok(Some(world.running().await?.contains(server)));
            }
        }
        Ok(None)
    }
}

fn moment(rules: &Rules) -> Moment<'_> {
    Moment { now: now(), salt: rand::random(), rules }
}
