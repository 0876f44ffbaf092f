//! Sequences of different lengths in one pass: their tokens one after another, and for attention groups with little padding.

use std::collections::HashMap;
use std::ops::Range;

use tch::{Device, Kind, Tensor};

use super::{ModelError, Sizes};
use crate::guard;

/// A tokenised text.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// Tokens, from `[CLS]` to the last `[SEP]`.
    pub ids: &'a [u32],
    /// The segment of each: 0 for the question, 1 for the answer.
    pub segments: &'a [u8],
}

/// How the sequences of a pass are grouped for attention. It changes the work and not the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// As is fastest on the device.
    Fastest,
    /// All in one group, padded to the longest.
    One,
}

/// The sequences of one pass. Whatever acts on each token for itself sees the `N` tokens of all sequences, without padding.
#[derive(Debug)]
pub struct Batches {
    /// The numbers of the tokens that occur, each once, `(M,)`.
    pub distinct: Tensor,
    /// The tokens as places in `distinct`, `(N,)`.
    pub tokens: Tensor,
    /// Their segments, `(N,)`; read only by models with segment embeddings.
    pub segments: Tensor,
    /// Their places in their sequences, `(N,)`; read only by models with absolute positions.
    pub positions: Tensor,
    /// Where each sequence begins among the tokens, `(B,)`.
    pub firsts: Tensor,
    /// The groups, in the order of their tokens.
    pub groups: Vec<Group>,
    /// The length that the longest group is padded to.
    pub longest: i64,
    /// Which sequence is the first, the second and so on among the tokens.
    pub order: Vec<usize>,
}

/// Sequences that attention takes together, padded to one length `T`.
#[derive(Debug)]
pub struct Group {
    /// How many sequences.
    pub count: i64,
    /// `T`.
    pub length: i64,
    /// How many tokens, without padding.
    pub tokens: i64,
    padding: Option<Padding>,
}

#[derive(Debug)]
struct Padding {
    /// For each place of the padded group, the token there among the group's own. Padding repeats its sequence's last token.
    rows: Tensor,
    /// For each token, its place in the padded group.
    places: Tensor,
    /// True for tokens, `(count, T)`.
    mask: Tensor,
}

impl Group {
    /// From the group's tokens, `(tokens, W)`, to `(count T, W)`. What padding has is not defined, but finite.
    pub fn padded(&self, rows: &Tensor) -> Tensor {
        match &self.padding {
            Some(padding) => rows.index_select(0, &padding.rows),
            None => rows.shallow_clone(),
        }
    }

    /// The reverse: from `(count T, W)` to `(tokens, W)`.
    pub fn unpadded(&self, rows: &Tensor) -> Tensor {
        match &self.padding {
            Some(padding) => rows.index_select(0, &padding.places),
            None => rows.shallow_clone(),
        }
    }

    /// True for tokens, false for padding, `(count, T)`; none where nothing is padded.
    pub fn mask(&self) -> Option<&Tensor> {
        self.padding.as_ref().map(|padding| &padding.mask)
    }
}

impl Batches {
    /// Sorts `sequences` by length and groups them.
    ///
    /// # Errors
    /// [`ModelError::Sequence`] for a sequence that is empty, longer than absolute positions reach, or has a token beyond the
    /// vocabulary; [`ModelError::Memory`].
    pub fn new(sequences: &[Sequence], sizes: &Sizes, device: Device, grouping: Grouping) -> Result<Self, ModelError> {
        for sequence in sequences {
            check(sequence, sizes)?;
        }
        Ok(guard::torch(|| Self::laid_out(sequences, sizes, device, grouping))?)
    }

    fn laid_out(sequences: &[Sequence], sizes: &Sizes, device: Device, grouping: Grouping) -> Self {
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&index| sequences[index].ids.len());
        let lengths: Vec<usize> = order.iter().map(|&index| sequences[index].ids.len()).collect();
        let ranges = match grouping {
            Grouping::Fastest => cuts(&lengths, sizes, device),
            Grouping::One => std::iter::once(0..lengths.len()).collect(),
        };

