//! `/pricing`: the compiled-in prices, in dollars without VAT.

use serde_json::{Value, json};

use super::request::{Method, Reply};
use super::route::{Call, Route};
use crate::catalogue::{self, price};
use crate::state::Refusal;

/// Its routes.
pub const ROUTES: &[Route] = &[Route::new(Method::Get, "/pricing", get)];

// Figures of 2026-06-15 for what is not a server. Only the address's is published in dollars; the
// others are published in euros and stand here with the same number.
const PRIMARY_IPV4_MONTHLY: f64 = 0.60;
const FLOATING_IPV4_MONTHLY: f64 = 3.0;
const VOLUME_GB_MONTHLY: f64 = 0.0572;
const BACKUP_PERCENT: &str = "20.0000000000";

/// Hours of a month, by which the cloud derives hourly prices.
const HOURS_PER_MONTH: f64 = 730.0;

#[expect(clippy::unnecessary_wraps, reason = "every route's function has this form")]
fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let places = catalogue::locations();
    let hourly_and_monthly = |amount: f64| -> Vec<Value> {
        let show = |name: &String| {
            json!({ "location": name, "price_hourly": price(amount / HOURS_PER_MONTH),
                    "price_monthly": price(amount) })
        };
        places.iter().map(|location| show(&location.name)).collect()
    };
    let monthly = |amount: f64| -> Vec<Value> {
        let show = |name: &String| json!({ "location": name, "price_monthly": price(amount) });
        places.iter().map(|location| show(&location.name)).collect()
    };
    let server_types: Vec<_> = catalogue::server_types(call.moment.rules)
        .into_iter()
        .map(|found| json!({ "id": found.id, "name": found.name, "prices": found.prices }))
        .collect();
    let pricing = json!({
        "currency": "USD",
        "vat_rate": "0.00",
        "primary_ips": [
            { "type": "ipv4", "prices": hourly_and_monthly(PRIMARY_IPV4_MONTHLY) },
            { "type": "ipv6", "prices": hourly_and_monthly(0.0) },
        ],
        "floating_ips": [{ "type": "ipv4", "prices": monthly(FLOATING_IPV4_MONTHLY) }],
        "floating_ip": { "price_monthly": price(FLOATING_IPV4_MONTHLY) },
        "image": { "price_per_gb_month": price(0.0) },
        "volume": { "price_per_gb_month": price(VOLUME_GB_MONTHLY) },
        "server_backup": { "percentage": BACKUP_PERCENT },
        "server_types": server_types,
        "load_balancer_types": [],
    });
    Ok(Reply::json(200, json!({ "pricing": pricing })))
}
