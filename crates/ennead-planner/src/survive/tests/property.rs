//! The computed answer agrees with a play of every way in which things can go.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::brute::{End, Machine, Play};
use super::*;

/// Cases of each property: a few seconds in the development profile.
const CASES: u32 = 10_000;

pub(super) fn any_layout() -> impl Strategy<Value = Layout> {
    (2_usize..=12).prop_flat_map(|count| {
        let all: Vec<usize> = (0..count).collect();
        let sites = prop::collection::vec(0_usize..3, count);
        let voters = subsequence(all.clone(), 1..=count.min(5));
        let members = subsequence(all.clone(), 1..=count.min(5));
        let balancers = subsequence(all, 1..=count.min(3));
        let entry = (any::<u16>(), any::<u8>(), prop::option::of(60_u32..=300));
        let entries = prop::collection::vec(entry, 0..=2);
        (sites, voters, members, balancers, 1_usize..=4, entries).prop_map(
            |(sites, voters, members, balancers, synchronous, entries)| {
                let mut layout = layout(&sites, &voters, &members, &balancers, synchronous);
                let entries = entries.into_iter().filter_map(|it| any_entry(&layout, it));
                layout.entries = entries.collect();
                layout
            },
        )
    })
}

/// Makes an entry of who may hold its addresses, in which sites, and how long its name is kept; none
/// when it would have no address.
fn any_entry(
    layout: &Layout,
    (holders, sites, ttl_s): (u16, u8, Option<u32>),
) -> Option<LaidEntry> {
    let holders = Servers::from_bits(holders.into());
    let chosen = layout.sites.iter().enumerate().filter(|(at, _)| sites >> at & 1 == 1);
    let held = chosen.map(|(_, (site, servers))| (site.clone(), servers.and(holders)));
    let sites: Vec<_> = held.filter(|(_, holders)| !holders.is_empty()).collect();
    (!sites.is_empty()).then(|| LaidEntry { name: "entry x".to_owned(), sites, ttl_s })
}

fn machines(layout: &Layout) -> Vec<Machine> {
    let site = |index| layout.sites.iter().position(|(_, servers)| servers.has(index)).unwrap();
    let machine = |index| Machine {
        site: site(index),
        runs: true,
        voter: layout.voters.has(index),
        database: layout.members.has(index),
        balancer: layout.balancers.has(index),
        log: 0,
    };
    (0..layout.names.len()).map(machine).collect()
}

/// Returns every play from full health, wherever the primary is and whoever confirmed the last commit.
fn beginnings(layout: &Layout) -> Vec<Play> {
    let begin = |primary| Play::begin(machines(layout), layout.synchronous, primary).commits();
    layout.members.iter().flat_map(begin).collect()
}

/// Returns the worst end, and whether a load balancer is left in every one.
fn ends(plays: &[Play]) -> (End, bool) {
    let worst = plays.iter().map(Play::end).max().unwrap();
    (worst, plays.iter().all(Play::has_entry))
}

/// Returns, for each entry, whether all of its users come in in every play.
fn come_in(layout: &Layout, plays: &[Play]) -> Vec<bool> {
    let played = |entry: &LaidEntry| {
        let sites: Vec<Vec<usize>> =
            entry.sites.iter().map(|(_, holders)| holders.iter().collect()).collect();
        plays.iter().all(|play| play.users_come_in(&sites, entry.ttl_s.is_some()))
    };
    layout.entries.iter().map(played).collect()
}

fn end_of(outcome: Outcome) -> End {
    match outcome {
        Outcome::Up | Outcome::UpAfter { .. } => End::Writes,
        Outcome::ReadOnly => End::Stopped,
        Outcome::DataLost { .. } => End::Lost,
        Outcome::ByHand => panic!("every instance has a pooler here"),
        Outcome::Down => End::Gone,
    }
}

