//! What it costs to give up the order of a server: it keeps the price at which it was ordered, and a
//! new order has the prices of today.

use ennead_model::prices::PriceTable;
use ennead_model::{Catalogue, ServerFacts};

use crate::cost::{Percent, list_from_table, price_event};

/// The currency in which the catalogue has the price of most servers.
const CURRENCY: &str = "USD";

/// Says, as a fragment on one line, what a new order of a type costs in the place of a server, by the
/// table in this program. At what price the server was ordered the cloud does not tell.
pub(super) fn order_lost(server: &ServerFacts, wanted_type: &str) -> String {
    let prices = PriceTable::embedded().and_then(|table| {
        list_from_table(table, Catalogue::embedded(), CURRENCY, Percent::default()).ok()
    });
    let event = prices.and_then(|prices| {
        let now = &server.server_type;
        let event = price_event(now, None, wanted_type, &server.location, &prices)?;
        Some(format!("{event} (prices of {}, without VAT)", prices.as_of))
    });
    let unknown = || "a new order's price applies even where the old one was lower".to_owned();
    event.unwrap_or_else(unknown)
}
