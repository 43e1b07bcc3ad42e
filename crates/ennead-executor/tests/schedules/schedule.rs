//! A random schedule of troubles of the cloud, made from a seed.

use ennead_lab::fault::{Fault, Order, Pattern};
use ennead_lab::state::Code;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::platforms::{BESIDE, ONE, SEED, TWO, Wish};

/// Most troubles of one schedule.
const TROUBLES_MAX: usize = 4;

/// Most times that one trouble comes: more often than a request is sent.
const TIMES_MAX: u32 = 10;

/// Most times of a refusal by the rate limit, each of which costs the client a second.
const RATE_LIMITED_MAX: u32 = 2;

/// Longest that an action is held up, in milliseconds.
const HOLD_MS_MAX: u64 = 120;

/// Requests after which the last trouble may come; a run on the smallest platform has some thirty.
const MOMENT_MAX: u64 = 40;

/// The requests of `up`, reading and changing.
const REQUESTS: [(&str, &str); 28] = [
    ("GET", "/ssh_keys"),
    ("GET", "/networks"),
    ("GET", "/placement_groups"),
    ("GET", "/firewalls"),
    ("POST", "/firewalls"),
    ("GET", "/servers"),
    ("GET", "/servers/{id}"),
    ("GET", "/actions"),
    ("POST", "/ssh_keys"),
    ("POST", "/networks"),
    ("POST", "/placement_groups"),
    ("POST", "/servers"),
    ("POST", "/servers"),
    ("POST", "/servers/{id}/actions/attach_to_network"),
    ("POST", "/servers/{id}/actions/poweron"),
    ("DELETE", "/servers/{id}"),
    ("GET", "/floating_ips"),
    ("GET", "/volumes"),
    ("GET", "/zones"),
    ("GET", "/zones/{zone}/rrsets"),
    ("GET", "/zones/{zone}/rrsets/{name}/{type}"),
    ("POST", "/floating_ips"),
    ("POST", "/floating_ips/{id}/actions/assign"),
    ("POST", "/volumes"),
    ("POST", "/volumes/{id}/actions/attach"),
    ("POST", "/servers/{id}/actions/enable_backup"),
    ("POST", "/zones"),
    ("POST", "/zones/{zone}/rrsets"),
];

const CODES: [Code; 8] = [
    Code::Locked,
    Code::Conflict,
    Code::RateLimitExceeded,
    Code::ServerError,
    Code::BadGateway,
    Code::Unavailable,
    Code::Timeout,
    Code::ResourceUnavailable,
];

const COMMANDS: [&str; 10] = [
    "create_server",
    "attach_to_network",
    "start_server",
    "delete_server",
    "assign_floating_ip",
    "create_volume",
    "attach_volume",
    "enable_backup",
    "create_zone",
    "create_rrset",
];

/// What happens while a platform is brought up, and when: after so many requests since the start.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) faults: Vec<(u64, Fault)>,
    /// The first run is killed after so many requests.
    pub(crate) kill: Option<u64>,
}

impl Schedule {
    /// Makes the platform and the schedule of a seed.
    pub(crate) fn of(seed: u64) -> (&'static Wish, Self) {
        let mut dice = StdRng::seed_from_u64(seed);
        let wish: &'static Wish = match dice.random_range(0..20) {
            0 => &SEED,
            1..4 => &TWO,
            4..8 => &BESIDE,
            _ => &ONE,
        };
        let count = dice.random_range(1..=TROUBLES_MAX);
        let moment = |dice: &mut StdRng| dice.random_range(0..=MOMENT_MAX);
        let mut faults: Vec<(u64, Fault)> =
            (0..count).map(|_| (moment(&mut dice), fault(&mut dice, wish))).collect();
        faults.sort_by_key(|(after, _)| *after);
        let kill = dice.random_bool(0.3).then(|| moment(&mut dice).max(1));
        (wish, Self { faults, kill })
    }

    /// Returns how often troubles of this schedule can come.
    pub(crate) fn times(&self) -> usize {
        self.faults.iter().map(|(_, fault)| times(fault)).sum()
    }
}

fn fault(dice: &mut StdRng, wish: &Wish) -> Fault {
    let times = dice.random_range(1..=TIMES_MAX);
    match dice.random_range(0..10) {
        0..5 => {
            let code = *CODES.choose(dice).unwrap();
            let most = if code == Code::RateLimitExceeded { RATE_LIMITED_MAX } else { TIMES_MAX };
            Fault::Refuse { on: pattern(dice, times.min(most)), code }
        }
        5..7 => Fault::LoseResponse { on: pattern(dice, times) },
        7 => Fault::FailAction { command: command(dice), times },
        8 => {
            let command = dice.random_bool(0.5).then(|| command(dice));
            Fault::HoldActions { command, ms: dice.random_range(1..=HOLD_MS_MAX) }
        }
        _ => {
            let nodes: Vec<_> = wish.spec.fleet.nodes.values().collect();
            let node = nodes.choose(dice).unwrap();
            let location = wish.spec.fleet.site_of(node).unwrap().location.clone();
            Fault::SoldOut { server_type: node.server_type.clone(), location }
        }
    }
}

fn pattern(dice: &mut StdRng, times: u32) -> Pattern {
    let (method, path) = *REQUESTS.choose(dice).unwrap();
    let method = dice.random_bool(0.8).then(|| method.to_owned());
    Pattern { method, path: path.to_owned(), times }
}

fn command(dice: &mut StdRng) -> String {
    (*COMMANDS.choose(dice).unwrap()).to_owned()
}

/// Returns how often a fault can still come; one for those that stay until they are removed.
fn times(fault: &Fault) -> usize {
    match fault {
        Fault::LoseResponse { on } | Fault::Refuse { on, .. } => on.times as usize,
        Fault::FailAction { times, .. } => *times as usize,
        Fault::HoldActions { .. } | Fault::SoldOut { .. } | Fault::Unreachable => 1,
    }
}

/// Returns how often the faults in force can still come.
pub(crate) fn times_left(orders: &[Order]) -> usize {
    orders.iter().map(|order| times(&order.fault)).sum()
}
