//! The figures as files: what is written, what it says, and what is left behind by failures.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use reward_collapse::experiment::ExperimentError;
use reward_collapse::figure::{
    BradleyTerryCases, Cases, CollapseData, CurveSource, FigureError, FigureFiles, ImageKind, Page, PromptType, Width,
    asymptotics, bradley_terry, collapse, distributions,
};
use reward_collapse::files::{FileAction, FileError};
use reward_collapse::study::{Event, Outcome, Shard, Store, Study, run};
use reward_collapse::utility::parse;
use tempfile::TempDir;

use crate::support::page::{check_page, check_page_of, rows, svg, texts};

/// A run of the experiment whose rewards lie on the theory for the trained utilities, give or take 0.02.
fn write_run(runs: &Path, folder: &str, open: [f64; 8], closed: [f64; 8]) {
    let mut text = "step,split,prompt,open_ended,response_index,reward\n".to_owned();
    for prompt in 0..20 {
        let is_open = prompt % 2 == 0;
        for (i, reward) in if is_open { open } else { closed }.into_iter().enumerate() {
            let noise = 0.02 * f64::from(prompt / 2 % 3 - 1);
            let reward = (reward + noise).clamp(0.0, 1.0);
            text.push_str(&format!("1000,train,{prompt},{is_open},{i},{reward}\n"));
        }
    }
    fs::create_dir_all(runs.join(folder)).unwrap();
    fs::write(runs.join(folder).join("rewards.csv"), text).unwrap();
}

const STEP: [f64; 8] = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
const LOG: [f64; 8] = [0.0, 0.0641, 0.2041, 0.3954, 0.6046, 0.7959, 0.9359, 1.0];
const INVERSE: [f64; 8] = [0.0, 0.1208, 0.2666, 0.4213, 0.5787, 0.7334, 0.8792, 1.0];
const SMOOTHED_LOG: [f64; 8] = [0.0, 0.0, 0.1463, 0.3728, 0.6272, 0.8537, 1.0, 1.0];
const SMOOTHED_INVERSE: [f64; 8] = [0.0, 0.0891, 0.2413, 0.4120, 0.5880, 0.7587, 0.9109, 1.0];

fn drawn_collapse(out: &Path, runs: Option<&Path>) -> Result<FigureFiles, FigureError> {
    collapse(out, &Page::default(), &Cases::collapse(), runs)
}

#[test]
fn collapse_writes_a_page_and_its_numbers() {
    let out = TempDir::new().unwrap();
    let files = drawn_collapse(out.path(), None).unwrap();
    check_page(&files);
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["collapse.csv", "collapse.png", "collapse.svg", "collapse.txt", "collapse_distances.csv"]);
    let texts = texts(&files);
    for label in ["U(x) = x", "U(x) = log x", "U(x) = −1/x", "prompt-aware", "reward (published)", "response"] {
        assert!(texts.contains(label), "{label} is missing");
    }
}

#[test]
fn collapse_draws_the_known_optimal_rewards() {
    let out = TempDir::new().unwrap();
    let files = drawn_collapse(out.path(), None).unwrap();
    let rows = rows(&files.csv[0]);
    for (panel, series, prompts, expected) in [
        ("x", "theory_named", "open_ended", STEP),
        ("x", "theory_trained", "closed_ended", STEP),
        ("log", "theory_named", "open_ended", LOG),
        ("log", "theory_trained", "closed_ended", SMOOTHED_LOG),
        ("x_inv", "theory_named", "closed_ended", INVERSE),
        ("x_inv", "theory_trained", "open_ended", SMOOTHED_INVERSE),
        ("adaptive", "theory_named", "open_ended", INVERSE),
        ("adaptive", "theory_trained", "open_ended", SMOOTHED_INVERSE),
        ("adaptive", "theory_trained", "closed_ended", STEP),
    ] {
        let drawn: Vec<f64> = rows
            .iter()
            .filter(|row| row[0] == panel && row[1] == series && row[3] == prompts)
            .map(|row| row[5].parse().unwrap())
            .collect();
        assert_eq!(drawn.len(), 8, "{panel} {series}");
        for (drawn, expected) in drawn.into_iter().zip(expected) {
            assert!((drawn - expected).abs() < 6e-5, "{panel} {series}: {drawn} is not {expected}");
        }
    }
}

