//! What evidence calls things, by drill.

/// Words of one drill.
pub(super) struct Words {
    /// Heading of pictures.
    pub(super) title: &'static str,
    /// Heading of the column that says what was broken.
    pub(super) broken: &'static str,
    /// The zero of all times, after `from`.
    pub(super) zero: &'static str,
    /// The same after `seconds since`.
    pub(super) since: &'static str,
    /// From when to when a rejoin is measured.
    pub(super) rejoin: &'static str,
    /// What else happened to a leader that was broken too.
    pub(super) too: &'static str,
    /// What the server's row shows until it is mended; empty when nothing is mended.
    pub(super) away: &'static str,
}

const POWER_LOSS: Words = Words {
    title: "Power loss",
    broken: "power cut of",
    zero: "the order to cut the power",
    since: "power off was asked",
    rejoin: "power on until the server streams again",
    too: ", which lost its power too",
    away: "no power",
};

const SITE_LOSS: Words =
    Words { title: "Site loss", rejoin: "power on until all servers are back", ..POWER_LOSS };

const PROCESS_KILL: Words = Words {
    title: "Process killed",
    broken: "killed",
    zero: "the order to kill",
    since: "the kill was asked",
    rejoin: "the kill until the node is whole again",
    too: ", where the process was killed",
    away: "",
};

const FREEZE: Words = Words {
    title: "Node frozen",
    broken: "frozen",
    zero: "the order to freeze",
    since: "the freeze was asked",
    rejoin: "the thaw until the server streams again",
    too: ", which was frozen too",
    away: "frozen",
};

const SWITCHOVER: Words = Words {
    title: "Switchover",
    broken: "moved",
    zero: "the order to switch over",
    since: "the switchover was asked",
    rejoin: "the switchover until the old primary streams",
    too: ", from where the primary moved",
    away: "",
};

const PARTITION: Words = Words {
    title: "Partition",
    broken: "parted",
    zero: "the order to part the sides",
    since: "the partition was asked",
    rejoin: "the healing until all servers are back",
    too: ", on the smaller side",
    away: "parted",
};

/// Returns the words of a drill by its name.
pub(super) fn words(drill: &str) -> &'static Words {
    match drill {
        "site-loss" => &SITE_LOSS,
        "process-kill" => &PROCESS_KILL,
        "freeze" => &FREEZE,
        "switchover" => &SWITCHOVER,
        "partition" => &PARTITION,
        _ => &POWER_LOSS,
    }
}
