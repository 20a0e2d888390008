//! Numbered SQL files, each applied once, in order.

use anyhow::{Context, Result, bail};
use std::path::Path;

const RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";

struct Migration {
    version: i64,
    name: String,
    sql: String,
}

/// Whether this names a PostgreSQL and not a file.
pub fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}

/// Applies `folder/NNNN_name.sql` to `database`, an SQLite file or a `postgres://` address, and gives the names of those
/// applied now.
///
/// Each file and its record in `schema_migrations` become durable together. An SQLite file is put into WAL mode.
pub fn migrate(folder: &Path, database: &str) -> Result<Vec<String>> {
    let migrations = read(folder)?;
    if is_postgres(database) {
        crate::postgres::once(database, async |client| on_postgres(client, &migrations).await)
    } else {
        on_sqlite(database, &migrations)
    }
}

fn read(folder: &Path) -> Result<Vec<Migration>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "sql") {
            let name = path.file_stem().and_then(|s| s.to_str()).context("file name")?.to_owned();
            let number = name.split('_').next().unwrap_or("");
            let version: i64 =
                number.parse().with_context(|| format!("'{name}' must be named NNNN_name.sql"))?;
            files.push((version, name, path));
        }
    }
    files.sort();
    if let Some(pair) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        bail!("two migrations have number {}: {} and {}", pair[0].0, pair[0].1, pair[1].1);
    }
    files
        .into_iter()
        .map(|(version, name, path)| {
            let sql =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Migration { version, name, sql })
        })
        .collect()
}

fn now_ms() -> Result<i64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    Ok(i64::try_from(now)?)
}

fn on_sqlite(database: &str, migrations: &[Migration]) -> Result<Vec<String>> {
    if let Some(parent) = Path::new(database).parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut connection = rusqlite::Connection::open(database)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(RECORD)?;
    let mut applied = Vec::new();
    for Migration { version, name, sql } in migrations {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let new = transaction.execute(
            "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (version, name, now_ms()?),
        )?;
        if new == 1 {
            transaction.execute_batch(sql).with_context(|| format!("in {name}"))?;
            transaction.commit()?;
            applied.push(name.clone());
        }
    }
    Ok(applied)
}

async fn on_postgres(client: &mut tokio_postgres::Client, migrations: &[Migration]) -> Result<Vec<String>> {
    client.batch_execute(RECORD).await?;
    let mut applied = Vec::new();
    for Migration { version, name, sql } in migrations {
        let transaction = client.transaction().await?;
        let new = transaction
            .execute(
                "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[version, name, &now_ms()?],
            )
            .await?;
        if new == 1 {
            transaction.batch_execute(sql).await.with_context(|| format!("in {name}"))?;
            transaction.commit().await?;
            applied.push(name.clone());
        }
    }
    Ok(applied)
}
