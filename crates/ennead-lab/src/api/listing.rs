//! Lists: filters, sorting and pages.

use std::cmp::Ordering;

use ennead_hcloud::types::{Meta, Pagination};
use serde::Serialize;
use serde_json::{Value, json};

use super::request::{Reply, Request};
use crate::state::Refusal;
use crate::state::selector::Selector;

/// Entries on a page unless asked otherwise.
const PER_PAGE: u64 = 25;

/// Most entries on a page.
const PER_PAGE_MAX: u64 = 50;

/// How a kind of object is listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// The list's key in the answer, for example `servers`.
    pub key: &'static str,
    /// Fields that it can be filtered by: exact match; a parameter given several times means "or".
    pub filters: &'static [&'static str],
    /// Fields that it can be sorted by.
    pub sorts: &'static [&'static str],
    /// Whether a label selector is understood.
    pub has_labels: bool,
}

impl Listing {
    /// Answers with one page of the entries that pass the request's filters.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn reply<T: Serialize>(
        &self,
        request: &Request,
        entries: impl IntoIterator<Item = T>,
    ) -> Result<Reply, Refusal> {
        self.reply_with(request, entries, PER_PAGE_MAX)
    }

    /// As [`Listing::reply`], with pages of at most that many entries.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn reply_with<T: Serialize>(
        &self,
        request: &Request,
        entries: impl IntoIterator<Item = T>,
        per_page_max: u64,
    ) -> Result<Reply, Refusal> {
        let selector = if self.has_labels {
            Selector::parse(request.value("label_selector").unwrap_or_default())
                .map_err(|why| Refusal::invalid("label_selector", why))?
        } else {
            Selector::default()
        };
        let order = self.order(request)?;
        let entries = entries.into_iter().filter_map(|entry| serde_json::to_value(entry).ok());
        let mut entries: Vec<_> =
            entries.filter(|entry| self.passes(request, &selector, entry)).collect();
        entries.sort_by(|a, b| compare(a, b, &order));
        self.page(request, entries, per_page_max)
    }

    fn passes(&self, request: &Request, selector: &Selector, entry: &Value) -> bool {
        let labels = entry.get("labels").cloned().unwrap_or_default();
        let labels = serde_json::from_value(labels).unwrap_or_default();
        let has_value = |filter: &&str| {
            let mut wanted = request.values(filter).filter(|value| !value.is_empty()).peekable();
            let own = entry.get(*filter).map(plain).unwrap_or_default();
            wanted.peek().is_none() || wanted.any(|value| value == own)
        };
        self.filters.iter().all(has_value) && selector.matches(&labels)
    }

    /// Returns the fields to sort by, each with whether it ascends. A second word on a field that
    /// was already named is ignored, as the cloud ignores contradictions.
    fn order<'a>(&self, request: &'a Request) -> Result<Vec<(&'a str, bool)>, Refusal> {
        let mut order: Vec<(&str, bool)> = Vec::new();
        for sort in request.values("sort").filter(|sort| !sort.is_empty()) {
            let (field, direction) = sort.split_once(':').unwrap_or((sort, "asc"));
            let known = self.sorts.contains(&field) && matches!(direction, "asc" | "desc");
            if !known {
                return Err(Refusal::invalid("sort", format!("'{sort}' is not supported")));
            }
            if !order.iter().any(|(other, _)| *other == field) {
                order.push((field, direction == "asc"));
            }
        }
        Ok(order)
    }

    fn page(
        &self,
        request: &Request,
        entries: Vec<Value>,
        per_page_max: u64,
    ) -> Result<Reply, Refusal> {
        let page = number(request, "page", 1, u64::MAX)?;
        let per_page = number(request, "per_page", PER_PAGE, per_page_max)?;
        let total = entries.len() as u64;
        let last = total.div_ceil(per_page).max(1);
        let pagination = Pagination {
            page,
            per_page,
            previous_page: (page > 1).then(|| page - 1),
            next_page: (page < last).then(|| page + 1),
            last_page: Some(last),
            total_entries: Some(total),
        };
        let skip = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
        let take = usize::try_from(per_page).unwrap_or(usize::MAX);
        let shown: Vec<_> = entries.into_iter().skip(skip).take(take).collect();
        let link = link(request, &pagination);
        let body = json!({ self.key: shown, "meta": Meta { pagination } });
        Ok(Reply { status: 200, body: Some(body), link })
    }
}

fn number(request: &Request, name: &str, default: u64, most: u64) -> Result<u64, Refusal> {
    let Some(text) = request.value(name) else { return Ok(default) };
    match text.parse::<u64>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(number) if number > most => Ok(most),
        _ => Err(Refusal::invalid(name, "must be a positive integer")),
    }
}

