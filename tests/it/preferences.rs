//! Rewards fitted to weighted pairs, against closed forms, another algorithm and the promises of the certificate.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reward_collapse::problem::{Comparison, Field, Preferences, PreferencesError, Support, WeightedPairs};
use reward_collapse::solution::{FitError, FitOptions, PreferenceFit, Unique, fit_preferences};
use reward_collapse::utility::{Concavity, OnLine, parse};
use tempfile::TempDir;

/// Item `i` of a test is called `i`.
fn preferences(n: usize, rows: &[(u32, u32, f64, f64)]) -> Preferences {
    let rows = rows.iter().map(|&(winner, loser, count, margin)| Comparison { winner, loser, count, margin });
    Preferences::new((0..n).map(|i| i.to_string()).collect(), rows.collect()).unwrap()
}

fn options() -> FitOptions {
    FitOptions::bradley_terry().unwrap()
}

fn with_utility(text: &str, smoothing: f64) -> FitOptions {
    FitOptions { utility: OnLine::new(parse(text).unwrap(), smoothing).unwrap(), ..options() }
}

fn with_field(text: &str, support: Support) -> FitOptions {
    FitOptions { field: Some(Field::parse(text, support).unwrap()), support, ..options() }
}

/// Rewards by index.
fn by_index(fit: &PreferenceFit) -> Vec<f64> {
    let mut rewards = vec![0.0; fit.items.len()];
    fit.items.iter().zip(&fit.rewards).for_each(|(item, r)| rewards[item.parse::<usize>().unwrap()] = *r);
    rewards
}

fn fit(preferences: &Preferences, options: &FitOptions) -> PreferenceFit {
    let fit = fit_preferences(preferences, options).unwrap_or_else(|error| panic!("{error}"));
    assert!(fit.rewards.is_sorted());
    fit
}

fn objective(preferences: &Preferences, options: &FitOptions, rewards: &[f64]) -> f64 {
    WeightedPairs::new(preferences, &options.utility, options.field.as_ref()).evaluate(rewards).objective
}

/// A tournament in which each pair met up to four times, with a cycle through all items so that a fit exists.
fn tournament(n: usize, share: f64, seed: u64) -> Preferences {
    let mut random = StdRng::seed_from_u64(seed);
    let strength: Vec<f64> = (0..n).map(|_| random.random_range(-2.0..2.0)).collect();
    let mut rows: Vec<(u32, u32, f64, f64)> = (0..n).map(|i| (i as u32, ((i + 1) % n) as u32, 1.0, 0.0)).collect();
    for i in 0..n {
        for j in 0..i {
            if random.random_bool(share) {
                for _ in 0..random.random_range(1..5) {
                    let wins = random.random_bool(1.0 / (1.0 + f64::exp(strength[j] - strength[i])));
                    let (w, l) = if wins { (i, j) } else { (j, i) };
                    rows.push((w as u32, l as u32, f64::from(random.random_range(1..4)), 0.0));
                }
            }
        }
    }
    preferences(n, &rows)
}

/// Hunter's minorise-maximise iteration (2004) for Bradley-Terry strengths: `p_i = W_i / sum_j n_ij/(p_i + p_j)`. Logarithms, of mean 0.
fn hunter(preferences: &Preferences, iterations: usize) -> Vec<f64> {
    let n = preferences.items().len();
    let mut p = vec![1.0; n];
    for _ in 0..iterations {
        let (mut wins, mut rates) = (vec![0.0; n], vec![0.0; n]);
        for c in preferences.comparisons() {
            let (i, j) = (c.winner as usize, c.loser as usize);
            wins[i] += c.count;
            rates[i] += c.count / (p[i] + p[j]);
            rates[j] += c.count / (p[i] + p[j]);
        }
        let next: Vec<f64> = (0..n).map(|i| wins[i] / rates[i]).collect();
        let mean = next.iter().map(|p| p.ln()).sum::<f64>() / n as f64;
        p = next.iter().map(|p| p / mean.exp()).collect();
    }
    p.iter().map(|p| p.ln()).collect()
}