#[test]
fn the_published_curves_lie_closer_to_what_was_trained() {
    let data = CollapseData::compute(&Cases::collapse(), None).unwrap();
    let findings = data.findings(CurveSource::Published);
    assert_eq!(findings.len(), 3);
    for finding in &findings {
        assert!(finding.trained < finding.named, "{finding:?}");
    }
    let [log, ..] = &findings[..] else { unreachable!() };
    assert!(log.trained < 0.5 * log.named, "{log:?}");
    let x = data.distance("x", CurveSource::Published, None).unwrap();
    assert_eq!(x.named, x.trained);

    let out = TempDir::new().unwrap();
    let files = drawn_collapse(out.path(), None).unwrap();
    let caption = texts(&files);
    assert!(caption.contains("The published curves lie closer to the solid theory"), "{caption}");
    assert!(caption.contains(&format!("log x {:.3} → {:.3}", log.named, log.trained)), "{caption}");
    let table = rows(&files.csv[1]);
    let row = table.iter().find(|row| row[..3] == ["log", "published", "both"]).unwrap();
    assert!((row[4].parse::<f64>().unwrap() - log.named).abs() < 1e-6);
    assert!((row[5].parse::<f64>().unwrap() - log.trained).abs() < 1e-6);
}

#[test]
fn a_run_is_drawn_in_a_row_of_its_own() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_run(runs.path(), "log", SMOOTHED_LOG, SMOOTHED_LOG);
    write_run(runs.path(), "adaptive", SMOOTHED_INVERSE, STEP);
    let files = drawn_collapse(out.path(), Some(runs.path())).unwrap();
    check_page(&files);
    let texts = texts(&files);
    assert!(texts.contains("reward (this run)") && texts.contains("no run"), "{texts}");
    let drawn = rows(&files.csv[0]).into_iter().filter(|row| row[1] == "run").count();
    assert_eq!(drawn, 2 * 2 * 8);
    let data = CollapseData::compute(&Cases::collapse(), Some(runs.path())).unwrap();
    let adaptive = data.distance("adaptive", CurveSource::Run, Some(PromptType::open_ended())).unwrap();
    assert!(adaptive.trained < 0.01 && adaptive.trained < adaptive.named, "{adaptive:?}");
}

#[test]
fn a_malformed_run_names_its_line_and_leaves_nothing() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_run(runs.path(), "x", STEP, STEP);
    let path = runs.path().join("x").join("rewards.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[4] = "1000,train,0,true,3,high";
    fs::write(&path, lines.join("\n")).unwrap();
    let error = drawn_collapse(&out.path().join("figures"), Some(runs.path())).unwrap_err();
    assert!(matches!(&error, FigureError::Experiment(ExperimentError::Rewards { line: 5, .. })), "{error:?}");
    assert!(error.to_string().contains("line 5") && error.to_string().contains("`high`"), "{error}");
    assert!(fs::read_dir(&out).unwrap().next().is_none());
}

#[test]
fn a_directory_without_runs_is_an_error() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let error = drawn_collapse(out.path(), Some(runs.path())).unwrap_err();
    assert!(matches!(error, FigureError::NoRuns { .. }), "{error:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_named_and_left_alone() {
    let out = TempDir::new().unwrap();
    let file = out.path().join("occupied");
    fs::write(&file, "a file, not a directory").unwrap();
    let error = drawn_collapse(&file.join("figures"), None).unwrap_err();
    assert!(matches!(&error, FigureError::File(FileError { action: FileAction::Write, .. })), "{error:?}");
    assert!(error.to_string().contains("occupied"), "{error}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);

    // A directory where a file should go: the temporary files are gone too.
    let taken = out.path().join("taken");
    fs::create_dir_all(taken.join("collapse_distances.csv")).unwrap();
    let error = drawn_collapse(&taken, None).unwrap_err();
    assert!(matches!(&error, FigureError::File(FileError { action: FileAction::Write, .. })), "{error:?}");
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 1);
}

