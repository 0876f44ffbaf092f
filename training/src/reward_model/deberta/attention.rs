//! `attention.self`: disentangled attention (He, Liu, Gao and Chen, *DeBERTa*, 2021, section 3.1).
//!
//! The score of query `i` and key `j` is `q_i k_j` (content to content) plus `q_i k^r_(i-j)` (content to position) plus
//! `k_j q^r_(i-j)` (position to content), over the root of the head's width times the number of terms.

use tch::{Kind, Tensor};

use super::Config;
use super::relative_positions::RelativePositions;
use crate::reward_model::layers::{Dropout, Linear};
use crate::reward_model::parameters::{Branch, Weights};
use crate::reward_model::{AttnImplementation, Batches, Group};

/// The projections of one layer.
#[derive(Debug)]
pub struct DisentangledSelfAttention {
    query_proj: Linear,
    key_proj: Linear,
    value_proj: Linear,
    /// Keys of positions; `None` where they share `key_proj`.
    pos_key_proj: Option<Linear>,
    /// Queries of positions; `None` where they share `query_proj`.
    pos_query_proj: Option<Linear>,
    content_to_position: bool,
    position_to_content: bool,
    heads: i64,
    width: i64,
    span: i64,
    scale: f64,
    pos_dropout: Dropout,
    dropout: Dropout,
}

/// Projected relative positions of one layer, `(heads, 2L, width)` each and already scaled; shared by every group of a pass.
#[derive(Debug)]
pub struct ProjectedPositions {
    /// Keys for `i - j` from `L - 1` down to `-L`.
    keys: Option<Tensor>,
    /// Queries for `i - j` from `1 - L` up to `L`.
    queries: Option<Tensor>,
    longest: i64,
}

/// The groups of a pass, with what all layers need of them.
#[derive(Debug)]
pub struct Groups<'a> {
    batches: &'a Batches,
    /// For each group 0 for tokens and `-inf` for padding, `(count, T)`; none where nothing is padded.
    biases: Vec<Option<Tensor>>,
    /// Whether attention is one operation.
    fused: bool,
}

impl<'a> Groups<'a> {
    /// Those of `batches`; attention is computed in the precision `kind`, by these operations.
    pub fn new(batches: &'a Batches, kind: Kind, implementation: AttnImplementation) -> Self {
        let bias = |mask: &Tensor| mask.zeros_like().to_kind(kind).masked_fill(&mask.logical_not(), f64::NEG_INFINITY);
        let biases = batches.groups.iter().map(|group| group.mask().map(bias)).collect();
        Self { batches, biases, fused: implementation.is_fused(batches.tokens.device()) }
    }

    /// The batches.
    pub fn batches(&self) -> &'a Batches {
        self.batches
    }

    /// The states `(B, H)` of the first tokens, of `(N, H)`.
    pub fn firsts(&self, states: &Tensor) -> Tensor {
        states.index_select(0, &self.batches.firsts)
    }

    /// Each group with its part and its bias.
    fn each<'b>(&'b self, parts: &'b [Tensor]) -> impl Iterator<Item = (&'b Group, &'b Tensor, Option<&'b Tensor>)> {
        let biases = self.biases.iter().map(Option::as_ref);
        self.batches.groups.iter().zip(parts).zip(biases).map(|((group, part), bias)| (group, part, bias))
    }
}

impl DisentangledSelfAttention {
    pub fn new(mut branch: Branch, config: &Config) -> Self {
        let hidden = config.hidden_size;
        let all = config.heads_size();
        let mut projection = |name: &str| Linear::new(branch.at(name), hidden, all);
        let (query_proj, key_proj, value_proj) =
            (projection("query_proj"), projection("key_proj"), projection("value_proj"));
        let own = |wanted: bool| wanted && !config.share_att_key;
        let (content_to_position, position_to_content) = (config.content_to_position(), config.position_to_content());
        Self {
            query_proj,
            key_proj,
            value_proj,
            pos_key_proj: own(content_to_position).then(|| projection("pos_key_proj")),
            pos_query_proj: own(position_to_content).then(|| projection("pos_query_proj")),
            content_to_position,
            position_to_content,
            heads: config.num_attention_heads,
            width: config.head_size(),
            span: config.attention_span(),
            scale: 1.0 / ((config.head_size() * config.score_terms()) as f64).sqrt(),
            pos_dropout: Dropout(config.hidden_dropout_prob),
            dropout: Dropout(config.attention_probs_dropout_prob),
        }
    }

    /// Whether the projection that keys of positions take lies before that of queries.
    fn keys_come_first(&self) -> bool {
        self.pos_key_proj.is_some() || self.pos_query_proj.is_some()
    }

