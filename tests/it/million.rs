//! Gauss-Lobatto nodes, and the log rewards that they are, for as many responses as anyone asks for.

use crate::support::{gauss_lobatto, gauss_lobatto_by_recurrence};
use reward_collapse::solution::solve;
use reward_collapse::utility::parse;

/// For each `n` some `(i, node)` with the worst response at `i = 0`: Newton on the three-term recurrence, written in
/// differences, with 220 bits after the point; correct to all digits given.
#[rustfmt::skip]
const NODES: [(usize, &[(usize, f64)]); 4] = [
    (50, &[
        (1, 0.001497412318678207),
        (2, 0.005013889970989599),
        (5, 0.027427335659559293),
        (6, 0.038752310748623627),
        (9, 0.08365137510177102),
        (10, 0.10205819494113577),
        (11, 0.12206738710297348),
        (20, 0.35911216225204523),
        (24, 0.48413360527868815),
    ]),
    (1000, &[
        (1, 3.6741623275274785e-06),
        (2, 1.231688044259841e-05),
        (5, 6.788676561045831e-05),
        (9, 0.00021112584297610387),
        (10, 0.0002592807644360554),
        (11, 0.00031237286358275587),
        (20, 0.0010122720396951333),
        (30, 0.002258196755753106),
        (50, 0.006223437470861308),
        (100, 0.024617468467949634),
        (125, 0.038248226484592404),
        (250, 0.14686345098754874),
        (400, 0.3461641979328938),
        (499, 0.49921420896957364),
    ]),
    (100_000, &[
        (1, 3.6705293653755385e-10),
        (2, 1.2304737122748044e-09),
        (5, 6.782109162581277e-09),
        (9, 2.1093166981785568e-08),
        (10, 2.590464614205482e-08),
        (11, 3.120961069177306e-08),
        (20, 1.011611257256354e-07),
        (30, 2.257661131218638e-07),
        (50, 6.230215500951827e-07),
        (100, 2.4797575249384096e-06),
        (2000, 0.000986892225985462),
        (5000, 0.006156505454099185),
        (12_500, 0.03806211225159391),
        (25_000, 0.14645077464158388),
        (40_000, 0.3454982254781563),
        (49_999, 0.49999214597909597),
    ]),
    (1_000_000, &[
        (1, 3.6704963310228136e-12),
        (2, 1.2304626384999568e-11),
        (5, 6.782048138716652e-11),
        (9, 2.1092977289915746e-10),
        (10, 2.5904413221451156e-10),
        (11, 3.120933012642622e-10),
        (20, 1.0116021865164272e-09),
        (30, 2.2576409804487747e-09),
        (50, 6.23016070985957e-09),
        (100, 2.479737236318102e-08),
        (20_000, 0.0009866614299469112),
        (50_000, 0.006155897277301876),
        (125_000, 0.03806042159379052),
        (250_000, 0.14644702592732273),
        (400_000, 0.345492175075196),
        (499_999, 0.4999992146014439),
    ]),
];

#[test]
fn the_nodes_are_right_to_the_last_digits() {
    for (n, known) in NODES {
        let nodes = gauss_lobatto(n);
        for &(i, node) in known {
            let error = (nodes[i] / node - 1.0).abs();
            assert!(error < 1e-15, "n = {n}, i = {i}: {} is off by {error:e}", nodes[i]);
            assert_eq!(nodes[n - 1 - i], 1.0 - nodes[i]);
        }
    }
}

#[test]
fn the_nodes_ascend_and_agree_with_the_recurrence() {
    for n in (2..70).chain([2000]) {
        let nodes = gauss_lobatto(n);
        assert_eq!((nodes.len(), nodes[0], nodes[n - 1]), (n, 0.0, 1.0));
        assert!(nodes.windows(2).all(|pair| pair[0] < pair[1]), "n = {n}");
        for (i, (ours, theirs)) in nodes.iter().zip(gauss_lobatto_by_recurrence(n)).enumerate() {
            assert!((ours - theirs).abs() < 2e-15, "n = {n}, i = {i}: {ours} and {theirs}");
        }
    }
}

#[test]
fn the_log_rewards_are_the_nodes_to_eleven_digits() {
    let utility = parse("log(x)").expect("a utility of the table");
    for n in [1000, 100_000, 1_000_000] {
        let solution = solve(&utility, n).unwrap_or_else(|error| panic!("n = {n}: {error}"));
        for (i, (reward, node)) in solution.rewards.iter().zip(gauss_lobatto(n)).enumerate() {
            let error = (reward - node).abs();
            assert!(error < 1e-13, "n = {n}, i = {i}: {reward} and {node}");
            assert!(i >= n / 2 || error <= 1e-11 * node, "n = {n}, i = {i}: {reward} and {node}");
        }
    }
}