#[test]
fn two_items_have_the_logit_of_their_rate() {
    for (won, lost) in [(3.0, 1.0), (1.0, 1.0), (0.5, 20.0), (1e6, 1.0), (1e-3, 1.0)] {
        let data = preferences(2, &[(0, 1, won, 0.0), (1, 0, lost, 0.0)]);
        let result = fit(&data, &FitOptions { standard_errors: true, ..options() });
        let rewards = by_index(&result);
        let logit = f64::ln(won / lost);
        assert!((rewards[0] - 0.5 * logit).abs() < 1e-13 * (1.0 + logit.abs()), "{won}, {lost}: {rewards:?}");
        assert!((rewards[0] + rewards[1]).abs() < 1e-15);
        let rate = won / (won + lost);
        let known = won / (won + lost) * rate.ln() + lost / (won + lost) * (1.0 - rate).ln();
        assert!((result.objective - known).abs() < 1e-14 && (0.0..1e-13).contains(&result.gap), "{}", result.gap);
        assert_eq!((result.unique, result.concavity), (Unique::UpToShift, Concavity::Proved));
        // The variance of a logit, halved for each reward's deviation from the mean.
        let error = 0.5 * (1.0 / won + 1.0 / lost).sqrt();
        for own in result.standard_errors.unwrap() {
            assert!((own / error - 1.0).abs() < 1e-9, "{own} {error}");
        }
    }
}

#[test]
fn a_cycle_is_a_draw() {
    let result = fit(&preferences(3, &[(0, 1, 1.0, 0.0), (1, 2, 1.0, 0.0), (2, 0, 1.0, 0.0)]), &options());
    assert!(result.rewards.iter().all(|r| r.abs() < 1e-14));
    assert!((result.objective - 0.5f64.ln()).abs() < 1e-15);
    assert!(result.gap < 1e-14 && result.comparisons == 3.0);
}

#[test]
fn random_tournaments_agree_with_hunter_s_iteration() {
    let mut random = StdRng::seed_from_u64(7);
    for (n, share, seed) in [(3, 1.0, 1), (5, 0.5, 2), (12, 0.3, 3), (40, 0.2, 4), (150, 0.05, 5)] {
        let data = tournament(n, share, seed);
        let result = fit(&data, &options());
        let rewards = by_index(&result);
        let other = hunter(&data, 6000);
        for (own, other) in rewards.iter().zip(&other) {
            assert!((own - other).abs() < 1e-8, "n = {n}: {own} {other}");
        }
        // No other rewards do better by more than the gap.
        assert!((0.0..1e-13).contains(&result.gap), "n = {n}: {}", result.gap);
        let best = result.objective + result.gap;
        assert!(objective(&data, &options(), &other) <= best);
        for size in [1e-8, 1e-3, 1.0, 30.0] {
            for _ in 0..20 {
                let moved: Vec<f64> = rewards.iter().map(|r| r + size * random.random_range(-1.0..1.0)).collect();
                assert!(objective(&data, &options(), &moved) <= best);
            }
        }
    }
}

#[test]
fn an_unfinished_fit_keeps_a_true_bound() {
    let data = tournament(30, 0.4, 11);
    let best = fit(&data, &options()).objective;
    let mut bounds = 0;
    for steps in 0..6 {
        for (options, best) in [
            (FitOptions { max_iterations: Some(steps), ..options() }, best),
            (
                FitOptions { max_iterations: Some(steps), ..with_field("-x^2/50", Support::LINE) },
                fit(&data, &with_field("-x^2/50", Support::LINE)).objective,
            ),
        ] {
            let partial = match fit_preferences(&data, &options) {
                Ok(fit) => fit,
                Err(FitError::NotConverged(partial)) => *partial,
                Err(error) => panic!("{error}"),
            };
            assert!(partial.objective + partial.gap >= best, "{steps} {}: {}", partial.gap, best - partial.objective);
            bounds += usize::from(partial.gap.is_finite());
        }
    }
    assert!(bounds >= 8, "only {bounds} bounds are finite");
}

