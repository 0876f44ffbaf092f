//! The solvers against numbers known from elsewhere.

use super::*;
use crate::utility::parse;

fn law(text: &str) -> LimitLaw {
    LimitLaw::of(&*parse(text).unwrap()).unwrap()
}

#[test]
fn scratch() {
    for text in [
        "logsigmoid(x)",
        "logsigmoid(4x)",
        "log(x+0.1)",
        "-1/(x+0.1)",
        "log(x+0.01)",
        "log(x+0.001)",
        "log(x+0.0001)",
        "-1/(x+0.01)",
        "-1/(x+0.001)",
        "-1/(x+0.0001)",
        "logsigmoid(0.01x)",
        "logsigmoid(100x)",
        "logsigmoid(1000x)",
        "x-0.4x^1.5",
        "tanh(x)",
        "log(x)+x",
        "x^0.3-0.1x^2",
        "log(x)+x^0.5",
        "-x^-0.5+x",
        "log(1-exp(-x))",
    ] {
        let u = parse(text).unwrap();
        let start = std::time::Instant::now();
        match LimitLaw::of(&*u) {
            Ok(l) => println!(
                "{text:20} {:8.2}ms a {:.16} p {:.16} E {:.16} gap {:.1e} F(1/2) {:.1e}",
                start.elapsed().as_secs_f64() * 1e3,
                l.atoms().first().map_or(0.0, |a| a.mass),
                l.density(0.5),
                l.mean_utility(),
                l.gap(),
                l.cdf(0.5) - 0.5
            ),
            Err(e) => println!("{text}: {e}"),
        }
    }
    for text in [
        "1-exp(-4x)",
        "1-exp(-100x)",
        "x-0.25x^2",
        "x",
        "log(x)",
        "x^0.3",
        "x^0.98",
        "-x^-0.5",
        "-x^-0.9",
        "3*log(x)-1",
        "2*x^0.5+1",
    ] {
        let u = parse(text).unwrap();
        let c = LimitLaw::of(&*u).unwrap();
        let start = std::time::Instant::now();
        match LimitLaw::numerical(&*u) {
            Ok(l) => println!(
                "{text:20} {:8.2}ms a {:.1e} p {:.1e} E {} {:.1e} gap {:.1e} {:.1e}",
                start.elapsed().as_secs_f64() * 1e3,
                l.atoms().first().map_or(0.0, |a| a.mass) - c.atoms().first().map_or(0.0, |a| a.mass),
                l.density(0.5) - c.density(0.5),
                c.mean_utility(),
                l.mean_utility() - c.mean_utility(),
                c.gap(),
                l.gap()
            ),
            Err(e) => println!("{text}: {e}"),
        }
    }
    let _ = law;
}
