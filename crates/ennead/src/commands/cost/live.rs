//! Prices asked of the cloud itself: its answer as a list.

use std::collections::BTreeMap;

use ennead_hcloud::types::{AddressPrices, LocationRate, NamedPrices, Price as Texts, Pricing};
use ennead_hcloud::{Client, CloudError, RetryPolicy};
use ennead_model::{Day, Money};
use ennead_planner::cost::{Percent, Price, PriceError, PriceList, Rate, ServerPrice, Source};
use ennead_spec::Spec;

use crate::cli::Global;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::session;

/// Asks the cloud of a spec for its prices.
pub(super) async fn ask(
    global: &Global,
    spec: &Spec,
    today: Day,
) -> Result<PriceList, CommandError> {
    let access = session::cloud_access(global, spec)?;
    let client = Client::new(&access.endpoint, &access.token, RetryPolicy::default());
    let client = client.or_exit(Exit::Usage)?;
    let pricing = client.pricing().await.map_err(|error| refused(&error))?;
    convert(&pricing, client.endpoint(), today)
        .or_exit(Exit::Usage)
        .map_err(|error| error.hint("without --live the table in this program is used"))
}

fn refused(error: &CloudError) -> CommandError {
    CommandError::from_error(Exit::Usage, error)
        .hint("without --live the table in this program is used")
}

/// Returns the API's answer as a list.
///
/// # Errors
/// A price in it is no number or cannot be true.
pub(super) fn convert(
    pricing: &Pricing,
    endpoint: &str,
    today: Day,
) -> Result<PriceList, PriceError> {
    let gb = |what: &str, texts: Option<&Texts>| -> Result<Option<Rate>, PriceError> {
        let monthly = texts.map(|texts| price(what, texts)).transpose()?;
        Ok(monthly.map(|monthly| Rate { monthly, hourly: None }))
    };
    let backup = pricing.server_backup.as_ref().map(|it| Percent::read("a backup", &it.percentage));
    let mut list = PriceList {
        currency: pricing.currency.chars().take(8).collect(),
        vat: Percent::read("VAT", &pricing.vat_rate)?,
        as_of: today,
        source: Source::Live { endpoint: endpoint.to_owned() },
        servers: BTreeMap::new(),
        primary_ipv4: addresses(&pricing.primary_ips, "ipv4")?,
        floating_ipv4: addresses(&pricing.floating_ips, "ipv4")?,
        floating_ipv6: addresses(&pricing.floating_ips, "ipv6")?,
        volume_gb: gb("a volume", pricing.volume.as_ref().map(|it| &it.price_per_gb_month))?,
        snapshot_gb: gb("a snapshot", pricing.image.as_ref().map(|it| &it.price_per_gb_month))?,
        backup: backup.transpose()?,
        load_balancers: BTreeMap::new(),
    };
    for (name, at) in named(&pricing.load_balancer_types) {
        let rate = rate(&format!("{name} in {}", at.location), at)?;
        list.load_balancers.insert((name.to_owned(), at.location.clone()), rate);
    }
    for (name, at) in named(&pricing.server_types) {
        let what = format!("{name} in {}", at.location);
        let traffic = at.price_per_tb_traffic.as_ref();
        let server = ServerPrice {
            rate: Some(rate(&what, at)?),
            included_bytes: at.included_traffic,
            traffic_tb: traffic.map(|texts| price("traffic", texts)).transpose()?,
            derived: false,
        };
        list.servers.insert((name.to_owned(), at.location.clone()), server);
    }
    Ok(list)
}

fn named(all: &[NamedPrices]) -> impl Iterator<Item = (&str, &LocationRate)> {
    all.iter().flat_map(|it| it.prices.iter().map(|at| (it.name.as_str(), at)))
}

fn addresses(all: &[AddressPrices], kind: &str) -> Result<BTreeMap<String, Rate>, PriceError> {
    let of_kind = all.iter().filter(|it| it.kind == kind).flat_map(|it| &it.prices);
    let entry = |at: &LocationRate| {
        let rate = rate(&format!("an {kind} address in {}", at.location), at)?;
        Ok((at.location.clone(), rate))
    };
    of_kind.map(entry).collect()
}

fn rate(what: &str, at: &LocationRate) -> Result<Rate, PriceError> {
    let hourly = at.price_hourly.as_ref().map(|texts| price(what, texts)).transpose()?;
    Ok(Rate { monthly: price(what, &at.price_monthly)?, hourly })
}

