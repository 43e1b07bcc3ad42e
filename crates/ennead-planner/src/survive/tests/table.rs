//! What is known of real clusters, row by row, and of the platform of nine servers.

use ennead_model::Catalogue;
use ennead_spec::{Promise, parse_spec, preset};

use super::*;

fn crm(synchronous: usize, text: impl Fn(&str) -> String) -> Layout {
    let text = text(preset("crm").unwrap().text);
    let spec = parse_spec(&text, Catalogue::embedded()).spec.unwrap();
    let mut layout = Layout::of(&spec.fleet, &spec.options).unwrap();
    layout.synchronous = synchronous;
    layout
}

fn nine(synchronous: usize) -> Layout {
    crm(synchronous, str::to_owned)
}

/// The layout that the rows of "1 + 2 per tier" are about: three voters beside the database.
fn baseline() -> Layout {
    crm(1, |text| text.split("# etcd runs on the voters").next().unwrap().to_owned())
}

fn servers(layout: &Layout, names: &[&str]) -> Servers {
    let index = |name: &&str| layout.names.iter().position(|it| it.as_str() == *name).unwrap();
    names.iter().map(index).collect()
}

fn broken(layout: &Layout) -> Vec<String> {
    judge_all(layout).into_iter().filter(|it| !it.kept).map(|it| it.promise).collect()
}

#[test]
fn the_plain_layout_of_one_and_two_loses_two_and_its_larger_site() {
    let layout = baseline();
    assert_eq!(layout.voters.len(), 3);
    assert_eq!(broken(&layout), ["any-two-servers", "any-site", "site:ash"]);
    // Two of three voters lost, and across tiers nothing is.
    let two = lose(&layout, servers(&layout, &["crm-ctrl-ash-1", "crm-ctrl-ash-2"]));
    assert_eq!(two.coordination.outcome, Outcome::ByHand);
    assert_eq!(two.writes.outcome, Outcome::DataLost { up_to_s: 12 });
    assert!(lose(&layout, servers(&layout, &["crm-ctrl-ash-1", "crm-app-ash-1"])).keeps(&layout));
}

#[test]
fn five_voters_and_two_confirmations_lose_any_two() {
    assert_eq!(broken(&nine(2)), ["any-site", "site:ash"]);
    assert_eq!(broken(&nine(1)), ["any-two-servers", "any-site", "site:ash"]);
}

#[test]
fn a_witness_in_a_third_site_and_two_confirmations_lose_any_site() {
    let witness = |text: &str| {
        let text = text.replace("\"crm-svc-ash-1\",\n]", "\"crm-witness\",\n]");
        text + "[sites.fsn]\nlocation = \"fsn1\"\nprivate_prefix = \"10.3.0.0/24\"\n\
                [nodes.crm-witness]\nsite = \"fsn\"\ntier = \"services\"\naddress = \"10.3.0.31\"\n"
    };
    let layout = crm(2, witness);
    assert_eq!(broken(&layout), Vec::<String>::new());
    // All three apart leave nobody a majority, which is no promise.
    let (name, sides) = layout.partitions().pop().unwrap();
    assert_eq!(name, "ash | fsn | hil");
    let apart = part(&layout, &sides);
    assert_eq!(apart.coordination.why, Why::NoSide);
    assert_eq!(apart.writes.outcome, Outcome::ReadOnly);
    // With one confirmation Hillsboro cannot prove that it has everything.
    let layout = crm(1, witness);
    let ash = layout.sites.iter().find(|(site, _)| site.as_str() == "ash").unwrap().1;
    let lost = lose(&layout, ash);
    assert_eq!(lost.coordination.outcome, Outcome::UpAfter { seconds: 2 });
    assert_eq!(lost.writes.outcome, Outcome::DataLost { up_to_s: 12 });
    assert_eq!(
        lost.writes.reason(&layout),
        "replicas left: 1, needed to prove that nothing is missing: 2, so nobody is promoted by \
         itself (the worst case: primary on crm-ctrl-ash-1)"
    );
}

#[test]
fn any_single_server_costs_one_lease_at_most() {
    let layout = nine(1);
    for index in layout.all.iter() {
        let outcomes = lose(&layout, Servers::one(index));
        assert!(outcomes.keeps(&layout), "{}", layout.name(index));
        let writes = outcomes.writes.outcome;
        let member = layout.members.has(index);
        let expected = if member { Outcome::UpAfter { seconds: 27 } } else { Outcome::Up };
        assert_eq!(writes, expected, "{}", layout.name(index));
    }
}

#[test]
fn a_replica_that_every_commit_waits_for_stalls_them() {
    let layout = layout(&[0, 0, 0, 0, 0], &[2, 3, 4], &[0, 1], &[2, 3], 1);
    let outcomes = follow(&layout, &[Event::lose(Servers::one(1))]);
    assert_eq!(outcomes[0].writes.outcome, Outcome::UpAfter { seconds: 24 });
    // Only from the other primary is it a stall; a maintained replica is let go before.
    let settled = maintain(&layout, 1).writes;
    assert_eq!(
        (settled.outcome, settled.why),
        (Outcome::UpAfter { seconds: 3 }, Why::Switchover(1))
    );
}

#[test]
fn hillsboro_may_be_lost_and_cut_off() {
    let layout = nine(1);
    let hil = layout.sites.iter().find(|(site, _)| site.as_str() == "hil").unwrap().1;
    assert!(lose(&layout, hil).keeps(&layout));
    let cut = part(&layout, &[hil, layout.all.minus(hil)]);
    assert_eq!(cut.writes.outcome, Outcome::UpAfter { seconds: 27 });
    assert_eq!(cut.writes.primary.map(|it| layout.name(it)), Some("crm-ctrl-hil-1"));
    assert!(cut.keeps(&layout));
}

