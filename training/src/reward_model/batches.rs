//! Sequences of different lengths as batches with little padding.

use std::collections::HashMap;

use tch::{Device, Tensor};

use super::{ModelError, Sizes};

/// A tokenised text.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// Tokens, from `[CLS]` to the last `[SEP]`.
    pub ids: &'a [u32],
    /// The segment of each: 0 for the question, 1 for the answer.
    pub segments: &'a [u8],
}

/// Sequences of one padded length.
#[derive(Debug)]
pub struct Batch {
    /// Tokens as places in the pass's list of distinct tokens, `(B, T)`.
    pub tokens: Tensor,
    /// Segments, `(B, T)`; read only by models with segment embeddings.
    pub segments: Tensor,
    /// True for tokens, false for padding, `(B, T)`; none where nothing is padded.
    pub mask: Option<Tensor>,
}

impl Batch {
    /// The padded length.
    pub fn length(&self) -> i64 {
        self.tokens.size()[1]
    }
}

/// The batches of one pass.
#[derive(Debug)]
pub struct Batches {
    /// The numbers of the tokens that occur, each once.
    pub distinct: Tensor,
    /// The length of the longest sequence.
    pub longest: i64,
    /// The batches.
    pub batches: Vec<Batch>,
    /// The sequence that each row of the batches, in order, belongs to.
    pub order: Vec<usize>,
}

impl Batches {
    /// Sorts `sequences` by length and cuts where the least work is done: padding costs its tokens, and each batch a fixed
    /// amount. O(N^2) for N sequences.
    ///
    /// # Errors
    /// [`ModelError::Sequence`] for a sequence that is empty, longer than absolute positions reach, or has a token beyond the
    /// vocabulary.
    pub fn new(sequences: &[Sequence], sizes: &Sizes, device: Device) -> Result<Self, ModelError> {
        for sequence in sequences {
            check(sequence, sizes)?;
        }
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&index| sequences[index].ids.len());
        let lengths: Vec<usize> = order.iter().map(|&index| sequences[index].ids.len()).collect();
        let mut places = HashMap::new();
        let mut distinct = Vec::new();
        let mut place = |id: u32| {
            *places.entry(id).or_insert_with(|| {
                distinct.push(i64::from(id));
                distinct.len() as i64 - 1
            })
        };
        let mut batches = Vec::new();
        for range in cuts(&lengths, sizes, device) {
            let length = lengths[range.end - 1];
            let rows = &order[range.clone()];
            let (mut tokens, mut segments, mut mask) = (Vec::new(), Vec::new(), Vec::new());
            for &index in rows {
                let Sequence { ids, segments: own } = sequences[index];
                let padding = length - ids.len();
                // Padding repeats a token of the sequence, so that no other has to be embedded; the mask hides it.
                tokens.extend(ids.iter().map(|&id| place(id)));
                tokens.extend(std::iter::repeat_n(place(ids[0]), padding));
                segments.extend(own.iter().map(|&segment| i64::from(segment)));
                segments.extend(std::iter::repeat_n(0, padding));
                mask.extend((0..length).map(|position| position < ids.len()));
            }
            let shape = [rows.len() as i64, length as i64];
            batches.push(Batch {
                tokens: Tensor::from_slice(&tokens).view(shape).to_device(device),
                segments: Tensor::from_slice(&segments).view(shape).to_device(device),
                mask: mask.contains(&false).then(|| Tensor::from_slice(&mask).view(shape).to_device(device)),
            });
        }
        let longest = lengths.last().map_or(1, |&length| length as i64);
        Ok(Self { distinct: Tensor::from_slice(&distinct).to_device(device), longest, batches, order })
    }
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

/// Decides by dynamic programming where to cut ascending `lengths`.
fn cuts(lengths: &[usize], sizes: &Sizes, device: Device) -> Vec<std::ops::Range<usize>> {
    // In units of a token's share of the projections: what starting the kernels of a batch costs, as measured.
    let hidden = sizes.hidden_size as f64;
    let start = if device.is_cuda() { 4096.0 } else { 80.0 * (128.0 / hidden).powi(2) + 1.0 };
    let work = |count: usize, length: usize| {
        let length = length as f64;
        start + count as f64 * length * (1.0 + 0.7 * length / hidden)
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