fn agree(layout: &Layout, outcomes: &Outcomes, plays: &[Play]) -> Result<(), TestCaseError> {
    let (end, entry) = ends(plays);
    prop_assert_eq!(end_of(outcomes.writes.outcome), end, "{:?}", outcomes);
    if end == End::Writes {
        prop_assert_eq!(outcomes.entry.outcome.by_itself(), entry, "{:?}", outcomes);
        let users = come_in(layout, plays);
        let computed: Vec<bool> =
            outcomes.entries.iter().map(|it| it.outcome.by_itself()).collect();
        prop_assert_eq!(&computed, &users, "{:?}", outcomes);
        prop_assert_eq!(outcomes.keeps(layout), entry && users.iter().all(|it| *it));
    }
    Ok(())
}

fn away(plays: Vec<Play>, event: Event) -> Vec<Play> {
    plays
        .into_iter()
        .flat_map(|mut play| {
            for (index, machine) in play.machines.iter_mut().enumerate() {
                machine.runs = (machine.runs && !event.lost.has(index)) || event.back.has(index);
            }
            play.react()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn losses_at_one_moment_agree(layout in any_layout(), bits in any::<u16>()) {
        let lost = Servers::from_bits(bits.into()).and(layout.all);
        let plays = away(beginnings(&layout), Event::lose(lost));
        agree(&layout, &lose(&layout, lost), &plays)?;
    }

    #[test]
    fn partitions_agree(layout in any_layout(), pick in any::<prop::sample::Index>()) {
        let partitions = layout.partitions();
        prop_assume!(!partitions.is_empty());
        let (_, sides) = pick.get(&partitions);
        let plays: Vec<Play> = beginnings(&layout)
            .into_iter()
            .flat_map(|mut play| {
                for (site, (_, servers)) in layout.sites.iter().enumerate() {
                    // An empty site is nowhere.
                    let side = sides.iter().position(|side| servers.within(*side));
                    play.groups[site] = side.unwrap();
                }
                play.react()
            })
            .collect();
        agree(&layout, &part(&layout, sides), &plays)?;
    }

    #[test]
    fn losses_in_sequence_agree(
        layout in any_layout(),
        moments in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u16>()), 1..=4),
    ) {
        // Few at a time, so that there is something left to lose.
        let mut alive = layout.all;
        let mut events = Vec::new();
        for (one, other, mask) in moments {
            let lost = Servers::from_bits((one & other).into()).and(alive);
            let back = Servers::from_bits((one & mask).into()).and(layout.all.minus(alive));
            alive = alive.minus(lost).or(back);
            events.push(Event { lost, back });
        }
        let mut plays = beginnings(&layout);
        for (event, outcomes) in events.iter().zip(follow(&layout, &events)) {
            plays = away(plays, *event);
            agree(&layout, &outcomes, &plays)?;
            let next: BTreeSet<Play> = plays
                .into_iter()
                .flat_map(|mut play| {
                    play.settle();
                    play.commits()
                })
                .map(|mut play| {
                    play.renumber();
                    play
                })
                .collect();
            plays = next.into_iter().collect();
        }
    }

    #[test]
    fn losing_more_never_helps(layout in any_layout(), bits in any::<u16>()) {
        let lost = Servers::from_bits(bits.into()).and(layout.all);
        if lose(&layout, lost).keeps(&layout) {
            for index in lost.iter() {
                prop_assert!(lose(&layout, lost.minus(Servers::one(index))).keeps(&layout));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_spec_has_an_answer_that_agrees_with_itself(
        spec in ennead_spec::generate::any_spec()
    ) {
        let layout = Layout::of(&spec.fleet, &spec.options).unwrap();
        let survival = survive(&layout);
        prop_assert_eq!(&survival, &survive(&layout));
        let single = survival.rows.iter().filter(|row| row.kind == "server");
        let kept = single.clone().all(|row| row.kept);
        prop_assert_eq!(survival.promises[0].kept, kept && lose(&layout, Servers::NONE).keeps(&layout));
        prop_assert_eq!(survival.sets.sizes[1].kept, single.filter(|row| row.kept).count());
    }
}
