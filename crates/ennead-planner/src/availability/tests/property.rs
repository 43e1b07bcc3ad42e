//! Whatever the layout and the rates: no panic, no number outside a year.

use proptest::prelude::*;

use super::*;

fn any_rates() -> impl Strategy<Value = Rates> {
    prop::collection::vec(prop_oneof![Just(0.0), 0.0..=1.0_f64, Just(1.0)], RATES.len()).prop_map(
        |shares| {
            let stated = RATES.iter().zip(shares);
            let stated: Vec<_> = stated.map(|(key, it)| (key.name, it * it * key.most)).collect();
            Rates::default().with(&stated)
        },
    )
}

fn any_layout() -> impl Strategy<Value = Layout> {
    (prop::collection::vec(0_usize..3, 1..=6), 0_usize..=6)
        .prop_map(|(sites, stacks)| layout(&sites, stacks.min(sites.len())))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_number_lies_within_a_year(layout in any_layout(), rates in any_rates()) {
        let computed = availability(&layout, &rates, 2, 1);
        let year = 0.0..=MINUTES_PER_YEAR;
        for service in &computed.services {
            prop_assert!(year.contains(&service.minutes_per_year), "{:?}", service);
            prop_assert!((0.0..=100.0).contains(&service.percent), "{:?}", service);
            let Spread { mean, p5, p50, p95, within_target, .. } = service.spread;
            prop_assert!(p5 <= p50 && p50 <= p95 && p5 >= 0.0, "{:?}", service);
            prop_assert!((0.0..=1.0).contains(&within_target) && mean.is_finite(), "{:?}", service);
            prop_assert!(p95 <= MINUTES_PER_YEAR * (1.0 + 1e-9), "{:?}", service);
        }
        for term in &computed.terms {
            prop_assert!(term.minutes.iter().all(|it| it.is_finite() && *it >= 0.0), "{:?}", term);
        }
        let [writes, entry, either] = [0, 1, 2].map(|it| computed.services[it].minutes_per_year);
        prop_assert!(either + 1e-6 >= writes.max(entry));
    }

    #[test]
    fn a_slower_person_never_helps(layout in any_layout(), slow in 0.0..1000.0_f64) {
        let quick = Rates { by_hand_minutes: 0.0, ..Rates::default() };
        let slow = Rates { by_hand_minutes: slow, ..quick };
        for (quick, slow) in expected(&layout, &quick).iter().zip(expected(&layout, &slow)) {
            prop_assert!(slow + 1e-9 >= *quick);
        }
    }
}
