//! Which items can be reached from which.

use std::fmt;

use super::{Comparison, Preferences};

/// Names that an error spells out.
const NAMED: usize = 8;

/// Items that belong together, by name, in the order of their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The names.
    pub items: Vec<String>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.items.iter().take(NAMED).map(|item| format!("`{item}`")).collect();
        f.write_str(&named.join(", "))?;
        match self.items.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The strongly connected components of the graph with an arc from loser to winner for each comparison, as far as they matter, and
/// its parts without any comparison between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Components that no arc leaves, unless all items are one component: their items never lose to others.
    pub never_lose: Vec<Group>,
    /// Components that no arc enters, unless all items are one component: their items never win against others.
    pub never_win: Vec<Group>,
    /// Parts with no comparison between them; one if the graph is connected.
    pub separate: Vec<Group>,
}

impl Groups {
    /// Whether there is a way from each item to each other along arcs.
    pub fn is_strongly_connected(&self) -> bool {
        self.never_lose.is_empty()
    }

    /// Whether there is a way from each item to each other along arcs taken in either direction.
    pub fn is_connected(&self) -> bool {
        self.separate.len() < 2
    }
}

impl Preferences {
    /// The groups that decide whether best rewards exist, in `O(items + comparisons)`.
    pub fn groups(&self) -> Groups {
        let n = self.items.len();
        let (component, components) = strong_components(n, &self.comparisons);
        let mut is_left = vec![false; components];
        let mut is_entered = vec![false; components];
        for Comparison { winner, loser, .. } in &self.comparisons {
            let (from, to) = (component[*loser as usize], component[*winner as usize]);
            if from != to {
                is_left[from as usize] = true;
                is_entered[to as usize] = true;
            }
        }
        let of = |keep: &[bool]| match components {
            1 => Vec::new(),
            _ => self.collect(&component, components, |at| !keep[at]),
        };
        let (part, parts) = weak_components(n, &self.comparisons);
        Groups { never_lose: of(&is_left), never_win: of(&is_entered), separate: self.collect(&part, parts, |_| true) }
    }

    /// The groups to keep, in the order of their first items.
    fn collect(&self, group: &[u32], groups: usize, keep: impl Fn(usize) -> bool) -> Vec<Group> {
        const NONE: usize = usize::MAX;
        let mut place = vec![NONE; groups];
        let mut found: Vec<Group> = Vec::new();
        for (item, &at) in self.items.iter().zip(group) {
            let at = at as usize;
            if !keep(at) {
                continue;
            }
            if place[at] == NONE {
                place[at] = found.len();
                found.push(Group { items: Vec::new() });
            }
            found[place[at]].items.push(item.clone());
        }
        found
    }
}

/// Arcs by the item that they start from.
struct Arcs {
    start: Vec<usize>,
    to: Vec<u32>,
}

impl Arcs {
    fn from_losers(n: usize, comparisons: &[Comparison]) -> Self {
        let mut start = vec![0; n + 1];
        comparisons.iter().for_each(|c| start[c.loser as usize + 1] += 1);
        (0..n).for_each(|i| start[i + 1] += start[i]);
        let mut next = start.clone();
        let mut to = vec![0; comparisons.len()];
        for c in comparisons {
            let place = &mut next[c.loser as usize];
            to[*place] = c.winner;
            *place += 1;
        }
        Self { start, to }
    }
}

/// Tarjan's algorithm with a stack of its own, for paths may be as long as there are items. The component of each item, and how many.
fn strong_components(n: usize, comparisons: &[Comparison]) -> (Vec<u32>, usize) {
    const UNSEEN: u32 = u32::MAX;
    let arcs = Arcs::from_losers(n, comparisons);
    let mut next_arc = arcs.start.clone();
    let mut order = vec![UNSEEN; n];
    let mut lowest = vec![UNSEEN; n];
    let mut component = vec![UNSEEN; n];
    let (mut open, mut path): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut seen, mut components) = (0, 0);
    for root in 0..n {
        if order[root] != UNSEEN {
            continue;
        }
        path.push(root);
        while let Some(&at) = path.last() {
            if order[at] == UNSEEN {
                order[at] = seen;
                lowest[at] = seen;
                seen += 1;
                open.push(at);
            }
            let mut descends = false;
            while next_arc[at] < arcs.start[at + 1] {
                let to = arcs.to[next_arc[at]] as usize;
                next_arc[at] += 1;
                if order[to] == UNSEEN {
                    path.push(to);
                    descends = true;
                    break;
                }
                if component[to] == UNSEEN {
                    lowest[at] = lowest[at].min(order[to]);
                }
            }
            if descends {
                continue;
            }
            path.pop();
            if let Some(&parent) = path.last() {
                lowest[parent] = lowest[parent].min(lowest[at]);
            }
            if lowest[at] == order[at] {
                while let Some(member) = open.pop() {
                    component[member] = components;
                    if member == at {
                        break;
                    }
                }
                components += 1;
            }
        }
    }
    (component, components as usize)
}

/// The part of each item, and how many.
pub(super) fn weak_components(n: usize, comparisons: &[Comparison]) -> (Vec<u32>, usize) {
    let mut sets = Sets::new(n);
    comparisons.iter().for_each(|c| sets.join(c.winner as usize, c.loser as usize));
    let mut number = vec![u32::MAX; n];
    let mut parts = 0;
    let part = (0..n)
        .map(|item| {
            let root = sets.root(item);
            if number[root] == u32::MAX {
                number[root] = parts;
                parts += 1;
            }
            number[root]
        })
        .collect();
    (part, parts as usize)
}

/// Disjoint sets of items.
#[derive(Debug)]
pub(crate) struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    pub(crate) fn new(n: usize) -> Self {
        Self { parent: (0..n).collect() }
    }

    pub(crate) fn root(&mut self, mut item: usize) -> usize {
        while self.parent[item] != item {
            // Halving paths keeps them short.
            self.parent[item] = self.parent[self.parent[item]];
            item = self.parent[item];
        }
        item
    }

    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parent[one.max(other)] = one.min(other);
    }
}
