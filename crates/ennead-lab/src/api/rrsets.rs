//! `/zones/{zone}/rrsets` and their actions.

use ennead_hcloud::types::{CreateRrSet, ResourceRecord};
use serde_json::json;

use super::body::Body;
use super::listing::Listing;
use super::request::{Method, Reply};
use super::route::{Call, Route};
use super::zones::zone_id;
use crate::state::Refusal;
use crate::state::zone::{KINDS, RECORDS_MAX, TTL_RANGE};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/zones/{zone}/rrsets", list),
    Route::new(Method::Post, "/zones/{zone}/rrsets", create),
    Route::new(Method::Get, "/zones/{zone}/rrsets/{name}/{type}", get),
    Route::new(Method::Put, "/zones/{zone}/rrsets/{name}/{type}", update),
    Route::new(Method::Delete, "/zones/{zone}/rrsets/{name}/{type}", delete),
    Route::new(
        Method::Post,
        "/zones/{zone}/rrsets/{name}/{type}/actions/change_protection",
        change_protection,
    ),
    Route::new(Method::Post, "/zones/{zone}/rrsets/{name}/{type}/actions/change_ttl", change_ttl),
    Route::new(Method::Post, "/zones/{zone}/rrsets/{name}/{type}/actions/set_records", set),
    Route::new(Method::Post, "/zones/{zone}/rrsets/{name}/{type}/actions/add_records", add),
    Route::new(Method::Post, "/zones/{zone}/rrsets/{name}/{type}/actions/remove_records", remove),
    Route::new(Method::Post, "/zones/{zone}/rrsets/{name}/{type}/actions/update_records", comment),
];

/// Most entries on a page of this list. Source: the official description of the operation.
const PER_PAGE_MAX: u64 = 100;

const LISTING: Listing = Listing {
    key: "rrsets",
    filters: &["name", "type"],
    sorts: &["id", "name", "created"],
    has_labels: true,
};

/// Reads a TTL.
pub(super) fn read_ttl(body: &mut Body) -> Option<u32> {
    let ttl = body.id("ttl")?;
    let ttl = u32::try_from(ttl).ok().filter(|ttl| TTL_RANGE.contains(ttl));
    if ttl.is_none() {
        let (least, most) = (TTL_RANGE.start(), TTL_RANGE.end());
        body.blame("ttl", format!("must be between {least} and {most}"));
    }
    ttl
}

/// Reads a set that is to be made.
pub(super) fn read_set(body: &mut Body) -> CreateRrSet {
    CreateRrSet {
        name: body.required_text("name"),
        kind: body.required_text("type"),
        ttl: read_ttl(body),
        records: read_records(body, usize::MAX),
        labels: body.labels().unwrap_or_default(),
    }
}

fn read_records(body: &mut Body, most: usize) -> Vec<ResourceRecord> {
    let records = body.objects("records", |record| ResourceRecord {
        value: record.required_text("value"),
        comment: record.text("comment").unwrap_or_default(),
    });
    if !body.has("records") {
        body.blame("records", "is missing");
    } else if records.len() > most {
        body.blame("records", format!("must not be more than {most}"));
    }
    records
}

/// Returns the name and the type of the set that the path names.
fn set_names(call: &Call<'_>) -> (String, String) {
    let part = |place: usize| decode(call.params.get(place).copied().unwrap_or_default());
    (part(1), part(2))
}

fn set_id(call: &Call<'_>) -> String {
    let (name, kind) = set_names(call);
    format!("{name}/{kind}")
}

/// Decodes `%40` and the like; clients write `@` and `*` in this way.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let digit = |place: usize| char::from(*others.get(place)?).to_digit(16);
        let byte = digit(0).zip(digit(1)).filter(|_| *first == b'%');
        let byte = byte.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { others.get(2..).unwrap_or_default() } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let sets = call.state.rrsets(zone_id(call)?)?;
    let wanted = call.request.values("type");
    if let Some(kind) = wanted.filter(|kind| !kind.is_empty()).find(|kind| !KINDS.contains(kind)) {
        return Err(Refusal::invalid("type", format!("'{kind}' is not supported")));
    }
    LISTING.reply_with(call.request, sets, PER_PAGE_MAX)
}

fn create(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let zone = zone_id(call)?;
    let mut body = Body::parse(&call.request.body)?;
    let wanted = read_set(&mut body);
    body.check()?;
    let (set, action) = call.state.create_rrset(zone, &wanted, call.moment)?;
    Ok(Reply::json(201, json!({ "rrset": set, "action": action })))
}

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let set = call.state.rrset(zone_id(call)?, &set_id(call))?;
    Ok(Reply::json(200, json!({ "rrset": set })))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    let labels = body.labels();
    body.check()?;
    let set = call.state.update_rrset(zone, &set, labels)?;
    Ok(Reply::json(200, json!({ "rrset": set })))
}

fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    Ok(Reply::begun(&call.state.delete_rrset(zone, &set, call.moment)?))
}

fn change_protection(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    let change = body.flag("change").unwrap_or_default();
    if !body.has("change") {
        body.blame("change", "is missing");
    }
    body.check()?;
    Ok(Reply::begun(&call.state.protect_rrset(zone, &set, change, call.moment)?))
}

fn change_ttl(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    // Null is a value here: the zone's TTL.
    if !body.is_given("ttl") {
        body.blame("ttl", "is missing");
    }
    let ttl = read_ttl(&mut body);
    body.check()?;
    Ok(Reply::begun(&call.state.change_rrset_ttl(zone, &set, ttl, call.moment)?))
}

fn set(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    let records = read_records(&mut body, RECORDS_MAX);
    body.check()?;
    Ok(Reply::begun(&call.state.set_records(zone, &set, records, call.moment)?))
}

fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, (name, kind)) = (zone_id(call)?, set_names(call));
    let mut body = Body::parse(&call.request.body)?;
    let (ttl, records) = (read_ttl(&mut body), read_records(&mut body, RECORDS_MAX));
    body.check()?;
    let wanted = CreateRrSet { name, kind, ttl, records, ..CreateRrSet::default() };
    Ok(Reply::begun(&call.state.add_records(zone, &wanted, call.moment)?))
}

fn remove(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    let records = read_records(&mut body, RECORDS_MAX);
    body.check()?;
    Ok(Reply::begun(&call.state.remove_records(zone, &set, &records, call.moment)?))
}

fn comment(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (zone, set) = (zone_id(call)?, set_id(call));
    let mut body = Body::parse(&call.request.body)?;
    let records = body.objects("records", |record| {
        if !record.has("comment") {
            record.blame("comment", "is missing");
        }
        ResourceRecord {
            value: record.required_text("value"),
            comment: record.text("comment").unwrap_or_default(),
        }
    });
    if records.is_empty() || records.len() > RECORDS_MAX {
        body.blame("records", format!("must be between 1 and {RECORDS_MAX}"));
    }
    body.check()?;
    let action = call.state.update_records(zone, &set, &records, call.moment)?;
    Ok(Reply::json(200, json!({ "action": action })))
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn paths_are_decoded_once() {
        assert_eq!(decode("%40"), "@");
        assert_eq!(decode("%2A.apps"), "*.apps");
        assert_eq!(decode("a%"), "a%");
        assert_eq!(decode("%zz%2"), "%zz%2");
        assert_eq!(decode("%2540"), "%40");
    }
}
