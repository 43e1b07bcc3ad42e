//! Many years played out, with a fixed seed: how much one year differs from another.
//!
//! Faults arrive at their rates and last for exponentially distributed times. Planned work comes so
//! often that it is not played out: each year has its expected minutes, and a fault meets a server
//! that is worked on with the share of the year in which one is.

use serde::Serialize;

use super::effect::{Effect, Oracle};
use super::fault::Fault;
use super::formula::{cost, missing};
use super::meter::Meter;
use super::random::{Random, Urn};
use super::rates::{MINUTES_PER_YEAR, Rates};
use super::spread::Spread;
use crate::survive::{Layout, Servers};

/// Most arrivals that are played out: absurd rates get fewer years. Some seconds, a guess.
const ARRIVALS_MAX: f64 = 4_000_000.0;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// How many years were played out; fewer than wanted when too much happens in each.
    pub years: u32,
    /// The seed.
    pub seed: u64,
    /// Minutes a year without writes, without an entry, and without one of the two.
    pub services: [Spread; 3],
}

/// Plays years out. Pure: the same arguments give the same result.
#[must_use]
pub fn simulate(
    layout: &Layout,
    faults: &[Fault],
    rates: &Rates,
    years: u32,
    seed: u64,
) -> Simulation {
    let mut oracle = Oracle::new(layout, faults);
    let missing = missing(&mut oracle);
    let planned = faults.iter().enumerate().filter(|(_, fault)| fault.is_planned());
    let mut every_year = [0.0; 3];
    for (index, fault) in planned {
        let effects = oracle.after(&[index]).each();
        for (sum, effect) in every_year.iter_mut().zip(effects) {
            *sum += fault.per_year * cost(effect, fault.minutes, rates.by_hand_minutes);
        }
    }
    let mut play = Play::new(oracle, faults, rates.by_hand_minutes, seed);
    let years = play.affordable(years);
    for _ in 0..years {
        play.year();
    }
    let [writes, entry, either] = play.meters;
    let spread = |meter: Meter, index: usize| {
        let always = every_year.get(index).copied().unwrap_or_default();
        let away = missing.get(index).copied().unwrap_or_default();
        let whole =
            |it: f64| if away { MINUTES_PER_YEAR } else { (it + always).min(MINUTES_PER_YEAR) };
        Spread::of(meter.years().map(whole).collect(), rates.target_minutes())
    };
    Simulation { years, seed, services: [spread(writes, 0), spread(entry, 1), spread(either, 2)] }
}

/// A fault that lasts.
struct Active {
    fault: usize,
    /// When it ends, in minutes from the start of this year.
    until: f64,
}

struct Play<'a> {
    oracle: Oracle<'a>,
    faults: &'a [Fault],
    /// What is the case when nothing lasts.
    well: [Effect; 3],
    /// What each fault does alone.
    alone: Vec<[Effect; 3]>,
    /// What is not planned, by how often a year.
    unplanned: Urn,
    /// What is planned, by the minutes a year.
    planned: Urn,
    random: Random,
    /// The oldest first.
    active: Vec<Active>,
    /// What they do.
    now: [Effect; 3],
    meters: [Meter; 3],
    hand: f64,
}

impl<'a> Play<'a> {
    fn new(mut oracle: Oracle<'a>, faults: &'a [Fault], hand: f64, seed: u64) -> Self {
        let alone = (0..faults.len()).map(|index| oracle.after(&[index]).each()).collect();
        let well = oracle.after(&[]).each();
        let of = |planned| faults.iter().enumerate().filter(move |it| it.1.is_planned() == planned);
        Self {
            oracle,
            faults,
            well,
            alone,
            unplanned: Urn::new(of(false), |fault| fault.per_year),
            planned: Urn::new(of(true), |fault| fault.per_year * fault.minutes),
            random: Random::new(seed),
            active: Vec::new(),
            now: well,
            meters: [Meter::new(), Meter::new(), Meter::new()],
            hand,
        }
    }