#[test]
fn a_cut_inside_the_larger_site_goes_to_the_side_with_the_majority() {
    let layout = baseline();
    let apart = servers(&layout, &["crm-ctrl-ash-1", "crm-app-ash-1", "crm-svc-ash-1"]);
    let cut = part(&layout, &[apart, layout.all.minus(apart)]);
    assert!(cut.keeps(&layout), "{cut:?}");
    assert_eq!(cut.entry.why, Why::Left("load balancers", 3, 4));
}

#[test]
fn one_after_another_is_better_than_at_once() {
    let layout = nine(1);
    let [one, two] = ["crm-ctrl-ash-1", "crm-ctrl-ash-2"].map(|it| servers(&layout, &[it]));
    assert!(!lose(&layout, one.or(two)).keeps(&layout));
    let after = follow(&layout, &[Event::lose(one), Event::lose(two)]);
    assert!(after[1].keeps(&layout), "{after:?}");
    // The third instance goes on alone, and nobody may follow it.
    let three = servers(&layout, &["crm-ctrl-hil-1"]);
    let back = Event { lost: three, back: one };
    let after = follow(&layout, &[Event::lose(one), Event::lose(two), back]);
    assert_eq!(after[2].writes.outcome, Outcome::DataLost { up_to_s: 12 });
}

#[test]
fn voters_apart_from_the_database_leave_the_primary_in_place() {
    let layout = layout(&[0; 6], &[0, 1, 2], &[3, 4, 5], &[3, 4], 1);
    let voters = [0, 1].into_iter().collect();
    let lost = lose(&layout, voters);
    assert_eq!((lost.coordination.outcome, lost.writes.why), (Outcome::ByHand, Why::Failsafe));
    assert!(lost.keeps(&layout));
    // One silent instance is enough to end it.
    let lost = lose(&layout, Servers::one(4).or(voters));
    assert_eq!((lost.writes.outcome, lost.writes.why), (Outcome::ReadOnly, Why::NoLock));
    assert_eq!(lost.reads.outcome, Outcome::Down);
}

#[test]
fn an_instance_without_a_pooler_cannot_be_reached() {
    let mut layout = nine(1);
    layout.poolers = layout.poolers.minus(servers(&layout, &["crm-ctrl-hil-1"]));
    let lost = lose(&layout, servers(&layout, &["crm-ctrl-ash-1"]));
    assert_eq!(lost.writes.outcome, Outcome::ByHand);
}

#[test]
fn sets_are_counted_and_the_smallest_broken_ones_named() {
    let sets = look(&nine(1));
    assert_eq!(sets.sizes.iter().map(|size| size.sets).sum::<usize>(), 512);
    assert_eq!((sets.sizes[1].kept, sets.sizes[2].sets, sets.sizes[2].kept), (9, 36, 33));
    assert!(sets.named.contains(&vec!["crm-ctrl-ash-1".to_owned(), "crm-ctrl-ash-2".to_owned()]));
    assert_eq!(sets.left_out, "");
    let many = layout(&[0; 21], &[0, 1, 2], &[3, 4, 5], &[6, 7], 1);
    let sets = look(&many);
    assert_eq!(sets.sizes.last().map(|size| (size.lost, size.sets)), Some((3, 1330)));
    assert!(sets.left_out.starts_with("sets of more than 3 of the 21 servers"));
}

#[test]
fn a_broken_promise_is_an_error_with_its_counterexample() {
    let seed = preset("seed").unwrap().text;
    let broken = |text: &str| {
        let findings = crate::check::check(&parse_spec(text, Catalogue::embedded()));
        let broken = findings.into_iter().filter(|it| it.code == "promise-broken");
        broken.map(|it| (it.severity, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(broken(seed), []);
    let found = broken(&seed.replace("\"any-one-server\"", "\"any-two-servers\""));
    let [(ennead_model::Severity::Error, message)] = found.as_slice() else { panic!("{found:?}") };
    let expected = "any-two-servers is not kept: without seed-1 and seed-2: database writes by \
                    hand, up to 12 s lost: replicas left: 1, needed";
    assert!(message.starts_with(expected), "{message}");
    assert!(message.contains("(line "), "{message}");
}

#[test]
fn a_smaller_loss_is_named_before_a_larger_one() {
    let layout = layout(&[0; 3], &[0], &[0, 1, 2], &[0, 1, 2], 1);
    let two = judge(&layout, &Promise::AnyTwoServers);
    assert!(two.counterexample.starts_with("without n0: database writes read-only"), "{two:?}");
}

#[test]
fn the_settings_are_those_of_the_templates() {
    let settings = Settings::of(&Options::default());
    let haproxy = include_str!("../../../../ennead-components/src/haproxy/templates/haproxy.cfg");
    let checks = format!(
        "inter {}s fastinter {}ms downinter {}s fall {} rise {} ",
        settings.check_ms / 1000,
        settings.check_fast_ms,
        settings.check_down_ms / 1000,
        settings.fall,
        settings.rise
    );
    assert!(haproxy.contains(&checks), "{checks}");
    assert!(haproxy.contains(&format!("timeout check {}s\n", settings.check_timeout_ms / 1000)));
    let patroni = include_str!("../../../../ennead-components/src/postgres/templates/config.yml");
    assert!(patroni.contains(&format!("wal_sender_timeout: {}s\n", settings.sender_timeout_s)));
}
