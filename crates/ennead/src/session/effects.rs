//! The real world of a walk: the cloud's API and SSH.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ennead_executor::cloud::apply_cloud;
use ennead_executor::nodes::{NodeError, NodePool, Reached, Retry};
use ennead_executor::walk::{EffectError, Effects};
use ennead_hcloud::Client;
use ennead_host::clock::Stopwatch;
use ennead_model::RefResolver as _;
use ennead_model::{CloudAction, Condition, NodeName, NodeOrder, NodeReport, Outcome, RefKind};
use ennead_planner::plan::objects::floating_ip_name;
use ennead_spec::vault::Resolver;

use super::Session;
use crate::error::chain;

/// Longer than any step's deadline, which ends the effect by dropping it.
const NO_DEADLINE: Duration = Duration::from_hours(1);

/// Everything a walk needs, shared with the session.
pub(crate) struct RealEffects<'a> {
    session: &'a Session,
    client: &'a Client,
    pool: Arc<NodePool>,
    resolver: Arc<Resolver>,
    seen: Mutex<BTreeMap<NodeName, String>>,
    watch: Stopwatch,
    /// When the last node was first seen to answer, since the walk's start.
    answered: Mutex<Option<Duration>>,
}

impl<'a> RealEffects<'a> {
    /// Makes the effects of a session.
    pub(crate) fn new(session: &'a Session) -> Self {
        Self {
            session,
            client: &session.client,
            pool: Arc::clone(&session.pool),
            resolver: Arc::clone(&session.resolver),
            seen: Mutex::default(),
            watch: Stopwatch::start(),
            answered: Mutex::default(),
        }
    }

    /// Finds a node's public address when its server was made a moment ago.
    async fn learn_address(&self, node: &NodeName) -> Result<(), EffectError> {
        if self.resolver.public_ip(node.as_str()).is_some() {
            return Ok(());
        }
        let server = self.client.server_named(node.as_str()).await.map_err(effect_error)?;
        let found = server.and_then(|server| {
            let address = server.public_net.ipv4?.ip.parse().ok()?;
            Some((server.id, address))
        });
        let (id, address) = found
            .ok_or_else(|| EffectError::new(format!("{node}: its server has no IPv4 address")))?;
        self.session.introduce(node, id, address);
        Ok(())
    }

    /// Finds the floating IPs of an order that were made a moment ago.
    async fn learn_floating_ips(&self, order: &NodeOrder) -> Result<(), EffectError> {
        for reference in order.references().map_err(effect_error)? {
            let floating = matches!(reference.kind, RefKind::FloatingIp | RefKind::FloatingIpId);
            let place = &reference.name;
            if !floating || self.resolver.resolve(&reference).is_ok() {
                continue;
            }
            let Some((entry, site)) = place.split_once('/') else { continue };
            let (Ok(entry), Ok(site)) = (entry.parse(), site.parse()) else { continue };
            let name = floating_ip_name(&self.session.spec.platform, &entry, &site);
            let found = self.client.floating_ip_named(&name).await.map_err(effect_error)?;
            let address = found.and_then(|found| Some((found.ip.parse().ok()?, found.id)));
            if let Some((address, id)) = address {
                self.resolver.learn_floating_ip(place, address, id);
            }
        }
        Ok(())
    }

    async fn reach_once(&self, node: &NodeName, time: Duration) -> Result<Reached, NodeError> {
        self.pool.answers(node, time).await?;
        if let Ok(mut answered) = self.answered.lock() {
            *answered = Some(self.watch.elapsed());
        }
        self.pool.reach(node, REACH_TRY).await
    }

    /// Returns when the last node that was reached answered, since the walk's start.
    pub(crate) fn answered(&self) -> Option<Duration> {
        self.answered.lock().ok().and_then(|answered| *answered)
    }

    fn note(&self, node: &NodeName, error: &NodeError) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.insert(node.clone(), chain(error));
        }
    }
}

#[async_trait]
impl Effects for RealEffects<'_> {
    async fn cloud(&self, action: &CloudAction) -> Result<bool, EffectError> {
        let platform = &self.session.spec.platform;
        let outcome = apply_cloud(self.client, platform, action, self.resolver.as_ref()).await;
        let outcome =
            outcome.map_err(|error| EffectError::new(chain(&error)).hint(error.hint()))?;
        Ok(outcome == Outcome::Changed)
    }

    async fn reach(&self, node: &NodeName) -> Result<bool, EffectError> {
        self.learn_address(node).await?;
        let mut time = FIRST_TRY;
        loop {
            match self.reach_once(node, time).await {
                Ok(reached) => return Ok(reached == Reached::Pushed),
                Err(error) => {
                    self.note(node, &error);
                    if error.retry() == Retry::Never {
                        return Err(EffectError::new(chain(&error)).hint(error.hint()));
                    }
                    time = REACH_TRY;
                }
            }
        }
    }

    async fn converge(&self, order: &NodeOrder) -> Result<NodeReport, EffectError> {
        self.learn_floating_ips(order).await?;
        let fingerprints = self.resolver.fingerprints();
        let mut resolved = order.resolve(self.resolver.as_ref()).map_err(effect_error)?;
        resolved.digest = Some(order.digest_with(&fingerprints).map_err(effect_error)?);
        let report = self.pool.converge(&resolved, NO_DEADLINE).await;
        report.map_err(|error| EffectError::new(chain(&error)).hint(error.hint()))
    }

    async fn test(&self, node: &NodeName, condition: &Condition) -> (bool, String) {
        match self.pool.test(node, condition).await {
            Ok(tested) => (tested.holds, tested.seen),
            Err(error) => (false, chain(&error)),
        }
    }

    async fn last_seen(&self, node: &NodeName) -> Option<String> {
        self.seen.lock().ok()?.get(node).cloned()
    }
}

/// One try of reaching a node; what was seen is noted between tries. Longer than one connection may
/// take, shorter than a step gets to end after Ctrl-C.
const REACH_TRY: Duration = Duration::from_secs(6);

/// The first try: shorter, so that soon there is something to tell of a node that is silent.
const FIRST_TRY: Duration = Duration::from_secs(2);

fn effect_error(error: impl std::error::Error + 'static) -> EffectError {
    EffectError::new(chain(&error))
}
