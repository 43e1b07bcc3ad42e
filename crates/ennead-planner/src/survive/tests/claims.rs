//! What is known about quorums of one and two in each tier, claim by claim, for every preset and for
//! the plain layout without a list of voters. Each row carries the sentence that it tests.

use ennead_model::Catalogue;
use ennead_spec::{Promise, parse_spec, preset};

use super::*;

/// The columns: the plain layout is that of `default` with etcd where the database is.
const COLUMNS: [&str; 6] = ["1+2", "default", "any-two", "any-site", "small", "seed"];

fn column(name: &str) -> Layout {
    let text = match name {
        "1+2" => {
            let text = preset("default").unwrap().text;
            text.split("# etcd runs on the voters").next().unwrap().to_owned()
        }
        _ => preset(name).unwrap().text.to_owned(),
    };
    let spec = parse_spec(&text, Catalogue::embedded()).spec.unwrap();
    Layout::of(&spec.fleet, &spec.options).unwrap()
}

fn keeps(layout: &Layout, promise: &Promise) -> bool {
    judge(layout, promise).kept
}

fn site(layout: &Layout, name: &str) -> Option<Servers> {
    layout.sites.iter().find(|(site, _)| site.as_str() == name).map(|(_, servers)| *servers)
}

/// Returns the tier in a name such as `crm-ctrl-ash-1`; none when the names have no tiers.
fn tier(layout: &Layout, server: usize) -> Option<String> {
    layout.name(server).strip_prefix("crm-")?.split('-').next().map(str::to_owned)
}

/// Whether every pair of servers of one tier, or of two tiers, may be lost at once.
fn pairs(layout: &Layout, within: bool) -> Option<bool> {
    tier(layout, 0)?;
    let tiers = |pair: &Servers| -> Vec<_> { pair.iter().map(|it| tier(layout, it)).collect() };
    let wanted = |pair: &Servers| matches!(tiers(pair).as_slice(), [a, b] if (a == b) == within);
    let mut pairs = subsets(layout.all, 2).into_iter().filter(wanted);
    Some(pairs.all(|pair| lose(layout, pair).keeps(layout)))
}

/// Whether etcd decides without these servers.
fn decides(layout: &Layout, lost: Servers) -> bool {
    lose(layout, lost).coordination.outcome.by_itself()
}

/// One question to a layout; none where it cannot be asked.
type Claim = fn(&Layout) -> Option<bool>;

