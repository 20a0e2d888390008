//! The local host's PostgreSQL behaves as Spin's does, its hazards included.

use zerotrip_journeys::postgres::{Postgres, QUICK};
use zerotrip_journeys::{House, fresh_folder, guest_component};

/// A house whose guest may reach `server` and nothing else.
fn house(name: &str, server: &Postgres) -> House {
    let folder = fresh_folder(name);
    let path = folder.join("spin.toml");
    let manifest = format!(
        r#"
spin_manifest_version = 2
[application]
name = "t"
[variables]
database = {{ required = true }}
database_host = {{ required = true }}
[[trigger.http]]
route = "/g/..."
component = "guest"
[component.guest]
source = "{}"
allowed_outbound_hosts = ["postgres://{{{{ database_host }}}}"]
[component.guest.variables]
database = "{{{{ database }}}}"
"#,
        guest_component().display()
    );
    std::fs::write(&path, manifest).expect("the manifest");
    let (address, host) =
        (format!("database={}", server.address()), format!("database_host={}", server.host()));
    House::start_in(folder, &path, &["--variable", &address, "--variable", &host])
}

fn asked(house: &House, route: &str, body: &str) -> String {
    let answer = house.send("POST", &format!("/g/pg/{route}"), None, body);
    assert_eq!(answer.status, 200, "{route} {body}: {}", answer.text);
    answer.text
}

const TYPES: &[(&str, &str, &str)] = &[
    ("bool", "boolean true", "Boolean [[Boolean(true)]]"),
    ("int2", "int16 -32768", "Int16 [[Int16(-32768)]]"),
    ("int4", "int32 2147483647", "Int32 [[Int32(2147483647)]]"),
    ("int8", "int64 -9223372036854775808", "Int64 [[Int64(-9223372036854775808)]]"),
    ("float4", "floating32 1.5", "Floating32 [[Floating32(1.5)]]"),
    ("float8", "floating64 0.1", "Floating64 [[Floating64(0.1)]]"),
    ("text", "str 一次都不跑", "Str [[Str(\"一次都不跑\")]]"),
    ("varchar(3)", "str abcd", "Str [[Str(\"abc\")]]"),
    ("char(3)", "str ab", "Str [[Str(\"ab \")]]"),
    ("bytea", "binary abc", "Binary [[Binary([97, 98, 99])]]"),
    ("date", "date 2028 2 29", "Date [[Date((2028, 2, 29))]]"),
    ("time", "time 23 59 58 123456000", "Time [[Time((23, 59, 58, 123456000))]]"),
    ("timestamp", "datetime 1969 12 31 1 2 3 4000", "Datetime [[Datetime((1969, 12, 31, 1, 2, 3, 4000))]]"),
    (
        "uuid",
        "uuid A0EEBC999C0B4EF8BB6D6BB9BD380A11",
        "Uuid [[Uuid(\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\")]]",
    ),
    ("jsonb", "jsonb [1, 2]", "Jsonb [[Jsonb([91, 49, 44, 50, 93])]]"),
    ("numeric", "decimal 1234.50", "Decimal [[Decimal(\"1234.50\")]]"),
    (
        "int4range",
        "range-int32 1 5",
        "RangeInt32 [[RangeInt32((Some((1, Inclusive)), Some((5, Exclusive))))]]",
    ),
    (
        "int8range",
        "range-int64 -5 7",
        "RangeInt64 [[RangeInt64((Some((-5, Inclusive)), Some((7, Exclusive))))]]",
    ),
    (
        "numrange",
        "range-decimal 1.50 2",
        "RangeDecimal [[RangeDecimal((Some((\"1.50\", Inclusive)), Some((\"2\", Exclusive))))]]",
    ),
    ("int4[]", "array-int32 1 - 3", "ArrayInt32 [[ArrayInt32([Some(1), None, Some(3)])]]"),
    ("int8[]", "array-int64 4", "ArrayInt64 [[ArrayInt64([Some(4)])]]"),
    ("numeric[]", "array-decimal 1.5 2", "ArrayDecimal [[ArrayDecimal([Some(\"1.5\"), Some(\"2\")])]]"),
    ("text[]", "array-str a b", "ArrayStr [[ArrayStr([Some(\"a\"), Some(\"b\")])]]"),
    ("interval", "interval 1 -2 3", "Interval [[Interval(Interval { micros: 1, days: -2, months: 3 })]]"),
];

