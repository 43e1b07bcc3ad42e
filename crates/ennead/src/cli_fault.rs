//! The command line of `lab fault`: what can go wrong on order.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

/// What shall go wrong, or end.
///
/// Servers are named by their names, or all at once by a location or a network zone.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Let no packet pass between servers
    Partition(Between),
    /// Lose some packets between servers
    Loss {
        #[command(flatten)]
        between: Between,
        /// How many, 0 to 100
        #[arg(long)]
        percent: f64,
    },
    /// Let packets between servers take longer
    Delay {
        #[command(flatten)]
        between: Between,
        /// How much longer, in milliseconds
        #[arg(long)]
        ms: f64,
        /// How much that varies, in milliseconds to both sides
        #[arg(long, default_value_t = 0.0)]
        jitter_ms: f64,
    },
    /// Let an interface carry nothing; its link stays up
    Cut {
        #[command(flatten)]
        whose: Whose,
        /// Which interfaces
        #[arg(long, value_enum)]
        side: Side,
    },
    /// Stop everything in servers; their addresses stay
    Freeze(Whose),
    /// Leave servers' disks no byte; only with `lab up --own-disks`
    FullDisk(Whose),
    /// Slow servers' disks down
    SlowDisk {
        #[command(flatten)]
        whose: Whose,
        /// Bytes per second that each writes and reads at most
        #[arg(long)]
        bytes_per_second: u64,
    },
    /// Set servers' clocks off; the lab cannot, and says why
    Clock {
        #[command(flatten)]
        whose: Whose,
        /// How far, in milliseconds
        #[arg(long, allow_hyphen_values = true)]
        offset_ms: i64,
    },
    /// Let the cloud's API do wrong
    #[command(subcommand)]
    Api(ApiFault),
    /// List what is in force
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a fault, or all
    Clear {
        /// Which; all when absent
        id: Option<u64>,
    },
}

/// Between which servers.
#[derive(Debug, Args)]
pub(crate) struct Between {
    /// The one side: servers, locations, network zones
    #[arg(long, required = true, value_delimiter = ',')]
    pub(crate) from: Vec<String>,
    /// The other side
    #[arg(long, required = true, value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    /// Only packets from the one side to the other
    #[arg(long)]
    pub(crate) one_way: bool,
    #[command(flatten)]
    pub(crate) lasts: Lasts,
}

/// Which servers.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// Servers, locations, network zones
    #[arg(long, required = true, value_delimiter = ',')]
    pub(crate) servers: Vec<String>,
    #[command(flatten)]
    pub(crate) lasts: Lasts,
}

/// How long.
#[derive(Debug, Args)]
pub(crate) struct Lasts {
    /// End by itself after this time, for example 30s, 500ms or 2m
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    pub(crate) time: Option<Duration>,
}

/// Which of a server's interfaces.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Side {
    /// The public one
    Public,
    /// All private ones
    Private,
}

/// What the API does wrong.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiFault {
    /// Refuse requests
    Refuse {
        #[command(flatten)]
        on: Requests,
        /// Error code, for example locked or rate_limit_exceeded
        #[arg(long)]
        code: String,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Carry requests out and cut the connection before the answer
    LoseResponse {
        #[command(flatten)]
        on: Requests,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Let actions fail without being carried out
    FailAction {
        /// For example create_server
        #[arg(long)]
        action: String,
        /// How many of them
        #[arg(long, default_value_t = 1)]
        times: u32,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Let actions take longer
    HoldActions {
        /// Only these; all when absent
        #[arg(long)]
        action: Option<String>,
        /// How much longer, in milliseconds
        #[arg(long)]
        ms: u64,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Leave the requests of servers without an answer; the operator's are answered
    Unreachable {
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Let a server type be out of stock in a location
    SoldOut {
        /// The type's name
        #[arg(long)]
        server_type: String,
        /// The location's name
        #[arg(long)]
        location: String,
        #[command(flatten)]
        lasts: Lasts,
    },
}

/// Which requests.
#[derive(Debug, Args)]
pub(crate) struct Requests {
    /// Path below the API's root, for example /servers/{id}/actions/poweron
    #[arg(long)]
    pub(crate) path: String,
    /// For example POST; any when absent
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// How often
    #[arg(long, default_value_t = 1)]
    pub(crate) times: u32,
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let ms = number.parse::<u64>().ok().zip(factor).and_then(|(n, factor)| n.checked_mul(factor));
    let ms = ms.filter(|ms| *ms > 0);
    ms.map(Duration::from_millis).ok_or_else(|| "write it as 30s, 500ms, 2m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(parse_time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "5", "0s", "s", "-3s", "3 s", "3d", "99999999999999999h"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
