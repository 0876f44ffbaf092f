//! The instructions of a pickle.

use std::collections::HashMap;
use std::io::BufRead;

use super::input::Input;
use super::{Storage, Value, View};

/// No tensor has more dimensions.
const DIMENSIONS: usize = 16;
/// Keys of storages are short numbers.
const KEY: usize = 64;

/// Reads a pickle instruction by instruction.
pub(super) struct Machine<'a, R> {
    input: Input<'a, R>,
    values: Vec<Value>,
    /// Places of values.
    stack: Vec<usize>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, usize>,
}

pub(super) const MALFORMED: &str = "it is damaged: its pickle takes more than there is";

impl<'a, R: BufRead> Machine<'a, R> {
    pub fn new(reader: &'a mut R) -> Self {
        Self { input: Input(reader), values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() }
    }

    /// All values, and the place of the one that was pickled.
    pub fn run(mut self) -> Result<(Vec<Value>, usize), String> {
        while !self.step()? {}
        let top = self.pop()?;
        Ok((self.values, top))
    }

    /// One instruction; true for the last.
    fn step(&mut self) -> Result<bool, String> {
        match self.input.byte()? {
            b'.' => return Ok(true),
            // Protocol, frame: nothing to know.
            0x80 => _ = self.input.byte()?,
            0x95 => _ = self.input.bytes(8)?,
            b'(' => self.marks.push(self.stack.len()),
            b'0' => _ = self.pop()?,
            b'1' => _ = self.since_mark()?,
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            b'G' => {
                self.input.bytes(8)?;
                self.push(Value::Other);
            }
            b'J' => {
                let value = i64::from(self.input.word()? as i32);
                self.push(Value::Integer(value));
            }
            b'K' => {
                let value = i64::from(self.input.byte()?);
                self.push(Value::Integer(value));
            }
            b'M' => {
                let low = i64::from(self.input.byte()?);
                let value = low | i64::from(self.input.byte()?) << 8;
                self.push(Value::Integer(value));
            }
            0x8a => {
                let length = self.input.byte()? as usize;
                let bytes = self.input.bytes(length)?;
                self.push(long(&bytes));
            }
            b'X' | b'T' | b'B' => {
                let length = self.input.word()? as usize;
                self.text(length)?;
            }
            0x8c | b'U' | b'C' => {
                let length = self.input.byte()? as usize;
                self.text(length)?;
            }
            b')' | b']' => self.push(Value::Sequence(Vec::new())),
            b'}' => self.push(Value::Dictionary(Vec::new())),
            b't' | b'l' => {
                let places = self.since_mark()?;
                self.push(Value::Sequence(places));
            }
            b'd' => {
                let places = self.since_mark()?;
                self.push(Value::Dictionary(pairs(&places)?));
            }
            count @ 0x85..=0x87 => {
                let height = self.stack.len().checked_sub(usize::from(count - 0x84)).ok_or(MALFORMED)?;
                let places = self.stack.split_off(height);
                self.push(Value::Sequence(places));
            }
            b'a' => {
                let place = self.pop()?;
                self.extend(&[place])?;
            }
            b'e' => {
                let places = self.since_mark()?;
                self.extend(&places)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let places = self.since_mark()?;
                self.insert(&places)?;
            }
            b'c' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.push(Value::Global(format!("{module}.{name}")));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (&self.values[module], &self.values[name]) {
                    (Value::Text(module), Value::Text(name)) => Value::Global(format!("{module}.{name}")),
                    _ => Value::Other,
                };
                self.push(global);
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let value = self.call(callable, arguments);
                self.push(value);
            }
            // The state of an object: of a dictionary, what is not in it.
            b'b' => _ = self.pop()?,
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(Value::Storage(storage));
            }
            b'q' => {
                let place = u32::from(self.input.byte()?);
                self.remember(place)?;
            }
            b'r' => {
                let place = self.input.word()?;
                self.remember(place)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let place = u32::from(self.input.byte()?);
                self.recall(place)?;
            }
            b'j' => {
                let place = self.input.word()?;
                self.recall(place)?;
            }
            other => return Err(format!("it is no state dictionary: its pickle has the instruction {other:#04x}")),
        }
        Ok(false)
    }

    /// What calling a global gives; nothing is called.
    fn call(&self, callable: usize, arguments: usize) -> Value {
        let (Value::Global(name), Value::Sequence(arguments)) = (&self.values[callable], &self.values[arguments])
        else {
            return Value::Other;
        };
        match (name.as_str(), &arguments[..]) {
            ("collections.OrderedDict", []) => Value::Dictionary(Vec::new()),
            ("torch._utils._rebuild_parameter", [data, ..]) => match &self.values[*data] {
                Value::View(view) => Value::View(view.clone()),
                _ => Value::Other,
            },
            (
                "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                [storage, offset, shape, strides, ..],
            ) => {
                match (&self.values[*storage], &self.values[*offset], self.integers(*shape), self.integers(*strides)) {
                    (Value::Storage(storage), Value::Integer(offset), Some(shape), Some(strides)) => {
                        Value::View(View { storage: storage.clone(), offset: *offset, shape, strides })
                    }
                    _ => Value::Other,
                }
            }
            _ => Value::Other,
        }
    }

    /// `("storage", kind, key, device, elements)`.
    fn storage(&self, id: usize) -> Result<Storage, String> {
        let parts: Vec<&Value> = match &self.values[id] {
            Value::Sequence(places) => places.iter().map(|&place| &self.values[place]).collect(),
            _ => Vec::new(),
        };
        let [Value::Text(_), Value::Global(kind), Value::Text(key), _, Value::Integer(elements), ..] = &parts[..]
        else {
            return Err("it is no state dictionary: it refers to something else than storages".to_owned());
        };
        let kind = super::kind(kind).ok_or_else(|| format!("it has a storage of the kind {kind}"))?;
        if key.len() > KEY {
            return Err(MALFORMED.to_owned());
        }
        let elements = u64::try_from(*elements).map_err(|_| format!("storage {key} has {elements} elements"))?;
        Ok(Storage { key: key.clone(), kind, elements })
    }

    fn integers(&self, place: usize) -> Option<Vec<i64>> {
        let Value::Sequence(places) = &self.values[place] else { return None };
        let integer = |&place: &usize| match self.values[place] {
            Value::Integer(value) => Some(value),
            _ => None,
        };
        if places.len() > DIMENSIONS {
            return None;
        }
        places.iter().map(integer).collect()
    }

    fn extend(&mut self, places: &[usize]) -> Result<(), String> {
        if let Value::Sequence(own) = &mut self.values[*self.stack.last().ok_or(MALFORMED)?] {
            own.extend(places);
        }
        Ok(())
    }

    fn insert(&mut self, places: &[usize]) -> Result<(), String> {
        let added = pairs(places)?;
        if let Value::Dictionary(own) = &mut self.values[*self.stack.last().ok_or(MALFORMED)?] {
            own.extend(added);
        }
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<usize, String> {
        Ok(self.stack.pop().ok_or(MALFORMED)?)
    }

    fn since_mark(&mut self) -> Result<Vec<usize>, String> {
        let height = self.marks.pop().filter(|&height| height <= self.stack.len()).ok_or(MALFORMED)?;
        Ok(self.stack.split_off(height))
    }

    fn remember(&mut self, place: u32) -> Result<(), String> {
        self.memo.insert(place, *self.stack.last().ok_or(MALFORMED)?);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<(), String> {
        self.stack.push(*self.memo.get(&place).ok_or(MALFORMED)?);
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), String> {
        let bytes = self.input.bytes(length)?;
        self.push(Value::Text(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }
}

fn pairs(places: &[usize]) -> Result<Vec<(usize, usize)>, String> {
    let (pairs, []) = places.as_chunks::<2>() else { return Err(MALFORMED.to_owned()) };
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}

/// A little-endian integer in two's complement, where it is none too large.
fn long(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Other;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    Value::Integer(i64::from_le_bytes(whole))
}
