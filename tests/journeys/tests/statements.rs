//! Every SQL statement of the functions is one text for both engines.

use proc_macro2::{TokenStream, TokenTree};
use std::path::{Path, PathBuf};
use zerotrip_host::migrate::migrate;
use zerotrip_host::postgres::once;
use zerotrip_journeys::fresh_folder;
use zerotrip_journeys::postgres::{Postgres, QUICK};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The string literals of `tokens` that are statements.
fn statements(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => statements(group.stream(), found),
            TokenTree::Literal(literal) => {
                let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else { continue };
                let text = text.value();
                let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
                if verbs.iter().any(|verb| text.starts_with(verb)) {
                    found.push(text);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// The numbers of the parameters in the order in which they appear.
fn parameters(sql: &str) -> Vec<usize> {
    let numbers = sql.split('$').skip(1);
    numbers
        .map(|rest| {
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
        })
        .collect()
}

#[test]
fn every_statement_is_prepared_on_both_engines_with_ascending_parameters() {
    let mut files = Vec::new();
    sources(&root().join("functions"), &mut files);
    sources(&root().join("shared/platform/src"), &mut files);
    sources(&root().join("shared/accounts/src"), &mut files);
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        statements(text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.display())), &mut all);
    }
    assert!(all.len() > 30, "only {} statements were found", all.len());

    let folder = fresh_folder("statements");
    let file = folder.join("sqlite_db.db");
    let migrations = root().join("shared/platform/migrations");
    migrate(&migrations, file.to_str().expect("text")).expect("migrated");
    let sqlite = rusqlite::Connection::open(file).expect("the database");
    let server = Postgres::start("statements-db", QUICK);
    migrate(&migrations, &server.address()).expect("migrated");
    // A second time changes nothing.
    assert!(migrate(&migrations, &server.address()).expect("migrated").is_empty());
    once(&server.address(), async |postgres| {
        for sql in &all {
            let numbers = parameters(sql);
            assert!(numbers.iter().copied().eq(1..=numbers.len()), "SQLite binds by position: {sql}");
            let prepared = sqlite.prepare(sql).unwrap_or_else(|e| panic!("SQLite: {e}: {sql}"));
            assert_eq!(prepared.parameter_count(), numbers.len(), "{sql}");
            let prepared = postgres.prepare(sql).await.unwrap_or_else(|e| panic!("PostgreSQL: {e:?}: {sql}"));
            assert_eq!(prepared.params().len(), numbers.len(), "{sql}");
            // What the seam sends: numbers as int8, all else as text.
            for (number, kind) in prepared.params().iter().enumerate() {
                assert!(["int8", "text"].contains(&kind.name()), "${} is {kind}: {sql}", number + 1);
            }
        }
        Ok(())
    })
    .expect("asked");
}

/// Tables that grow with the people, not with the staff.
const LARGE: [&str; 25] = [
    "decisions",
    "decision_events",
    "orders",
    "refunds",
    "settlement_reports",
    "proofs",
    "sessions",
    "citizens",
    "citizen_sessions",
    "consents",
    "one_time_codes",
    "rate_limits",
    "real_name_requests",
    "audit_lines",
    "audit_links",
    "alipay_links",
    "channels",
    "reminders",
    "identity_codes",
    "refused_scans",
    "misuse_reports",
    "venues",
    "register_additions",
    "register_reports",
    "register_searches",
];

#[test]
fn no_statement_reads_a_large_table_from_one_end_to_the_other() {
    let mut files = Vec::new();
    sources(&root().join("functions"), &mut files);
    sources(&root().join("shared"), &mut files);
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        statements(text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.display())), &mut all);
    }
    assert!(all.len() > 80, "only {} statements were found", all.len());
    let migrations = root().join("shared/platform/migrations");
    let file = fresh_folder("plans").join("sqlite_db.db");
    migrate(&migrations, file.to_str().expect("text")).expect("migrated");
    let sqlite = rusqlite::Connection::open(file).expect("the database");
    let server = Postgres::start("plans-db", QUICK);
    migrate(&migrations, &server.address()).expect("migrated");
    // SQLite: along no index; it says the alias if there is one. PostgreSQL: as it does only where there is no index to take.
    let scans = |sql: &str, plan: &str| {
        let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let names =
            |name: &str, table: &str| name == table || words.windows(2).any(|pair| pair == [table, name]);
        let scanned = plan.lines().filter_map(|line| line.strip_prefix("SCAN "));
        let on_sqlite = scanned
            .filter(|name| !name.contains(' '))
            .any(|name| LARGE.iter().any(|table| names(name, table)));
        on_sqlite || LARGE.iter().any(|table| plan.contains(&format!("Seq Scan on {table} ")))
    };
    let mut found = Vec::new();
    once(&server.address(), async |postgres| {
        postgres.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await?;
        for sql in &all {
            let mut explained = sqlite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a plan");
            let nulls = vec![rusqlite::types::Null; parameters(sql).len()];
            let rows = explained.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3));
            let plan: Vec<String> = rows.expect("a plan").map(|row| row.expect("a row")).collect();
            if scans(sql, &plan.join("\n")) {
                found.push(format!("SQLite: {sql}\n{plan:?}"));
            }
            let nulls = vec!["NULL"; parameters(sql).len()].join(", ");
            let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
            postgres.batch_execute(&format!("PREPARE p AS {sql}")).await?;
            let rows = postgres.query(&format!("EXPLAIN EXECUTE p{arguments}"), &[]).await?;
            postgres.batch_execute("DEALLOCATE p").await?;
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            if scans(sql, &plan.join("\n")) {
                found.push(format!("PostgreSQL: {sql}\n{plan:?}"));
            }
        }
        Ok(())
    })
    .expect("explained");
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
