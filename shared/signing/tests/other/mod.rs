//! The other side: keys, signatures and ciphers of openssl and Node on the command line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs `openssl` and gives what it writes.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    run("openssl", arguments, input)
}

/// Runs `script` in Node with `input` as its `input`; gives what it makes `output`.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn node(script: &str, input: &Value) -> Value {
    let script = format!(
        "const crypto = require('crypto'); const input = JSON.parse(require('fs').readFileSync(0)); let output; {script}; process.stdout.write(JSON.stringify(output));"
    );
    serde_json::from_slice(&run("node", &["-e", &script], input.to_string().as_bytes())).expect("JSON")
}

fn run(command: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(command)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{command}: {e}; tests/run sees to it"));
    child.stdin.take().expect("piped").write_all(input).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A folder of RSA keys, `NAME.pem`, that goes with the test.
pub struct Keys(pub PathBuf);

impl Keys {
    pub fn new(names: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("zerotrip-keys-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let keys = Self(folder);
        for name in names {
            keys.generate(name, &["rsa_keygen_bits:2048"]);
        }
        keys
    }

    /// Makes the key `name` with these options of `openssl genpkey`.
    pub fn generate(&self, name: &str, options: &[&str]) {
        let file = self.file(name);
        let mut arguments = vec!["genpkey", "-algorithm", "RSA", "-out", &file];
        arguments.extend(options.iter().flat_map(|option| ["-pkeyopt", option]));
        openssl(&arguments, b"");
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(format!("{name}.pem")).display().to_string()
    }

    /// DER of PKCS#8.
    pub fn private(&self, name: &str) -> Vec<u8> {
        openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &self.file(name), "-outform", "DER"], b"")
    }

    /// DER of SubjectPublicKeyInfo.
    pub fn public(&self, name: &str) -> Vec<u8> {
        openssl(&["pkey", "-in", &self.file(name), "-pubout", "-outform", "DER"], b"")
    }

    pub fn sign(&self, name: &str, digest: &str, content: &[u8]) -> Vec<u8> {
        openssl(&["dgst", digest, "-sign", &self.file(name)], content)
    }

    /// Panics where the key `name` did not make `signature` (base64) over `content`.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn verify(&self, name: &str, signature: &str, content: &str) {
        let (public, file) = (self.0.join("verify.pem"), self.0.join("signature"));
        std::fs::write(&file, STANDARD.decode(signature).expect("base64")).expect("written");
        let (public, file) = (public.display().to_string(), file.display().to_string());
        openssl(&["pkey", "-in", &self.file(name), "-pubout", "-out", &public], b"");
        openssl(&["dgst", "-sha256", "-verify", &public, "-signature", &file], content.as_bytes());
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder goes");
    }
}