fn compare(a: &Value, b: &Value, order: &[(&str, bool)]) -> Ordering {
    let by_field = |(field, ascends): &(&str, bool)| {
        let (a, b) = (a.get(*field), b.get(*field));
        let ordering = match (a.and_then(Value::as_u64), b.and_then(Value::as_u64)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.map(plain).cmp(&b.map(plain)),
        };
        if *ascends { ordering } else { ordering.reverse() }
    };
    order.iter().map(by_field).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn link(request: &Request, pagination: &Pagination) -> Option<String> {
    let others: Vec<_> =
        request.query.iter().filter(|(name, _)| name != "page" && name != "per_page").collect();
    let path: Vec<_> = request.path.split('/').map(encode).collect();
    let path = path.join("/");
    let url = |page: u64| {
        let mut url =
            format!("{}{path}?page={page}&per_page={}", request.root, pagination.per_page);
        for (name, value) in &others {
            url.extend(["&", &encode(name), "=", &encode(value)]);
        }
        url
    };
    let ends = [
        ("prev", pagination.previous_page),
        ("next", pagination.next_page),
        ("last", pagination.last_page),
    ];
    let links: Vec<_> = ends
        .iter()
        .filter_map(|(name, page)| Some(format!("<{}>; rel=\"{name}\"", url((*page)?))))
        .collect();
    (!links.is_empty()).then(|| links.join(", "))
}

/// Percent-encodes everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::Method;

    const LISTING: Listing =
        Listing { key: "things", filters: &["name"], sorts: &["id", "name"], has_labels: true };

    fn list(query: &str) -> Result<Reply, Refusal> {
        let things = (1..=60).map(|id| {
            let name = if id % 2 == 0 { "even" } else { "odd" };
            json!({ "id": id, "name": name, "labels": { "n": id.to_string() } })
        });
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (path, root) = ("/things".to_owned(), "http://lab/v1".to_owned());
        let request = Request { method: Method::Get, path, query, body: Vec::new(), root };
        LISTING.reply(&request, things)
    }

    fn ids(query: &str) -> Vec<u64> {
        let body = list(query).unwrap().body.unwrap();
        let things = body["things"].as_array().unwrap();
        things.iter().map(|thing| thing["id"].as_u64().unwrap()).collect()
    }

    #[test]
    fn pages_are_25_long_unless_asked_and_never_longer_than_50() {
        assert_eq!(ids("").len(), 25);
        assert_eq!(ids("per_page=7&page=2"), (8..=14).collect::<Vec<_>>());
        for many in ["per_page=50", "per_page=51", "per_page=500"] {
            assert_eq!(ids(many).len(), 50, "{many}");
        }
        assert_eq!(ids("page=99"), [0; 0]);
        let middle = list("page=2").unwrap();
        let pagination = middle.body.unwrap()["meta"]["pagination"].clone();
        let expected = json!({ "page": 2, "per_page": 25, "previous_page": 1, "next_page": 3,
                               "last_page": 3, "total_entries": 60 });
        assert_eq!(pagination, expected);
        let first = list("").unwrap().body.unwrap();
        assert!(first["meta"]["pagination"]["previous_page"].is_null());
        for wrong in
            ["page=0", "page=x", "page=-1", "page=1.5", "per_page=-1", "per_page=0", "per_page=abc"]
        {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let link = list("page=2&name=odd&label_selector=n!=1,n").unwrap().link.unwrap();
        let last = "<http://lab/v1/things?page=2&per_page=25&name=odd&label_selector=n%21%3D1%2Cn>\
                    ; rel=\"last\"";
        assert!(link.ends_with(last), "{link}");
        assert!(link.contains("rel=\"prev\""), "{link}");
        assert!(!link.contains("rel=\"next\""), "{link}");
    }

    #[test]
    fn sorting_takes_several_fields() {
        assert_eq!(ids("sort=id:desc&per_page=2"), [60, 59]);
        assert_eq!(ids("sort=name:desc&sort=id:desc&per_page=2"), [59, 57]);
        assert_eq!(ids("sort=name&sort=name:desc&per_page=2"), [2, 4]);
        assert_eq!(ids("sort=id:desc&sort=id:asc&sort=id&per_page=2"), [60, 59]);
        assert!(list("sort=colour").is_err());
        for wrong in ["sort=id:up", "sort=id:asc:desc", "sort=:asc", "sort=id&sort=colour"] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn filters_are_exact() {
        assert_eq!(ids("label_selector=n in (3,4,5)&name=odd"), [3, 5]);
        assert_eq!(ids("name=odd&name=even&per_page=50").len(), 50);
        assert_eq!(ids("name=od"), [0; 0]);
        assert!(list("label_selector=a b").is_err());
    }
}