    /// Projects `embeddings`, `(2 span, H)`, for all relative positions of a pass and all `layers`, which are of the same make: one
    /// product in place of two a layer.
    pub fn positions(
        layers: &[&Self],
        weights: &Weights,
        embeddings: &Tensor,
        relative: &RelativePositions,
        training: bool,
    ) -> Vec<ProjectedPositions> {
        let longest = relative.longest();
        let Some(one) = layers.first().filter(|own| own.content_to_position || own.position_to_content) else {
            return layers.iter().map(|_| ProjectedPositions { keys: None, queries: None, longest }).collect();
        };

        // In the order of their memory, so that nothing is copied.
        let projections = layers.iter().map(|own| {
            let keys = own.content_to_position.then(|| own.pos_key_proj.as_ref().unwrap_or(&own.key_proj));
            let queries = own.position_to_content.then(|| own.pos_query_proj.as_ref().unwrap_or(&own.query_proj));
            match own.keys_come_first() {
                true => keys.into_iter().chain(queries).collect(),
                false => queries.into_iter().chain(keys).collect(),
            }
        });
        let count = layers.len() as i64;
        let (weight, bias) = Linear::stacked(&projections.collect::<Vec<_>>(), weights);
        let table = embeddings.unsqueeze(0).expand([count, -1, -1], false);
        let table = one.pos_dropout.forward(table, training).to_kind(weight.kind());
        // Short sequences need few rows, long ones repeat them.
        let short = longest < one.span;
        let table = if short { table.index_select(1, relative.rows()) } else { table };
        let projected = bias.baddbmm(&table, &weight, one.scale, one.scale);
        let projected = if short { projected } else { projected.index_select(1, relative.rows()) };
        let all = projected.view([count, 2 * longest + 1, -1, one.heads, one.width]).permute([2, 0, 3, 1, 4]);
        let mut kinds = all.contiguous().unbind(0);
        if !one.keys_come_first() {
            kinds.reverse();
        }
        let mut kinds = kinds.into_iter();
        let mut part = |wanted: bool, start: i64, descending: bool| {
            let own = (if wanted { kinds.next() } else { None })?.narrow(2, start, 2 * longest);
            Some(if descending { own.flip([2]) } else { own }.unbind(0))
        };
        let keys = part(one.content_to_position, 0, true);
        let queries = part(one.position_to_content, 1, false);
        let of =
            |all: &Option<Vec<Tensor>>, k: usize| all.as_ref().and_then(|all| all.get(k)).map(Tensor::shallow_clone);
        (0..layers.len())
            .map(|k| ProjectedPositions { keys: of(&keys, k), queries: of(&queries, k), longest })
            .collect()
    }

    /// Context `(N, H)` of all tokens, whose `states` are `(N, H)`.
    pub fn forward(
        &self,
        weights: &Weights,
        states: &Tensor,
        groups: &Groups,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let projections = [&self.query_proj, &self.key_proj, &self.value_proj];
        let projected = Linear::side_by_side(&projections, weights, states);
        let parts = groups.batches.split(&projected);
        let contexts = groups.each(&parts).map(|(group, own, bias)| {
            let padded = group.padded(own);
            let context = match groups.fused {
                true => self.of_group_fused(group, &padded, bias, positions, training),
                false => self.of_group(group, &padded, bias, positions, training),
            };
            group.unpadded(&context)
        });
        Batches::join(&contexts.collect::<Vec<_>>())
    }

    /// Context `(count T, H)` of one group, from its tokens' projections, `(count T, 3 H)`. `bias`, `(count, T)`, is 0 for tokens
    /// and `-inf` for padding.
    fn of_group(
        &self,
        group: &Group,
        projected: &Tensor,
        bias: Option<&Tensor>,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let (count, length) = (group.count, group.length);
        let (heads, width) = (self.heads, self.width);
        let by_head = projected.view([count * length, 3, heads, width]).permute([1, 2, 0, 3]).contiguous().unbind(0);
        let added = self.added(group, [&by_head[0], &by_head[1]], bias, positions);

        let of_each = |index: usize| by_head[index].view([heads * count, length, width]);
        let (query, transposed, value) = (of_each(0), of_each(1).transpose(1, 2), of_each(2));
        let scores = match added {
            Some(added) => added.reshape([heads * count, length, length]).baddbmm(&query, &transposed, 1.0, self.scale),
            None => query.bmm(&transposed) * self.scale,
        };
        let probabilities = self.dropout.forward(scores.softmax(-1, None::<Kind>), training);
        let context = probabilities.bmm(&value).view([heads, count, length, width]);
        context.permute([1, 2, 0, 3]).reshape([count * length, heads * width])
    }

