//! A table from its rows, in any order.

use std::collections::HashMap;
use std::sync::Arc;

use super::RewardTable;
use super::text::Texts;

/// The reward of one response.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableRow<'a> {
    /// The prompt's text, or an identifier of it within its type.
    pub prompt: &'a str,
    /// The name of its type; empty for none.
    pub prompt_type: &'a str,
    /// The reward, a finite number.
    pub reward: f64,
    /// The rank, a finite number: the least is the best, and equal ones tie.
    pub rank: Option<f64>,
    /// The response.
    pub response: Option<&'a str>,
}

/// Collects rows. Those of a prompt need not be adjacent. Prompts of two types are two prompts even under one name.
///
/// ```
/// use reward_collapse::experiment::{TableBuilder, TableRow};
/// let mut builder = TableBuilder::default();
/// for (prompt, reward) in [("a", 0.3), ("b", 0.9), ("a", 0.1)] {
///     builder.push(TableRow { prompt, reward, ..TableRow::default() })?;
/// }
/// let table = builder.finish().map_err(|(_, reason)| reason)?.ok_or("no rows")?;
/// assert_eq!(table.prompt(0).unwrap().rewards, [0.3, 0.1]);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Default)]
pub struct TableBuilder {
    names: Vec<Arc<str>>,
    types: Vec<Arc<str>>,
    type_of: Vec<u32>,
    type_places: HashMap<Arc<str>, u32>,
    /// For each type its prompts.
    prompts: Vec<HashMap<Arc<str>, u32>>,
    /// That of the last row.
    latest: Option<u32>,
    rows: Vec<Entry>,
    texts: Texts,
    has_ranks: bool,
    has_texts: bool,
    /// Whether ranks are numbers that begin at the worst response.
    is_numbered: bool,
    pub(super) step: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    prompt: u32,
    reward: f64,
    /// NaN for none.
    rank: f64,
    place: u64,
}

impl TableBuilder {
    /// Adds a row.
    ///
    /// # Errors
    /// What is wrong: a reward or a rank that is not finite, or more prompts than there are numbers of 32 bits.
    pub fn push(&mut self, row: TableRow<'_>) -> Result<(), String> {
        let place = self.rows.len() as u64 + 1;
        self.push_at(row, place)
    }

    /// Adds a row that stands in line `place`, which an error of [`TableBuilder::finish`] tells.
    ///
    /// # Errors
    /// As [`TableBuilder::push`].
    pub fn push_at(&mut self, row: TableRow<'_>, place: u64) -> Result<(), String> {
        let TableRow { prompt, prompt_type, reward, rank, response } = row;
        if let Some(wrong) = [Some(reward), rank].into_iter().flatten().find(|number| !number.is_finite()) {
            return Err(format!("{wrong} is not a finite number"));
        }
        let prompt = self.prompt(prompt, prompt_type)?;
        self.rows.push(Entry { prompt, reward, rank: rank.unwrap_or(f64::NAN), place });
        self.has_ranks |= rank.is_some();
        if let (Some(text), false) = (response, self.has_texts) {
            // The rows before have none.
            self.has_texts = true;
            (1..self.rows.len()).for_each(|_| self.texts.push(""));
            self.texts.push(text);
        } else if self.has_texts {
            self.texts.push(response.unwrap_or_default());
        }
        Ok(())
    }

    /// Adds a row of a prompt whose responses are numbered from the worst, from 0 or from 1, in place of ranks.
    ///
    /// # Errors
    /// As [`TableBuilder::push`].
    pub fn push_numbered(&mut self, row: TableRow<'_>, number: u64, place: u64) -> Result<(), String> {
        if self.has_ranks && !self.is_numbered {
            return Err("there is no rank, where other rows have one".to_owned());
        }
        self.is_numbered = true;
        self.push_at(TableRow { rank: Some(number as f64), ..row }, place)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        *self = Self { step: self.step, ..Self::default() };
    }

