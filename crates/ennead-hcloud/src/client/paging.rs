//! Reads whole lists, page by page.

use serde::de::DeserializeOwned;

use super::resource::Resource;
use super::transport::{Client, Request};
use crate::error::CloudError;
use crate::types::Meta;

/// Entries on a page; the most that the API gives.
const PER_PAGE: u64 = 50;

impl Client {
    /// Returns all entries of a list that match the query.
    pub(super) async fn whole_list<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        query: &[(&'static str, &str)],
    ) -> Result<Vec<T>, CloudError> {
        let mut entries = Vec::new();
        let mut page = 1;
        loop {
            let mut request = Request::get(path).query("page", page).query("per_page", PER_PAGE);
            for (key, value) in query {
                request = request.query(key, value);
            }
            let mut answer = self.send(request).await?;
            entries.extend(answer.part::<Vec<T>>(key)?);
            let meta: Option<Meta> = answer.part("meta")?;
            match meta.and_then(|meta| meta.pagination.next_page) {
                None => return Ok(entries),
                Some(next) if next > page => page = next,
                Some(next) => return Err(answer.odd(format!("page {next} after page {page}"))),
            }
        }
    }

    /// Returns all objects that a label selector finds; an empty selector finds all.
    pub(super) async fn find<T: Resource>(&self, selector: &str) -> Result<Vec<T>, CloudError> {
        let query = [("label_selector", selector)];
        let query = if selector.is_empty() { query.get(1..) } else { query.get(..) };
        self.whole_list(T::PATH, T::many(), query.unwrap_or_default()).await
    }

    /// Returns the object of that name.
    pub(super) async fn find_named<T: Resource>(
        &self,
        name: &str,
    ) -> Result<Option<T>, CloudError> {
        let found = self.whole_list::<T>(T::PATH, T::many(), &[("name", name)]).await?;
        Ok(found.into_iter().find(|object| object.name() == name))
    }

    /// Returns the object with that id.
    pub(super) async fn find_id<T: Resource>(&self, id: u64) -> Result<T, CloudError> {
        self.send(Request::get(format!("{}/{id}", T::PATH))).await?.part(T::ONE)
    }
}