#[test]
fn values_of_each_type_come_back_and_null_fits_all() {
    let server = Postgres::start("pg-values", QUICK);
    let house = house("values", &server);
    for (sql, given, wanted) in TYPES {
        let null = format!("{} [[DbNull]]", wanted.split(' ').next().expect("the column's type"));
        for route in ["query", "query-sync"] {
            assert_eq!(asked(&house, route, &format!("SELECT $1::{sql}\n{given}")), *wanted, "{sql}");
            assert_eq!(asked(&house, route, &format!("SELECT $1::{sql}\nnull")), null, "{sql}");
        }
    }
    let query = |body: &str| asked(&house, "query", body);
    assert_eq!(
        query("SELECT $2::text, $1::text\nstr first\nstr second"),
        "Str Str [[Str(\"second\"), Str(\"first\")]]"
    );
    assert_eq!(query("SELECT sum(n) FROM (VALUES (1::int8), (2)) AS v (n)"), "Decimal [[Decimal(\"3\")]]");
    assert_eq!(query("SELECT $1::\"char\"\nint8 65"), "Other(\"char\") [[Unsupported([65])]]");
    assert_eq!(query("SELECT 1 WHERE false"), " []", "without a row there are no columns");
    let many = query("SELECT i FROM generate_series(1, 1000) AS i");
    assert_eq!(many.matches("[Int32(").count(), 1000);
    // Seconds go in as timestamptz, and nothing of that type comes out.
    assert_eq!(
        query("SELECT extract(epoch FROM $1::timestamptz)::int8\ntimestamp 86401"),
        "Int64 [[Int64(86401)]]"
    );
    let unreadable = query("SELECT now()");
    assert!(unreadable.contains("QueryFailed(Text(") && unreadable.contains("timestamptz"), "{unreadable}");
}

#[test]
fn a_value_of_another_type_is_refused_and_each_error_says_why() {
    let server = Postgres::start("pg-errors", QUICK);
    let house = house("errors", &server);
    let created = "CREATE TABLE t (a TEXT CONSTRAINT one_a UNIQUE, n INT4)";
    assert_eq!(asked(&house, "execute", created), "0");
    for route in ["execute", "execute-sync", "query", "query-sync"] {
        let ask = |body: &str| asked(&house, route, body);
        let said = ask("INSERT INTO t (n) VALUES ($1)\nint64 1");
        assert!(said.starts_with("Error::QueryFailed(Text("), "{said}");
        assert!(said.contains("WrongType { postgres: Int4, rust:"), "{said}");
        let said = ask("SELECT $1::uuid\nuuid nonsense");
        let kind = if route.starts_with("query") { "BadParameter" } else { "ValueConversionFailed" };
        assert!(said.starts_with(&format!("Error::{kind}(\"invalid UUID nonsense")), "{said}");
        let said = ask("SELECT $1::text");
        assert!(said.starts_with("Error::QueryFailed(Text("), "{said}");
        let said = ask("SELEC 1");
        assert!(
            said.starts_with("Error::QueryFailed(DbError(") && said.contains("code: \"42601\""),
            "{said}"
        );
    }
    assert_eq!(asked(&house, "execute", "INSERT INTO t VALUES ($1, $2), ('y', 2)\nstr x\nint32 1"), "2");
    let again = "INSERT INTO t VALUES ('x', 3) RETURNING n";
    for route in ["execute", "execute-sync", "query"] {
        let said = asked(&house, route, again);
        assert!(said.starts_with("Error::QueryFailed(DbError("), "{said}");
        for part in [
            "severity: \"ERROR\"",
            "code: \"23505\"",
            "(a)=(x) already exists",
            "(\"constraint\", \"one_a\")",
        ] {
            assert!(said.contains(part), "{route}: {part}: {said}");
        }
    }
    let said = asked(&house, "query-sync", again);
    assert!(
        said.starts_with("Error::QueryFailed(Text(") && said.contains("23505"),
        "no code, as on Spin: {said}"
    );
}