#[test]
fn gradient_and_curvature_are_those_of_the_objective() {
    let rows = [(0, 1, 2.0, 0.3), (1, 2, 1.0, -1.2), (2, 0, 0.5, 0.0), (0, 2, 1.5, 2.0), (0, 2, 1.0, 0.0)];
    let data = preferences(3, &rows);
    for options in [
        with_utility("logsigmoid(2x)", 0.1),
        with_utility("log(x+0.5)", 0.2),
        with_field("-x^4-x^2", Support::LINE),
        options(),
    ] {
        let pairs = WeightedPairs::new(&data, &options.utility, options.field.as_ref());
        let at = [0.4, -0.7, 0.15];
        let now = pairs.evaluate(&at);
        let h = 1e-5;
        for i in 0..3 {
            let shifted = |h: f64| {
                let mut there = at;
                there[i] += h;
                pairs.evaluate(&there)
            };
            let (up, down) = (shifted(h), shifted(-h));
            let slope = (up.objective - down.objective) / (2.0 * h);
            assert!((slope - now.gradient[i]).abs() < 1e-9, "{slope} {}", now.gradient[i]);
            let second = (up.gradient[i] - down.gradient[i]) / (2.0 * h);
            let incident = data.comparisons().iter().zip(&now.conductances);
            let own: f64 = incident
                .filter(|(c, _)| c.winner as usize == i || c.loser as usize == i)
                .map(|(_, conductance)| conductance)
                .sum();
            let own = own + now.field_curvatures.get(i).copied().unwrap_or(0.0);
            assert!((second + own).abs() < 1e-7, "{second} {own}");
        }
    }
}

#[test]
fn margins_shift_what_a_win_says() {
    // One pair: the best difference d solves a U'(d - m) = b U'(-d), found here by halving an interval.
    let (a, b, m) = (3.0, 2.0, 1.5);
    let sigmoid = |x: f64| 1.0 / (1.0 + f64::exp(-x));
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..100 {
        let d = 0.5 * (low + high);
        if a * sigmoid(m - d) > b * sigmoid(d) { low = d } else { high = d }
    }
    let rewards = by_index(&fit(&preferences(2, &[(0, 1, a, m), (1, 0, b, 0.0)]), &options()));
    assert!((rewards[0] - rewards[1] - low).abs() < 1e-13);
    // A margin of rewards that differ anyway changes nothing else.
    let far = by_index(&fit(&preferences(2, &[(0, 1, 1.0, 1000.0), (1, 0, 1.0, -1000.0)]), &options()));
    assert!((far[0] - far[1] - 1000.0).abs() < 1e-10, "{far:?}");
}

#[test]
fn a_tie_is_half_a_win_for_each() {
    let folder = TempDir::new().unwrap();
    let ties = read(&folder, "winner,loser,count,tie\na,b,3,true\na,b,2,false\nb,c,1,1\nc,a,4,\n").unwrap();
    let halves = read(&folder, "a,b,1.5\nb,a,1.5\na,b,2\nb,c,0.5\nc,b,0.5\nc,a,4\n").unwrap();
    assert_eq!(ties, halves);
    assert_eq!((ties.total(), ties.comparisons().len()), (10.0, 5));
    fit(&ties, &options());
}

fn groups(groups: &[reward_collapse::problem::Group]) -> Vec<Vec<&str>> {
    groups.iter().map(|group| group.items.iter().map(String::as_str).collect()).collect()
}

