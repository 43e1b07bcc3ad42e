//! Bills, budgets and comparisons, against figures worked out by hand.

use std::collections::BTreeMap;

use ennead_model::clouds::Clouds;
use ennead_model::prices::PriceTable;
use ennead_model::{Catalogue, Fleet, Money};
use ennead_spec::{parse_spec, preset};
use proptest::prelude::*;

use super::*;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn list(currency: &str, vat: &str) -> PriceList {
    let vat = Percent::read("VAT", vat).unwrap();
    list_from_table(PriceTable::embedded().unwrap(), Catalogue::embedded(), currency, vat).unwrap()
}

/// The locations of a fleet in two of them, the one with more nodes first.
fn places(fleet: &Fleet) -> [String; 2] {
    let nodes = |site: &&ennead_model::Site| {
        std::cmp::Reverse(fleet.nodes.values().filter(|node| node.site == site.name).count())
    };
    let mut sites: Vec<_> = fleet.sites.values().collect();
    sites.sort_by_key(nodes);
    let [more, less] = sites.as_slice() else { panic!("two sites") };
    [more.location.clone(), less.location.clone()]
}

fn crm() -> Fleet {
    parse_spec(preset("crm").unwrap().text, Catalogue::embedded()).spec.unwrap().fleet
}

/// Takes away what is no server of a fleet.
fn plain(mut fleet: Fleet) -> Fleet {
    fleet.entries.clear();
    fleet.volumes.clear();
    fleet
}

/// Gives every node a server type, with the sizes that go with it.
fn of_type(mut fleet: Fleet, name: &str) -> Fleet {
    let wanted = Catalogue::embedded().server_type(name).unwrap();
    for node in fleet.nodes.values_mut() {
        node.server_type = name.to_owned();
        node.cores = wanted.cores;
        node.memory_bytes = wanted.memory_bytes();
    }
    fleet
}

fn in_location(mut fleet: Fleet, location: &str) -> Fleet {
    for site in fleet.sites.values_mut() {
        site.location = location.to_owned();
    }
    fleet
}

fn server(server_type: &str, location: &str) -> Item {
    Item::Server { server_type: server_type.to_owned(), location: location.to_owned() }
}

#[test]
fn nine_servers_cost_what_the_table_says() {
    let bill = bill(&plain(crm()), &list("USD", "0"));
    // 9 x 102.99 and 9 x 0.60.
    assert_eq!(bill.net_monthly, money("932.31"));
    assert_eq!(
        (bill.gross_monthly, bill.at_least, bill.hourly_estimated),
        (bill.net_monthly, false, true)
    );
    let lines: Vec<_> = bill.lines.iter().map(|it| (it.item.to_string(), it.count)).collect();
    let lines: Vec<_> = lines.iter().map(|(item, count)| (item.as_str(), *count)).collect();
    assert_eq!(
        lines,
        [
            ("server ccx23 in ash", 6),
            ("server ccx23 in hil", 3),
            ("primary IPv4 in ash", 6),
            ("primary IPv4 in hil", 3),
        ]
    );
    assert_eq!(bill.lines[0].net_monthly, Some(money("617.94")));
    assert_eq!(bill.show(bill.net_monthly), "932.31 USD");
    // The table has no price of floating IPs in these locations: the sum is not all of it.
    let whole = self::bill(&crm(), &list("USD", "0"));
    assert_eq!(whole.missing, ["floating IPv4 in ash", "floating IPv4 in hil"]);
    assert_eq!(whole.show(whole.net_monthly), "at least 932.31 USD");
    // 932.31 / 624, to the nearest cent.
    assert_eq!(format!("{:.2}", bill.net_hourly), "1.49");
}

#[test]
fn vat_is_added_to_what_is_net() {
    let bill = bill(&in_location(of_type(plain(crm()), "cx33"), "fsn1"), &list("EUR", "19"));
    // 9 x (8.49 + 0.50) = 80.91; x 1.19 = 96.2829.
    assert_eq!((bill.net_monthly, bill.gross_monthly), (money("80.91"), money("96.2829")));
    assert_eq!((bill.currency.as_str(), bill.vat_percent.as_str()), ("EUR", "19"));
}