        let mut numbers = Numbers::default();
        let mut seen = HashMap::new();
        let mut distinct = Vec::new();
        let tokens = numbers.add(order.iter().flat_map(|&index| sequences[index].ids).map(|&id| {
            *seen.entry(id).or_insert_with(|| {
                distinct.push(i64::from(id));
                distinct.len() as i64 - 1
            })
        }));
        let distinct = numbers.add(distinct);
        let segments = order.iter().flat_map(|&index| sequences[index].segments).map(|&segment| i64::from(segment));
        let segments = numbers.add(segments);
        let positions = numbers.add(lengths.iter().flat_map(|&length| 0..length as i64));
        let firsts = numbers.add(lengths.iter().scan(0, |end, &length| {
            *end += length as i64;
            Some(*end - length as i64)
        }));
        let groups: Vec<_> =
            ranges.into_iter().map(|range| plan(&lengths[range], device.is_cuda(), &mut numbers)).collect();

        // One copy to the device for all.
        let part = numbers.on(device);
        let groups = groups.into_iter().map(|(count, length, tokens, padding)| Group {
            count,
            length,
            tokens,
            padding: padding.map(|[rows, places, mask]| Padding {
                rows: part(rows),
                places: part(places),
                mask: part(mask).view([count, length]).to_kind(Kind::Bool),
            }),
        });
        let groups: Vec<Group> = groups.collect();
        let longest = groups.iter().map(|group| group.length).max().unwrap_or(1);
        Self {
            distinct: part(distinct),
            tokens: part(tokens),
            segments: part(segments),
            positions: part(positions),
            firsts: part(firsts),
            groups,
            longest,
            order,
        }
    }

    /// The parts of `rows`, `(N, W)`, that belong to each group.
    pub fn split(&self, rows: &Tensor) -> Vec<Tensor> {
        match &self.groups[..] {
            [_] => vec![rows.shallow_clone()],
            groups => {
                let sizes: Vec<i64> = groups.iter().map(|group| group.tokens).collect();
                rows.split_with_sizes(&sizes[..], 0)
            }
        }
    }

    /// The groups' parts as one again.
    pub fn join(parts: &[Tensor]) -> Tensor {
        match parts {
            [one] => one.shallow_clone(),
            several => Tensor::cat(several, 0),
        }
    }
}

/// Lists of integers that go to the device together.
#[derive(Default)]
struct Numbers(Vec<i64>);

impl Numbers {
    fn add(&mut self, numbers: impl IntoIterator<Item = i64>) -> Range<usize> {
        let start = self.0.len();
        self.0.extend(numbers);
        start..self.0.len()
    }

    fn on(&self, device: Device) -> impl Fn(Range<usize>) -> Tensor {
        let all = copied(&Tensor::from_slice(&self.0), device);
        move |range: Range<usize>| all.narrow(0, range.start as i64, range.len() as i64)
    }
}

/// Copies `values` to the device. To a GPU they go from pinned memory, so that the host need not wait for what the device is at.
pub fn copied(values: &Tensor, device: Device) -> Tensor {
    match device {
        Device::Cuda(_) => values.pin_memory(device).to_device_(device, values.kind(), true, false),
        _ => values.to_device(device),
    }
}

/// A group of sequences of ascending `lengths`: count, padded length, tokens, and where in `numbers` the rows, places and mask of
/// its padding are.
fn plan(lengths: &[usize], aligned: bool, numbers: &mut Numbers) -> (i64, i64, i64, Option<[Range<usize>; 3]>) {
    let length = padded_length(lengths.last().copied().unwrap_or(1), aligned);
    let tokens: usize = lengths.iter().sum();
    let padding = (tokens < length * lengths.len()).then(|| {
        let mut end = 0;
        let rows = numbers.add(lengths.iter().flat_map(|&own| {
            let begin = end;
            end += own;
            (0..length).map(move |place| (begin + place.min(own - 1)) as i64)
        }));
        let places = lengths.iter().enumerate();
        let places = places.flat_map(|(row, &own)| (0..own).map(move |place| (row * length + place) as i64));
        let places = numbers.add(places);
        let mask = lengths.iter().flat_map(|&own| (0..length).map(move |place| i64::from(place < own)));
        [rows, places, numbers.add(mask)]
    });
    (lengths.len() as i64, length as i64, tokens as i64, padding)
}

