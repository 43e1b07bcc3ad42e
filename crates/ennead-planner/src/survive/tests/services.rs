//! Services besides the components: rows that are known, and a play of every instance.

use ennead_model::Needs;
use proptest::prelude::*;

use super::property::any_layout;
use super::*;

fn laid(name: &str, servers: &[usize], needs: Needs, uses: &[Use]) -> Laid {
    let (servers, uses) = (servers.to_vec(), uses.to_vec());
    Laid { name: name.to_owned(), servers, needs, after_s: 8, uses, promised: true }
}

fn three(needs: Needs) -> Layout {
    let mut layout = super::layout(&[0, 1, 1], &[0, 1, 2], &[0, 1, 2], &[0, 1, 2], 1);
    layout.services = vec![laid("it", &[0, 1, 2], needs, &[])];
    layout
}

fn after(layout: &Layout, lost: &[usize]) -> Outcome {
    lose(layout, lost.iter().copied().collect()).services[0].outcome
}

#[test]
fn each_rule_has_its_limit() {
    let waited = Outcome::UpAfter { seconds: 8 };
    let one = three(Needs::One);
    assert_eq!([after(&one, &[]), after(&one, &[0, 1])], [Outcome::Up, waited]);
    assert_eq!(after(&one, &[0, 1, 2]), Outcome::Down);
    let most = three(Needs::Majority);
    assert_eq!([after(&most, &[0]), after(&most, &[1, 2])], [waited, Outcome::ByHand]);
    // A cache of three masters with a copy each on three servers: two servers hold a whole shard.
    let shards = three(Needs::Shards { masters: 3, copies: 1 });
    assert_eq!([after(&shards, &[2]), after(&shards, &[0, 1])], [waited, Outcome::Down]);
    let full = three(Needs::Shards { masters: 3, copies: 2 });
    assert_eq!(after(&full, &[0, 1]), Outcome::ByHand);
}

#[test]
fn five_masters_with_two_copies_lose_any_two_servers() {
    let mut layout = super::layout(&[0, 0, 1, 1, 1], &[0, 2, 3], &[0, 2, 3], &[0, 2], 1);
    layout.services =
        vec![laid("cache", &[0, 1, 2, 3, 4], Needs::Shards { masters: 5, copies: 2 }, &[])];
    for two in subsets(layout.all, 2) {
        assert!(lose(&layout, two).services[0].outcome.by_itself());
    }
    assert_eq!(lose(&layout, layout.sites[1].1).services[0].outcome, Outcome::Down);
}

#[test]
fn a_service_is_never_better_than_what_it_uses_and_promises_count_it() {
    let mut layout = three(Needs::One);
    layout.services.push(laid("above", &[0], Needs::One, &[Use::Service(0), Use::Base(1)]));
    layout.services[1].promised = false;
    let without = lose(&layout, Servers::one(0));
    assert_eq!(without.services[1].outcome, Outcome::Down);
    assert!(without.keeps(&layout), "nothing was promised about it");
    layout.services[1].promised = true;
    assert!(!without.keeps(&layout));
    assert_eq!(
        without.complaint(&layout),
        "above down: 0 of 1 servers of above are left, it needs 1"
    );
    let both = lose(&layout, [1, 2].into_iter().collect());
    let reason = both.services[1].reason(&layout);
    assert!(reason.starts_with("it uses database writes"), "{reason}");
    let kept = judge(&layout, &ennead_spec::Promise::AnyOneServer);
    assert!(kept.counterexample.starts_with("without n0: above down"), "{kept:?}");
}

#[test]
fn the_matrix_has_each_service_against_each_kind() {
    let layout = three(Needs::Majority);
    let matrix = matrix(&layout);
    assert_eq!(
        matrix.columns,
        ["any server", "any two", "site s0", "site s1", "partition", "maintenance"]
    );
    let names: Vec<&str> = matrix.rows.iter().map(|row| row.service.as_str()).collect();
    assert_eq!(names, ["coordination", "database writes", "database reads", "entry", "it"]);
    assert!(matrix.rows.iter().all(|row| row.cells.len() == matrix.columns.len()));
    let cells = matrix.rows[4].cells.iter().map(|cell| cell.outcome.by_itself());
    assert_eq!(cells.collect::<Vec<_>>(), [true, false, true, false, true, true]);
}

/// One instance of a shard.
#[derive(Clone)]
struct Instance {
    server: usize,
    shard: usize,
    master: bool,
}

