//! The projects of a lab: each has its own objects and rate limit; all share the world.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ennead_host::clock::{now, pause_for};
use thiserror::Error;

use crate::engine::{Engine, EngineError, EngineOptions};
use crate::rate::Gate;
use crate::register::{Register, TokenRecord};
use crate::state::metrics::SAMPLE_EVERY;
use crate::state::{Code, Refusal};
use crate::store::{Store, StoreError};
use crate::token::{DEFAULT_PROJECT, LabToken, digest};
use crate::world::{World, WorldEvent};

/// A project that cannot be opened.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// Its files cannot be used.
    #[error("cannot use its files")]
    Store(#[source] StoreError),
    /// Its engine cannot start.
    #[error("cannot start it")]
    Engine(#[source] EngineError),
    /// Its name or number is refused.
    #[error("{0}")]
    Refused(String),
}

/// A project.
pub(crate) struct Project {
    /// Its objects.
    pub(crate) engine: Arc<Engine>,
    /// How often it may ask.
    pub(crate) gate: Arc<Gate>,
}

/// What a token opens.
#[derive(Clone)]
pub(crate) struct Pass {
    /// The project.
    pub(crate) project: Arc<Project>,
    /// Whether it may only read.
    pub(crate) is_read_only: bool,
    /// Whether it is as good as the lab's own.
    pub(crate) is_main: bool,
}

/// What all projects have in common.
pub(crate) struct Common {
    /// Where their objects become real.
    pub(crate) world: Arc<dyn World>,
    /// Where they are kept.
    pub(crate) store: Option<Arc<Store>>,
    /// How their engines work.
    pub(crate) options: EngineOptions,
    /// The rate limit of each.
    pub(crate) requests_per_hour: u32,
}

#[derive(Default)]
struct Table {
    projects: BTreeMap<String, Arc<Project>>,
    /// By the digest of the token.
    passes: HashMap<String, Pass>,
}

/// All projects and who may enter them.
pub(crate) struct Projects {
    common: Common,
    main: Arc<Project>,
    table: RwLock<Table>,
    register: tokio::sync::Mutex<Register>,
}

impl Projects {
    /// Opens the default project, those of the register and those that tokens name.
    ///
    /// # Errors
    /// [`ProjectError`].
    pub(crate) async fn open(common: Common, tokens: &[LabToken]) -> Result<Self, ProjectError> {
        let register = common.store.as_ref().map(|store| store.register()).transpose();
        let mut register = register.map_err(ProjectError::Store)?.unwrap_or_default();
        for token in tokens {
            let added = register.add_project(&token.project);
            added.map_err(|refusal| ProjectError::Refused(refusal.message))?;
        }
        if let Some(store) = &common.store {
            store.save_register(&register).map_err(ProjectError::Store)?;
        }
        let main = start(&common, DEFAULT_PROJECT, &register).await?;
        let mut table = Table::default();
        table.projects.insert(DEFAULT_PROJECT.to_owned(), Arc::clone(&main));
        for name in register.projects.keys() {
            table.projects.insert(name.clone(), start(&common, name, &register).await?);
        }
        for token in &register.tokens {
            table.admit(&token.project, token.read_only, token.sha256.clone());
        }
        for token in tokens {
            table.admit(&token.project, token.is_read_only, token.digest());
        }
        let register = tokio::sync::Mutex::new(register);
        Ok(Self { common, main, table: RwLock::new(table), register })
    }

    /// Returns the default project.
    pub(crate) fn main(&self) -> &Arc<Project> {
        &self.main
    }

    /// Returns what a token opens.
    pub(crate) fn pass(&self, token: &str) -> Option<Pass> {
        self.table().passes.get(&digest(token)).cloned()
    }

    /// Returns the tokens besides the lab's own.
    pub(crate) async fn tokens(&self) -> Vec<TokenRecord> {
        self.register.lock().await.tokens.clone()
    }

    /// Makes a token, and its project when there is none of that name.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `resource_limit_exceeded`, `server_error`.
    pub(crate) async fn add_token(
        &self,
        name: Option<&str>,
        project: &str,
        read_only: bool,
    ) -> Result<(TokenRecord, LabToken), Refusal> {
        let mut register = self.register.lock().await;
        let (mut draft, token) = (register.clone(), LabToken::random());
        let record = draft.add_token(name, project, read_only, token.digest())?;
        // First the number, so that no other project ever gets it.
        self.save(&draft)?;
        *register = draft;
        if !self.table().projects.contains_key(project) {
            let started = start(&self.common, project, &register).await;
            let started = started.map_err(|error| internal(&error, "a project did not start"))?;
            self.table_to_change().projects.insert(project.to_owned(), started);
        }
        self.table_to_change().admit(project, read_only, token.digest());
        Ok((record, token))
    }

    /// Removes a token; its project stays.
    ///
    /// # Errors
    /// `not_found`, `server_error`.
    pub(crate) async fn remove_token(&self, name: &str) -> Result<(), Refusal> {
        let mut register = self.register.lock().await;
        let mut draft = register.clone();
        let removed = draft.remove_token(name)?;
        self.save(&draft)?;
        *register = draft;
        self.table_to_change().passes.remove(&removed.sha256);
        Ok(())
    }

    /// Hands the world's events to the projects. Never ends.
    pub(crate) async fn listen(&self) {
        loop {
            let event: WorldEvent = self.common.world.next_event().await;
            for project in self.all() {
                project.engine.note(event);
            }
        }
    }

    /// Measures what servers use. Never ends.
    pub(crate) async fn measure(&self) {
        loop {
            pause_for(SAMPLE_EVERY).await;
            for project in self.all() {
                project.engine.take_samples(now()).await;
            }
        }
    }

    /// Waits until what is under way in any project has ended.
    pub(crate) async fn settle(&self) {
        futures::future::join_all(self.all().iter().map(|project| project.engine.settle())).await;
    }

    fn all(&self) -> Vec<Arc<Project>> {
        self.table().projects.values().cloned().collect()
    }

    fn save(&self, register: &Register) -> Result<(), Refusal> {
        let saved = self.common.store.as_ref().map(|store| store.save_register(register));
        saved.unwrap_or(Ok(())).map_err(|error| internal(&error, "a token was not stored"))
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_to_change(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn admit(&mut self, project: &str, is_read_only: bool, digest: String) {
        let Some(found) = self.projects.get(project) else { return };
        let is_main = !is_read_only && project == DEFAULT_PROJECT;
        self.passes.insert(digest, Pass { project: Arc::clone(found), is_read_only, is_main });
    }
}

async fn start(
    common: &Common,
    name: &str,
    register: &Register,
) -> Result<Arc<Project>, ProjectError> {
    let store = match &common.store {
        Some(store) if name == DEFAULT_PROJECT => Some(Arc::clone(store)),
        Some(store) => Some(Arc::new(store.project(name).map_err(ProjectError::Store)?)),
        None => None,
    };
    let options = EngineOptions {
        ids_after: register.ids_after(name),
        is_guest: name != DEFAULT_PROJECT,
        ..common.options.clone()
    };
    let engine = Engine::start(Arc::clone(&common.world), store, options).await;
    let gate = Arc::new(Gate::new(common.requests_per_hour));
    Ok(Arc::new(Project { engine: engine.map_err(ProjectError::Engine)?, gate }))
}

fn internal(error: &dyn std::error::Error, what: &str) -> Refusal {
    tracing::error!(error = %error, "{what}");
    Refusal::new(Code::ServerError, what)
}
