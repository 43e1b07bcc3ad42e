//! Makes objects exist, whatever happened before: look, make, and after doubt look again.
//!
//! The API has no idempotency keys, but a name is unique in its kind and project. So an object is
//! looked up by name first; a lost answer or a taken name is followed by another look; and what is
//! found is taken only when it carries our labels. Nothing is ever made twice.

use serde::Serialize;

use super::resource::Resource;
use super::rounds::Rounds;
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::{
    Action, CreateNetwork, CreatePlacementGroup, CreateSshKey, Labels, Network, PlacementGroup,
    SshKey, Subnet,
};

/// An object that is there now.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensured<T> {
    /// As the cloud told it last.
    pub object: T,
    /// Whether anything had to be changed.
    pub changed: bool,
}

/// The labels that make an object ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(pub Labels);

impl Owner {
    /// Returns whether an object with these labels is ours.
    pub fn owns(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(key, value)| labels.get(key) == Some(value))
    }

    /// Returns the label selector that finds what is ours.
    pub fn selector(&self) -> String {
        let pairs = self.0.iter().map(|(key, value)| format!("{key}={value}"));
        pairs.collect::<Vec<_>>().join(",")
    }

    /// Returns the object when it is ours.
    pub(super) fn take<T: Resource>(&self, object: T) -> Result<T, CloudError> {
        if self.owns(object.labels()) {
            return Ok(object);
        }
        Err(CloudError::Foreign {
            kind: T::KIND,
            name: object.name().to_owned(),
            owner: self.selector(),
        })
    }
}

impl Client {
    /// Makes a placement group exist.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request.
    pub async fn ensure_placement_group(
        &self,
        body: &CreatePlacementGroup,
        owner: &Owner,
    ) -> Result<Ensured<PlacementGroup>, CloudError> {
        self.ensure(&body.name, body, owner).await
    }

    /// Makes an SSH key exist. The project holds each key once: when somebody else's key has the
    /// same key material, it is shared by adding `mark` = `body.name` to its labels.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's with another key,
    /// [`CloudError::Differs`] when our key of that name is another key, and as any request.
    pub async fn ensure_ssh_key(
        &self,
        body: &CreateSshKey,
        owner: &Owner,
        mark: &str,
    ) -> Result<Ensured<SshKey>, CloudError> {
        let keys = self.ssh_keys("").await?;
        let same = keys.into_iter().find(|key| is_same_key(&key.public_key, &body.public_key));
        if let Some(mut key) = same {
            let is_ours = owner.owns(&key.labels) && key.name == body.name;
            if is_ours || key.labels.get(mark) == Some(&body.name) {
                return Ok(Ensured { object: key, changed: false });
            }
            key.labels.insert(mark.to_owned(), body.name.clone());
            let object = self.label_ssh_key(key.id, &key.labels).await?;
            return Ok(Ensured { object, changed: true });
        }
        let ensured: Ensured<SshKey> = self.ensure(&body.name, body, owner).await?;
        if is_same_key(&ensured.object.public_key, &body.public_key) {
            return Ok(ensured);
        }
        Err(CloudError::Differs {
            kind: SshKey::KIND,
            name: body.name.clone(),
            what: "public key",
            found: ensured.object.public_key,
            wanted: body.public_key.clone(),
        })
    }

    /// Makes a network exist with all subnets of the body.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, [`CloudError::Differs`] when our
    /// network has another range, and as any request or action.
    pub async fn ensure_network(
        &self,
        body: &CreateNetwork,
        owner: &Owner,
    ) -> Result<Ensured<Network>, CloudError> {
        let mut ensured: Ensured<Network> = self.ensure(&body.name, body, owner).await?;
        if ensured.object.ip_range != body.ip_range {
            return Err(CloudError::Differs {
                kind: Network::KIND,
                name: body.name.clone(),
                what: "range",
                found: ensured.object.ip_range,
                wanted: body.ip_range.clone(),
            });
        }
        for subnet in &body.subnets {
            let with = self.ensure_subnet(ensured.object, subnet).await?;
            ensured = Ensured { object: with.object, changed: ensured.changed || with.changed };
        }
        Ok(ensured)
    }

