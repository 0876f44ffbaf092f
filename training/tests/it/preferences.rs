//! Preferences in the layouts that people have, and the rankings that they become.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use reward_collapse::experiment::PromptType;
use reward_collapse_training::dataset::{
    BuildOptions, Counts, DatasetError, Ranking, Rankings, RowSource, build, expand,
};
use tempfile::TempDir;

fn built(source: &RowSource, options: &BuildOptions) -> Result<(Counts, Vec<Ranking>), DatasetError> {
    let mut out = Vec::new();
    let counts = build(source, options, &mut out, Path::new("out"), &mut |_, _| {})?;
    let text = String::from_utf8(out).unwrap();
    Ok((counts, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
}

fn file(directory: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

/// The one ranking of a row.
fn ranking_with(row: &str, options: &BuildOptions) -> Result<Ranking, String> {
    let directory = TempDir::new().unwrap();
    let source = RowSource::File(file(&directory, "rows.jsonl", row));
    let (_, mut rankings) = built(&source, options).map_err(|error| error.to_string())?;
    assert_eq!(rankings.len(), 1);
    Ok(rankings.remove(0))
}

fn ranking(row: &str) -> Result<Ranking, String> {
    ranking_with(row, &BuildOptions::default())
}

#[test]
fn pairs_are_read_with_and_without_a_prompt() {
    let said = r#"{"role":"user","content":"Why?"}"#;
    let answered = |text: &str| format!(r#"{{"role":"assistant","content":"{text}"}}"#);
    let (good, bad) = (answered("good"), answered("bad"));
    for row in [
        r#"{"prompt":"Why?","chosen":"good","rejected":"bad"}"#.to_owned(),
        r#"{"prompt":"Why?","chosen":"Why? good","rejected":"Why? bad","more":null}"#.to_owned(),
        format!(r#"{{"prompt":"Why?","chosen":[{said},{good}],"rejected":[{said},{bad}]}}"#),
        format!(r#"{{"chosen":[{said},{good}],"rejected":[{said},{bad}]}}"#),
        format!(r#"{{"prompt":[{said}],"chosen":[{good}],"rejected":[{bad}]}}"#),
    ] {
        let ranking = ranking(&row).unwrap();
        assert_eq!(
            (ranking.question.as_str(), ranking.answers.as_slice()),
            ("Why?", &["bad".into(), "good".into()][..])
        );
        assert_eq!((ranking.prompt_type, ranking.ranks, ranking.margins), (PromptType::untyped(), None, None));
    }
    // The dialogue inside, as in hh-rlhf: several turns, and answers that begin alike.
    let row = r#"{"chosen":"\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: It is good",
        "rejected":"\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: It is bad"}"#;
    let found = ranking(&row.replace("\",\n        ", "\",")).unwrap();
    assert_eq!(found.question, "Human: Hi\n\nAssistant: Hello\n\nHuman: Why?");
    assert_eq!(found.answers, ["It is bad", "It is good"]);
    let error = ranking(r#"{"chosen":"good","rejected":"bad"}"#).unwrap_err();
    assert!(error.contains("line 1: there is no `prompt`"), "{error}");
    let error = ranking(r#"{"prompt":"Why?","chosen":null,"rejected":"bad"}"#).unwrap_err();
    assert!(error.contains("`chosen` is null"), "{error}");
}

#[test]
fn scores_and_ranks_order_answers_with_ties() {
    let scored = r#"{"instruction":"Q","completions":[{"response":"b","overall_score":7.5},{"response":"a","overall_score":3},
        {"response":"c","overall_score":"7.5"}],"type":"creative"}"#;
    let found = ranking(&scored.replace('\n', " ")).unwrap();
    assert_eq!((found.question.as_str(), found.prompt_type.name()), ("Q", "creative"));
    assert_eq!((found.answers.join(""), found.ranks.clone()), ("abc".to_owned(), Some(vec![3.0, 1.0, 1.0])));
    assert_eq!(found.compared().collect::<Vec<_>>(), [(0, 0, 1), (1, 0, 2)]);
    for row in [
        r#"{"prompt":"Q","answers":[{"answer":"b","rank":2},{"answer":"c","rank":1},{"answer":"a","rank":4}]}"#,
        r#"{"prompt":"Q","responses":["b","c","a"],"scores":[0,1.5,-2]}"#,
        r#"{"prompt":"Q","responses":["b","c","a"],"ranks":[2,1,3]}"#,
        r#"{"prompt":"Q","answers":["b","c","a"],"ranks":[2,1,3]}"#,
    ] {
        let found = ranking(row).unwrap();
        assert_eq!((found.answers.join(""), found.ranks), ("abc".to_owned(), None), "{row}");
    }
    // Margins of score differences.
    let options = BuildOptions { margin_scale: Some(0.5), ..BuildOptions::default() };
    let found = ranking_with(r#"{"prompt":"Q","responses":["b","c","a"],"scores":[0,1.5,-2]}"#, &options).unwrap();
    assert_eq!(found.margins, Some(vec![1.0, 1.75, 0.75]));
    let found = ranking(r#"{"prompt":"Q","chosen":"b","rejected":"a","margin":0.25}"#).unwrap();
    assert_eq!(found.margins, Some(vec![0.25]));
    for (row, words) in [
        (r#"{"prompt":"Q","responses":["a","b"],"scores":[1]}"#, "2 answers, and 1 scores or ranks"),
        (r#"{"prompt":"Q","responses":["a","b"],"scores":[1,"?"]}"#, "`scores` is \"?\", not a finite number"),
        (r#"{"prompt":"Q","responses":["a","b"]}"#, "no list `scores` or `ranks`"),
        (r#"{"responses":["a","b"],"scores":[1,2]}"#, "there is no prompt"),
        (
            r#"{"prompt":"Q","answers":[{"answer":"a","rank":1},{"answer":"b","score":1}]}"#,
            "some of `answers` have a score",
        ),
        (r#"{"prompt":"Q","answers":[{"rank":1}]}"#, "1 of `answers`: there is no text"),
    ] {
        let error = ranking(row).unwrap_err();
        assert!(error.contains("line 1") && error.contains(words), "{error}");
    }
}

#[test]
fn identical_answers_tie() {
    let given = |answers: &[&str], ranks: Option<Vec<f64>>| Ranking {
        question: "Q".into(),
        answers: answers.iter().map(|&text| text.into()).collect(),
        prompt_type: PromptType::untyped(),
        scores: None,
        ranks,
        margins: None,
    };
    let ranking = given(&["a", "a", "b"], None);
    assert_eq!(ranking.compared().collect::<Vec<_>>(), [(1, 0, 2), (2, 1, 2)]);
    assert_eq!(ranking.ranks(), [2.0, 2.0, 1.0]);
    assert_eq!(given(&["a", "b", "c"], None).ranks(), [3.0, 2.0, 1.0]);
    assert!(given(&["a", "b"], Some(vec![1.0, 1.0])).compared().next().is_none());
    assert!(given(&["a", "b"], Some(vec![1.0, 2.0])).check().unwrap_err().contains("`ranks` has to fall"));
    assert!(given(&["a", "b"], Some(vec![1.0])).check().unwrap_err().contains("`ranks` has 1"));
}

#[test]
fn what_was_made_of_rows_is_counted() {
    let rows = concat!(
        r#"{"prompt":"Q","chosen":"b","rejected":"a"}"#,
        "\n",
        r#"{"prompt":"Q","chosen":"b","rejected":"b"}"#,
        "\n",
        r#"{"prompt":"Q","chosen":"b","rejected":" "}"#,
        "\n",
        r#"{"prompt":" ","chosen":"b","rejected":"a"}"#,
        "\n\n",
        r#"{"prompt":"Q","responses":["a","b","c"],"scores":[1,1,2],"uniform":true}"#,
        "\n",
        r#"{"prompt":"Q","responses":["a","b"],"ranks":[1,2],"margin":1}"#,
        "\n",
    );
    let directory = TempDir::new().unwrap();
    let plain = file(&directory, "a.jsonl", rows);
    let (counts, rankings) = built(&RowSource::File(plain.clone()), &BuildOptions::default()).unwrap();
    assert_eq!((counts.rows, counts.rankings, counts.pairs, counts.scored, counts.ranked), (6, 3, 1, 1, 1));
    assert_eq!((counts.all_tied, counts.single, counts.no_question, counts.with_ties), (1, 1, 1, 1));
    assert_eq!((counts.open_ended, counts.other_types[&PromptType::untyped()]), (1, 2));
    assert_eq!(
        counts.left_out(),
        ["1 without a question", "1 with fewer than two answers", "1 with answers that all tie"]
    );

    // Compressed, several, and by a pattern.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(rows.as_bytes()).unwrap();
    let packed = file(&directory, "b.jsonl.gz", gzip.finish().unwrap());
    let zstandard = file(&directory, "c.jsonl.zst", zstd::encode_all(rows.as_bytes(), 3).unwrap());
    for path in [&packed, &zstandard] {
        assert_eq!(built(&RowSource::File(path.clone()), &BuildOptions::default()).unwrap().1, rankings);
    }
    let pattern = directory.path().join("*.jsonl*");
    let files = expand(std::slice::from_ref(&pattern)).unwrap();
    assert_eq!(files, [plain, packed, zstandard]);
    let (counts, _) = built(&RowSource::Files(files), &BuildOptions::default()).unwrap();
    assert_eq!((counts.rows, counts.rankings), (18, 9));
    let opened = Rankings::open(&pattern, 0).unwrap();
    assert_eq!((opened.len(), opened.built()), (9, Some(&counts)));
    let none = expand(&[directory.path().join("*.parquet")]).unwrap_err();
    assert!(none.to_string().contains("no file fits"), "{none}");
    let tied = file(&directory, "tied", r#"{"prompt":"Q","chosen":"b","rejected":"b"}"#);
    let error = built(&RowSource::File(tied), &BuildOptions::default()).unwrap_err().to_string();
    assert!(error.contains("none of its 1 rows gives a ranking: 1 with answers that all tie"), "{error}");
}
