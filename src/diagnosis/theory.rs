//! What theories predict, to lay rewards over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::problem::{Equilibrium, Support};
use crate::solution::{solve, solve_equilibrium};
use crate::utility::{
    Exponential, InversePower, Linear, Log, LogSigmoid, Power, SharedUtility, SmoothedInverse, SmoothedLog,
};

/// On which scale a theory is compared with rewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FitScale {
    /// Rewards in [0, 1].
    Unit,
    /// The sigmoid of raw logits.
    Sigmoid,
    /// Raw logits, each prompt's shifted to mean 0.
    Line,
}

/// A loss whose optimal rewards are compared with rewards.
#[derive(Debug, Clone)]
pub(super) enum Loss {
    Utility(SharedUtility),
    /// Bradley-Terry with label smoothing.
    Smoothing(f64),
    /// Bradley-Terry with centring.
    Centering(f64),
}

impl Loss {
    pub fn name(&self) -> String {
        match self {
            Self::Utility(utility) => utility.to_string(),
            Self::Smoothing(q) => format!("logsigmoid(x), smoothing {q}"),
            Self::Centering(c) => format!("logsigmoid(x), centering {c}"),
        }
    }
}

/// The optimal rewards, ascending, and whether the middle one may be anything.
#[derive(Debug, Clone)]
pub(super) struct Prediction {
    pub rewards: Vec<f64>,
    pub free_middle: bool,
}

/// By loss and number of responses; `None` where there is no optimum.
type Known = HashMap<(String, usize), Option<Arc<Prediction>>>;

/// Optimal rewards, each computed once.
#[derive(Debug, Default)]
pub(super) struct Predictions {
    known: Mutex<Known>,
}

impl Predictions {
    /// `None` where the problem has no solution that can be certified.
    pub fn of(&self, loss: &Loss, n: usize) -> Option<Arc<Prediction>> {
        let key = (loss.name(), n);
        let known = || self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = known().get(&key) {
            return known.clone();
        }
        let found = predict(loss, n).map(Arc::new);
        known().insert(key, found.clone());
        found
    }
}

fn predict(loss: &Loss, n: usize) -> Option<Prediction> {
    let on_line = |smoothing: f64, centering: f64| {
        let utility: SharedUtility = Arc::new(LogSigmoid::new(1.0).ok()?);
        let problem = Equilibrium::new(utility, smoothing, Support::LINE).ok()?.with_centering(centering).ok()?;
        let rewards = solve_equilibrium(&problem, n, None).ok()?.rewards;
        Some(Prediction { rewards, free_middle: false })
    };
    match loss {
        Loss::Utility(utility) => {
            let solution = solve(utility, n).ok()?;
            Some(Prediction { free_middle: !solution.unique && n % 2 == 1, rewards: solution.rewards })
        }
        Loss::Smoothing(q) => on_line(*q, 0.0),
        Loss::Centering(c) => on_line(0.0, *c),
    }
}

/// A family of losses with one parameter, or with none.
#[derive(Debug)]
pub(super) struct LossFamily {
    /// As the report writes it.
    pub formula: &'static str,
    /// From where to where its parameter is looked for, on a logarithmic scale; `None` for a single member.
    pub range: Option<(f64, f64)>,
    pub member: fn(f64) -> Option<Loss>,
}

fn utility<U: crate::utility::Utility + 'static, E>(utility: Result<U, E>) -> Option<Loss> {
    utility.ok().map(|utility| Loss::Utility(Arc::new(utility)))
}

/// Rewards in [0, 1].
pub(super) const ON_UNIT: [LossFamily; 9] = [
    LossFamily { formula: "x", range: None, member: |_| Some(Loss::Utility(Arc::new(Linear))) },
    LossFamily { formula: "log(x)", range: None, member: |_| Some(Loss::Utility(Arc::new(Log))) },
    LossFamily { formula: "log(x+eps)", range: Some((1e-3, 10.0)), member: |eps| utility(SmoothedLog::new(eps)) },
    LossFamily { formula: "-1/x", range: None, member: |_| utility(InversePower::new(1.0)) },
    LossFamily { formula: "-1/(x+eps)", range: Some((1e-3, 10.0)), member: |eps| utility(SmoothedInverse::new(eps)) },
    LossFamily { formula: "-x^-s", range: Some((0.02, 8.0)), member: |s| utility(InversePower::new(s)) },
    LossFamily { formula: "x^s", range: Some((0.02, 0.98)), member: |s| utility(Power::new(s)) },
    LossFamily { formula: "logsigmoid(kx)", range: Some((0.1, 100.0)), member: |k| utility(LogSigmoid::new(k)) },
    LossFamily { formula: "1-exp(-kx)", range: Some((0.1, 100.0)), member: |k| utility(Exponential::new(k)) },
];

/// Raw logits, up to a shift.
pub(super) const ON_LINE: [LossFamily; 2] = [
    LossFamily {
        formula: "logsigmoid(x), smoothing q",
        range: Some((1e-4, 0.45)),
        member: |q| Some(Loss::Smoothing(q)),
    },
    LossFamily {
        formula: "logsigmoid(x), centering c",
        range: Some((1e-5, 10.0)),
        member: |c| Some(Loss::Centering(c)),
    },
];