#[test]
fn only_a_granted_server_that_answers_is_opened() {
    let mut server = Postgres::start("pg-open", QUICK);
    let house = house("open", &server);
    let open = |address: &str| asked(&house, &format!("open?address={}", escaped(address)), "");
    assert_eq!(open(&format!("host=127.0.0.1 port={} user=postgres", server.port)), "opened");
    assert_eq!(asked(&house, "build", ""), "built");
    for (address, named) in [
        ("postgres://postgres@127.0.0.1:9/x".to_owned(), "127.0.0.1:9"),
        ("host=localhost user=postgres".to_owned(), "localhost"),
        (format!("host=127.0.0.1,elsewhere port={}", server.port), &*format!("elsewhere:{}", server.port)),
    ] {
        let wanted = format!("Error::ConnectionFailed(\"address postgres://{named} is not permitted\")");
        assert_eq!(open(&address), wanted);
        let built = asked(&house, &format!("build?address={}", escaped(&address)), "");
        assert_eq!(built, wanted, "the other way to open is held to the same list");
    }
    assert!(open(&format!("{}?sslmode=require", server.address())).contains("no TLS"));
    let unknown = open(&format!("postgres://postgres@{}/nowhere", server.host()));
    assert!(unknown.starts_with("Error::ConnectionFailed("), "{unknown}");
    assert!(unknown.contains("database \\\"nowhere\\\" does not exist"), "{unknown}");

    let one = "SELECT 1";
    assert_eq!(asked(&house, "query", one), "Int32 [[Int32(1)]]");
    server.down();
    let down = asked(&house, "query", one);
    assert!(down.starts_with("Error::ConnectionFailed(") && down.contains("refused"), "{down}");
    server.up();
    assert_eq!(
        asked(&house, "query", one),
        "Int32 [[Int32(1)]]",
        "the pool's dead connections are not handed out"
    );
}

#[test]
fn a_transaction_left_open_swallows_what_others_write() {
    for end in ["drop", "panic"] {
        let server = Postgres::start("pg-begin", QUICK);
        let house = house("begin", &server);
        // Another address is another pool: this one sees what is committed.
        let outside = format!("{}?application_name=outside", server.address());
        let outside = format!("query?address={}", escaped(&outside));
        let committed = || asked(&house, &outside, "SELECT a FROM t ORDER BY a");
        assert_eq!(asked(&house, "execute", "CREATE TABLE t (a INT4)"), "0");
        let begun = house.send("POST", &format!("/g/pg/begin/{end}"), None, "INSERT INTO t VALUES (1)");
        assert_eq!(begun.status, if end == "drop" { 200 } else { 500 }, "{}", begun.text);
        for a in [2, 3] {
            assert_eq!(asked(&house, "execute", &format!("INSERT INTO t VALUES ({a})")), "1", "acknowledged");
        }
        assert_eq!(committed(), " []");
        assert_eq!(asked(&house, "execute", "ROLLBACK"), "0");
        assert_eq!(asked(&house, "query", "SELECT a FROM t"), " []", "{end}: all three are gone");

        // One that has failed cannot be reset, so its connection is thrown away.
        asked(&house, "begin/drop", "INSERT INTO t VALUES (1)");
        assert!(asked(&house, "execute", "INSERT INTO t VALUES (1/0)").contains("22012"));
        assert_eq!(asked(&house, "execute", "INSERT INTO t VALUES (4)"), "1");
        assert_eq!(committed(), "Int32 [[Int32(4)]]");
    }
}

#[test]
fn thirty_two_at_once_share_connections() {
    let server = Postgres::start("pg-crowd", QUICK);
    let house = house("crowd", &server);
    assert_eq!(asked(&house, "execute", "CREATE TABLE t (a INT4, backend INT4)"), "0");
    std::thread::scope(|scope| {
        for i in 0..32 {
            let house = &house;
            scope.spawn(move || {
                for _ in 0..5 {
                    let insert = format!("INSERT INTO t VALUES ({i}, pg_backend_pid())");
                    assert_eq!(asked(house, "execute", &insert), "1");
                    let own = format!("SELECT a FROM t WHERE a = $1 LIMIT 1\nint32 {i}");
                    assert_eq!(asked(house, "query", &own), format!("Int32 [[Int32({i})]]"));
                }
            });
        }
    });
    let seen = asked(&house, "query", "SELECT count(*), count(DISTINCT backend) <= 64 FROM t");
    assert_eq!(seen, "Int64 Boolean [[Int64(160), Boolean(true)]]");
}

/// One value of a query string.
fn escaped(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
