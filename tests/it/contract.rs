//! What the library promises those who bring utilities, positions, solvers and observers of their own.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use argmin::core::observers::{Observe, ObserverMode};
use argmin::core::{CostFunction, Error, Executor, Gradient, Hessian, KV, KvValue};
use reward_collapse::compare::Optimum;
use reward_collapse::limit::{LimitError, LimitLaw};
use reward_collapse::problem::{FastRewards, FoldedRewards, FreeRewards, Positions, PositionsError};
use reward_collapse::solution::{
    ActiveSetNewton, Certificate, Ends, NewtonState, Progress, Solution, SolveError, SolveOptions, solve, solve_with,
};
use reward_collapse::utility::{
    ClosedForm, Concavity, Expression, LogSigmoid, Origin, SharedUtility, Utility, UtilityError, parse,
};

/// A utility by its value, slope and curvature.
#[derive(Debug, Clone)]
struct Own {
    jet: fn(f64) -> [f64; 3],
    origin: Origin,
    closed_form: Option<ClosedForm>,
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("own")
    }
}

impl Utility for Own {
    fn value(&self, x: f64) -> f64 {
        (self.jet)(x)[0]
    }

    fn slope(&self, x: f64) -> f64 {
        (self.jet)(x)[1]
    }

    fn curvature(&self, x: f64) -> f64 {
        (self.jet)(x)[2]
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn closed_form(&self) -> Option<ClosedForm> {
        self.closed_form
    }
}

fn own(jet: fn(f64) -> [f64; 3], origin: Origin) -> Own {
    Own { jet, origin, closed_form: None }
}

/// `sigmoid(30 (x - 0.4))`, convex up to 0.4.
fn late_sigmoid() -> Own {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-30.0 * (x - 0.4)).exp());
    let slope = 30.0 * sigmoid(0.0) * (1.0 - sigmoid(0.0));
    own(
        |x| {
            let s = 1.0 / (1.0 + (-30.0 * (x - 0.4)).exp());
            [s, 30.0 * s * (1.0 - s), 900.0 * s * (1.0 - s) * (1.0 - 2.0 * s)]
        },
        Origin::FiniteSlope(slope),
    )
}

