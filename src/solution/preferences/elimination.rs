//! Exact elimination of the items that few others are tied to.
//!
//! In a chain, a tree, or a ring a change of one reward is felt by all others, and conjugate gradients with the diagonal alone take as many
//! iterations as the graph is long. Eliminating the items with the fewest ties first (minimum degree: Tinney and Walker, *Direct solutions
//! of sparse network equations by optimally ordered triangular factorization*, Proc. IEEE 55 (1967), 1801-1809) solves such graphs
//! exactly. It stops at a core whose items all have many ties; a core that is well mixed is what the diagonal does well.

use std::collections::HashMap;

use crate::problem::WeightedPairs;

/// Ties up to which an item is eliminated.
const FEW: usize = 16;

/// Ties between the neighbours of eliminated items, over the number of items and comparisons, at which elimination ends.
const MOST_FILL: usize = 32;

/// The order of elimination, and the ties that it makes: the same for all rewards.
#[derive(Debug)]
pub(super) struct Elimination {
    /// For each comparison its edge: the pair of items, however often compared.
    edge_of: Vec<u32>,
    edges: usize,
    /// The items that are eliminated, in order.
    steps: Vec<Step>,
    /// What is left: items with their edges to each other.
    core: Vec<(u32, Vec<u32>)>,
}

/// An item, and those that it is tied to when its turn comes.
#[derive(Debug)]
struct Step {
    item: u32,
    /// The others, each with the edge to it.
    ties: Vec<(u32, u32)>,
    /// The edges between the others, in the order of the pairs.
    between: Vec<u32>,
}

impl Elimination {
    /// For the graph of some comparisons; none where most items are compared with many others.
    pub(super) fn of(pairs: &WeightedPairs<'_>) -> Option<Self> {
        let n = pairs.n();
        let has_few = |&item: &usize| pairs.of_item(item).len() <= FEW;
        if 2 * (0..n).filter(has_few).count() < n {
            return None;
        }
        let mut graph = Graph { known: HashMap::new(), beside: vec![Vec::new(); n], ties: vec![0; n] };
        let comparisons = pairs.preferences().comparisons();
        let edge_of = comparisons.iter().map(|c| graph.edge(c.winner, c.loser)).collect();
        let most = MOST_FILL * (n + comparisons.len());
        let mut by_ties: Vec<Vec<u32>> = vec![Vec::new(); FEW + 1];
        for item in 0..n {
            if graph.ties[item] <= FEW {
                by_ties[graph.ties[item]].push(item as u32);
            }
        }
        let (mut steps, mut gone, mut fill) = (Vec::new(), vec![false; n], 0);
        while let Some(few) = (0..=FEW).find(|&few| !by_ties[few].is_empty()) {
            let Some(item) = by_ties[few].pop() else { break };
            // Listed before its ties became others.
            if gone[item as usize] || graph.ties[item as usize] != few {
                continue;
            }
            let ties: Vec<(u32, u32)> =
                graph.beside[item as usize].iter().copied().filter(|(other, _)| !gone[*other as usize]).collect();
            fill += ties.len() * ties.len();
            if fill > most {
                break;
            }
            gone[item as usize] = true;
            let mut between = Vec::with_capacity(ties.len() * ties.len().saturating_sub(1) / 2);
            for (k, (a, _)) in ties.iter().enumerate() {
                between.extend(ties[k + 1..].iter().map(|(b, _)| graph.edge(*a, *b)));
            }
            for (other, _) in &ties {
                let left = &mut graph.ties[*other as usize];
                *left -= 1;
                if *left <= FEW {
                    by_ties[*left].push(*other);
                }
            }
            steps.push(Step { item, ties, between });
        }
        let left = (0..n).filter(|&item| !gone[item]);
        let core = left.map(|item| {
            let edges = graph.beside[item].iter().filter(|(other, _)| !gone[*other as usize]);
            (item as u32, edges.map(|(_, edge)| *edge).collect())
        });
        Some(Self { edge_of, edges: graph.known.len(), steps, core: core.collect() })
    }

    /// The factors for conductances of the comparisons, and what holds each item by itself. Only items that are free take part; the others
    /// hold those that they are compared with.
    ///
    /// Every number is a sum of products of positive ones: nothing cancels, however long the graph.
    pub(super) fn factor(
        &self,
        pairs: &WeightedPairs<'_>,
        conductances: &[f64],
        own: &[f64],
        free: &[bool],
    ) -> Factor<'_> {
        let mut weights = vec![0.0; self.edges];
        let mut own = own.to_vec();
        for ((c, edge), conductance) in pairs.preferences().comparisons().iter().zip(&self.edge_of).zip(conductances) {
            let (a, b) = (c.winner as usize, c.loser as usize);
            match (free[a], free[b]) {
                (true, true) => weights[*edge as usize] += conductance,
                (true, false) => own[a] += conductance,
                (false, true) => own[b] += conductance,
                (false, false) => {}
            }
        }
        let mut diagonal = vec![1.0; own.len()];
        for step in &self.steps {
            let item = step.item as usize;
            let sum = own[item] + step.ties.iter().map(|(_, edge)| weights[*edge as usize]).sum::<f64>();
            if sum.is_nan() || sum <= 0.0 {
                continue;
            }
            diagonal[item] = sum;
            let mut between = step.between.iter();
            for (k, (a, edge_a)) in step.ties.iter().enumerate() {
                let share = weights[*edge_a as usize] / sum;
                own[*a as usize] += share * own[item];
                for ((_, edge_b), edge) in step.ties[k + 1..].iter().zip(between.by_ref()) {
                    weights[*edge as usize] += share * weights[*edge_b as usize];
                }
            }
        }
        for (item, edges) in &self.core {
            let item = *item as usize;
            let sum = own[item] + edges.iter().map(|edge| weights[*edge as usize]).sum::<f64>();
            diagonal[item] = if sum > 0.0 { sum } else { 1.0 };
        }
        Factor { elimination: self, weights, diagonal }
    }
}

/// The graph as it is so far, with ties to items that are gone.
struct Graph {
    known: HashMap<(u32, u32), u32>,
    beside: Vec<Vec<(u32, u32)>>,
    /// How many ties each item has to items that are left.
    ties: Vec<usize>,
}

impl Graph {
    /// The edge between two items, new if there was none.
    fn edge(&mut self, a: u32, b: u32) -> u32 {
        let next = self.known.len() as u32;
        let edge = *self.known.entry((a.min(b), a.max(b))).or_insert(next);
        if edge == next {
            for (from, to) in [(a, b), (b, a)] {
                self.beside[from as usize].push((to, edge));
                self.ties[from as usize] += 1;
            }
        }
        edge
    }
}

/// The inverse of the matrix, but for the ties within the core.
#[derive(Debug)]
pub(super) struct Factor<'a> {
    elimination: &'a Elimination,
    weights: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Factor<'_> {
    /// Its product with a vector.
    pub(super) fn apply(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for step in &self.elimination.steps {
            let share = x[step.item as usize] / self.diagonal[step.item as usize];
            for (other, edge) in &step.ties {
                x[*other as usize] += self.weights[*edge as usize] * share;
            }
        }
        x.iter_mut().zip(&self.diagonal).for_each(|(x, d)| *x /= d);
        for step in self.elimination.steps.iter().rev() {
            let item = step.item as usize;
            let sum: f64 =
                step.ties.iter().map(|(other, edge)| self.weights[*edge as usize] * x[*other as usize]).sum();
            x[item] += sum / self.diagonal[item];
        }
        x
    }
}
