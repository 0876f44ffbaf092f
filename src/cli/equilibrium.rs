//! What `solve` prints of problem (7).

use super::output;
use super::solve::rewards;
use crate::problem::Support;
use crate::solution::{Basis, EquilibriumSolution, Scope, Unique};

/// The solution for people.
pub fn table(solution: &EquilibriumSolution) -> String {
    let mut facts = vec![("utility", solution.utility.clone()), ("rewards in", solution.support.clone())];
    facts.extend(solution.field.clone().map(|field| ("field", field)));
    if solution.smoothing != 0.0 {
        facts.push(("smoothing", solution.smoothing.to_string()));
    }
    if solution.centering != 0.0 {
        facts.push(("centring", solution.centering.to_string()));
    }
    // The words of the JSON, which the book explains.
    let basis = match solution.basis {
        Basis::Support => "support",
        Basis::MeanDistance => "mean-distance",
        Basis::StrongConcavity => "strong-concavity",
        Basis::Gaps => "gaps",
        Basis::Laws => "laws: it holds for all laws of rewards",
        Basis::Starts => "starts",
    };
    let unique = match solution.unique {
        Unique::Yes => "yes",
        Unique::UpToShift if solution.support == Support::LINE.to_string() => "up to a shift: the mean is set to 0",
        Unique::UpToShift => "up to a shift: one reward is set to the end of the support",
        Unique::No => "no: other rewards may do as well",
    };
    let gap = match solution.bound {
        Scope::Local => {
            "none: the field is not concave; no rewards nearby do better, and these are the best from several starts"
                .into()
        }
        _ => format!(
            "{} a pair: no other rewards are better by more than this (basis: {basis})",
            output::bound(solution.gap)
        ),
    };
    facts.extend([
        ("responses", solution.n.to_string()),
        ("objective", output::number(solution.objective)),
        ("mean utility", format!("{} a pair, field included", output::number(solution.mean_utility))),
        ("gap", gap),
        ("concavity", output::concavity(solution.concavity).into()),
        ("unique", unique.into()),
    ]);
    facts.extend(output::interpolation(solution.interpolation));
    facts.push(output::solved_in(solution.seconds, solution.method, solution.iterations));
    format!("{}\n{}", output::facts(&facts), rewards(&solution.rewards))
}
