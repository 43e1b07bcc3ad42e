//! What one unit of work costs: every number that capacity is computed with, by name.
//!
//! Settings in force (pools, limits, buffers) are no coefficients: they are read from the components.
//! A coefficient is sourced, or marked as an estimate; its last field says how it is measured again.
//! A change here changes what `check` says about every spec that states a load.

use serde::Serialize;

/// Measured by `cargo xtask bench capacity`.
const BENCH: &str = "cargo xtask bench capacity";
/// PgBouncer and HAProxy side by side on one machine, by the scripts of [`BENCH`]: the worst of its runs,
/// 36,570 transactions/s and 232 new clients/s per processor of the pooler, 33,710 B for a client (others:
/// 42,500, 260 and 24 kB); 24,700 exchanges/s per processor of the load balancer, whose own figure for
/// HTTP over kept connections is ten times that.
const MEASURED: &str = "measured with pgbench, TLS and SCRAM, on one virtual machine with 2 processors, \
                        2026-11-23, the worst run: docs/reference/measurements-capacity.md";
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
    POOLER_TRANSACTIONS_PER_S = 36_570.0, "transactions/s per processor", false,
        MEASURED, BENCH;
    /// New clients of one PgBouncer: TLS, and the password check, which costs more.
    POOLER_HANDSHAKES_PER_S = 232.0, "new clients/s per processor", false,
        MEASURED, BENCH;
    /// Memory of a client of PgBouncer.
    POOLER_CLIENT_BYTES = 33_710.0, "B per client", false,
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

    /// Connections of a user to the service that lets him in.
    SESSIONS_PER_USER = 1.0, "connections per user", true,
        "HTTP/2: a browser keeps one for each host", YOURS;
    /// How long a user's connection lasts before there is a new one with a new handshake.
    SESSION_LIFE_S = 75.0, "s", true,
        "nginx, keepalive_timeout: 75 s without a request; busy users keep theirs longer", YOURS;
    /// Memory of a user's connection with TLS.
    SESSION_BYTES = 125_000.0, "B per connection", false,
        "HAProxy introduction, 3.6: 8,000 connections with TLS on the client's side per GB",
        "memory of the load balancer with so many users";
    /// New connections with TLS.
    TLS_HANDSHAKES_PER_S = 1_300.0, "handshakes/s per processor", false,
        "HAProxy introduction, 3.6: full handshakes with RSA 2048; resumed ones are ten times as many",
        "openssl s_time -new";
    /// Part of all requests that a service works on.
    PERCENT_OF_REQUESTS = 100.0, "% of the requests", true,
        "every service that carries requests works on each of them", YOURS;
    /// Workers of an application.
    WORKERS_PER_CORE = 2.0, "workers per processor", true,
        "Gunicorn begins with two and one more", "the application's settings";
    /// Requests that a worker has at the same time.
    REQUESTS_PER_WORKER = 1.0, "requests per worker", true,
        "a synchronous worker; FastAPI's threads are 40", "the application's settings";
    /// How long a request takes, all that it waits for included.
    REQUEST_MS = 50.0, "ms per request", true,
        "a transaction, a look into the cache, and the program", YOURS;
    /// Processor time of a request in an application.
    REQUEST_PROCESSOR_US = 2_000.0, "µs of a processor per request", true,
        "four to five times an empty request in Python: nine workers of uvicorn answered 20,474 a second",
        YOURS;
    /// Memory of a worker.
    WORKER_BYTES = 209_715_200.0, "B per worker", true,
        "200 MiB: a Python program with its libraries", YOURS;
    /// Part of a server's memory that a cache gets when nothing is stated.
    CACHE_SHARE = 0.5, "of the memory", true,
        "a snapshot may need as much again while it is written", "the cache's maxmemory";
    /// Data of a user in the cache.
    CACHE_BYTES_PER_USER = 10_000.0, "B per user", true,
        "a login, rights, and a page of what was read last", "INFO memory by DBSIZE";
    /// Memory for each byte of data in the cache.
    CACHE_OVERHEAD = 1.6, "B per B", false,
        "redis.io, MEMORY USAGE: 160 B for a text of 100 B", "MEMORY USAGE";
    /// Days that log lines are kept.
    LOG_DAYS = 14.0, "days", true, "two weeks to find out what happened", "what you have to keep";
    /// Further copies of each log line.
    LOG_COPIES = 1.0, "copies", false,
        "OpenSearch 3.6, index.number_of_replicas", "GET /_settings";
    /// Disk of a stored log line, each copy.
    LOG_BYTES_PER_LINE = 103.0, "B per line", false,
        "measured with OpenSearch 3.6, best_compression: 10.3 MB for 100,000 documents of 300 B",
        "GET /_cat/indices?bytes=b";
    /// Processor time of a log line, each copy.
    LOG_PROCESSOR_S = 0.00022, "processor s per line", false,
        "measured with OpenSearch 3.6 on three servers, one further copy: 88 % of a processor at 2,000 \
         lines/s in bulks of 500", "processor time of the log store at a known rate";
    /// Memory of a log store.
    LOG_MEMORY_BYTES = 475_000_000.0, "B", false,
        "measured with OpenSearch 3.6, 256 MB of heap, at up to 2,000 lines/s: 442 to 475 MB",
        "memory of the log store";
    /// Part of a disk above which a log store puts nothing more on it.
    LOG_DISK_SHARE = 0.85, "of the disk", false,
        "OpenSearch, cluster.routing.allocation.disk.watermark.low", "GET /_cluster/settings";
    /// Days that measured values are kept.
    METRIC_DAYS = 15.0, "days", false,
        "Prometheus, storage.tsdb.retention.time", "the command line of Prometheus";
    /// How often values are read.
    METRIC_SCRAPE_S = 15.0, "s", true,
        "the example of Prometheus' first steps; its default is a minute", "scrape_interval";
    /// Values that are read of a server.
    SERIES_PER_SERVER = 5_000.0, "series per server", true,
        "exporters of the system, the database, its pooler, its load balancer and Kubernetes together",
        "prometheus_tsdb_head_series";
    /// Disk of a stored value.
    METRIC_BYTES = 2.0, "B per value", false,
        "prometheus.io, storage: one to two bytes", "prometheus_tsdb_compaction_chunk_size_bytes";
    /// Memory of a series, without its values.
    SERIES_BYTES = 2_147.0, "B per series", false,
        "robustperception.io: a million series cost about 2 GiB", "process_resident_memory_bytes";
    /// Memory of a byte of values of the last hours: half as much again, twice for garbage collection.
    METRIC_MEMORY = 3.0, "B per B", false,
        "robustperception.io, how much RAM Prometheus 2 needs", "process_resident_memory_bytes";
    /// How long values stay in memory.
    METRIC_HEAD_S = 10_800.0, "s", false,
        "robustperception.io: up to three hours", "prometheus_tsdb_head_min_time";
    /// Full backups that are kept.
    FULL_BACKUPS = 2.0, "backups", true,
        "the last one, and the one before it in case that it cannot be read", "pgbackrest info";
    /// Full backups that are there besides while a new one is made: old ones go after it.
    FULL_BACKUPS_MORE = 1.0, "backups", false,
        "pgBackRest, repo-retention-full: the oldest is expired when a new one is complete",
        "pgbackrest info";
    /// Days for which any point in time can be restored.
    WAL_DAYS = 7.0, "days", true, "a week to notice what was deleted", "what you have to keep";
    /// What is left of data and log by compression.
    COMPRESSED_PERCENT = 50.0, "% of the bytes", true,
        "depends on the data: from 17 % (CloudNativePG, Barman plugin, bzip2) to 94 % (pgsql-admin, 2025-02-18)",
        "pgbackrest info";
    /// The asked rate as an average over days: people sleep.
    DAY_AVERAGE = 0.25, "of the asked rate", true,
        "eight busy hours at three quarters of the peak", YOURS;
}
