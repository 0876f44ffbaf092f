//! The tokenisers: token for token what transformers gives, files that come back as they went, and errors for what is none.

use std::fs;
use std::path::{Path, PathBuf};

use reward_collapse::files::FileAction;
use reward_collapse_training::reward_model::tokenizer::{Encoding, Tokenizer, TokenizerError};
use serde::Deserialize;
use tempfile::TempDir;

/// `cases.json`, as training/scripts/tokenizer.py writes it.
#[derive(Deserialize)]
struct Expected {
    padding: u32,
    vocabulary: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    question: String,
    answer: Option<String>,
    max_length: usize,
    ids: Vec<u32>,
    segments: Vec<u8>,
}

impl Case {
    fn encode(&self, tokenizer: &Tokenizer) -> Encoding {
        let encoding = match &self.answer {
            Some(answer) => tokenizer.encode_pair(&self.question, answer, self.max_length),
            None => tokenizer.encode(&self.question, self.max_length),
        };
        encoding.unwrap()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizer").join(name)
}

fn expected(name: &str) -> Expected {
    serde_json::from_slice(&fs::read(fixture(name).join("cases.json")).unwrap()).unwrap()
}

fn check(tokenizer: &Tokenizer, expected: &Expected) {
    assert_eq!(tokenizer.pad_id(), expected.padding);
    assert_eq!(tokenizer.vocabulary_size(), expected.vocabulary);
    assert!(expected.cases.len() > 100);
    for case in &expected.cases {
        let Encoding { ids, segments } = case.encode(tokenizer);
        let texts = (&case.question, &case.answer, case.max_length);
        assert_eq!(ids, case.ids, "{texts:?}");
        assert_eq!(segments, case.segments, "{texts:?}");
    }
}

fn save(tokenizer: &Tokenizer, directory: &Path) {
    for (name, content) in tokenizer.files() {
        fs::write(directory.join(name), content).unwrap();
    }
}

#[test]
fn encodes_as_transformers_does() {
    for name in ["deberta", "lower", "version5"] {
        check(&Tokenizer::load(&fixture(name)).unwrap(), &expected(name));
    }
}

#[test]
fn its_files_encode_alike() {
    for name in ["deberta", "lower", "version5"] {
        let directory = TempDir::new().unwrap();
        let tokenizer = Tokenizer::load(&fixture(name)).unwrap();
        save(&tokenizer, directory.path());
        let again = Tokenizer::load(directory.path()).unwrap();
        check(&again, &expected(name));
        let names = |tokenizer: &Tokenizer| tokenizer.files().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&tokenizer).contains(&"spm.model".into()), name != "version5");
        assert!(names(&again).contains(&"tokenizer.json".into()));
    }
}

#[test]
fn many_threads_encode_alike() {
    let tokenizer = Tokenizer::load(&fixture("deberta")).unwrap();
    let expected = expected("deberta");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| check(&tokenizer, &expected));
        }
    });
}

#[test]
fn lengths_below_the_special_tokens_are_refused() {
    let tokenizer = Tokenizer::load(&fixture("deberta")).unwrap();
    for length in 0..3 {
        let error = tokenizer.encode_pair("a", "b", length).unwrap_err();
        assert!(matches!(error, TokenizerError::MaxLength { least: 3, .. }), "{error}");
    }
    let error = tokenizer.encode("a", 1).unwrap_err().to_string();
    assert_eq!(error, "a maximal length of 1 is too short: 2 tokens go around the text");
    assert_eq!(tokenizer.encode("a", 2).unwrap().ids, [1, 2]);
}

/// The error of a folder that has `files`.
fn refused(files: &[(&str, &[u8])]) -> String {
    let directory = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(directory.path().join(name), content).unwrap();
    }
    let error = Tokenizer::load(directory.path()).unwrap_err().to_string();
    error.replace(directory.path().to_str().unwrap(), "DIR")
}