#[test]
fn a_utility_of_one_s_own_is_checked() {
    // Solved as if it were concave, four responses came to a mean utility of 0.667; 0, 0.487, 1, 1 has 0.811.
    let error = solve(&late_sigmoid(), 4).unwrap_err();
    assert!(matches!(&error, SolveError::Utility(UtilityError::NotConcave { .. })), "{error}");
    assert!(LimitLaw::of(&late_sigmoid()).is_err());

    let falling = own(|x| [-x, -1.0, 0.0], Origin::FiniteSlope(-1.0));
    assert!(matches!(solve(&falling, 3), Err(SolveError::Utility(UtilityError::NotIncreasing { .. }))));
    assert!(matches!(LimitLaw::of(&falling), Err(LimitError::Refused(UtilityError::NotIncreasing { .. }))));

    let log = |x: f64| [x.ln(), 1.0 / x, -1.0 / (x * x)];
    for wrong in [
        Origin::FiniteSlope(5.0),
        Origin::FiniteSlope(f64::INFINITY),
        Origin::Power { gamma: 0.5, scale: 1.0 },
        Origin::Log { scale: 2.0 },
        Origin::Pole { sigma: 0.5, scale: 1.0 },
    ] {
        let error = solve(&own(log, wrong), 4).unwrap_err();
        assert!(matches!(error, SolveError::Utility(UtilityError::Origin { .. })), "{wrong:?}: {error}");
        assert!(LimitLaw::of(&own(log, wrong)).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_utility_that_keeps_the_contract_is_solved_as_sampled() {
    let log = own(|x: f64| [x.ln(), 1.0 / x, -1.0 / (x * x)], Origin::Log { scale: 1.0 });
    let solution = solve(&log, 8).unwrap();
    assert_eq!(solution.concavity, Concavity::Sampled);
    let known = solve(&parse("log(x)").unwrap(), 8).unwrap();
    assert_eq!(known.concavity, Concavity::Proved);
    for (own, known) in solution.rewards.iter().zip(&known.rewards) {
        assert!((own - known).abs() < 1e-14);
    }
    // What it says of its own law is no theorem.
    let boastful = Own { closed_form: Some(ClosedForm::Uniform), ..log };
    let law = LimitLaw::of(&boastful).unwrap();
    assert_eq!(law.closed_form(), None);
    assert!((law.cdf(0.1) - LimitLaw::of(&parse("log(x)").unwrap()).unwrap().cdf(0.1)).abs() < 1e-10);
}

#[test]
fn utilities_are_taken_however_they_are_held() {
    let plain = LogSigmoid::new(4.0).unwrap();
    let shared: Arc<LogSigmoid> = Arc::new(plain);
    let erased: SharedUtility = shared.clone();
    let boxed: Box<dyn Utility> = "logsigmoid(4x)".parse().unwrap();
    let rewards = |solution: Result<Solution, SolveError>| solution.unwrap().rewards;
    let expected = rewards(solve(&plain, 8));
    for found in [
        rewards(solve(&shared, 8)),
        rewards(solve(&erased, 8)),
        rewards(solve(erased.as_ref(), 8)),
        rewards(solve(&boxed, 8)),
        rewards(solve(&&plain, 8)),
    ] {
        assert_eq!(found, expected);
    }
    let mass = LimitLaw::of(&plain).unwrap().atoms()[0].mass;
    for law in [LimitLaw::of(&shared), LimitLaw::of(&erased), LimitLaw::of(erased.as_ref()), LimitLaw::of(&boxed)] {
        assert_eq!(law.unwrap().atoms()[0].mass, mass);
    }
}

#[test]
fn positions_are_built_right_or_not_at_all() {
    assert_eq!(Positions::new(8, vec![0.0; 3]), Err(PositionsError::Count { n: 8, expected: 4, found: 3 }));
    for bad in [vec![0.2, 0.1], vec![-0.1, 0.1], vec![0.1, 0.6], vec![f64::NAN, 0.1]] {
        assert!(matches!(Positions::new(4, bad.clone()), Err(PositionsError::Disordered { .. })), "{bad:?}");
    }
    // The number of responses comes with the positions: one problem serves any.
    let log = parse("log(x)").unwrap();
    let (folded, fast) = (FoldedRewards::new(&log), FastRewards::new(&log));
    for n in [2, 3, 4, 5, 200] {
        let x = Positions::new(n, (0..n / 2).map(|i| i as f64 / (n - 1) as f64).collect()).unwrap();
        assert_eq!(folded.gradient(&x).unwrap().len(), n / 2);
        assert_eq!(fast.gradient(&x).unwrap().len(), n / 2);
        assert!((folded.cost(&x).unwrap() - fast.cost(&x).unwrap()).abs() < 1e-8);
        assert_eq!(fast.hessian(&x).unwrap().diagonal().len(), n / 2);
        assert!(Certificate::of(&folded, &x).gap >= 0.0);
    }
}

#[test]
fn an_observer_sees_the_solve_and_can_stop_it() {
    let utility = parse("-1/x").unwrap();
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let record = seen.clone();
    let watching = SolveOptions {
        observer: Some(Arc::new(move |progress| {
            record.lock().unwrap().push(progress);
            ControlFlow::Continue(())
        })),
        ..SolveOptions::default()
    };
    let solution = solve_with(&utility, 100, &watching).unwrap();
    let seen = seen.lock().unwrap();
    let last = seen.last().unwrap();
    assert_eq!(last.n, 100);
    assert!((last.cost + solution.objective).abs() <= 1e-12 * solution.objective.abs());
    assert!(seen.iter().all(|progress| progress.cost.is_finite() && progress.relative_gap.is_finite()));
    assert!(seen.iter().any(|progress| progress.step == 1.0));
    assert_eq!(solution.rewards, solve(&utility, 100).unwrap().rewards);

    let stopping = SolveOptions { observer: Some(Arc::new(|_| ControlFlow::Break(()))), ..SolveOptions::default() };
    assert!(matches!(solve_with(&utility, 100, &stopping), Err(SolveError::Cancelled)));
}

/// An observer of `argmin`'s own.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<[f64; 3]>>>);

impl Observe<NewtonState> for Notes {
    fn observe_iter(&mut self, state: &NewtonState, kv: &KV) -> Result<(), Error> {
        let number = |key| match kv.get(key) {
            Some(KvValue::Float(value)) => *value,
            other => panic!("{key}: {other:?}"),
        };
        self.0.lock().unwrap().push([state.get_cost(), number("relative_gap"), number("step")]);
        Ok(())
    }
}

#[test]
fn an_executor_of_one_s_own_tells_cost_gap_and_step() {
    let log = parse("log(x)").unwrap();
    let notes = Notes::default();
    let newton = ActiveSetNewton::new(Ends::of(&log), 1e-14).reporting_cost();
    let start = Positions::new(8, vec![0.0, 0.1, 0.2, 0.4]).unwrap();
    Executor::new(FoldedRewards::new(&log), newton)
        .configure(|state| state.param(start).max_iters(50))
        .add_observer(notes.clone(), ObserverMode::Always)
        .run()
        .unwrap();
    let notes = notes.0.lock().unwrap();
    assert!(notes.len() > 2 && notes.iter().flatten().all(|number| number.is_finite()));
    assert!(notes.last().unwrap()[1] < 1e-13);
}

#[test]
fn public_types_may_be_sent_and_shared() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<SharedUtility>();
    is_send_and_sync::<Expression>();
    is_send_and_sync::<FreeRewards<SharedUtility>>();
    is_send_and_sync::<FoldedRewards<SharedUtility>>();
    is_send_and_sync::<FastRewards<SharedUtility>>();
    is_send_and_sync::<Positions>();
    is_send_and_sync::<Solution>();
    is_send_and_sync::<SolveOptions>();
    is_send_and_sync::<SolveError>();
    is_send_and_sync::<LimitLaw>();
    is_send_and_sync::<LimitError>();
    is_send_and_sync::<UtilityError>();
    is_send_and_sync::<Optimum>();
}
