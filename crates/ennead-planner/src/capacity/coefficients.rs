//! What one unit of work costs: every number that capacity is computed with, by name.
//!
//! Settings in force (pools, limits, buffers) are no coefficients: they are read from the components.
//! A coefficient is sourced, or marked as an estimate; its last field says how it is measured again.
//! A change here changes what `check` says about every spec that states a load.

use serde::Serialize;

/// Measured by `cargo xtask bench capacity`.
const BENCH: &str = "cargo xtask bench capacity";
/// PgBouncer and HAProxy side by side on one machine, by the scripts of [`BENCH`]: 42,500 transactions/s
/// and 260 new clients/s per processor of the pooler, 24 kB for a client; 24,700 exchanges/s per processor
/// of the load balancer, whose own figure for HTTP over kept connections is ten times that.
const MEASURED: &str = "measured with pgbench, TLS and SCRAM, on one virtual machine with 2 processors, \
                        November 2026, rounded down";
/// Depends on the applications and their users.
const YOURS: &str =
    "your applications: pg_stat_database and pg_stat_statements on a platform with users";

/// A number with everything that has to be known about it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coefficient {
    /// Its name, stable.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// Whether it is nobody's figure but an assumption.
    pub estimate: bool,
    /// Where it comes from, or why it was assumed.
    pub source: &'static str,
    /// What measures it again.
    pub measured_by: &'static str,
}

macro_rules! coefficients {
    ($($(#[$doc:meta])* $name:ident = $value:expr, $unit:expr, $estimate:expr, $source:expr, $by:expr;)+) => {
        $($(#[$doc])* pub(super) const $name: Coefficient = Coefficient {
            name: stringify!($name),
            value: $value,
            unit: $unit,
            estimate: $estimate,
            source: $source,
            measured_by: $by,
        };)+

        /// Every coefficient.
        pub const ALL: &[Coefficient] = &[$($name),+];
    };
}

coefficients! {
    /// What a request asks of the database.
    TRANSACTIONS_PER_REQUEST = 1.0, "transactions per request", true,
        "one transaction for each request", YOURS;
    /// Transactions that wait for a commit on a replica.
    WRITES_PER_TRANSACTION = 0.2, "writing transactions per transaction", true,
        "four of five transactions only read", YOURS;
    /// Connections when only users are stated.
    CONNECTIONS_PER_USER = 0.02, "connections per user", true,
        "pools of applications share one among fifty users", YOURS;
    /// How long a backend is held, without the wait for a replica elsewhere.
    TRANSACTION_S = 0.01, "s per transaction", true,
        "a few statements by index, their round trips included", YOURS;
    /// How much longer a commit takes that is confirmed in another site.
    COMMIT_ELSEWHERE_S = 0.06, "s per writing transaction", true,
        "a round trip between the coasts of North America", "ping between the sites";
    /// Processor time of PostgreSQL.
    DATABASE_PROCESSOR_S = 0.001, "processor s per transaction", true,
        "a few statements by index in a cached database; pgbench's own mix took 0.00045", BENCH;
    /// Memory of a backend beyond what is shared.
    BACKEND_BYTES = 2_097_152.0, "B per backend", false,
        "1.3 to 2 MB: tembo.io/blog/postgres-connection-poolers; 1.2 to 1.8 MB with pgbench", BENCH;
    /// Workers of autovacuum, each with `maintenance_work_mem`.
    AUTOVACUUM_WORKERS = 3.0, "workers", false,
        "PostgreSQL 17, autovacuum_max_workers", "SHOW autovacuum_max_workers";
    /// What one PgBouncer passes on; it uses one processor whatever there are.
    POOLER_TRANSACTIONS_PER_S = 42_000.0, "transactions/s per processor", false,
        MEASURED, BENCH;
    /// New clients of one PgBouncer: TLS, and the password check, which costs more.
    POOLER_HANDSHAKES_PER_S = 250.0, "new clients/s per processor", false,
        MEASURED, BENCH;
    /// Memory of a client of PgBouncer.
    POOLER_CLIENT_BYTES = 24_000.0, "B per client", false,
        MEASURED, BENCH;
    /// What a load balancer passes on in each direction and back.
    BALANCER_EXCHANGES_PER_S = 24_000.0, "exchanges/s per processor", false,
        MEASURED, BENCH;
    /// Memory of a connection through a load balancer.
    BALANCER_SESSION_BYTES = 50_000.0, "B per session", false,
        "HAProxy introduction, 3.5: 20,000 busy connections per GB", BENCH;
    /// File descriptors of a load balancer: the hard limit that systemd gives to a service.
    BALANCER_FILES = 524_288.0, "file descriptors", false,
        "systemd 257, DefaultLimitNOFILE", "systemctl show haproxy --property LimitNOFILE";
    /// How long a pool of an application keeps a connection.
    CONNECTION_LIFE_S = 1_800.0, "s", false,
        "HikariCP, maxLifetime: 30 minutes", "SHOW CLIENTS on the pooler's console";
    /// In which time clients come back whose connection was cut.
    RECONNECT_S = 10.0, "s", true,
        "a third of the pooler's query_wait_timeout of 30 s", "a drill with the applications";
    /// Share of processors of one's own that is planned with.
    PROCESSOR_SHARE_DEDICATED = 0.7, "of a processor", true,
        "queues grow steeply above it", "not measured: a rule for planning";
    /// Share of processors that neighbours use too.
    PROCESSOR_SHARE_SHARED = 0.333, "of a processor", true,
        "a third: neighbours decide about the rest", "not measured: a rule for planning";
    /// Memory of the system and everything small on a node.
    SYSTEM_MEMORY_BYTES = 536_870_912.0, "B", true,
        "kernel, systemd, SSH, Patroni, a voter of etcd", "ennead lab status";
    /// Disk of the system.
    SYSTEM_DISK_BYTES = 1_000_000_000.0, "B", false,
        "image with every package of the platform: 994 MB", "ennead lab image --rebuild";
    /// Disk that a file system keeps for the superuser.
    DISK_RESERVED = 0.05, "of the disk", false,
        "mke2fs(8): 5 %", "tune2fs -l";
    /// Data on disk for each byte of data: dead rows that autovacuum has not removed yet.
    DATA_ON_DISK = 1.2, "B per B", false,
        "PostgreSQL 17, autovacuum_vacuum_scale_factor 0.2", "pgstattuple";
    /// Write-ahead log between checkpoints.
    WAL_BYTES = 1_073_741_824.0, "B", false,
        "PostgreSQL 17, max_wal_size", "SHOW max_wal_size";
    /// Write-ahead log of a transaction that writes.
    WAL_BYTES_PER_WRITE = 8_192.0, "B per writing transaction", true,
        "one page that is written whole after a checkpoint", YOURS;
    /// How long the log is kept for an instance that is away.
    SLOT_KEPT_S = 1_800.0, "s", false,
        "Patroni 4, member_slots_ttl: 30 minutes", "patronictl show-config";
}