    /// The same by one operation, with all that is added to the scores of contents as its mask. Nothing is copied for it: queries, keys and
    /// values are where the projection left them.
    fn of_group_fused(
        &self,
        group: &Group,
        projected: &Tensor,
        bias: Option<&Tensor>,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let (count, length) = (group.count, group.length);
        let (heads, width) = (self.heads, self.width);
        let parts = projected.view([count * length, 3, heads, width]).unbind(1);
        let by_head = [0, 1].map(|index| parts[index].transpose(0, 1));
        let added = self.added(group, [&by_head[0], &by_head[1]], bias, positions);

        // The kernels of a GPU read the mask by rows.
        let added = added.map(|added| added.contiguous().transpose(0, 1));
        let of_each = |index: usize| parts[index].view([count, length, heads, width]).transpose(1, 2);
        let dropout = if training { self.dropout.0 } else { 0.0 };
        let (query, key, value) = (of_each(0), of_each(1), of_each(2));
        Tensor::scaled_dot_product_attention(&query, &key, &value, added, dropout, false, self.scale, false)
            .transpose(1, 2)
            .reshape([count * length, heads * width])
    }

    /// What is added to the scores of contents, `(heads, count, T, T)`: the scores of relative positions and the bias. Queries and keys are
    /// `(heads, count T, width)`.
    fn added(
        &self,
        group: &Group,
        [query, key]: [&Tensor; 2],
        bias: Option<&Tensor>,
        positions: Option<&ProjectedPositions>,
    ) -> Option<Tensor> {
        let (count, length) = (group.count, group.length);
        // Row i of the product holds all positions; the diagonals of the band are the scores wanted.
        let rows = 2 * length;
        let square = [self.heads, count, length, length];
        let against = |content: &Tensor, table: &Tensor, [of_query, of_key]: [i64; 2]| {
            let longest = positions.map_or(0, |p| p.longest);
            let table = if longest > length { &table.narrow(1, longest - length, rows) } else { table };
            let strides = [count * length * rows, length * rows, of_query, of_key];
            content.bmm(&table.transpose(1, 2)).as_strided(square, strides, length - 1)
        };
        let to_position = positions.and_then(|p| p.keys.as_ref());
        let to_position = to_position.map(|table| against(query, table, [rows - 1, 1]));
        let from_position = positions.and_then(|p| p.queries.as_ref());
        let from_position = from_position.map(|table| against(key, table, [1, rows - 1]));
        let of_positions = match (to_position, from_position) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        let bias = bias.map(|bias| bias.view([1, count, 1, length]));
        match (of_positions, bias) {
            (Some(added), Some(bias)) => Some(added + bias),
            (added, bias) => added.or_else(|| bias.map(|bias| bias.expand(square, false))),
        }
    }

    /// Context `(B, H)` of each sequence's first token alone: the last layer's other states reach no reward.
    pub fn first(
        &self,
        weights: &Weights,
        states: &Tensor,
        groups: &Groups,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let queries = self.query_proj.forward(weights, &groups.firsts(states));
        let projected = Linear::side_by_side(&[&self.key_proj, &self.value_proj], weights, states);
        let mut start = 0;
        let parts = groups.batches.split(&projected);
        let contexts = groups.each(&parts).map(|(group, own, bias)| {
            let query = queries.narrow(0, start, group.count);
            start += group.count;
            let padded = group.padded(own);
            self.first_of_group(group, &query, &padded, bias, positions, training)
        });
        Batches::join(&contexts.collect::<Vec<_>>())
    }

    /// Context `(count, H)` of the first tokens of one group, from their queries, `(count, H)`, and all its tokens' keys and
    /// values, `(count T, 2 H)`.
    fn first_of_group(
        &self,
        group: &Group,
        query: &Tensor,
        projected: &Tensor,
        bias: Option<&Tensor>,
        positions: Option<&ProjectedPositions>,
        training: bool,
    ) -> Tensor {
        let (count, length) = (group.count, group.length);
        let (heads, width) = (self.heads, self.width);
        let query = query.view([count, heads, width]).transpose(0, 1);
        let by_head = projected.view([count, length, 2, heads, width]).permute([2, 3, 0, 1, 4]);
        let (key, value) = (by_head.get(0), by_head.get(1));

        // Positions 0 - j, for j from 0 to T - 1.
        let longest = positions.map_or(0, |p| p.longest);
        let from_position = positions.and_then(|p| p.queries.as_ref());
        let from_position = from_position.map(|table| table.narrow(1, longest - length, length).flip([1]).unsqueeze(1));
        let to_position = positions.and_then(|p| p.keys.as_ref());
        let to_position = to_position.map(|table| query.bmm(&table.narrow(1, longest - 1, length).transpose(1, 2)));
        let against = plus((&query * self.scale).unsqueeze(2), from_position);
        let scores = (key * against).sum_dim_intlist([-1i64].as_slice(), false, None::<Kind>);
        let scores = plus(plus(scores, to_position), bias.map(|bias| bias.unsqueeze(0)));
        let probabilities = self.dropout.forward(scores.softmax(-1, None::<Kind>), training);
        let context = probabilities.unsqueeze(2).matmul(&value).squeeze_dim(2);
        context.transpose(0, 1).reshape([count, heads * width])
    }
}

/// A sum whose second term may be absent.
fn plus(x: Tensor, y: Option<Tensor>) -> Tensor {
    match y {
        Some(y) => x + y,
        None => x,
    }
}
