//! From what the scripts tell to coefficients: pure.

use std::collections::BTreeMap;

use anyhow::Context as _;

/// The numbers that a script told.
pub(super) type Values = BTreeMap<String, f64>;

/// A coefficient as it was measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Its name in `ennead check --capacity --explain`.
    pub coefficient: &'static str,
    /// How much, in the coefficient's unit.
    pub value: f64,
    /// What was done.
    pub how: String,
}

/// Reads lines `key=number`, and the transactions that pgbench says it made as `transactions`.
pub(super) fn values(told: &str) -> Values {
    const MADE: &str = "number of transactions actually processed: ";
    let mut values = Values::new();
    for line in told.lines() {
        let pair = match line.strip_prefix(MADE) {
            // With a stated number of transactions it is told too: `20/20`.
            Some(made) => Some(("transactions", made.split('/').next().unwrap_or_default())),
            None => line.split_once('='),
        };
        if let Some((key, number)) = pair
            && let Ok(number) = number.trim().parse::<f64>()
        {
            values.insert(key.trim().to_owned(), number);
        }
    }
    values
}

fn number(values: &Values, key: &str) -> anyhow::Result<f64> {
    values.get(key).copied().with_context(|| format!("the node told no {key}: {values:?}"))
}

/// Returns a number that must be above zero, since something is divided by it.
fn positive(values: &Values, key: &str) -> anyhow::Result<f64> {
    let number = number(values, key)?;
    anyhow::ensure!(number > 0.0, "{key} is {number}: nothing was measured");
    Ok(number)
}

/// Returns the processor seconds between two readings.
fn processor_s(values: &Values, before: &str, after: &str) -> anyhow::Result<f64> {
    let ticks = number(values, after)? - number(values, before)?;
    anyhow::ensure!(
        ticks > 0.0,
        "no processor time was used: a program was started anew meanwhile"
    );
    Ok(ticks / positive(values, "ticks_per_s")?)
}

/// Returns the bytes of each of so many, between two readings.
fn bytes_each(values: &Values, count: f64) -> anyhow::Result<f64> {
    let kib = number(values, "after_kib")? - number(values, "before_kib")?;
    anyhow::ensure!(kib >= 0.0, "memory became less: a program was started anew meanwhile");
    Ok(kib * 1024.0 / count)
}

pub(super) fn backend_bytes(state: &str, values: &Values) -> anyhow::Result<Figure> {
    let count = positive(values, "backends")?;
    let value = number(values, "private_kib")? * 1024.0 / count;
    let how = format!("private memory of {count:.0} backends, {state}");
    Ok(Figure { coefficient: "BACKEND_BYTES", value, how })
}

pub(super) fn database_processor(values: &Values) -> anyhow::Result<Figure> {
    let transactions = positive(values, "transactions")?;
    let value = processor_s(values, "ticks_before", "ticks_after")? / transactions;
    let how = format!("{transactions:.0} transactions of pgbench's own mix, by the socket");
    Ok(Figure { coefficient: "DATABASE_PROCESSOR_S", value, how })
}

pub(super) fn pooler_client_bytes(values: &Values) -> anyhow::Result<Figure> {
    let count = positive(values, "connections")?;
    let how = format!("memory of the pooler with and without {count:.0} clients that wait, TLS");
    Ok(Figure { coefficient: "POOLER_CLIENT_BYTES", value: bytes_each(values, count)?, how })
}

pub(super) fn pooler_transactions(values: &Values) -> anyhow::Result<Figure> {
    let value =
        positive(values, "transactions")? / processor_s(values, "ticks_before", "ticks_after")?;
    let how = "transactions by processor time of the pooler, one read each, TLS".to_owned();
    Ok(Figure { coefficient: "POOLER_TRANSACTIONS_PER_S", value, how })
}