    fn prompt(&mut self, name: &str, prompt_type: &str) -> Result<u32, String> {
        // Most files have the rows of a prompt together.
        if let Some(latest) = self.latest {
            let index = latest as usize;
            let of_type = self.type_of.get(index).and_then(|&index| self.types.get(index as usize));
            if self.names.get(index).is_some_and(|own| **own == *name)
                && of_type.is_some_and(|own| **own == *prompt_type)
            {
                return Ok(latest);
            }
        }
        let too_many = || "there are too many prompts".to_owned();
        let type_index = match self.type_places.get(prompt_type) {
            Some(&index) => index,
            None => {
                let index = u32::try_from(self.types.len()).map_err(|_| too_many())?;
                let name: Arc<str> = prompt_type.into();
                self.types.push(name.clone());
                self.type_places.insert(name, index);
                self.prompts.push(HashMap::new());
                index
            }
        };
        let prompts = self.prompts.get_mut(type_index as usize).ok_or_else(too_many)?;
        let index = match prompts.get(name) {
            Some(&index) => index,
            None => {
                let index = u32::try_from(self.names.len()).map_err(|_| too_many())?;
                let name: Arc<str> = name.into();
                self.names.push(name.clone());
                self.type_of.push(type_index);
                prompts.insert(name, index);
                index
            }
        };
        self.latest = Some(index);
        Ok(index)
    }

    /// The table; `None` if there are no rows.
    ///
    /// # Errors
    /// The line of a row and what is wrong there: a prompt of which some responses have ranks, and others have none.
    pub fn finish(self) -> Result<Option<RewardTable>, (u64, String)> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let mut starts = vec![0; self.names.len() + 1];
        for entry in &self.rows {
            starts[entry.prompt as usize + 1] += 1;
        }
        for prompt in 1..starts.len() {
            starts[prompt] += starts[prompt - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0; self.rows.len()];
        for (row, entry) in self.rows.iter().enumerate() {
            let place = &mut next[entry.prompt as usize];
            order[*place] = row;
            *place += 1;
        }
        let sorted = || order.iter().map(|&row| &self.rows[row]);
        let mut ranks: Option<Vec<f64>> = self.has_ranks.then(|| sorted().map(|entry| entry.rank).collect());
        if let Some(ranks) = &mut ranks {
            let first = ranks.iter().copied().fold(f64::INFINITY, f64::min);
            let places: Vec<u64> = sorted().map(|entry| entry.place).collect();
            for (name, range) in self.names.iter().zip(starts.windows(2)) {
                let of = range[0]..range[1];
                let wrong = |reason| format!("{reason} of prompt `{name}`");
                let checked = whole(&ranks[of.clone()], &places[of.clone()]);
                checked.map_err(|(place, reason)| (place, wrong(reason)))?;
                if self.is_numbered {
                    let numbered = from_best(&mut ranks[of.clone()], first, &places[of]);
                    numbered.map_err(|(place, reason)| (place, wrong(reason)))?;
                }
            }
        }
        let responses = self.has_texts.then(|| match order.is_sorted() {
            true => self.texts.clone(),
            false => self.texts.ordered(&order),
        });
        Ok(Some(RewardTable {
            rewards: sorted().map(|entry| entry.reward).collect(),
            names: self.names,
            types: self.types,
            type_of: self.type_of,
            starts,
            ranks,
            responses,
            step: self.step,
        }))
    }
}

/// All responses of a prompt have a rank, or none has.
fn whole(ranks: &[f64], places: &[u64]) -> Result<(), (u64, String)> {
    let without = ranks.iter().zip(places).find(|(rank, _)| rank.is_nan());
    match without {
        Some((_, &place)) if ranks.iter().any(|rank| !rank.is_nan()) => {
            Err((place, "there is no rank, unlike with other responses".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Makes ranks of numbers that begin with `first` at the worst response. Each number must be there once.
fn from_best(numbers: &mut [f64], first: f64, places: &[u64]) -> Result<(), (u64, String)> {
    let mut order: Vec<(f64, u64)> = numbers.iter().copied().zip(places.iter().copied()).collect();
    order.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    if let Some([(_, before), (number, place)]) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err((*place, format!("response_index {number}, which is in line {before} already,")));
    }
    let last = places.iter().copied().max().unwrap_or_default();
    let expected = (0..order.len()).map(|place| first + place as f64);
    if let Some((number, _)) = expected.zip(&order).find(|(expected, (number, _))| expected != number) {
        return Err((last, format!("there is no response_index {number}")));
    }
    let n = numbers.len() as f64;
    numbers.iter_mut().for_each(|number| *number = n + first - *number);
    Ok(())
}