#[test]
fn a_price_that_no_source_names_is_missing_and_not_zero() {
    let bill = bill(&of_type(plain(crm()), "cpx51"), &list("USD", "0"));
    assert!(bill.at_least);
    assert_eq!(bill.missing, ["server cpx51 in ash", "server cpx51 in hil"]);
    assert_eq!(bill.show(bill.net_monthly), "at least 5.40 USD");
    let line = &bill.lines[0];
    assert_eq!((line.known, line.net_monthly, line.net_hourly), (false, None, None));
}

#[test]
fn everything_that_the_cloud_sells_can_be_billed() {
    let at = || "fsn1".to_owned();
    let many = BTreeMap::from([
        (Item::FloatingIpv4 { location: at() }, 2),
        (Item::VolumeGb, 100),
        (Item::Backup { server_type: "cx33".into(), location: at() }, 3),
        (Item::LoadBalancer { load_balancer_type: "lb11".into(), location: at() }, 1),
        (Item::TrafficTb { location: at() }, 4),
        (Item::TrafficTb { location: "sin".into() }, 1),
        (Item::SnapshotGb, 10),
        (Item::FloatingIpv6 { location: at() }, 1),
        (Item::PrimaryIpv4 { location: at() }, 0),
    ]);
    let bill = bill_items(&many, &list("EUR", "0"));
    // 2 x 3.00 + 100 x 0.0572 + 3 x 8.49 x 20 % + 7.49 + 4 x 1.00 + 7.40.
    assert_eq!(bill.net_monthly, money("35.704"));
    assert_eq!(bill.missing, ["floating IPv6 in fsn1", "snapshot, GB"]);
    assert_eq!(bill.lines.len(), 8, "nothing of something is no line");
}

#[test]
fn traffic_beyond_what_is_included_is_paid_by_location() {
    let fleet = of_type(crm(), "ccx13");
    let prices = list("EUR", "0");
    // ccx13 includes 1 TB in each US location: 6 nodes stand in one, 3 in the other.
    let [six, three] = places(&fleet);
    let outgoing = Outgoing::from([(six, 6), (three.clone(), 5), ("fsn1".into(), 1)]);
    let over = overage(&fleet, &outgoing, &prices);
    let tb = |location: &str| Item::TrafficTb { location: location.into() };
    assert_eq!(over, BTreeMap::from([(tb("fsn1"), 1), (tb(&three), 2)]));
    assert_eq!(bill_items(&over, &prices).net_monthly, money("3"));
    assert!(bill_items(&over, &list("USD", "0")).at_least, "no source names it in dollars");
    // cpx12 includes half a TB: nine include 4.5, and the half beyond is paid as a whole one.
    let small = in_location(of_type(crm(), "cpx12"), "fsn1");
    let sent = |tb| overage(&small, &Outgoing::from([("fsn1".into(), tb)]), &prices);
    assert_eq!((sent(4), sent(5)), (BTreeMap::new(), BTreeMap::from([(tb("fsn1"), 1)])));
    let all = overage(&fleet, &Outgoing::from([(three.clone(), u64::MAX)]), &prices);
    assert_eq!(all.get(&tb(&three)), Some(&(u64::MAX - 3)));
    assert!(bill_items(&all, &prices).at_least, "more money than can be counted is not known");
}