fn price(what: &str, texts: &Texts) -> Result<Price, PriceError> {
    let amount = |text: &str| -> Result<Money, PriceError> {
        let wrong = |error| PriceError { what: what.to_owned(), why: format!("{error}") };
        text.parse().map_err(wrong)
    };
    Price::new(what, amount(&texts.net)?, amount(&texts.gross)?)
}

#[cfg(test)]
mod tests {
    use ennead_planner::cost::{Item, bill_items};

    use super::*;

    /// The form of the official description, with its sixteen decimals.
    const ANSWER: &str = r#"{
        "currency": "EUR", "vat_rate": "19.00",
        "primary_ips": [{"type": "ipv4", "prices": [{"location": "fsn1",
            "price_hourly": {"net": "0.0008", "gross": "0.0009520000000000"},
            "price_monthly": {"net": "0.5000", "gross": "0.5950000000000000"}}]}],
        "floating_ips": [{"type": "ipv4", "prices": [{"location": "fsn1",
            "price_monthly": {"net": "3.0000", "gross": "3.5700000000000000"}}]}],
        "volume": {"price_per_gb_month": {"net": "0.0572", "gross": "0.0680680000000000"}},
        "server_backup": {"percentage": "20.0000000000"},
        "server_types": [{"id": 1, "name": "cx33", "prices": [{"location": "fsn1",
            "price_hourly": {"net": "0.0136", "gross": "0.0161840000000000"},
            "price_monthly": {"net": "8.4900", "gross": "10.1031000000000000"},
            "included_traffic": 21990232555520,
            "price_per_tb_traffic": {"net": "1.0000", "gross": "1.1900000000000000"}}]}],
        "load_balancer_types": []
    }"#;

    fn read(text: &str) -> Result<PriceList, PriceError> {
        let pricing = serde_json::from_str(text).unwrap();
        convert(&pricing, "https://cloud.test/v1", "2026-11-23".parse().unwrap())
    }

    #[test]
    fn the_cloud_s_own_prices_are_taken_exactly() {
        let list = read(ANSWER).unwrap();
        let at = || "fsn1".to_owned();
        let server = Item::Server { server_type: "cx33".into(), location: at() };
        let items = [server, Item::PrimaryIpv4 { location: at() }, Item::VolumeGb];
        let bill = bill_items(&items.into_iter().map(|item| (item, 10)).collect(), &list);
        assert_eq!(bill.net_monthly.to_string(), "90.472");
        assert_eq!(bill.gross_monthly.to_string(), "107.66168");
        assert!(!bill.at_least && bill.hourly_estimated, "volumes have no price by the hour");
        let backup = Item::Backup { server_type: "cx33".into(), location: at() };
        assert_eq!(list.rate(&backup).unwrap().monthly.net.to_string(), "1.698");
        assert_eq!(list.server("cx33", "fsn1").unwrap().included_bytes, Some(20 << 40));
        assert!(list.rate(&Item::SnapshotGb).is_none());
    }

    #[tokio::test]
    async fn the_lab_answers_as_the_cloud_does() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let lab = ennead_lab::lab_in_memory().await.unwrap();
        let token = secrecy::SecretString::from(lab.token.text().to_owned());
        let client = Client::new(&lab.endpoint, &token, RetryPolicy::default()).unwrap();
        let pricing = client.pricing().await.unwrap();
        let list = convert(&pricing, &lab.endpoint, "2026-11-23".parse().unwrap()).unwrap();
        let server = Item::Server { server_type: "ccx23".into(), location: "fsn1".into() };
        let address = Item::PrimaryIpv4 { location: "fsn1".into() };
        let bill = bill_items(&[(server, 9), (address, 9)].into(), &list);
        assert_eq!((bill.net_monthly.to_string(), bill.at_least), ("918.81".to_owned(), false));
        assert!(!bill.hourly_estimated, "the lab has prices by the hour");
    }

    #[test]
    fn an_answer_that_cannot_be_true_is_one_line() {
        for (from, to) in [
            ("\"8.4900\"", "\"-8.49\""),
            ("\"8.4900\"", "\"eight\""),
            ("\"8.4900\"", "\"99999999999999999999999999999999\""),
            ("\"8.4900\"", "\"11\""),
            ("\"19.00\"", "\"lots\""),
            ("\"20.0000000000\"", "\"-20\""),
        ] {
            let error = read(&ANSWER.replace(from, to)).unwrap_err().to_string();
            assert!(
                error.starts_with("these prices cannot be used: ") && !error.contains('\n'),
                "{error}"
            );
        }
    }
}
