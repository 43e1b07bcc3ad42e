//! The rule of a death, case by case, and the age of votes.

use ennead_model::SiteName;

use super::*;
use crate::words::ServerId;

const SILENT: Verdict = Verdict::Silent { for_ms: 1_500 };
const LONG_SILENT: Verdict = Verdict::Silent { for_ms: 6_000 };

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

fn site(text: &str) -> Domain {
    Domain::Site(SiteName::new(text).unwrap())
}

fn ballot(vantage: &str, domain: &str, verdict: Verdict) -> Ballot {
    Ballot { vantage: name(vantage), domain: site(domain), in_majority: true, verdict }
}

fn outside(mut ballot: Ballot) -> Ballot {
    ballot.in_majority = false;
    ballot
}

/// The target is `p` in site east.
fn decide(ballots: &[Ballot]) -> Decision {
    let watched = Watched { server: ServerId(1), domain: site("east") };
    is_dead(&name("p"), &watched, ballots, &Timing::default())
}

fn extent(decision: &Decision) -> Option<Extent> {
    match decision {
        Decision::Dead(death) => Some(death.extent()),
        _ => None,
    }
}

#[test]
fn two_witnesses_in_two_domains_are_enough() {
    let decision = decide(&[ballot("a", "east", SILENT), ballot("b", "west", SILENT)]);
    assert_eq!(extent(&decision), Some(Extent::Node));
}

#[test]
fn one_of_the_majority_that_reaches_it_is_enough_against() {
    let ballots = [
        ballot("a", "east", SILENT),
        ballot("b", "west", SILENT),
        ballot("c", "west", Verdict::Alive),
    ];
    assert_eq!(decide(&ballots), Decision::Alive([name("c")].into()));
}

#[test]
fn who_is_outside_the_majority_speaks_neither_for_nor_against() {
    let ballots = [ballot("a", "east", SILENT), outside(ballot("b", "west", SILENT))];
    assert!(matches!(decide(&ballots), Decision::Undecided(Doubt::FewWitnesses(_))));
    let ballots = [
        ballot("a", "east", SILENT),
        ballot("b", "west", SILENT),
        outside(ballot("c", "west", Verdict::Alive)),
    ];
    assert_eq!(extent(&decide(&ballots)), Some(Extent::Node));
}

#[test]
fn a_single_witness_is_never_enough_and_the_node_itself_is_none() {
    assert!(extent(&decide(&[ballot("a", "west", LONG_SILENT)])).is_none());
    let ballots = [ballot("a", "west", LONG_SILENT), ballot("p", "east", LONG_SILENT)];
    assert!(extent(&decide(&ballots)).is_none());
    assert!(extent(&decide(&[])).is_none());
}

#[test]
fn witnesses_of_the_nodes_own_domain_are_never_enough() {
    let ballots = [ballot("a", "east", LONG_SILENT), ballot("b", "east", LONG_SILENT)];
    assert_eq!(decide(&ballots), Decision::Undecided(Doubt::OneDomain(site("east"))));
}

#[test]
fn a_lost_site_is_seen_from_the_other_one_after_more_patience() {
    let cut = outside(ballot("e", "east", Verdict::Alive));
    let soon = [cut.clone(), ballot("a", "west", SILENT), ballot("b", "west", LONG_SILENT)];
    let doubt = Doubt::DomainMayReturn { left_ms: 500 };
    assert_eq!(decide(&soon), Decision::Undecided(doubt));
    let late = [cut, ballot("a", "west", LONG_SILENT), ballot("b", "west", LONG_SILENT)];
    assert_eq!(extent(&decide(&late)), Some(Extent::Domain));
}

#[test]
fn a_vantage_point_in_the_nodes_domain_without_an_opinion_still_holds_the_exception_back() {
    let ballots = [
        ballot("e", "east", Verdict::Unknown),
        ballot("a", "west", LONG_SILENT),
        ballot("b", "west", LONG_SILENT),
    ];
    assert!(extent(&decide(&ballots)).is_none());
}

#[test]
fn a_suspicion_is_waited_for() {
    let ballots = [
        ballot("a", "east", SILENT),
        ballot("b", "west", SILENT),
        ballot("c", "west", Verdict::Suspect),
    ];
    assert_eq!(decide(&ballots), Decision::Undecided(Doubt::Suspected([name("c")].into())));
}

fn vote(number: u64) -> Vec<Vote> {
    let verdicts = [(name("p"), SILENT)].into();
    vec![Vote { vantage: name("a"), number, in_majority: true, verdicts }]
}

fn counts(book: &VoteBook, now_ms: u64) -> bool {
    let vantages = [(name("a"), site("east"))].into();
    let ballots = book.ballots(&name("p"), now_ms, &vantages, &Timing::default());
    ballots.iter().any(|ballot| ballot.in_majority)
}

#[test]
fn a_vote_counts_once_it_was_seen_to_change_and_until_it_is_old() {
    let mut book = VoteBook::default();
    book.read(1_000, vote(7));
    assert!(!counts(&book, 1_000), "the first reading says nothing of its age");
    book.read(1_300, vote(7));
    assert!(!counts(&book, 1_300), "it did not change");
    book.read(1_600, vote(8));
    assert!(counts(&book, 1_600));
    assert!(counts(&book, 3_300), "born after 1300, so at most 2000 old");
    assert!(!counts(&book, 3_301));
    book.read(3_400, vote(8));
    assert!(!counts(&book, 3_400), "reading it again does not make it younger");
}

#[test]
fn a_vote_that_is_gone_does_not_count() {
    let mut book = VoteBook::default();
    book.read(1_000, vote(7));
    book.read(1_300, vote(8));
    book.read(1_600, Vec::new());
    assert!(!counts(&book, 1_600));
}
