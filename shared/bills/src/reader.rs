//! A text that comes in pieces, line by line.

use crate::{Bill, Fault, Kind};

/// The longest line that any bill has.
const MAX_LINE: usize = 16 * 1024;

/// What makes a bill of lines.
pub(crate) trait Table {
    /// Takes a line without its end.
    fn line(&mut self, line: &[u8]) -> Result<(), Fault>;
    /// After the last line.
    fn finish(self) -> Result<Bill, Fault>;
}

/// Parts pieces into lines, which end with LF or CR LF.
pub(crate) struct Reader<T> {
    table: T,
    rest: Vec<u8>,
    line: u32,
}

impl<T: Table> Reader<T> {
    pub fn new(table: T) -> Self {
        Self { table, rest: Vec::new(), line: 0 }
    }

    pub fn piece(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let mut lines = piece.split(|byte| *byte == b'\n');
        // The last one goes on in the next piece.
        let open = lines.next_back().unwrap_or_default();
        for line in lines {
            if self.rest.is_empty() {
                self.take(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.take(&whole)?;
            }
        }
        self.rest.extend_from_slice(open);
        if self.rest.len() > MAX_LINE {
            return Err(Fault::new(Kind::TooLarge, "longer than any line of a bill").on(self.line + 1));
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Bill, Fault> {
        if !self.rest.is_empty() {
            let last = std::mem::take(&mut self.rest);
            self.take(&last)?;
        }
        self.table.finish()
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.line = self.line.saturating_add(1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.table.line(line).map_err(|fault| fault.on(self.line))
    }
}