#[test]
fn a_list_that_cannot_be_true_is_refused() {
    let price = |net: &str, gross: &str| Price::new("a server", money(net), money(gross));
    for (net, gross) in [("-1", "0"), ("1", "-1"), ("1000001", "1000001"), ("2", "1")] {
        let error = price(net, gross).unwrap_err().to_string();
        assert!(error.starts_with("these prices cannot be used: a server: "), "{error}");
        assert!(!error.contains('\n'));
    }
    assert!(price("0", "0").is_ok() && price("1000000", "1000000").is_ok());
    for text in ["-1", "1001", "x", "", "0.00001", "99999999999999999999"] {
        assert!(Percent::read("VAT", text).is_err(), "{text}");
    }
    assert_eq!(Percent::read("VAT", "8.1250").unwrap().to_string(), "8.125");
    let vat = Percent::default();
    let table = PriceTable::embedded().unwrap();
    let error = list_from_table(table, Catalogue::embedded(), "CHF", vat).unwrap_err();
    assert!(error.to_string().contains("EUR and USD"), "{error}");
    let mut wrong = table.clone();
    let dollars = wrong.currencies.get_mut("USD").unwrap();
    dollars.primary_ipv4 = Some(money("-0.60"));
    let error = list_from_table(&wrong, Catalogue::embedded(), "USD", vat).unwrap_err();
    assert_eq!(error.what, "a primary IPv4 address");
}

#[test]
fn a_budget_that_is_exceeded_names_what_would_meet_it() {
    let prices = list("USD", "0");
    let report = budget_report(&crm(), &prices, Catalogue::embedded(), money("270"));
    assert_eq!((report.met, report.over, report.under), (Some(false), Some(money("662.31")), None));
    // One is 102.99 + 0.60.
    assert_eq!(report.nodes_paid, Some(2));
    let first = &report.offers[0];
    assert_eq!(first.what, "the cheapest sold in each location");
    assert_eq!(first.server_types, BTreeMap::from([("cpx11".to_owned(), 9)]));
    // 9 x (20.49 + 0.60).
    assert_eq!((first.net_monthly, first.meets), (money("189.81"), true));
    assert_eq!(
        first.lacks,
        [
            "ccx23 to cpx11 (9 nodes): 2 of 4 processors, processors shared with others, 2 of 16 GiB, \
          40 of 160 GB disk"
        ]
    );
    let meeting = report.offers.iter().filter(|offer| offer.meets);
    assert_eq!(report.unpriced, ["cpx51", "ccx43", "ccx53", "ccx63"]);
    assert_eq!(meeting.count(), 1);
    assert!(report.offers.is_sorted_by_key(|offer| offer.net_monthly));
    // Nothing that is as large is cheaper than what it is.
    assert!(!report.offers.iter().any(|offer| offer.what.contains("keep")), "{report:?}");
}

#[test]
fn the_cheapest_that_keeps_everything_is_offered() {
    let fleet = in_location(of_type(plain(crm()), "ccx23"), "fsn1");
    let report = budget_report(&fleet, &list("EUR", "0"), Catalogue::embedded(), money("200"));
    let keeps = report.offers.iter().find(|offer| offer.what.contains("keep")).unwrap();
    // cx43: 8 processors, 16 GiB, 160 GB for 15.99, shared.
    assert_eq!(keeps.server_types, BTreeMap::from([("cx43".to_owned(), 9)]));
    assert_eq!((keeps.net_monthly, keeps.meets), (money("148.41"), true));
    assert_eq!(keeps.lacks, ["ccx23 to cx43 (9 nodes): processors shared with others"]);
    let arm = |offer: &Offer| offer.server_types.keys().any(|name| name.starts_with("cax"));
    assert!(!report.offers.iter().any(arm), "another architecture is no offer");
}

#[test]
fn a_budget_that_is_met_says_what_is_left() {
    let report =
        budget_report(&plain(crm()), &list("USD", "0"), Catalogue::embedded(), money("1000"));
    assert_eq!((report.met, report.over, report.under), (Some(true), None, Some(money("67.69"))));
    assert_eq!((report.nodes_paid, report.offers.len()), (Some(9), 0));
    let exact =
        budget_report(&plain(crm()), &list("USD", "0"), Catalogue::embedded(), money("932.31"));
    assert_eq!((exact.met, exact.over, exact.under), (Some(true), None, None));
}

