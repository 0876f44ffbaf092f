//! What `solve` prints of problem (7).

use super::output;
use super::solve::rewards;
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
    let basis = match solution.basis {
        Basis::Support => "by the ends of the support",
        Basis::MeanDistance => "by a bound on the mean distance of the best rewards",
        Basis::StrongConcavity => "by the curvature of field and centring",
        Basis::Gaps => "by a bound on the gaps between the best rewards",
        Basis::Laws => "nor do any laws of rewards, by the potential of the rewards",
        Basis::Starts => "",
    };
    let unique = match solution.unique {
        Unique::Yes => "yes",
        Unique::UpToShift => "up to a shift: the mean is set to 0, or the first or last reward to a finite end",
        Unique::No => "no: other rewards may do as well",
    };
    let gap = match solution.bound {
        Scope::Local => {
            "none: the field is not concave; no rewards nearby do better, and these are the best from several starts"
                .into()
        }
        _ => format!("{} a pair: no rewards do better by more, {basis}", output::bound(solution.gap)),
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
    facts.extend([(
        "solved in",
        format!(
            "{} ({} method, {})",
            output::seconds(solution.seconds),
            solution.method,
            output::count(solution.iterations, "iteration")
        ),
    )]);
    format!("{}\n{}", output::facts(&facts), rewards(&solution.rewards))
}
