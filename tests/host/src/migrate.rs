//! Numbered SQL files, each applied once, in order.

use anyhow::{Context, Result, bail};
use std::path::Path;

/// Applies `folder/NNNN_name.sql` to the SQLite file `database` and gives the names of those applied now.
///
/// Each file and its record in `schema_migrations` become durable together. The file is put into WAL mode.
pub fn migrate(folder: &Path, database: &str) -> Result<Vec<String>> {
    if database.starts_with("postgres://") || database.starts_with("postgresql://") {
        bail!("PostgreSQL is not supported yet");
    }
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
    if let Some(parent) = Path::new(database).parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut connection = rusqlite::Connection::open(database)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
    )?;
    let mut applied = Vec::new();
    for (version, name, path) in files {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
        let new = transaction.execute(
            "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (version, &name, i64::try_from(now)?),
        )?;
        if new == 1 {
            let sql = std::fs::read_to_string(&path)?;
            transaction.execute_batch(&sql).with_context(|| format!("in {}", path.display()))?;
            transaction.commit()?;
            applied.push(name);
        }
    }
    Ok(applied)
}
