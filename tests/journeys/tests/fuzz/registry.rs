//! The registry's answers, read by the function that asks: what is shown of them is the person's own.

use crate::{NOW, Target};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use zerotrip_domain::document::Kind;
use zerotrip_journeys::crowd::{self, ID_NUMBER, NAME};
use zerotrip_journeys::town::merchant;
use zerotrip_journeys::{Town, sql};
use zerotrip_sandbox::{people, registry};

/// What is answered next, whatever is asked.
type Said = Arc<Mutex<Vec<u8>>>;

pub fn targets() -> Vec<Target> {
    let said = Said::default();
    let town = Town::start_beside("fuzz-registry", merchant(), &listen(said.clone()));
    let token = crowd::citizens(&town, 1).remove(0);
    let open = Kind::ALL.map(|kind| {
        format!(
            "INSERT INTO channels (holder, kind, opened_at, opened_by, proven_at, opening) \
             SELECT id, '{0}', 0, id, 0, id FROM citizens WHERE '{0}' <> 'resident-id';",
            kind.name()
        )
    });
    sql::execute(&town.house.database(), &open.concat());
    // To people from elsewhere all seven are open.
    sql::execute(&town.house.database(), "UPDATE citizens SET residence = 'elsewhere'");
    // As if nothing were known yet, and the registry had never failed.
    let forget = "UPDATE channels SET documents_sealed = NULL, photos_sealed = NULL, as_of = NULL; DELETE FROM circuits";
    let shown = move |kind: &str, answer: &str| {
        sql::execute(&town.house.database(), forget);
        *said.lock().expect("no panic") = answer.as_bytes().to_vec();
        town.house.get(&format!("/wallet/documents/{kind}"), Some(&token))
    };
    let seeds: Vec<String> = Kind::ALL.map(|kind| format!("{}\n{}", kind.name(), answer_of(kind))).to_vec();
    for seed in &seeds {
        let (kind, answer) = seed.split_once('\n').expect("two parts");
        let shown = shown(kind, answer);
        assert_eq!(shown.status, 200, "{}", shown.text);
        assert!(!documents(&shown.json()).is_empty(), "{kind}: {}", shown.text);
    }
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    vec![Target::text("registry", &seeds, move |text| {
        let (kind, answer) = text.split_once('\n').unwrap_or(("resident-id", text));
        let kind = Kind::named(kind).map_or("resident-id", |kind| kind.name());
        let shown = shown(kind, answer);
        match shown.status {
            200 => documents(&shown.json()).iter().all(is_own),
            503 => true,
            _ => false,
        }
    })]
}

fn documents(shown: &Value) -> Vec<Value> {
    shown["documents"].as_array().cloned().unwrap_or_default()
}

/// Whether it is the person's: by the ID number where it has one, else by the name.
fn is_own(document: &Value) -> bool {
    let fields = document["fields"].as_array().expect("fields");
    let all = |wanted: &str, own: &str| {
        fields.iter().filter(|field| field["name"] == wanted).all(|field| field["value"] == own)
    };
    let has = |wanted: &str| fields.iter().any(|field| field["name"] == wanted);
    if has("id_number") {
        return all("id_number", ID_NUMBER);
    }
    (has("name") || has("owner")) && all("name", NAME) && all("owner", NAME)
}

/// A document of the kind as the registry has it of somebody, in the person's name.
fn answer_of(kind: Kind) -> Value {
    let as_of = i64::try_from(NOW).expect("in range");
    let mut held = people::all().iter().flat_map(|person| registry::documents(person, kind.name(), as_of));
    let mut document = held.next().unwrap_or_else(|| panic!("nobody has a {kind:?}"));
    for (name, own) in
        [("name", NAME), ("owner", NAME), ("id_number", ID_NUMBER), ("birth_date", "1949-12-31")]
    {
        if let Some(value) = document.get_mut(name) {
            *value = json!(own);
        }
    }
    if let Some(sex) = document.get_mut("sex") {
        *sex = json!("female");
    }
    json!({ "result": "found", "documents": [document], "serial": "S-1" })
}

/// A server that gives what is to be said; its address.
fn listen(said: Said) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let body = said.lock().expect("no panic").clone();
            // Whoever asks may have gone.
            let _ = stream.and_then(|stream| answer(stream, &body));
        }
    });
    address
}

fn answer(stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let (mut reader, mut length) = (BufReader::new(&stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let mut stream = &stream;
    stream.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes())?;
    stream.write_all(body)
}
