//! A JSON-lines file: one line per change, the last line about a thing wins.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// The same path with something added to its last name: each provider but Alipay's payments has a journal of its own.
pub fn beside(path: &Path, added: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(added);
    path.into()
}

/// An open journal. A line is with the operating system before its change counts, so that it outlives the process.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Length up to which every line is whole.
    sound: u64,
}

impl Journal {
    /// Opens or creates the file and reads what it holds. A line that cannot be read is an error; a last line without
    /// its end was never acknowledged, is reported on stderr and cut off.
    pub fn open<T: DeserializeOwned>(path: &Path) -> io::Result<(Self, Vec<T>)> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            let lost = text.len() - whole;
            eprintln!("zerotrip-sandbox: {}: unfinished last line of {lost} bytes cut off", path.display());
            file.set_len(whole as u64)?;
        }
        let mut entries = Vec::new();
        for (number, line) in text[..whole].split(|&b| b == b'\n').enumerate().filter(|(_, l)| !l.is_empty())
        {
            entries.push(serde_json::from_slice(line).map_err(|error| {
                let message = format!("{} line {}: {error}", path.display(), number + 1);
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?);
        }
        Ok((Self { file, sound: whole as u64 }, entries))
    }

    /// Adds one line. After an error the file holds what it held before.
    pub fn append<T: Serialize>(&mut self, entry: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // A half line must not swallow the next one.
            self.file.set_len(self.sound)?;
            return Err(error);
        }
        self.sound += line.len() as u64;
        Ok(())
    }
}