    async fn ensure_subnet(
        &self,
        mut network: Network,
        wanted: &Subnet,
    ) -> Result<Ensured<Network>, CloudError> {
        let is_it = |subnet: &Subnet| {
            subnet.network_zone == wanted.network_zone && subnet.ip_range == wanted.ip_range
        };
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        while !network.subnets.iter().any(is_it) {
            changed = true;
            if let Err(error) = self.add_subnet_now(network.id, wanted).await {
                rounds.after(error).await?;
            }
            network = self.network(network.id).await?;
        }
        Ok(Ensured { object: network, changed })
    }

    async fn add_subnet_now(&self, network: u64, subnet: &Subnet) -> Result<(), CloudError> {
        let action = self.add_subnet(network, subnet).await?;
        self.wait_until_succeeded(&[action], self.policy().action_max).await
    }

    /// Makes an object of that name exist.
    pub(super) async fn ensure<T: Resource>(
        &self,
        name: &str,
        body: &(impl Serialize + Sync),
        owner: &Owner,
    ) -> Result<Ensured<T>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            if let Some(found) = self.find_named::<T>(name).await? {
                return Ok(Ensured { object: owner.take(found)?, changed });
            }
            match self.create::<T>(body).await {
                Ok(object) => return Ok(Ensured { object, changed: true }),
                Err(error) => rounds.after(error).await?,
            }
            changed = true;
        }
    }

    /// As [`Client::ensure`], and waits until what the making began has ended well.
    pub(super) async fn ensure_made<T: Resource>(
        &self,
        name: &str,
        body: &(impl Serialize + Sync),
        owner: &Owner,
    ) -> Result<Ensured<T>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            if let Some(found) = self.find_named::<T>(name).await? {
                return Ok(Ensured { object: owner.take(found)?, changed });
            }
            changed = true;
            if let Err(error) = self.make_now::<T>(body).await {
                rounds.after(error).await?;
            }
        }
    }

    async fn make_now<T: Resource>(
        &self,
        body: &(impl Serialize + Sync),
    ) -> Result<(), CloudError> {
        let mut answer = self.send(Request::post(T::PATH).body(body)?).await?;
        let action: Option<Action> = answer.part("action")?;
        let next: Option<Vec<Action>> = answer.part("next_actions")?;
        let actions: Vec<Action> = action.into_iter().chain(next.unwrap_or_default()).collect();
        self.wait_until_succeeded(&actions, self.policy().action_max).await
    }

    async fn create<T: Resource>(&self, body: &(impl Serialize + Sync)) -> Result<T, CloudError> {
        self.send(Request::post(T::PATH).body(body)?).await?.part(T::ONE)
    }
}

/// Compares key material; the comment at the end does not count.
fn is_same_key(one: &str, other: &str) -> bool {
    let material = |key: &str| {
        let mut words = key.split_whitespace();
        (words.next().map(str::to_owned), words.next().map(str::to_owned))
    };
    material(one) == material(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_of_a_key_does_not_count() {
        assert!(is_same_key("ssh-ed25519 AAAA one@laptop", "ssh-ed25519 AAAA"));
        assert!(!is_same_key("ssh-ed25519 AAAA x", "ssh-ed25519 AAAB x"));
    }

    #[test]
    fn an_object_is_ours_when_it_has_all_our_labels() {
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let owner = Owner(labels(&[("managed-by", "ennead"), ("platform", "one")]));
        assert!(owner.owns(&labels(&[
            ("managed-by", "ennead"),
            ("platform", "one"),
            ("node", "a")
        ])));
        assert!(!owner.owns(&labels(&[("managed-by", "ennead"), ("platform", "two")])));
        assert!(!owner.owns(&Labels::new()));
        assert_eq!(owner.selector(), "managed-by=ennead,platform=one");
    }
}