#[test]
fn groups_are_named_where_no_fit_exists() {
    // Two cycles, the first above the second; then an item above all.
    let cycle = |i| [(i, i + 1, 1.0, 0.0), (i + 1, i + 2, 1.0, 0.0), (i + 2, i, 1.0, 0.0)];
    let two: Vec<_> = cycle(0).into_iter().chain(cycle(3)).collect();
    let apart = preferences(6, &two);
    let FitError::Disconnected(found) = fit_preferences(&apart, &options()).unwrap_err() else { panic!() };
    assert_eq!(groups(&found.separate), [["0", "1", "2"], ["3", "4", "5"]]);

    let mut rows = two.clone();
    rows.push((1, 4, 1.0, 0.0));
    let error = fit_preferences(&preferences(6, &rows), &options()).unwrap_err();
    let FitError::NotStronglyConnected(found) = &error else { panic!("{error}") };
    assert_eq!(groups(&found.never_lose), [["0", "1", "2"]]);
    assert_eq!(groups(&found.never_win), [["3", "4", "5"]]);
    assert!(error.to_string().contains("`0`, `1`, `2`") && error.to_string().contains("-0.01x^2"), "{error}");

    rows.push((6, 0, 2.0, 0.0));
    let above = preferences(7, &rows);
    let FitError::NotStronglyConnected(found) = fit_preferences(&above, &options()).unwrap_err() else { panic!() };
    assert_eq!(groups(&found.never_lose), [["6"]]);

    // One upset closes the circle.
    rows.push((5, 6, 1.0, 0.0));
    fit(&preferences(7, &rows), &options());
    // With smoothing a win says a little of the other order as well: it's enough that the graph is connected.
    let smooth = fit(&above, &with_utility("logsigmoid(x)", 0.05));
    assert_eq!(smooth.unique, Unique::UpToShift);
    assert!(matches!(fit_preferences(&apart, &with_utility("logsigmoid(x)", 0.05)), Err(FitError::Disconnected(_))));
    // A field makes all of them finite, and so do ends.
    for data in [&apart, &above] {
        let result = fit(data, &with_field("-0.01x^2", Support::LINE));
        assert_eq!(result.unique, Unique::Yes);
        assert!(result.gap < 1e-13 && result.rewards.iter().all(|r| r.is_finite()));
        let result = fit(data, &FitOptions { support: Support::UNIT, ..options() });
        assert!(result.gap < 1e-13 && result.rewards.iter().all(|r| (0.0..=1.0).contains(r)));
    }
    assert_eq!(fit(&apart, &FitOptions { support: Support::UNIT, ..options() }).unique, Unique::No);
    assert_eq!(fit(&above, &FitOptions { support: Support::UNIT, ..options() }).unique, Unique::Yes);
}

#[test]
fn many_names_are_cut_short() {
    let rows: Vec<_> = (0..20).flat_map(|i| [(i, (i + 1) % 20, 1.0, 0.0), (i, 20, 1.0, 0.0)]).collect();
    let text = fit_preferences(&preferences(21, &rows), &options()).unwrap_err().to_string();
    assert!(text.contains("`7` and 12 more") && !text.contains("`8`") && text.contains("{`20`}"), "{text}");
}

#[test]
fn the_bound_holds_on_every_support_and_with_every_field() {
    let mut random = StdRng::seed_from_u64(3);
    let data = tournament(14, 0.4, 21);
    let support = |text: &str| text.parse::<Support>().unwrap();
    let logistic = |field: &str, on: &str| with_field(field, support(on));
    let cases = [
        FitOptions { support: support("0,1"), ..options() },
        FitOptions { support: support("-0.2,0.3"), ..options() },
        FitOptions { support: support("-50,50"), ..options() },
        FitOptions { support: support("2,inf"), ..options() },
        FitOptions { support: support("-inf,2"), ..options() },
        FitOptions { support: support("0,1"), ..with_utility("x", 0.0) },
        FitOptions { support: support("0,1"), ..with_utility("log(x+0.1)", 0.0) },
        FitOptions { support: support("0,1"), ..with_utility("x-0.25x^2", 0.1) },
        with_utility("logsigmoid(4x)", 0.1),
        with_utility("3logsigmoid(x)+2", 0.0),
        logistic("-0.01x^2", "-inf,inf"),
        logistic("-x^4", "-inf,inf"),
        logistic("-exp(x)-exp(-x)", "-inf,inf"),
        logistic("-0.1x", "0,inf"),
        logistic("-sqrt(1+x^2)", "-inf,inf"),
        logistic("0.3log(x)+0.2log(1-x)", "0,1"),
        logistic("log(x)-x", "0,inf"),
        logistic("-x", "0,1"),
    ];
    for options in cases {
        let name =
            format!("{} {:?} {}", options.utility, options.field.as_ref().map(Field::to_string), options.support);
        let result = fit(&data, &options);
        assert!((0.0..1e-12).contains(&result.gap), "{name}: {}", result.gap);
        let rewards = by_index(&result);
        let (lower, upper) = (options.support.lower(), options.support.upper());
        assert!(rewards.iter().all(|r| (lower..=upper).contains(r)), "{name}");
        assert!((objective(&data, &options, &rewards) - result.objective).abs() < 1e-14, "{name}");
        for size in [1e-6, 1e-2, 1.0, 20.0] {
            for _ in 0..20 {
                let moved = rewards.iter().map(|r| (r + size * random.random_range(-1.0..1.0)).clamp(lower, upper));
                let moved: Vec<f64> = moved.collect();
                assert!(objective(&data, &options, &moved) <= result.objective + result.gap, "{name}");
            }
        }
    }
}