    /// Returns how many years can be played out: as many as wanted, fewer when too much happens.
    fn affordable(&self, years: u32) -> u32 {
        let mut affordable = years.max(1);
        while affordable > 1 && f64::from(affordable) * self.unplanned.sum() > ARRIVALS_MAX {
            affordable = affordable.div_euclid(2);
        }
        affordable
    }

    fn year(&mut self) {
        // Arrivals have no memory, so the first one of a year can be drawn anew.
        let mut arrival = self.next_arrival(0.0);
        loop {
            let ends = self.active.iter().enumerate();
            let first = ends.min_by(|(_, one), (_, other)| one.until.total_cmp(&other.until));
            let (index, end) = first.map_or((0, f64::INFINITY), |(index, it)| (index, it.until));
            if end.min(arrival) >= MINUTES_PER_YEAR {
                break;
            }
            if end <= arrival {
                self.active.remove(index);
                self.ended(end);
            } else {
                self.begins(arrival);
                arrival = self.next_arrival(arrival);
            }
        }
        for it in &mut self.active {
            it.until -= MINUTES_PER_YEAR;
        }
        self.meters.iter_mut().for_each(Meter::close_year);
    }

    fn next_arrival(&mut self, now: f64) -> f64 {
        let rate = self.unplanned.sum() / MINUTES_PER_YEAR;
        if rate > 0.0 { now + self.random.time(1.0 / rate) } else { f64::INFINITY }
    }

    fn begins(&mut self, now: f64) {
        let point = self.random.share() * self.unplanned.sum();
        // What lasts already does not begin again.
        let drawn = self.unplanned.at(point);
        let Some(drawn) = drawn.filter(|it| self.active.iter().all(|other| other.fault != *it))
        else {
            return;
        };
        if self.active.is_empty() {
            let point = self.random.share() * MINUTES_PER_YEAR;
            if let Some(worked_on) = self.planned.at(point) {
                self.add(worked_on, now);
                self.look();
            }
        }
        let lasting = self.active.iter().filter_map(|it| self.faults.get(it.fault));
        let lost = lasting.fold(Servers::NONE, |lost, fault| lost.or(fault.lost));
        let hidden = self.faults.get(drawn).is_some_and(|fault| fault.is_hidden_by(lost));
        let before = self.now;
        self.add(drawn, now);
        self.look();
        if hidden {
            return;
        }
        let effects = before.into_iter().zip(self.now);
        let alone = self.alone.get(drawn).copied().into_iter().flatten();
        for (meter, ((before, effect), alone)) in self.meters.iter_mut().zip(effects.zip(alone)) {
            if Effect::is_new(before, effect, alone) {
                meter.begin(now, effect, self.hand);
            }
        }
    }

    fn add(&mut self, fault: usize, now: f64) {
        let minutes = self.faults.get(fault).map_or(0.0, |fault| fault.minutes);
        self.active.push(Active { fault, until: now + self.random.time(minutes) });
    }

    fn ended(&mut self, now: f64) {
        // Whether planned work goes on then is drawn at the next arrival, as at any other.
        let planned = |it: &Active| self.faults.get(it.fault).is_some_and(Fault::is_planned);
        if self.active.iter().all(planned) {
            self.active.clear();
        }
        self.look();
        for (meter, effect) in self.meters.iter_mut().zip(self.now) {
            meter.end(now, effect, self.hand);
        }
    }

    /// Finds out what the faults that last do. Most of the time that is none or one.
    fn look(&mut self) {
        let only = match self.active.as_slice() {
            [] => Some(self.well),
            [only] => self.alone.get(only.fault).copied(),
            _ => None,
        };
        self.now = only.unwrap_or_else(|| {
            let active: Vec<usize> = self.active.iter().map(|it| it.fault).collect();
            self.oracle.after(&active).each()
        });
    }
}