/// The tensor cores of a GPU want multiples of 8 numbers, and some kernels multiples of 16.
fn padded_length(longest: usize, aligned: bool) -> usize {
    if aligned { longest.next_multiple_of(16) } else { longest }
}

fn check(sequence: &Sequence, sizes: &Sizes) -> Result<(), ModelError> {
    let length = sequence.ids.len();
    if length == 0 || sequence.segments.len() != length {
        return Err(ModelError::Sequence("a text without tokens cannot be scored".to_owned()));
    }
    if let Some(longest) = sizes.longest.filter(|&longest| length > longest) {
        return Err(ModelError::Sequence(format!("a text has {length} tokens, the model takes {longest}")));
    }
    if let Some(id) = sequence.ids.iter().find(|&&id| i64::from(id) >= sizes.vocab_size) {
        return Err(ModelError::Sequence(format!(
            "the tokeniser gave token {id}, the model knows {}; they do not belong together",
            sizes.vocab_size
        )));
    }
    if sizes.type_vocab_size > 0
        && let Some(segment) = sequence.segments.iter().find(|&&segment| i64::from(segment) >= sizes.type_vocab_size)
    {
        return Err(ModelError::Sequence(format!("segment {segment} is unknown to the model")));
    }
    Ok(())
}

/// Decides by dynamic programming where to cut ascending `lengths` so that attention has the least work: padding costs, and so
/// does each group. O(N^2) for N sequences.
fn cuts(lengths: &[usize], sizes: &Sizes, device: Device) -> Vec<Range<usize>> {
    // In units of a token's share of the projections: what starting the kernels of a group costs, as measured.
    let hidden = sizes.hidden_size as f64;
    let start =
        if device.is_cuda() { 2000.0 * (768.0 / hidden).powi(2) } else { 60.0 * (128.0 / hidden).powi(2) + 1.0 };
    let work = |count: usize, longest: usize| {
        let length = padded_length(longest, device.is_cuda()) as f64;
        start + count as f64 * length * (0.1 + 0.7 * length / hidden)
    };
    let mut best = vec![(0.0, 0); lengths.len() + 1];
    for end in 1..=lengths.len() {
        let choices = (0..end).map(|begin| (best[begin].0 + work(end - begin, lengths[end - 1]), begin));
        best[end] = choices.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
    }
    let mut ranges = Vec::new();
    let mut end = lengths.len();
    while end > 0 {
        let begin = best[end].1;
        ranges.push(begin..end);
        end = begin;
    }
    ranges.reverse();
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_group_gives_back_what_went_in() {
        let mut numbers = Numbers::default();
        let (count, length, tokens, padding) = plan(&[1, 3, 4], true, &mut numbers);
        assert_eq!((count, length, tokens), (3, 16, 8));
        let part = numbers.on(Device::Cpu);
        let [rows, places, mask] = padding.unwrap().map(part);
        let padding = Some(Padding { rows, places, mask: mask.view([count, length]).to_kind(Kind::Bool) });
        let group = Group { count, length, tokens, padding };
        let rows = Tensor::arange(tokens, (Kind::Float, Device::Cpu)).view([-1, 1]);
        let padded = group.padded(&rows);
        assert_eq!(group.unpadded(&padded), rows);
        let own = padded.view([3, 16]).masked_select(group.mask().unwrap());
        assert_eq!(own, rows.view([-1]));
    }

    #[test]
    fn sequences_of_one_length_are_not_padded() {
        let mut numbers = Numbers::default();
        let (_, length, tokens, padding) = plan(&[5, 5], false, &mut numbers);
        assert!((length, tokens) == (5, 10) && padding.is_none() && numbers.0.is_empty());
    }
}