const CLAIMS: [(&str, Claim, &str); 14] = [
    // "any single server: true everywhere (PG 2-25 s)"; with etcd's leader on it up to 28 s.
    ("one server", |it| Some(keeps(it, &Promise::AnyOneServer)), "yes yes yes yes yes yes"),
    (
        "one server, within 28 s",
        |it| {
            let soon = |server| match lose(it, Servers::one(server)).writes.outcome {
                Outcome::Up => true,
                Outcome::UpAfter { seconds } => seconds <= 28,
                _ => false,
            };
            Some(it.all.iter().all(soon))
        },
        "yes yes yes yes yes yes",
    ),
    // "all of Hillsboro: true (A keeps majority); RPO 0".
    ("hil", |it| Some(lose(it, site(it, "hil")?).keeps(it)), "yes yes yes yes - -"),
    // "all of Ashburn: false: every majority is in A; made true by a third-site witness, nothing else".
    ("ash", |it| Some(lose(it, site(it, "ash")?).keeps(it)), "no no no yes - -"),
    ("any site", |it| Some(keeps(it, &Promise::AnySite)), "no no no yes yes no"),
    // "any 2 servers at once: false within a tier (2 of 3 = majority lost); true across tiers; made
    // true by 5 voters on 5 different servers; PG count 2".
    ("two of a tier", |it| pairs(it, true), "no no yes yes - -"),
    ("two of two tiers", |it| pairs(it, false), "yes yes yes yes - -"),
    ("any two", |it| Some(keeps(it, &Promise::AnyTwoServers)), "no no yes yes no no"),
    // "H-A partition: true for A side; H side read-only/dead by design (no split brain)". In a single
    // site there is nothing to cut.
    ("partition", |it| Some(keeps(it, &Promise::Partition)), "yes yes yes yes yes yes"),
    // "partition inside A (A1 vs A2): true: side with H majority wins".
    (
        "partition inside ash",
        |it| {
            site(it, "ash")?;
            let first = |server: &usize| it.name(*server).ends_with("ash-1");
            let apart: Servers = it.all.iter().filter(first).collect();
            Some(part(it, &[apart, it.all.minus(apart)]).keeps(it))
        },
        "yes yes yes yes - -",
    ),
    // "no data loss: PG true with sync": whatever comes back by itself has every commit, and a loss of
    // one server never needs a person.
    (
        "no loss",
        |it| {
            let lost = |server| lose(it, Servers::one(server)).writes.outcome;
            Some(!it.all.iter().any(|server| matches!(lost(server), Outcome::DataLost { .. })))
        },
        "yes yes yes yes yes yes",
    ),
    // "etcd 5 members, 2 H + 3 A: any 2 servers, all H. Not Ashburn"; "2 H + 2 A + 1 witness: any 2
    // servers, all H, or all A".
    (
        "etcd without any two",
        |it| Some(subsets(it.all, 2).into_iter().all(|pair| decides(it, pair))),
        "no yes yes yes no no",
    ),
    ("etcd without ash", |it| Some(decides(it, site(it, "ash")?)), "no no no yes - -"),
    // "PG two-of-three loss, strict off: last survivor serves alone"; one after another.
    (
        "two instances in turn",
        |it| {
            let mut members = it.members.iter().map(Servers::one);
            let events = [Event::lose(members.next()?), Event::lose(members.next()?)];
            let after = follow(it, &events);
            Some(after.last()?.writes.outcome.by_itself())
        },
        // Where the voters stand beside the three instances, the second loss takes their majority.
        "no yes yes yes no no",
    ),
];

#[test]
fn each_claim_holds_for_each_preset_or_does_not() {
    let layouts = COLUMNS.map(column);
    let word = |answer| match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    let answers = CLAIMS.map(|(name, claim, _)| {
        let row: Vec<&str> = layouts.iter().map(|layout| word(claim(layout))).collect();
        format!("{name}: {}", row.join(" "))
    });
    assert_eq!(answers, CLAIMS.map(|(name, _, expected)| format!("{name}: {expected}")));
}

#[test]
fn after_the_loss_of_the_larger_site_the_other_needs_both_confirmations() {
    // "PG after Ashburn loss: count 2 -> H1 automatic, RPO 0; count 1 -> H1 refuses, manual".
    let mut layout = column("any-site");
    let ash = site(&layout, "ash").unwrap();
    // 27 s for one instance with a voter, and 2 s more because a second instance does not answer.
    assert_eq!(lose(&layout, ash).writes.outcome, Outcome::UpAfter { seconds: 29 });
    layout.synchronous = 1;
    assert_eq!(lose(&layout, ash).writes.outcome, Outcome::DataLost { up_to_s: 12 });
}

#[test]
fn what_a_preset_promises_is_what_it_is_for() {
    let promises = |name: &str| {
        let spec = parse_spec(preset(name).unwrap().text, Catalogue::embedded()).spec.unwrap();
        spec.promises.iter().map(Promise::to_string).collect::<Vec<_>>().join(" ")
    };
    let expected = [
        ("default", "any-one-server site:hil partition maintenance"),
        ("any-two", "any-one-server any-two-servers site:hil partition maintenance"),
        ("any-site", "any-one-server any-two-servers any-site partition maintenance"),
        ("small", "any-one-server any-site partition maintenance"),
        ("seed", "any-one-server maintenance"),
    ];
    for (name, words) in expected {
        assert_eq!(promises(name), words, "{name}");
        let layout = column(name);
        let promised: Vec<&str> = words.split(' ').collect();
        for kept in judge_all(&layout) {
            assert!(kept.kept || !promised.contains(&kept.promise.as_str()), "{name} {kept:?}");
        }
    }
}