#[test]
fn missing_prices_leave_a_budget_open() {
    let fleet = of_type(crm(), "cpx51");
    let report = budget_report(&fleet, &list("USD", "0"), Catalogue::embedded(), money("270"));
    assert_eq!((report.met, report.under, report.nodes_paid), (None, None, None));
    assert!(!report.offers.is_empty());
    assert!(
        check_budget(&fleet, Some(money("270")), &list("USD", "0"))
            .iter()
            .all(|finding| finding.code == "price-unknown")
    );
    // What is known is too much already.
    let report = budget_report(&fleet, &list("USD", "0"), Catalogue::embedded(), money("5"));
    assert_eq!((report.met, report.over), (Some(false), Some(money("0.40"))));
}

#[test]
fn the_same_capacity_elsewhere_is_compared_with_its_disks() {
    let clouds = Clouds::embedded().unwrap();
    let compared = compare(&crm(), &list("USD", "0"), Catalogue::embedded(), clouds);
    assert_eq!((compared.ours_net_monthly, compared.ours_at_least), (money("926.91"), false));
    let at = |name: &str| compared.elsewhere.iter().find(|it| it.provider == name).unwrap();
    let aws = at("AWS");
    assert_eq!(aws.instances, BTreeMap::from([("m6a.xlarge".to_owned(), 9)]));
    // 9 x (0.1728 x 730 + 160 x 0.08) = 9 x 138.944; over 926.91 that is 1.349.
    assert_eq!((aws.net_monthly, aws.ratio_hundredths), (money("1250.496"), Some(135)));
    assert_eq!((aws.at_least, aws.derived), (false, false));
    // 9 x (111.17466672 + 160 x 0.11).
    assert_eq!(at("Google Cloud").net_monthly, money("1158.97200048"));
    assert!(at("Google Cloud").derived);
    let azure = at("Azure");
    // 9 x (0.192 x 730 + 160 x 0.081) = 9 x 153.12; over 926.91 that is 1.487.
    assert_eq!((azure.net_monthly, azure.ratio_hundredths), (money("1378.08"), Some(149)));
    assert_eq!((azure.disks_monthly, azure.at_least), (Some(money("116.64")), false));
    assert!(azure.oldest.is_some_and(|day| day.to_string() == "2023-12-18"));
    // What no source names is missing, and not free.
    let mut without = clouds.clone();
    without.providers[2].disk_gb_month.price = None;
    let compared = compare(&crm(), &list("USD", "0"), Catalogue::embedded(), &without);
    let azure = &compared.elsewhere[2];
    assert_eq!((azure.disks_monthly, azure.at_least), (None, true));
    assert_eq!(azure.missing, ["disks"]);
}

#[test]
fn a_ratio_is_told_even_where_it_is_bad_and_never_without_our_price() {
    let clouds = Clouds::embedded().unwrap();
    let ratios = |fleet: &Fleet, prices: &PriceList| -> Vec<Option<u64>> {
        let compared = compare(fleet, prices, Catalogue::embedded(), clouds);
        compared.elsewhere.iter().map(|it| it.ratio_hundredths).collect()
    };
    let mut dear = list("USD", "0");
    for price in dear.servers.values_mut() {
        let net = money("1000");
        price.rate = Some(Rate { monthly: Price { net, gross: net }, hourly: None });
    }
    assert!(ratios(&crm(), &dear).iter().all(|it| it.is_some_and(|ratio| ratio < 100)));
    assert_eq!(ratios(&crm(), &list("EUR", "0")), [None, None, None]);
    assert_eq!(ratios(&of_type(crm(), "cpx51"), &list("USD", "0")), [None, None, None]);
    // cpx41 has 8 processors and 16 GiB: an instance must have both, and so has more memory.
    let lean = compare(&of_type(crm(), "cpx41"), &dear, Catalogue::embedded(), clouds);
    assert_eq!(lean.elsewhere[0].instances, BTreeMap::from([("m6a.2xlarge".to_owned(), 9)]));
    // No instance in the table is as large.
    let large = of_type(crm(), "ccx53");
    let compared = compare(&large, &dear, Catalogue::embedded(), clouds);
    assert!(compared.elsewhere.iter().all(|it| it.at_least && it.instances.is_empty()));
}

