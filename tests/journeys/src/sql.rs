//! The database as another process has it open, on either engine: looks that the functions do not give, and locks.

use rusqlite::OpenFlags;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use zerotrip_host::migrate::is_postgres;
use zerotrip_host::postgres::once;

/// One number.
pub fn count(database: &str, sql: &str) -> i64 {
    if is_postgres(database) {
        return once(database, async |client| Ok(client.query_one(sql, &[]).await?.get(0))).expect("a count");
    }
    let connection = rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    connection.expect("the database").query_row(sql, [], |row| row.get(0)).expect("a count")
}

/// One text.
pub fn text(database: &str, sql: &str) -> String {
    if is_postgres(database) {
        return once(database, async |client| Ok(client.query_one(sql, &[]).await?.get(0))).expect("a text");
    }
    let connection = rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    connection.expect("the database").query_row(sql, [], |row| row.get(0)).expect("a text")
}

/// One statement without rows.
pub fn execute(database: &str, sql: &str) {
    if is_postgres(database) {
        return once(database, async |client| Ok(client.batch_execute(sql).await?)).expect("it runs");
    }
    let connection = rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    connection.expect("the database").execute_batch(sql).expect("it runs");
}

/// From now on the power goes off whenever somebody is about to `act` (e.g. `UPDATE ON citizens`) with a row of which `when`
/// holds: the statement fails, and what came before it stays.
pub fn cut_power(database: &str, act: &str, when: &str) {
    execute(
        database,
        &if is_postgres(database) {
            format!(
                "CREATE FUNCTION power_cut() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'power cut'; END $$ \
                 LANGUAGE plpgsql; CREATE TRIGGER power_cut BEFORE {act} FOR EACH ROW WHEN ({when}) \
                 EXECUTE FUNCTION power_cut()"
            )
        } else {
            format!(
                "CREATE TRIGGER power_cut BEFORE {act} WHEN {when} BEGIN SELECT RAISE(ABORT, 'power cut'); END"
            )
        },
    );
}

/// Power is back.
pub fn restore_power(database: &str, table: &str) {
    execute(
        database,
        &if is_postgres(database) {
            format!("DROP TRIGGER power_cut ON {table}; DROP FUNCTION power_cut()")
        } else {
            "DROP TRIGGER power_cut".to_owned()
        },
    );
}

/// Nobody else writes an order while this is held.
pub struct Lock {
    release: Sender<()>,
    holder: JoinHandle<()>,
}

impl Lock {
    /// Takes it, and holds it until it is given back.
    pub fn take(database: &str) -> Self {
        let database = database.to_owned();
        let ((taken, is_taken), (release, released)) = (channel(), channel());
        let holder = std::thread::spawn(move || {
            let wait = || {
                taken.send(()).expect("the test waits for it");
                // A test that failed gives it back as well.
                let _ = released.recv();
            };
            if is_postgres(&database) {
                let held = once(&database, async |client| {
                    client.batch_execute("BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE").await?;
                    wait();
                    Ok(client.batch_execute("ROLLBACK").await?)
                });
                return held.expect("the lock");
            }
            let connection = rusqlite::Connection::open(&database).expect("the database");
            connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            wait();
            connection.execute_batch("ROLLBACK").expect("given back");
        });
        is_taken.recv().expect("the lock is taken");
        Self { release, holder }
    }

    /// When this returns, others write again.
    pub fn give_back(self) {
        drop(self.release);
        self.holder.join().expect("given back");
    }
}
