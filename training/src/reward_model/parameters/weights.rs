//! Parameters in the precision of a pass.

use tch::{Kind, Tensor};

use super::{Id, Parameters, Precision};
use crate::reward_model::ModelError;

/// The values as one pass sees them, in the precision of the pass. They are the leaves of the pass's graph.
#[derive(Debug)]
pub struct Weights {
    kind: Kind,
    values: Vec<Tensor>,
    looked_up: Vec<LookedUp>,
}

/// Rows of a large table: only those that a pass reads take part in its graph.
#[derive(Debug)]
struct LookedUp {
    id: Id,
    numbers: Tensor,
    rows: Tensor,
}

impl Weights {
    /// Casts the values where `kind` is not single precision. Some stay as they are: tables, whose rows are added to what is in
    /// single precision anyway, normalisations, and the head. A reward of 8 bits would be one of few values, and pairs would
    /// tie.
    pub fn of(parameters: &Parameters, kind: Kind) -> Self {
        let mut values: Vec<Tensor> = parameters.leaves.iter().map(Tensor::shallow_clone).collect();
        if kind != Kind::Float {
            // Neighbours in memory are cast as one.
            for run in parameters.runs(|id| parameters.precision(id) == Precision::OfThePass) {
                let (first, last) = (parameters.range(run[0]), parameters.range(run[run.len() - 1]));
                let cast =
                    tch::no_grad(|| parameters.flat.narrow(0, first.start, last.end - first.start).to_kind(kind));
                for &id in run {
                    let (leaf, range) = (&parameters.leaves[id], parameters.range(id));
                    let own = cast.narrow(0, range.start - first.start, range.end - range.start).view(&leaf.size()[..]);
                    values[id] = own.detach().set_requires_grad(leaf.requires_grad());
                }
            }
        }
        Self { kind, values, looked_up: Vec::new() }
    }

    /// The precision of the pass.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The rows `numbers`, `(M,)`, each at most once, of the table `id`.
    pub fn look_up(&mut self, id: Id, numbers: &Tensor) -> Tensor {
        let table = &self.values[id.0];
        let rows = tch::no_grad(|| table.index_select(0, numbers)).set_requires_grad(table.requires_grad());
        self.looked_up.push(LookedUp { id, numbers: numbers.shallow_clone(), rows: rows.shallow_clone() });
        rows
    }

    /// Adds the derivatives of `scalar` by the trainable values to `gradient`, laid out like [`Parameters::flat`].
    pub(crate) fn add_gradient(
        &self,
        scalar: &Tensor,
        parameters: &Parameters,
        gradient: &Tensor,
    ) -> Result<(), ModelError> {
        let looked_up = |id: usize| self.looked_up.iter().any(|own| own.id.0 == id);
        let kind = |id: usize| self.values[id].kind();
        let wanted = |id: usize| parameters.range(id).start < parameters.trainable && !looked_up(id);
        // Neighbours of the same precision are added as one.
        let runs = parameters.runs(wanted).into_iter();
        let runs: Vec<&[usize]> = runs.flat_map(|run| run.chunk_by(|&a, &b| kind(a) == kind(b))).collect();
        let tables: Vec<&LookedUp> = self.looked_up.iter().filter(|own| own.rows.requires_grad()).collect();
        let values = runs.iter().flat_map(|run| run.iter()).map(|&id| &self.values[id]);
        let leaves: Vec<&Tensor> = values.chain(tables.iter().map(|own| &own.rows)).collect();
        let mut derivatives = Tensor::f_run_backward(&[scalar], &leaves, false, false)?.into_iter();
        tch::no_grad(|| {
            for run in runs {
                let start = parameters.range(run[0]).start;
                let parts: Vec<Tensor> = run
                    .iter()
                    .zip(derivatives.by_ref())
                    .map(|(&id, own)| {
                        // A parameter that no logit depends on has none.
                        if own.defined() { own.view([-1]) } else { self.values[id].zeros_like().view([-1]) }
                    })
                    .collect();
                let all = Tensor::f_cat(&parts, 0)?;
                drop(parts);
                let _ = gradient.narrow(0, start, all.size1()?).f_add_(&all)?;
            }
            for (own, derivative) in tables.iter().zip(derivatives.by_ref()) {
                if derivative.defined() {
                    let range = parameters.range(own.id.0);
                    let table = gradient.narrow(0, range.start, range.end - range.start);
                    let _ = table.view(&self.values[own.id.0].size()[..]).f_index_add_(0, &own.numbers, &derivative)?;
                }
            }
            Ok(())
        })
    }
}

impl std::ops::Index<Id> for Weights {
    type Output = Tensor;

    fn index(&self, id: Id) -> &Tensor {
        &self.values[id.0]
    }
}