#[test]
fn what_a_new_order_costs_for_good_is_told() {
    let prices = list("USD", "0");
    let [place, _] = places(&crm());
    let event = |ordered: Option<&str>, wanted: &str| {
        let event = price_event("ccx23", ordered.map(money), wanted, &place, &prices);
        event.map(|event| event.to_string())
    };
    assert_eq!(
        event(Some("39.99"), "ccx23").unwrap(),
        "a new order of ccx23 in ash is 102.99 USD a month, 63.00 more than the 39.99 of this \
         ccx23, for good"
    );
    assert_eq!(
        event(None, "ccx33").unwrap(),
        "a new order of ccx33 in ash is 166.00 USD a month; the price at which this ccx23 was \
         ordered does not come back"
    );
    assert_eq!(
        event(Some("39.99"), "ccx63").unwrap(),
        "the price of a new ccx63 in ash is not known; the 39.99 USD of this ccx23 do not come back"
    );
    assert_eq!(event(Some("102.99"), "ccx23"), None);
    assert_eq!(event(Some("102.99"), "ccx13"), None);
}

#[test]
fn an_old_list_is_a_warning_from_the_ninety_first_day() {
    let prices = list("USD", "0");
    let said = |today: &str| check_list(&prices, today.parse().unwrap());
    assert_eq!(said("2026-06-14"), []);
    assert_eq!(said("2026-09-13"), []);
    let old = said("2026-09-14");
    assert_eq!(old.len(), 1);
    assert_eq!(old[0].message, "the prices are of 2026-06-15, 91 days old: more than 90");
}

#[test]
fn old_figures_of_other_clouds_are_a_note() {
    let clouds = Clouds::embedded().unwrap();
    let compared = compare(&crm(), &list("USD", "0"), Catalogue::embedded(), clouds);
    let said = |today: &str| check_comparison(&compared, today.parse().unwrap());
    assert_eq!(said("2024-01-01"), []);
    let message = "the other clouds' prices are old: AWS 287 days, Google Cloud 627 days, Azure \
                   1071 days";
    assert_eq!(said("2026-11-23")[0].message, message);
}