#[test]
fn what_has_no_maximum_is_refused() {
    let data = tournament(6, 0.5, 5);
    let refused = |options: &FitOptions| fit_preferences(&data, options).unwrap_err();
    assert!(matches!(refused(&with_utility("x", 0.0)), FitError::SlopeAtInfinity { .. }));
    assert!(matches!(refused(&with_field("-x", Support::LINE)), FitError::FieldDoesNotBound { towards: "-inf", .. }));
    let half: Support = "0,inf".parse().unwrap();
    assert!(matches!(refused(&with_field("log(x)", half)), FitError::FieldDoesNotBound { towards: "inf", .. }));
    // Concave up to 1, where utilities are looked at by themselves, and not beyond.
    let text = "x-0.3x^2+0.04x^4";
    assert!(matches!(refused(&with_utility(text, 0.1)), FitError::NotConcave { .. }));
    fit(&data, &FitOptions { support: Support::UNIT, ..with_utility(text, 0.1) });
    assert!(matches!(
        refused(&FitOptions { support: Support::UNIT, standard_errors: true, ..options() }),
        FitError::AtEnds { .. }
    ));
}

#[test]
fn standard_errors_are_those_of_the_inverse_hessian() {
    // Three items in a round robin with equal rates: the Laplacian w K_3 / 4 has the eigenvalue 3 w / 4 twice.
    let w = 8.0;
    let rows: Vec<_> =
        [(0, 1), (1, 2), (0, 2)].into_iter().flat_map(|(i, j)| [(i, j, w / 2.0, 0.0), (j, i, w / 2.0, 0.0)]).collect();
    let data = preferences(3, &rows);
    let known = (2.0 / 3.0 / (0.75 * w)).sqrt();
    let result = fit(&data, &FitOptions { standard_errors: true, ..options() });
    assert!(result.standard_errors.unwrap().iter().all(|own| (own / known - 1.0).abs() < 1e-12));
    // A field adds 2 c W 2/n to each of them, and an eigenvalue for the shift.
    let c = 0.05;
    let add = 4.0 * c * 3.0 * w / 3.0;
    let known = (2.0 / 3.0 / (0.75 * w + add) + 1.0 / 3.0 / add).sqrt();
    let result = fit(&data, &FitOptions { standard_errors: true, ..with_field(&format!("-{c}x^2"), Support::LINE) });
    assert!(result.standard_errors.unwrap().iter().all(|own| (own / known - 1.0).abs() < 1e-12));
    let many = preferences(3001, &(0..3001).map(|i| (i, (i + 1) % 3001, 1.0, 0.0)).collect::<Vec<_>>());
    let error = fit_preferences(&many, &FitOptions { standard_errors: true, ..options() }).unwrap_err();
    assert!(matches!(error, FitError::TooManyItems { items: 3001, most: 3000 }), "{error}");
}

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("games.csv");
    fs::write(&path, text).unwrap();
    path
}

fn read(folder: &TempDir, text: &str) -> Result<Preferences, PreferencesError> {
    Preferences::read(&file(folder, text))
}

