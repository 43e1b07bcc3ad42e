//! How long actions take: as fast as the world can, or as long as in the cloud.
//!
//! The effect comes at the end of the time, which is the latest moment that a client may count on.
//! Sources are what users and the cloud's own programs report; the description promises no times.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long actions take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// No time is added.
    #[default]
    Fast,
    /// As long as in the cloud.
    Real,
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fast" => Ok(Self::Fast),
            "real" => Ok(Self::Real),
            _ => Err(format!("{text:?} is neither fast nor real")),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Real => "real",
        })
    }
}

/// Shortest and longest time of a command in seconds.
type Row = (&'static str, u64, u64);

/// Estimate: what only changes the cloud's records, most of it seen to end within one or two polls
/// of half a second.
const OTHERS: (u64, u64) = (1, 2);

const TIMES: &[Row] = &[
    // 2.2 s without a start: output of the official command line in a user's report of 2025-07. The
    // official Ansible collection counts on 60 to 90 s with everything that follows.
    ("create_server", 2, 12),
    // Estimate. The Ansible collection (plugins/modules/server.py) allows for minutes on busy days.
    ("start_server", 3, 10),
    // Estimate: power is cut at once, the action is seen to end some seconds later.
    ("stop_server", 2, 5),
    ("poweroff_server", 2, 5),
    // Success means that ACPI was sent, not that the server is off. Estimate.
    ("shutdown_server", 1, 2),
    ("reboot_server", 1, 2),
    // Estimate: cut and start.
    ("reset_server", 3, 6),
    // Estimate: immediate according to the description.
    ("delete_server", 2, 5),
    // Estimate: the disk is written again as in a creation from an image.
    ("rebuild_server", 10, 30),
    // 160 s on average without a larger disk: the Ansible collection, plugins/modules/server.py.
    ("change_server_type", 120, 200),
    ("change_type", 120, 200),
    // Estimate for some GB of content; the official Terraform provider waits up to 90 minutes.
    ("create_image", 60, 180),
    // Estimates: locked for seconds, which the official provider's retries of 2^n s bridge.
    ("attach_to_network", 2, 6),
    ("detach_from_network", 2, 6),
    // A failover by alias IPs takes 15 to 20 s: field report in the project kube-hetzner.
    ("change_alias_ips", 15, 20),
    // Estimates: nobody measured them in public.
    ("assign_floating_ip", 2, 5),
    ("unassign_floating_ip", 2, 5),
    ("assign_primary_ip", 2, 5),
    ("unassign_primary_ip", 2, 5),
    // Estimates.
    ("create_volume", 2, 5),
    ("attach_volume", 3, 8),
    ("detach_volume", 2, 6),
    ("resize_volume", 2, 5),
    // Firewalls reach servers "a few seconds" later: the official description of label selectors.
    ("set_firewall_rules", 2, 5),
    ("apply_firewall", 2, 5),
    ("remove_firewall", 2, 5),
    // 1 s: output of the official command line in a user's report of 2020-07. The rest: estimates.
    ("add_subnet", 1, 2),
    ("delete_subnet", 1, 3),
    ("add_route", 1, 3),
    ("delete_route", 1, 3),
    ("change_ip_range", 1, 3),
    // Estimates: the zone's name servers learn of it.
    ("create_zone", 2, 5),
    ("create_rrset", 1, 3),
    ("set_rrset_records", 1, 3),
];

impl Pace {
    /// Returns how long a command takes. The action's id decides where between the shortest and the
    /// longest time, so that actions do not all end together and a run can be repeated.
    pub fn time(self, command: &str, action: u64) -> Duration {
        if self == Self::Fast {
            return Duration::ZERO;
        }
        let row = TIMES.iter().find(|(name, ..)| *name == command);
        let (least, most) = row.map_or(OTHERS, |(_, least, most)| (*least, *most));
        // Knuth's multiplier spreads ids that follow each other.
        let share = action.wrapping_mul(2_654_435_761) % 1000;
        Duration::from_millis(least * 1000 + (most - least) * share)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_time_lies_between_its_ends_and_times_differ() {
        for (command, least, most) in TIMES {
            let times: BTreeSet<_> = (1..50).map(|id| Pace::Real.time(command, id)).collect();
            assert!(*times.first().unwrap() >= Duration::from_secs(*least), "{command}");
            assert!(*times.last().unwrap() <= Duration::from_secs(*most), "{command}");
            assert!(times.len() > 10, "{command}: {times:?}");
        }
        assert!(Pace::Real.time("never_heard_of", 1) >= Duration::from_secs(1));
        assert_eq!(Pace::Fast.time("change_alias_ips", 1), Duration::ZERO);
    }

    #[test]
    fn a_command_has_one_time() {
        let names: BTreeSet<_> = TIMES.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), TIMES.len());
    }

    #[test]
    fn the_words_are_the_same_in_files_and_on_the_command_line() {
        for pace in [Pace::Fast, Pace::Real] {
            assert_eq!(pace.to_string().parse(), Ok(pace));
            assert_eq!(serde_json::to_value(pace).unwrap(), pace.to_string());
        }
        assert!("slow".parse::<Pace>().is_err());
    }
}
