//! What a pickle's instructions take from the file.

use std::io::{BufRead, Read};

use super::cut;
use super::machine::MALFORMED;

/// No text in a state dictionary is longer.
const LONGEST: usize = 1 << 20;

/// The bytes of a pickle.
pub(super) struct Input<'a, R>(pub &'a mut R);

impl<R: BufRead> Input<'_, R> {
    pub fn byte(&mut self) -> Result<u8, String> {
        Ok(self.bytes(1)?[0])
    }

    pub fn word(&mut self) -> Result<u32, String> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, String> {
        if count > LONGEST {
            return Err(format!("it is no state dictionary: its pickle has a text of {count} bytes"));
        }
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).map_err(|error| cut(&error))?;
        Ok(bytes)
    }

    pub fn line(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        let mut limited = Read::take(&mut *self.0, LONGEST as u64);
        limited.read_until(b'\n', &mut bytes).map_err(|error| cut(&error))?;
        match bytes.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            _ => Err(MALFORMED.to_owned()),
        }
    }
}