#[test]
fn distributions_show_atoms_and_densities() {
    let out = TempDir::new().unwrap();
    let files = distributions(out.path(), &Page::default(), &Cases::distributions(), &|_| {}).unwrap();
    check_page(&files);
    let rows = rows(&files.csv[0]);
    let number = |text: &String| text.parse::<f64>().unwrap();
    for (utility, mass) in [("log(x)", 0.0), ("logsigmoid(x)", 0.383394), ("logsigmoid(4x)", 0.204017)] {
        let law: Vec<&Vec<String>> = rows.iter().filter(|row| row[0] == utility).collect();
        let atoms: Vec<&&Vec<String>> = law.iter().filter(|row| row[1] == "atom").collect();
        assert_eq!(atoms.len(), if mass > 0.0 { 2 } else { 0 }, "{utility}");
        for atom in atoms {
            assert!((number(&atom[5]) - mass).abs() < 2e-6, "{utility}: {atom:?}");
            assert!((number(&atom[4]) - mass).abs() < 2e-3, "{utility}: {atom:?}");
        }
        for column in [4, 5] {
            let share = |row: &&Vec<String>| {
                number(&row[column]) * if row[1] == "atom" { 1.0 } else { number(&row[3]) - number(&row[2]) }
            };
            let total: f64 = law.iter().map(share).sum();
            assert!((total - 1.0).abs() < 1e-4, "{utility}: {total}");
        }
    }
    let texts = texts(&files);
    for label in [
        "x⁰·⁸",
        "log sigmoid(4x)",
        "Beta(0.1, 0.1)",
        "limit atom",
        "density, or mass of an atom",
        "All panels have one scale",
    ] {
        assert!(texts.contains(label), "{label} is missing");
    }
}

fn computed(studies: &[Study], tell: &mut dyn FnMut(Event<'_>)) -> Outcome {
    let observer = &mut |event: Event<'_>| {
        tell(event);
        ControlFlow::Continue(())
    };
    run(studies, Shard::WHOLE, &mut Store::in_memory(), observer).unwrap()
}

#[test]
fn asymptotics_fit_the_known_rate() {
    let out = TempDir::new().unwrap();
    let study = |expression: &str| Study { utility: parse(expression).unwrap(), sizes: vec![16, 32, 64, 128] };
    let told = std::cell::Cell::new(0);
    let outcome = computed(&[study("log(x)"), study("-1/x"), study("logsigmoid(4x)")], &mut |_| {
        told.set(told.get() + 1);
    });
    let files = asymptotics(out.path(), &Page::default(), &outcome.series).unwrap();
    check_page(&files);
    assert_eq!(told.get(), 12);
    assert_eq!(rows(&files.csv[0]).len(), 12);
    let rates = rows(&files.csv[1]);
    // Three measures of each utility, and the share at the ends of the last.
    let measures: Vec<&str> = rates.iter().map(|rate| rate[1].as_str()).collect();
    assert_eq!(measures[..3], ["w1", "ks", "energy_difference"]);
    assert_eq!(measures[6..], ["w1", "ks", "energy_difference", "end_share"]);
    for known in [&rates[0], &rates[1], &rates[6], &rates[7], &rates[8]] {
        let exponent: f64 = known[2].parse().unwrap();
        assert!((exponent + 1.0).abs() < 0.05, "{known:?}");
    }
    assert!(rates.iter().all(|rate| !rate[4].is_empty()));
    let texts = texts(&files);
    for label in [
        "Wasserstein-1 distance",
        "Kolmogorov distance",
        "Energy difference",
        "|Share at an end",
        "1 / log n",
        "take turns",
    ] {
        assert!(texts.contains(label), "{label} is missing");
    }
}

#[test]
fn asymptotics_draw_whatever_they_are_given() {
    let out = TempDir::new().unwrap();
    let study =
        |expression: &str, sizes: &[usize]| Study { utility: parse(expression).unwrap(), sizes: sizes.to_vec() };
    // Distances of zero, sizes out of order and close together, a single size, and a name too long for its column.
    let studies = [
        study("x", &[2, 4]),
        study("-1/x", &[17, 16, 64]),
        study("logsigmoid(4x)", &[40]),
        study("log(x) + 0.25x - 0.125x^2 + sqrt(x)", &[16, 32]),
    ];
    let files = asymptotics(out.path(), &Page::default(), &computed(&studies, &mut |_| {}).series).unwrap();
    check_page(&files);
    assert_eq!(rows(&files.csv[0]).len(), 8);
    let texts = texts(&files);
    assert!(texts.contains('…') && !texts.contains("NaN") && !texts.contains("inf"), "{texts}");
    assert!(!asymptotics(out.path(), &Page::default(), &[]).unwrap().csv.is_empty());
}

/// A column of a paper, its usual page, and the caption in the picture.
fn pages() -> [Page; 3] {
    let usual = Page::default();
    let column = Page { width: Width::COLUMN, ..usual.clone() };
    let narrowest = Page { width: "80mm".parse().unwrap(), caption: true, ..usual.clone() };
    [usual, column, narrowest]
}