#[test]
fn findings_are_one_line_and_name_the_place() {
    let found = check_budget(&plain(crm()), Some(money("270")), &list("USD", "0"));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "warning: platform.budget_per_month: the platform costs 932.31 USD a month without VAT \
         (prices of 2026-06-15), 662.31 more than the budget of 270.00 [over-budget]"
    );
    assert_eq!(check_budget(&plain(crm()), None, &list("USD", "0")), []);
    let unknown = check_budget(&of_type(plain(crm()), "cpx51"), None, &list("USD", "0"));
    assert_eq!(unknown.len(), 2);
    assert_eq!(unknown[0].place, "nodes.crm-app-ash-1");
    let derived = check_budget(&of_type(plain(crm()), "ccx33"), None, &list("USD", "0"));
    let said: Vec<_> = derived.iter().map(|it| (it.code.as_str(), it.message.as_str())).collect();
    let message = "the price of server ccx33 in ash was computed from another";
    assert_eq!((said.len(), said[0]), (2, ("price-derived", message)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_total_is_the_sum_of_its_lines(spec in ennead_spec::generate::any_spec()) {
        let bill = bill(&spec.fleet, &list("USD", "19"));
        let sum = |of: fn(&Line) -> Option<Money>| {
            bill.lines.iter().filter_map(of).fold(Money::ZERO, |a, b| a.plus(b).unwrap())
        };
        prop_assert_eq!(bill.net_monthly, sum(|line| line.net_monthly));
        prop_assert_eq!(bill.gross_monthly, sum(|line| line.gross_monthly));
        prop_assert_eq!(bill.net_hourly, sum(|line| line.net_hourly));
        prop_assert!(bill.gross_monthly >= bill.net_monthly);
        prop_assert_eq!(bill.at_least, bill.lines.iter().any(|line| !line.known));
        let servers = bill.lines.iter().filter(|it| matches!(it.item, Item::Server { .. }));
        let count: u64 = servers.map(|it| it.count).sum();
        prop_assert_eq!(count, u64::try_from(spec.fleet.nodes.len()).unwrap());
    }

    #[test]
    fn one_node_more_never_costs_less(
        spec in ennead_spec::generate::any_spec(),
        which in any::<prop::sample::Index>(),
    ) {
        let prices = list("USD", "0");
        let mut fewer = spec.fleet.clone();
        let name = which.get(&fewer.nodes.keys().cloned().collect::<Vec<_>>()).clone();
        fewer.nodes.remove(&name);
        prop_assert!(bill(&fewer, &prices).net_monthly <= bill(&spec.fleet, &prices).net_monthly);
    }

    #[test]
    fn an_offer_that_meets_a_budget_is_within_it(
        spec in ennead_spec::generate::any_spec(),
        cents in 1_u32..300_000,
    ) {
        let prices = list("USD", "0");
        let budget = Money::from_cents(cents);
        let report = budget_report(&spec.fleet, &prices, Catalogue::embedded(), budget);
        for offer in &report.offers {
            prop_assert_eq!(offer.meets, offer.net_monthly <= budget);
            let nodes = u64::try_from(spec.fleet.nodes.len()).unwrap();
            prop_assert_eq!(offer.server_types.values().sum::<u64>(), nodes);
        }
        prop_assert!(report.over.is_none() || report.met == Some(false));
    }
}

#[test]
fn items_of_a_fleet_are_servers_addresses_and_what_else_it_names() {
    let mut fleet = plain(crm());
    let [six, three] = places(&fleet);
    let counted = items(&fleet);
    assert_eq!(counted.get(&server("ccx23", &six)), Some(&6));
    assert_eq!(counted.get(&server("ccx23", &three)), Some(&3));
    assert_eq!(counted.len(), 4);
    let text = format!(
        "{}\n[entries.second]\ncomponent = \"haproxy\"\n[volumes.one]\nnode = \"crm-svc-ash-1\"\n\
         size_gb = 100\n[volumes.two]\nnode = \"crm-svc-hil-1\"\nsize_gb = 20\n",
        preset("crm").unwrap().text
    );
    let spec = parse_spec(&text, Catalogue::embedded()).spec.unwrap();
    fleet.entries = spec.fleet.entries;
    fleet.entries.retain(|name, _| name.as_str() == "second");
    fleet.volumes = spec.fleet.volumes;
    fleet.nodes.get_mut("crm-ctrl-ash-1").unwrap().backups = true;
    let counted = items(&fleet);
    let floating = |location: &str| Item::FloatingIpv4 { location: location.to_owned() };
    let backup = Item::Backup { server_type: "ccx23".to_owned(), location: six.clone() };
    assert_eq!(counted.get(&floating(&six)), Some(&1));
    assert_eq!(counted.get(&floating(&three)), Some(&1));
    assert_eq!((counted.get(&Item::VolumeGb), counted.get(&backup)), (Some(&120), Some(&1)));
    assert_eq!(counted.len(), 8);
    // 102.99 x 20 % is known in dollars; addresses and volumes are not, and are named.
    let bill = bill(&fleet, &list("USD", "0"));
    assert_eq!((bill.net_monthly, bill.at_least), (money("952.908"), true));
    let found = check_budget(&fleet, None, &list("USD", "0"));
    let placed: Vec<&str> = found.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(placed, ["entries.second", "entries.second", "volumes.one"]);
    // What is not known does not hide which server types would meet a budget.
    let report = budget_report(&fleet, &list("USD", "0"), Catalogue::embedded(), money("270"));
    assert!(report.met == Some(false) && !report.offers.is_empty());
    assert!(report.offers.iter().all(|offer| offer.at_least));
}
