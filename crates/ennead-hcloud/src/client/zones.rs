//! DNS zones and their record sets.

use super::ensure::{Ensured, Owner};
use super::rounds::Rounds;
use super::transport::{Client, Request, Resend};
use crate::error::CloudError;
use crate::types::{Action, CreateRrSet, CreateZone, RrSet, Zone};

/// As errors name a record set.
const RECORDS: &str = "record set";

impl Client {
    /// Returns the zones that a label selector finds; an empty selector finds all.
    pub async fn zones(&self, selector: &str) -> Result<Vec<Zone>, CloudError> {
        self.find(selector).await
    }

    /// Returns the zone of that name.
    pub async fn zone_named(&self, name: &str) -> Result<Option<Zone>, CloudError> {
        self.find_named(name).await
    }

    /// Returns the record sets of one type in a zone.
    pub async fn rrsets(&self, zone: u64, kind: &str) -> Result<Vec<RrSet>, CloudError> {
        self.whole_list(&format!("/zones/{zone}/rrsets"), "rrsets", &[("type", kind)]).await
    }

    /// Returns a record set.
    pub async fn rrset(
        &self,
        zone: u64,
        name: &str,
        kind: &str,
    ) -> Result<Option<RrSet>, CloudError> {
        match self.send(Request::get(path(zone, name, kind))).await {
            Ok(mut answer) => answer.part("rrset").map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a zone exist. One that exists is left as it is.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when the name is somebody else's, and as any request or action.
    pub async fn ensure_zone(
        &self,
        body: &CreateZone,
        owner: &Owner,
    ) -> Result<Ensured<Zone>, CloudError> {
        self.ensure_made(&body.name, body, owner).await
    }

    /// Makes a zone with everything in it be gone; true when there was one.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_no_zone(&self, name: &str, owner: &Owner) -> Result<bool, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let Some(found) = self.find_named::<Zone>(name).await? else { return Ok(changed) };
            let zone = owner.take(found)?;
            changed = true;
            match self.act(Request::delete(format!("/zones/{}", zone.id))).await {
                Err(error) if !error.is_not_found() => rounds.after(error).await?,
                _ => {}
            }
        }
    }

    /// Makes a record set exist. One of ours that exists is left as it is, whatever its records.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_rrset(
        &self,
        zone: u64,
        body: &CreateRrSet,
        owner: &Owner,
    ) -> Result<Ensured<RrSet>, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            if let Some(object) = self.own_rrset(zone, &body.name, &body.kind, owner).await? {
                return Ok(Ensured { object, changed });
            }
            changed = true;
            let request = Request::post(format!("/zones/{zone}/rrsets")).body(body)?;
            if let Err(error) = self.act(request).await {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes a record set be kept by resolvers for so many seconds; false when it was so.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, [`CloudError::Differs`] when there is none,
    /// and as any request or action.
    pub async fn ensure_rrset_ttl(
        &self,
        zone: u64,
        (name, kind): (&str, &str),
        ttl_s: u32,
        owner: &Owner,
    ) -> Result<bool, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        loop {
            let Some(found) = self.own_rrset(zone, name, kind, owner).await? else {
                return Err(CloudError::Differs {
                    kind: RECORDS,
                    name: format!("{name}/{kind}"),
                    what: "records",
                    found: "none".to_owned(),
                    wanted: "some".to_owned(),
                });
            };
            if found.ttl == Some(ttl_s) {
                return Ok(changed);
            }
            changed = true;
            let request = Request::post(format!("{}/actions/change_ttl", path(zone, name, kind)))
                .resend(Resend::Harmless)
                .body(&serde_json::json!({ "ttl": ttl_s }))?;
            if let Err(error) = self.act(request).await {
                rounds.after(error).await?;
            }
        }
    }

    /// Makes a record set be gone; true when there was one.
    ///
    /// # Errors
    /// [`CloudError::Foreign`] when it is somebody else's, and as any request or action.
    pub async fn ensure_no_rrset(
        &self,
        zone: u64,
        (name, kind): (&str, &str),
        owner: &Owner,
    ) -> Result<bool, CloudError> {
        let mut rounds = Rounds::new(self.policy());
        let mut changed = false;
        while self.own_rrset(zone, name, kind, owner).await?.is_some() {
            changed = true;
            match self.act(Request::delete(path(zone, name, kind))).await {
                Err(error) if !error.is_not_found() => rounds.after(error).await?,
                _ => {}
            }
        }
        Ok(changed)
    }

    async fn own_rrset(
        &self,
        zone: u64,
        name: &str,
        kind: &str,
        owner: &Owner,
    ) -> Result<Option<RrSet>, CloudError> {
        match self.rrset(zone, name, kind).await? {
            Some(found) if !owner.owns(&found.labels) => {
                Err(CloudError::Foreign { kind: RECORDS, name: found.id, owner: owner.selector() })
            }
            found => Ok(found),
        }
    }

    /// Sends a request and waits until what it began has ended well.
    async fn act(&self, request: Request) -> Result<(), CloudError> {
        let action: Action = self.send(request).await?.part("action")?;
        self.wait_until_succeeded(&[action], self.policy().action_max).await
    }
}

fn path(zone: u64, name: &str, kind: &str) -> String {
    format!("/zones/{zone}/rrsets/{name}/{kind}")
}