/// Plays a cluster of shards: masters that are left vote, one by one, for a copy of each lost one.
fn play_shards(servers: &[usize], masters: usize, copies: usize, alive: Servers) -> &'static str {
    let mut instances = Vec::new();
    for shard in 0..masters {
        for copy in 0..=copies {
            let server = servers[(shard + copy) % servers.len()];
            instances.push(Instance { server, shard, master: copy == 0 });
        }
    }
    instances.retain(|it| alive.has(it.server));
    let votes = instances.iter().filter(|it| it.master).count();
    for shard in 0..masters {
        let of_shard = |it: &&mut Instance| it.shard == shard;
        if instances.iter().any(|it| it.shard == shard && it.master) {
            continue;
        }
        match instances.iter_mut().find(of_shard) {
            None => return "down",
            Some(heir) if votes * 2 > masters => heir.master = true,
            Some(_) => {}
        }
    }
    let led = (0..masters).all(|shard| instances.iter().any(|it| it.shard == shard && it.master));
    if led { "up" } else { "hand" }
}

/// Plays every service until nothing changes any more.
fn play(layout: &Layout, alive: Servers, base: &[Verdict; 4]) -> Vec<&'static str> {
    let word = |outcome: Outcome| match outcome {
        Outcome::Up | Outcome::UpAfter { .. } => "up",
        Outcome::ReadOnly => "read",
        Outcome::ByHand => "hand",
        Outcome::DataLost { .. } => "lost",
        Outcome::Down => "down",
    };
    let rank =
        |word: &str| ["up", "read", "hand", "lost", "down"].iter().position(|it| *it == word);
    let own = |service: &Laid| {
        let all = service.servers.len();
        let left = service.servers.iter().filter(|it| alive.has(**it)).count();
        match service.needs {
            Needs::One if left == 0 => "down",
            Needs::One => "up",
            Needs::Majority if left * 2 > all => "up",
            Needs::Majority if left == 0 => "down",
            Needs::Majority => "hand",
            Needs::Shards { masters, copies } => {
                play_shards(&service.servers, masters as usize, copies as usize, alive)
            }
        }
    };
    let mut words: Vec<&str> = layout.services.iter().map(own).collect();
    loop {
        let before = words.clone();
        for (at, service) in layout.services.iter().enumerate() {
            for used in &service.uses {
                let below = match *used {
                    Use::Base(index) => word(base[index].outcome),
                    Use::Service(index) => before[index],
                };
                if rank(below) > rank(words[at]) {
                    words[at] = below;
                }
            }
        }
        if words == before {
            return words;
        }
    }
}

fn any_services(servers: usize) -> impl Strategy<Value = Vec<Laid>> {
    let service = (
        prop::sample::subsequence((0..servers).collect::<Vec<_>>(), 1..=servers),
        0_u32..3,
        (1_u32..=5, 0_u32..=3),
        prop::collection::vec(0_usize..4, 0..=2),
        any::<bool>(),
    );
    prop::collection::vec(service, 0..=4).prop_map(|all| {
        let make = |(at, (servers, rule, (masters, copies), uses, below)): (usize, _)| {
            let servers: Vec<usize> = servers;
            let most = u32::try_from(servers.len()).unwrap();
            let needs = match rule {
                0 => Needs::One,
                1 => Needs::Majority,
                _ => Needs::Shards {
                    masters: u32::min(masters, most),
                    copies: u32::min(copies, most - 1),
                },
            };
            let uses: Vec<usize> = uses;
            let mut uses: Vec<Use> = uses.into_iter().map(Use::Base).collect();
            if below && at > 0 {
                uses.push(Use::Service(at - 1));
            }
            laid(&format!("x{at}"), &servers, needs, &uses)
        };
        all.into_iter().enumerate().map(make).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn services_agree_with_a_play(
        (layout, services) in any_layout().prop_flat_map(|layout| {
            let count = layout.names.len();
            (Just(layout), any_services(count))
        }),
        bits in any::<u16>(),
    ) {
        let mut layout = layout;
        layout.services = services;
        let lost = Servers::from_bits(bits.into()).and(layout.all);
        // Where the database goes on does not matter without a partition: all that is left.
        let outcomes = lose(&layout, lost);
        let played = play(&layout, layout.all.minus(lost), &outcomes.verdicts());
        let computed: Vec<&str> = outcomes.services.iter().map(|it| match it.outcome {
            Outcome::Up | Outcome::UpAfter { .. } => "up",
            Outcome::ReadOnly => "read",
            Outcome::ByHand => "hand",
            Outcome::DataLost { .. } => "lost",
            Outcome::Down => "down",
        }).collect();
        prop_assert_eq!(computed, played);
    }
}