#[test]
fn headers_are_told_from_data() {
    let folder = TempDir::new().unwrap();
    let plain = read(&folder, "a,b,2,0.5\nb,c,1,0\n").unwrap();
    for text in [
        "winner,loser,count,margin\na,b,2,0.5\nb,c,1,0\n",
        "\u{feff}Winner, Loser ,COUNT,margin\r\na,b,2,0.5\r\n\r\n b , c ,1,-0\r\n",
        "a,b,1,0.5\nb,c,1,0\na,b,1,0.5\n",
        "margin,count,loser,winner\n0.5,2,b,a\n0,1,c,b",
    ] {
        let read = read(&folder, text).unwrap();
        let named = |p: &Preferences| {
            let name = |i: u32| p.items()[i as usize].clone();
            let mut rows: Vec<_> =
                p.comparisons().iter().map(|c| (name(c.winner), name(c.loser), c.count, c.margin)).collect();
            rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
            rows
        };
        assert_eq!(named(&read), named(&plain), "{text}");
    }
    let odd = read(&folder, "\"a, b\",\u{e9}\n1,\"line\nbreak\"\n").unwrap();
    assert_eq!(odd.items(), ["a, b", "\u{e9}", "1", "line\nbreak"]);
}

/// As TRL's data sets name them, and compressed.
#[test]
fn other_names_and_quotes_that_are_never_closed() {
    let folder = TempDir::new().unwrap();
    let text = "rejected,Chosen\na,b\nb,a\nc,b\nb,c\n";
    let plain = read(&folder, text).unwrap();
    assert_eq!(plain.items(), ["b", "a", "c"]);
    let packed = folder.path().join("games.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    gzip.finish().unwrap();
    assert_eq!(Preferences::read(&packed).unwrap().items(), plain.items());
    for (text, line, words) in [
        ("winner,loser\na,b\nb,\"a\nc,b\n", 3, "never closed"),
        ("{\"winner\": \"a\", \"loser\": \"b\"}\n", 1, "are read from CSV"),
    ] {
        let error = read(&folder, text).unwrap_err();
        assert!(matches!(&error, PreferencesError::Row { line: own, .. } if *own == line), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let folder = TempDir::new().unwrap();
    for (bad, word) in [
        ("a,b,-1,0,0", "count"),
        ("a,b,inf,0,0", "finite"),
        ("a,b,NaN,0,0", "finite"),
        ("a,b,,0,0", "no count"),
        ("a,b,two,0,0", "not a number"),
        ("a,b,1,inf,0", "margin"),
        ("a,b,1,,0", "no margin"),
        ("a,b,1,0,maybe", "tie"),
        ("a,b,1,0.5,1", "tie can't have a margin"),
        ("a,a,1,0,0", "`a` against itself"),
        (" ,b,1,0,0", "winner has no name"),
        ("a,b,1,0", "4 columns where the first row has 5"),
        ("a,b,1,0,0,9", "6 columns"),
    ] {
        for end in ["\n", "\r\n"] {
            let text = format!("winner,loser,count,margin,tie\nx,y,1,0,0\n\n{bad}\nx,y,1,0,0\n").replace('\n', end);
            let error = read(&folder, &text).unwrap_err();
            let PreferencesError::Row { line, reason, .. } = &error else { panic!("{error}") };
            assert!(*line == 4 && reason.contains(word), "{text:?}: {error}");
            assert!(error.to_string().contains("games.csv, line 4: "), "{error}");
        }
    }
    for (text, word) in [
        ("winner,count\na,1\n", "no column `loser`"),
        ("winner,loser,winner\n", "two columns `winner`"),
        ("winner,loser,weight\na,b,1\n", "`weight` is not a number (a header has names among"),
        ("a\n", "1 columns"),
        ("a,b,1,0,1\n", "5 columns"),
    ] {
        let error = read(&folder, text).unwrap_err();
        assert!(matches!(&error, PreferencesError::Row { line: 1, .. }) && error.to_string().contains(word), "{error}");
    }
    fs::write(folder.path().join("bytes.csv"), b"a,b\nc,\xff\n").unwrap();
    let error = Preferences::read(&folder.path().join("bytes.csv")).unwrap_err();
    assert!(matches!(error, PreferencesError::Row { line: 2, .. }), "{error}");
    for text in ["", "\n\n", "winner,loser\n", "a,b,0\n"] {
        assert!(matches!(read(&folder, text).unwrap_err(), PreferencesError::Empty { .. }), "{text:?}");
    }
    assert!(matches!(Preferences::read(Path::new("no such file")), Err(PreferencesError::File(_))));
    let wrong = |rows: Vec<Comparison>| Preferences::new(vec!["a".into(), "b".into()], rows).unwrap_err();
    let row = Comparison { winner: 0, loser: 1, count: 1.0, margin: 0.0 };
    for bad in [
        Comparison { loser: 0, ..row },
        Comparison { loser: 2, ..row },
        Comparison { count: -1.0, ..row },
        Comparison { count: f64::NAN, ..row },
        Comparison { margin: f64::INFINITY, ..row },
    ] {
        assert!(matches!(wrong(vec![row, bad]), PreferencesError::Comparison { index: 1, .. }));
    }
    assert!(matches!(wrong(vec![]), PreferencesError::NoComparison));
}

#[test]
fn a_hundred_thousand_items_are_few() {
    let n = 100_000u32;
    let mut random = StdRng::seed_from_u64(9);
    let mut rows: Vec<(u32, u32, f64, f64)> = (0..n).map(|i| (i, (i + 1) % n, 1.0, 0.0)).collect();
    for _ in 0..2 * n {
        let (i, j) = (random.random_range(0..n), random.random_range(0..n));
        if i != j {
            rows.push((i, j, 1.0, 0.0));
        }
    }
    let result = fit(&preferences(n as usize, &rows), &options());
    assert!(result.gap < 1e-12, "{}", result.gap);
    // Nothing but a circle: the longest way there is, and no stack that it could overflow.
    let circle: Vec<_> = (0..n).flat_map(|i| [(i, (i + 1) % n, 2.0, 0.0), ((i + 1) % n, i, 1.0, 0.0)]).collect();
    let result = fit(&preferences(n as usize, &circle), &options());
    assert!(result.rewards.iter().all(|r| r.abs() < 1e-6) && result.gap < 1e-9, "{}", result.gap);
}

#[test]
fn threads_change_nothing() {
    let data = tournament(300, 0.3, 17);
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| PreferenceFit { seconds: 0.0, ..fit(&data, &with_field("-0.01x^2", Support::LINE)) })
    };
    assert_eq!(of(1), of(3));
}

mod program {
    use super::*;
    use assert_cmd::Command;
    use serde_json::Value;

    fn run(arguments: &[&str]) -> (i32, String, String) {
        let output = Command::cargo_bin("reward-collapse").unwrap().arg("solve").args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    #[test]
    fn json_csv_and_table() {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, "winner,loser,count\n\"a, b\",c,3\nc,\"a, b\",1\n");
        let path = path.to_str().unwrap();
        let (status, text, _) = run(&["--preferences", path, "--format", "json", "--standard-errors"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &json["unique"], &json["comparisons"]), (0, &"up to a shift".into(), &4.0.into()));
        assert_eq!(json["items"], serde_json::json!(["c", "a, b"]));
        assert_eq!(json["concavity"], "proved");
        for key in ["rewards", "standard_errors"] {
            assert_eq!(json[key].as_array().unwrap().len(), 2);
        }
        for key in ["objective", "gap", "seconds"] {
            assert!(json[key].is_f64(), "{key}");
        }
        assert!(json["iterations"].is_u64());
        let (_, text, _) = run(&["--preferences", path, "--format", "csv"]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0] == "item,reward" && lines[2].starts_with("\"a, b\",0.5493061443"), "{text}");
        let (_, text, _) = run(&["--preferences", path, "--format", "csv", "--standard-errors"]);
        assert!(text.starts_with("item,reward,standard_error\nc,-0.5493"), "{text}");
        let (_, text, _) =
            run(&["--preferences", path, "--smoothing", "0.1", "-u", "logsigmoid(2x)", "--support", "0,9"]);
        assert!(text.contains("logsigmoid(2x) with smoothing 0.1") && text.contains("support      0,9"), "{text}");
    }

    #[test]
    fn refusals_have_status_2_and_one_line() {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, "a,b\nb,c\n");
        let path = path.to_str().unwrap();
        let (status, _, error) = run(&["--preferences", path]);
        assert!(status == 2 && error.contains("never lose to the others: {`a`}"), "{error}");
        assert!(error.contains("--field \"-0.01x^2\"") && error.lines().count() == 1, "{error}");
        let (status, _, error) = run(&["--preferences", path, "--field", "-0.01x^2"]);
        assert_eq!(status, 0, "{error}");
        for arguments in [
            &["--preferences", path, "--n", "3"][..],
            &["--preferences", path, "--method", "dense"],
            &["--preferences", path, "--field", "x^2"],
            &["--preferences", path, "--support", "1,0"],
            &["--preferences", path, "--smoothing", "0.5"],
            &["--preferences", path, "--utility", "log(x)"],
            &["--preferences", "no such file"],
            &["--utility", "log(x)"],
            &["--n", "3"],
            &[],
        ] {
            let (status, out, error) = run(arguments);
            assert!(status == 2 && out.is_empty() && error.lines().count() == 1, "{arguments:?}: {error}");
        }
    }
}