pub(super) fn pooler_handshakes(values: &Values) -> anyhow::Result<Figure> {
    let value =
        positive(values, "transactions")? / processor_s(values, "ticks_before", "ticks_after")?;
    let how =
        "new connections by processor time of the pooler: TLS, password check, one read".to_owned();
    Ok(Figure { coefficient: "POOLER_HANDSHAKES_PER_S", value, how })
}

pub(super) fn balancer_exchanges(values: &Values) -> anyhow::Result<Figure> {
    let value =
        positive(values, "transactions")? / processor_s(values, "ticks_before", "ticks_after")?;
    let how = "transactions by processor time of the load balancer, one read each".to_owned();
    Ok(Figure { coefficient: "BALANCER_EXCHANGES_PER_S", value, how })
}

pub(super) fn balancer_session_bytes(values: &Values) -> anyhow::Result<Figure> {
    let count = positive(values, "connections")?;
    let how = format!("memory of the load balancer with and without {count:.0} sessions that wait");
    Ok(Figure { coefficient: "BALANCER_SESSION_BYTES", value: bytes_each(values, count)?, how })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers that are read or divided exactly")]
mod tests {
    use super::*;

    /// What pgbench 17 says, with the lines of a script around it.
    const TOLD: &str = "ticks_per_s=100\nticks_before=1000\npgbench (17.6 (Debian 17.6-0+deb13u1))\n\
        transaction type: <builtin: TPC-B (sort of)>\nscaling factor: 10\nquery mode: simple\n\
        number of clients: 16\nnumber of threads: 2\nmaximum number of tries: 1\nduration: 10 s\n\
        number of transactions actually processed: 20000\nnumber of failed transactions: 0 (0.000%)\n\
        latency average = 7.993 ms\ninitial connection time = 30.311 ms\n\
        tps = 2001.668340 (without initial connection time)\nticks_after=2600\n";

    #[test]
    fn what_pgbench_says_is_read() {
        let told = values(TOLD);
        assert_eq!(told["transactions"], 20_000.0);
        assert_eq!((told["ticks_before"], told["ticks_after"]), (1000.0, 2600.0));
        assert_eq!(
            values("number of transactions actually processed: 20/20")["transactions"],
            20.0
        );
        assert!(values("key=\n=1x\nnothing\nkey=word").is_empty());
    }

    #[test]
    fn work_is_divided_by_processor_time() {
        let told = values(TOLD);
        // 1600 ticks are 16 s.
        assert_eq!(database_processor(&told).unwrap().value, 16.0 / 20_000.0);
        assert_eq!(pooler_transactions(&told).unwrap().value, 1250.0);
        assert_eq!(pooler_handshakes(&told).unwrap().value, 1250.0);
        assert_eq!(balancer_exchanges(&told).unwrap().value, 1250.0);
    }

    #[test]
    fn memory_is_divided_by_what_is_held() {
        let told = values("backends=50\nprivate_kib=102400");
        let figure = backend_bytes("idle", &told).unwrap();
        assert_eq!((figure.value, figure.coefficient), (2_097_152.0, "BACKEND_BYTES"));
        let told = values("connections=200\nbefore_kib=1000\nafter_kib=11000");
        assert_eq!(balancer_session_bytes(&told).unwrap().value, 51_200.0);
        assert_eq!(pooler_client_bytes(&told).unwrap().value, 51_200.0);
    }

    #[test]
    fn nothing_measured_is_an_error_that_says_so() {
        let error = |figure: anyhow::Result<Figure>| figure.unwrap_err().to_string();
        assert!(error(backend_bytes("idle", &values("backends=0"))).contains("backends is 0"));
        assert!(error(database_processor(&values(""))).contains("told no transactions"));
        let again = TOLD.replace("ticks_after=2600", "ticks_after=10");
        assert!(error(pooler_transactions(&values(&again))).contains("started anew"));
        let less = values("connections=1\nbefore_kib=2\nafter_kib=1");
        assert!(error(balancer_session_bytes(&less)).contains("became less"));
    }
}