#[test]
fn figures_fit_a_column() {
    let (out, runs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_run(runs.path(), "log", SMOOTHED_LOG, SMOOTHED_LOG);
    let study = |expression: &str| Study { utility: parse(expression).unwrap(), sizes: vec![10, 100, 1000] };
    let names = ["x^0.5", "x^0.9", "log(x)", "-x^-0.5", "-x^-0.9", "-1/x", "-x^-1.5", "-x^-2", "logsigmoid(4x)"];
    let series = computed(&names.map(study), &mut |_| {}).series;
    for page in pages() {
        let (out, page) = (out.path(), &page);
        let losses = BradleyTerryCases::default();
        let drawn = [
            collapse(out, page, &Cases::collapse(), Some(runs.path())),
            distributions(out, page, &Cases::distributions(), &|_| {}),
            asymptotics(out, page, &series),
            bradley_terry(out, page, &losses, None, &|_| {}),
        ];
        for files in drawn {
            let files = files.unwrap();
            check_page_of(&files, page);
            let caption = fs::read_to_string(&files.caption).unwrap();
            let first: Vec<&str> = caption.split_whitespace().take(3).collect();
            assert_eq!(svg(&files).contains(&first.join(" ")), page.caption, "{caption}");
        }
    }
}

#[test]
fn figures_of_theory_take_utilities_and_numbers_of_responses() {
    let out = TempDir::new().unwrap();
    for page in pages() {
        let cases = |utilities: &[&str], n| Cases { utilities: utilities.iter().map(|u| (*u).to_owned()).collect(), n };
        // A law of atoms alone, one without, and more panels than stand side by side.
        let chosen = cases(&["x", "1-exp(-4x)", "log(x)", "log(x+0.01)", "-x^-0.5"], 200);
        let files = collapse(out.path(), &page, &chosen, None).unwrap();
        check_page_of(&files, &page);
        let words = texts(&files);
        assert!(words.contains("optimal rewards, n = 200") && words.contains(" 200 "), "{words}");
        assert!(!words.contains("as named") && !words.contains("ublished"), "{words}");
        let numbers = rows(&files.csv[0]);
        let of = |series: &str| {
            numbers.iter().filter(|row| row[0] == "log(x)" && row[1] == series && row[3] == "open_ended").count()
        };
        assert_eq!((of("theory_named"), of("limit_named")), (200, 200));
        assert!(rows(&files.csv[1]).is_empty());

        let files = distributions(out.path(), &page, &chosen, &|_| {}).unwrap();
        check_page_of(&files, &page);
        assert!(texts(&files).contains("n = 200 optimal rewards"));
        let losses = BradleyTerryCases {
            utilities: vec!["logsigmoid(x)".into(), "logsigmoid(2x)".into()],
            smoothing: vec![0.3],
            centering: vec![1.0],
            n: 40,
        };
        let files = bradley_terry(out.path(), &page, &losses, None, &|_| {}).unwrap();
        check_page_of(&files, &page);
        let words = texts(&files);
        for label in ["(a) smoothing 0.3", "log sigmoid(2x), centring 1", "optimal rewards, n = 40"] {
            assert!(words.contains(label) || page.width != Width::TEXT, "{label}: {words}");
        }
        let numbers = rows(&files.csv[0]);
        assert_eq!(numbers.len(), 4 * 40);
        // Twice the slope, half the rewards: U(2x) has its optimum where U has it, at half the place.
        let number = |row: usize| numbers[row][2].parse::<f64>().unwrap();
        assert!((0..40).all(|i| (number(i) - 2.0 * number(80 + i)).abs() < 2e-6));
    }
    // Released losses of another number of responses have no published curves.
    let more = Cases { n: 16, ..Cases::collapse() };
    let words = texts(&collapse(out.path(), &Page::default(), &more, None).unwrap());
    assert!(words.contains("theory, U as named") && !words.contains("reward (published)"), "{words}");
}

#[test]
fn images_are_those_wanted() {
    let out = TempDir::new().unwrap();
    let page = Page { images: vec![ImageKind::Pdf, ImageKind::Pdf], width: Width::COLUMN, caption: false };
    let files = collapse(out.path(), &page, &Cases::collapse(), None).unwrap();
    assert!(files.svg.is_none() && files.png.is_none());
    assert_eq!(files.all().count(), 4);
    let pdf = fs::read(files.pdf.unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("/MediaBox [0 0 234 ") && !text.contains("/Font"), "{text}");
}
