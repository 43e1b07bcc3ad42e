//! The statements that a probe sends. All are simple queries without parameters: the name of the
//! run is checked to hold only letters, digits and '-'.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::event::Purpose;
use super::ledger::Ledger;
use super::session::{Session, Setting, TryError};

/// Ids per page when reading back.
pub(super) const PAGE: usize = 5000;

/// Something to ask of the database, any number of times, on any connection.
pub(super) trait Statement: Send + Sync + 'static {
    /// What it gives.
    type Answer: Send + 'static;

    /// Returns what it is for.
    fn purpose(&self) -> Purpose;

    /// Runs it once on this connection.
    fn run(
        &self,
        setting: &Setting,
        session: &Session,
    ) -> impl Future<Output = Result<Self::Answer, TryError>> + Send;
}

async fn within(limit: Duration, session: &Session, sql: &str) -> Result<Vec<String>, TryError> {
    let silent = || TryError::unknown(format!("no answer within {} ms", limit.as_millis()));
    timeout(limit, session.query(sql)).await.map_err(|_| silent())?
}

/// Makes the table. Rows of runs that ended a month ago go away here.
pub(super) struct Prepare;

impl Statement for Prepare {
    type Answer = ();

    fn purpose(&self) -> Purpose {
        Purpose::Prepare
    }

    async fn run(&self, setting: &Setting, session: &Session) -> Result<(), TryError> {
        let sql = "CREATE TABLE IF NOT EXISTS ennead_probe (run text, id bigint, \
                   written_at timestamptz NOT NULL DEFAULT clock_timestamp(), \
                   PRIMARY KEY (run, id)); \
                   DELETE FROM ennead_probe WHERE written_at < now() - interval '30 days'";
        within(setting.config.statement_timeout() * 4, session, sql).await.map(drop)
    }
}

/// A row that the database promised to keep.
pub(super) struct Written {
    pub(super) id: u64,
    pub(super) at_us: u64,
    pub(super) took_us: u64,
    /// Timeline of the write-ahead log; 0 when it was not told.
    pub(super) timeline: u32,
}

/// Writes the next row.
pub(super) struct Write {
    pub(super) ledger: Arc<Ledger>,
}

impl Statement for Write {
    type Answer = Written;

    fn purpose(&self) -> Purpose {
        Purpose::Write
    }

    async fn run(&self, setting: &Setting, session: &Session) -> Result<Written, TryError> {
        let ticket = self.ledger.ticket();
        let id = ticket.id;
        // The first eight digits of the segment's name are the timeline: it grows when a replica
        // is promoted, so the answer itself proves who gave it.
        let sql = format!(
            "INSERT INTO ennead_probe (run, id) VALUES ('{}', {id}) \
             RETURNING left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)",
            setting.config.run
        );
        let sent_us = setting.now_us();
        match within(setting.config.statement_timeout(), session, &sql).await {
            Ok(values) => {
                let at_us = setting.now_us();
                let timeline = values.first().and_then(|hex| u32::from_str_radix(hex, 16).ok());
                ticket.acknowledged();
                let took_us = at_us.saturating_sub(sent_us);
                Ok(Written { id, at_us, took_us, timeline: timeline.unwrap_or(0) })
            }
            Err(error) => {
                if error.refused {
                    ticket.refused();
                }
                Err(error)
            }
        }
    }
}

/// What a read saw.
pub(super) struct Seen {
    pub(super) at_us: u64,
    pub(super) took_us: u64,
    /// Newest id in the answer; 0 for none.
    pub(super) newest: u64,
    pub(super) behind: u64,
}

/// Reads the newest row of the run.
pub(super) struct ReadNewest {
    pub(super) ledger: Arc<Ledger>,
}

impl Statement for ReadNewest {
    type Answer = Seen;

    fn purpose(&self) -> Purpose {
        Purpose::Read
    }

    async fn run(&self, setting: &Setting, session: &Session) -> Result<Seen, TryError> {
        let promised = self.ledger.newest_acknowledged();
        let run = &setting.config.run;
        let sql = format!("SELECT coalesce(max(id), 0) FROM ennead_probe WHERE run = '{run}'");
        let sent_us = setting.now_us();
        let values = within(setting.config.statement_timeout(), session, &sql).await?;
        let at_us = setting.now_us();
        let newest = values.first().and_then(|id| id.parse().ok());
        let newest: u64 = newest.ok_or_else(|| TryError::unknown("the answer holds no number"))?;
        self.ledger.count_read();
        let took_us = at_us.saturating_sub(sent_us);
        Ok(Seen { at_us, took_us, newest, behind: promised.saturating_sub(newest) })
    }
}

/// Reads the ids of the run that follow a given one, in growing order.
pub(super) struct ReadPage {
    pub(super) after: u64,
}

impl Statement for ReadPage {
    type Answer = Vec<u64>;

    fn purpose(&self) -> Purpose {
        Purpose::ReadBack
    }

    async fn run(&self, setting: &Setting, session: &Session) -> Result<Vec<u64>, TryError> {
        let sql = format!(
            "SELECT id FROM ennead_probe WHERE run = '{}' AND id > {} ORDER BY id LIMIT {PAGE}",
            setting.config.run, self.after
        );
        let values = within(setting.config.statement_timeout() * 4, session, &sql).await?;
        let ids: Result<Vec<u64>, _> = values.iter().map(|id| id.parse()).collect();
        ids.map_err(|_| TryError::unknown("the answer holds something that is no id"))
    }
}