/// On a path, the difference of two neighbours is the logarithm of the ratio of their wins against each other.
#[test]
fn long_chains_have_their_closed_form() {
    let n = 100_000;
    let mut random = StdRng::seed_from_u64(12);
    let mut place: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        place.swap(i, random.random_range(0..=i));
    }
    let wins: Vec<[f64; 2]> = (1..n).map(|_| [(); 2].map(|()| f64::from(random.random_range(1..5)))).collect();
    let rows: Vec<(u32, u32, f64, f64)> = (1..n)
        .flat_map(|i| {
            let (low, high, [up, down]) = (place[i - 1], place[i], wins[i - 1]);
            [(high, low, up, 0.0), (low, high, down, 0.0)]
        })
        .collect();
    let chain = fit(&preferences(n, &rows), &options());
    assert!(chain.iterations <= 20, "{}", chain.iterations);
    let rewards = by_index(&chain);
    for (i, [up, down]) in (1..n).zip(wins) {
        let difference = rewards[place[i] as usize] - rewards[place[i - 1] as usize];
        // The sum of all differences is of the order of 300, and doubles are as far apart there.
        assert!((difference - (up / down).ln()).abs() < 1e-11, "{i}: {difference} {}", (up / down).ln());
    }
}

/// Graphs that are long, or have loops, hubs and a core: rewards balance, and the certificate holds.
#[test]
fn sparse_graphs_take_few_iterations() {
    let n = 20_000u32;
    let mut random = StdRng::seed_from_u64(13);
    let mut both = |a: u32, b: u32| {
        let mut count = || f64::from(random.random_range(1..4));
        [(a, b, count(), 0.0), (b, a, count(), 0.0)]
    };
    let ring: Vec<_> = (0..n).flat_map(|i| both(i, (i + 1) % n)).collect();
    let near: Vec<(u32, u32)> = (0..n - 1).map(|i| (i, i + 1)).chain((0..n - 3).map(|i| (i, i + 3))).collect();
    let band: Vec<_> = near.into_iter().flat_map(|(a, b)| both(a, b)).collect();
    let star: Vec<_> = (1..n).flat_map(|i| both(0, i)).collect();
    // Forty items of which each met each, with a long chain at every one.
    let met: Vec<(u32, u32)> = (0..40).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let core: Vec<_> = met.into_iter().flat_map(|(i, j)| both(i, j)).collect();
    let arms: Vec<_> = (40..n).flat_map(|i| both(i, i - 40)).collect();
    let many: Vec<_> = [core, arms].concat();
    for (name, rows) in [("ring", ring), ("band", band), ("star", star), ("core", many)] {
        for options in
            [options(), with_field("-0.01x^2", Support::LINE), with_field("-x^2", Support::new(-0.3, 0.4).unwrap())]
        {
            let found = fit(&preferences(n as usize, &rows), &options);
            assert!(found.iterations <= 30, "{name}: {}", found.iterations);
            assert!(found.gap < 1e-11, "{name}: {:e}", found.gap);
        }
    }
}