#[test]
fn what_is_no_tokeniser_is_refused() {
    assert_eq!(refused(&[]), "DIR has no tokeniser: put tokenizer.json or spm.model there");
    assert!(refused(&[("tokenizer.json", b"{")]).starts_with("DIR/tokenizer.json: "));
    assert!(refused(&[("tokenizer.json", b"{}")]).starts_with("DIR/tokenizer.json: "));
    assert_eq!(refused(&[("spm.model", b"")]), "DIR/spm.model: no model of SentencePiece");
    let text = refused(&[("spm.model", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")]);
    assert!(text.starts_with("DIR/spm.model: no model of SentencePiece, or not all of one"), "{text}");
    let spm = fs::read(fixture("lower").join("spm.model")).unwrap();
    let config = refused(&[("spm.model", &spm), ("tokenizer_config.json", br#"{"do_lower_case": 3}"#)]);
    assert!(config.starts_with("DIR/tokenizer_config.json: "), "{config}");
    let moved = br#"{"added_tokens_decoder": {"7": {"content": "[MASK]"}}}"#;
    let moved = refused(&[("spm.model", &spm), ("tokenizer_config.json", moved)]);
    assert!(moved.contains("gives [MASK] another number"), "{moved}");
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("tokenizer.json")).unwrap();
    let error = Tokenizer::load(directory.path()).unwrap_err();
    assert!(matches!(&error, TokenizerError::File(error) if error.action == FileAction::Read), "{error}");
}

#[test]
fn a_tokeniser_under_another_name_is_pointed_at() {
    let content = |name: &str| fs::read(fixture("").join(name)).unwrap();
    let (spm, json) = (content("lower/spm.model"), content("version5/tokenizer.json"));
    let others: [(&str, &[u8]); 3] =
        [("a.model", b"no model"), ("config.json", b"{\"model\": 7}"), ("b.txt", b"[CLS]")];
    let refused = |name: &str, content: &[u8]| refused(&[&others[..], &[(name, content)]].concat());
    let missing = "DIR has no tokeniser: put tokenizer.json or spm.model there";
    assert_eq!(refused("c.json", b"[]"), missing);
    assert_eq!(refused("spam.model", &spm), format!("{missing}; spam.model looks like one: name it spm.model"));
    assert_eq!(refused("tok.json", &json), format!("{missing}; tok.json looks like one: name it tokenizer.json"));
}

#[test]
fn a_torn_or_damaged_model_never_panics() {
    let spm = fs::read(fixture("deberta").join("spm.model")).unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("spm.model");
    let text = "The statement ｉｓ executed ½ \u{301} [MASK]";
    let load = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        let tokenizer = Tokenizer::load(directory.path())?;
        tokenizer.encode_pair(text, text, 64)
    };
    // The file is pieces, then how it was trained, then the rules for characters, which end it.
    for part in 1..40 {
        let error = load(&spm[..spm.len() * part / 40]).unwrap_err();
        assert!(matches!(error, TokenizerError::Malformed { .. }), "{error}");
    }
    let mut random = 1u64;
    for _ in 0..60 {
        let mut damaged = spm.clone();
        for _ in 0..1 + random % 50 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let place = (random >> 20) as usize % damaged.len();
            damaged[place] = (random >> 12) as u8;
        }
        // Either is fine: many a damage leaves a model.
        if let Err(error) = load(&damaged) {
            assert!(!matches!(error, TokenizerError::Library(_)), "{error}");
        }
    }
}

/// Lines of made-up words, the same for the same `seed`.
fn made_up(lines: usize, seed: u64) -> impl Iterator<Item = String> {
    const SYLLABLES: [&str; 12] = ["ka", "lo", "mi", "ter", "ing", "so", "ne", "ra", "qu", "é", "the", "st"];
    let mut state = seed;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % below) as usize
    };
    (0..lines).map(move |_| {
        let words = (0..4 + draw(12)).map(|_| {
            let word = (0..1 + draw(4)).map(|_| SYLLABLES[draw(12).min(draw(12))]).collect::<String>();
            if draw(9) == 0 { word + "." } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    })
}

#[test]
fn a_trained_vocabulary_has_deberta_s_shape() {
    let tokenizer = Tokenizer::train(made_up(500, 1), 120).unwrap();
    let size = tokenizer.vocabulary_size();
    assert!((60..=120).contains(&size), "{size}");
    assert_eq!(tokenizer.pad_id(), 0);
    let Encoding { ids, segments } = tokenizer.encode_pair("kalo [MASK] ☃", "the", 64).unwrap();
    assert_eq!((ids[0], ids.last()), (1, Some(&2)));
    assert_eq!(ids.iter().filter(|&&id| id == 2).count(), 2);
    assert!(ids.contains(&3), "the unknown character: {ids:?}");
    assert!(ids.contains(&(u32::try_from(size).unwrap() - 1)), "the mask comes last: {ids:?}");
    assert_eq!(segments.len(), ids.len());
    assert!(segments.is_sorted() && segments[0] == 0 && segments.last() == Some(&1));
    for text in made_up(50, 2) {
        assert!(!tokenizer.encode(&text, 512).unwrap().ids.contains(&3), "every character is known: {text}");
    }
}

#[test]
fn training_is_the_same_every_time() {
    let first = Tokenizer::train(made_up(400, 3), 100).unwrap().files();
    let mut backwards: Vec<String> = made_up(400, 3).collect();
    backwards.reverse();
    assert_eq!(Tokenizer::train(backwards.into_iter(), 100).unwrap().files(), first);
    let directory = TempDir::new().unwrap();
    let trained = Tokenizer::train(made_up(400, 3), 100).unwrap();
    save(&trained, directory.path());
    let loaded = Tokenizer::load(directory.path()).unwrap();
    for text in made_up(20, 4) {
        assert_eq!(loaded.encode(&text, 64).unwrap(), trained.encode(&text, 64).unwrap());
    }
}

#[test]
fn texts_that_teach_nothing_are_refused() {
    let train = |texts: &[&str], size| {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        Tokenizer::train(texts.into_iter(), size)
    };
    for texts in [&[][..], &["", ""]] {
        assert!(matches!(train(texts, 100).unwrap_err(), TokenizerError::NoWords));
    }
    let error = train(&["abcdefgh"], 13).unwrap_err();
    assert!(matches!(error, TokenizerError::VocabularyTooSmall { least: 14, .. }), "{error}");
    let least = train(&["abcdefgh"], 14).unwrap();
    assert_eq!(least.vocabulary_size(), 14);
    // A word of a million letters, zeros, and special tokens written out.
    let odd = train(&[&"ab".repeat(500_000), "a\0b \0 \0\0", "[MASK] [PAD] [UNK]", "\u{2581}\u{2581}"], 40).unwrap();
    assert!(odd.vocabulary_size() <= 40);
}
