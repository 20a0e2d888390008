//! What administrators and officers do about accounts, and what tests need of it.

use crate::town::PASSWORD;
use crate::{Answer, Town, sql};
use serde_json::{Value, json};
use zerotrip_sandbox::people::Person;

impl Town {
    /// A session of another administrator, who is invited first.
    pub fn another_administrator(&self, login: &str) -> String {
        let body = json!({ "role": "administrator", "agency": "220100" });
        let invited = self.house.post("/auth/invitations", Some(&self.administrator()), &body);
        let body = json!({ "code": invited.text_of("code"), "login": login, "password": PASSWORD, "name": "王主任" });
        assert_eq!(self.house.post("/auth/activations", None, &body).status, 201);
        let body = json!({ "login": login, "password": PASSWORD });
        self.house.post("/auth/sessions", None, &body).text_of("access_token")
    }

    /// Imports these lines.
    pub fn import(&self, lines: &[Value]) -> Answer {
        self.import_as(&self.administrator(), lines)
    }

    /// The same with the token of an administrator.
    pub fn import_as(&self, token: &str, lines: &[Value]) -> Answer {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.house.send("POST", "/records/imports", Some(token), &lines.join("\n"))
    }

    /// All pages of `GET /records/duplicates` as `token` sees them.
    pub fn duplicates(&self, kind: &str) -> Vec<Value> {
        let token = self.administrator();
        let (mut groups, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/records/duplicates?kind={kind}&after={after}");
            let page = self.house.get(&path, Some(&token));
            assert_eq!(page.status, 200, "{}", page.text);
            let page = page.json();
            groups.extend(page["groups"].as_array().expect("a list").clone());
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => return groups,
            }
        }
    }

    /// An administrator's act on an account.
    pub fn act(&self, token: &str, citizen: &str, act: &str, body: &Value) -> Answer {
        self.house.post(&format!("/records/citizens/{citizen}/{act}"), Some(token), body)
    }

    /// Lines of this kind in the audit trail, once the job has written down what rows alone said.
    pub fn trail(&self, kind: &str) -> i64 {
        self.job("audit");
        self.count(&format!("SELECT COUNT(*) FROM audit_lines WHERE kind = '{kind}'"))
    }

    /// One statement, as somebody with the database in hand would give it.
    pub fn tamper(&self, statement: &str) {
        sql::execute(&self.house.database(), statement);
    }

    /// One text out of the database.
    pub fn text(&self, sql: &str) -> String {
        sql::text(&self.house.database(), sql)
    }

    /// A run of one of `records`' jobs.
    pub fn job(&self, name: &str) -> Value {
        let done = self.house.post(&format!("/records/jobs/{name}"), Some(&self.job_token()), &json!({}));
        assert_eq!(done.status, 200, "{}", done.text);
        done.json()
    }
}

/// A line of an import.
pub fn old_account(external: &str, person: &Person, phone: &str, password_hash: Option<&str>) -> Value {
    json!({ "external_id": external, "name": person.name, "id_number": person.id_number, "phone": phone,
        "password_hash": password_hash, "created_at": 1_400_000_000_000_u64 })
}
