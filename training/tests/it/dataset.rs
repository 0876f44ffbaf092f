//! Data sets of rankings: every format, what is built from it, and what is said of files that are none.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use reward_collapse::cli::error::with_causes;
use reward_collapse_training::dataset::{
    BuildOptions, Corpus, Counts, DatasetError, PromptForm, Ranking, RankingFile, Rankings, Record, Row, RowSource,
    Splits, build, read,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long answers, every fifth too short, and one row without an instruction.
fn rows(count: usize) -> Vec<Row> {
    let row = |number: usize| {
        let words = if number % 5 == 4 { 99 } else { 100 + number };
        let output = (0..words).map(|word| format!("wörd{word}{}", if word % 11 == 0 { "\n" } else { "" }));
        let input = if number == 7 { " ".into() } else { format!("Instruction \"{number}\" — to do?") };
        Row { input, output: output.collect::<Vec<_>>().join(" ") }
    };
    (0..count).map(row).collect()
}

fn object(row: &Row) -> Value {
    json!({"source": "somewhere", "output": row.output, "input": row.input, "subset": null})
}

fn json_array(rows: &[Row]) -> String {
    serde_json::to_string_pretty(&rows.iter().map(object).collect::<Vec<_>>()).unwrap()
}

fn json_lines(rows: &[Row]) -> String {
    rows.iter().map(|row| object(row).to_string() + "\n").collect()
}

/// Two columns of bytes in groups of four rows, with the texts marked as such or not.
fn parquet_bytes(rows: &[Row], text: &str, compression: Compression) -> Vec<u8> {
    let schema = format!(
        "message schema {{ OPTIONAL INT64 number; OPTIONAL BYTE_ARRAY output {text}; REQUIRED BYTE_ARRAY input {text}; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    for group in rows.chunks(4) {
        let mut columns = writer.next_row_group().unwrap();
        let mut number = columns.next_column().unwrap().unwrap();
        let nulls = vec![0; group.len()];
        number.typed::<parquet::data_type::Int64Type>().write_batch(&[], Some(&nulls), None).unwrap();
        number.close().unwrap();
        let output: Vec<ByteArray> = group.iter().map(|row| row.output.as_str().into()).collect();
        let mut column = columns.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&output, Some(&vec![1; group.len()]), None).unwrap();
        column.close().unwrap();
        let input: Vec<ByteArray> = group.iter().map(|row| row.input.as_str().into()).collect();
        let mut column = columns.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&input, None, None).unwrap();
        column.close().unwrap();
        columns.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dataset").join(name)
}

/// A file, in a directory that goes with it.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    (directory, path)
}

fn records(path: &Path) -> Result<Vec<Record>, DatasetError> {
    let mut records = Vec::new();
    let mut before = 0.0;
    let count = read(path, &mut |record, share| {
        assert!((before..=1.0).contains(&share), "{share} after {before}");
        before = share;
        records.push(record);
        Ok(())
    })?;
    assert_eq!(count, records.len() as u64);
    Ok(records)
}

fn built(source: &RowSource, seed: u64) -> Result<(Counts, String), DatasetError> {
    let mut out = Vec::new();
    let options = BuildOptions { seed, ..BuildOptions::default() };
    let counts = build(source, &options, &mut out, Path::new("out"), &mut |_, _| {})?;
    Ok((counts, String::from_utf8(out).unwrap()))
}

fn error(path: &Path) -> String {
    with_causes(&records(path).unwrap_err())
}

#[test]
fn every_format_gives_the_same_rows() {
    let expected = rows(11);
    let records_expected: Vec<Record> = expected.iter().cloned().map(Record::Row).collect();
    let compact = serde_json::to_string(&expected.iter().map(object).collect::<Vec<_>>()).unwrap();
    for (name, content) in [
        ("a.json", json_array(&expected).into_bytes()),
        ("compact", compact.clone().into_bytes()),
        ("marked.json", [b"\xef\xbb\xbf \n", compact.as_bytes()].concat()),
        ("a.jsonl", json_lines(&expected).into_bytes()),
        ("a.txt", json_lines(&expected).replace('\n', "\r\n\r\n").trim_end().as_bytes().to_vec()),
        ("marked.jsonl", [b"\xef\xbb\xbf", json_lines(&expected).as_bytes()].concat()),
        ("a.parquet", parquet_bytes(&expected, "(UTF8)", Compression::SNAPPY)),
        ("named wrongly.json", parquet_bytes(&expected, "(STRING)", Compression::ZSTD(Default::default()))),
        ("unmarked", parquet_bytes(&expected, "", Compression::UNCOMPRESSED)),
    ] {
        let (_directory, path) = file(name, content);
        assert_eq!(records(&path).unwrap(), records_expected, "{name}");
    }
}

#[test]
fn files_of_torch_hold_their_rankings() {
    let lines = fs::read_to_string(fixture("rankings.jsonl")).unwrap();
    let expected: Vec<Record> =
        lines.lines().map(|line| Record::Ranking(serde_json::from_str(line).unwrap())).collect();
    assert_eq!(expected.len(), 5);
    for name in ["rankings.pt", "rankings_legacy.pt", "rankings.jsonl"] {
        assert_eq!(records(&fixture(name)).unwrap(), expected, "{name}");
        let (counts, text) = built(&RowSource::File(fixture(name)), 3).unwrap();
        assert_eq!(text, lines, "{name}");
        let closed = lines.matches("\"uniform\":false").count() as u64;
        let expected =
            Counts { rows: 5, rankings: 5, open_ended: 5 - closed, closed_ended: closed, ..Counts::default() };
        assert_eq!(counts, expected, "{name}");
    }
    // As an array they are the same.
    let array = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    let (_directory, path) = file("array.json", array);
    assert_eq!(records(&path).unwrap(), expected);
}

#[test]
fn rankings_are_beginnings_of_the_answers() {
    let expected = rows(60);
    let (_directory, path) = file("a.jsonl", json_lines(&expected));
    let (counts, text) = built(&RowSource::File(path), 11).unwrap();
    let kept: Vec<&Row> =
        expected.iter().enumerate().filter(|(i, _)| i % 5 != 4 && *i != 7).map(|(_, row)| row).collect();
    assert_eq!((counts.rows, counts.too_short, counts.no_question, counts.rankings), (60, 12, 1, 47));
    assert_eq!(counts.open_ended + counts.closed_ended, 47);
    assert!((12..=35).contains(&counts.open_ended), "{counts:?}");
    assert_eq!(text.lines().count(), kept.len());
    for (line, row) in text.lines().zip(kept) {
        let ranking: Ranking = serde_json::from_str(line).unwrap();
        let kind = PromptForm::of(ranking.prompt_type.is_open_ended());
        assert_eq!(ranking.question, row.input.clone() + kind.suffix);
        for (answer, words) in ranking.answers.iter().zip(kind.lengths) {
            assert_eq!(*answer, row.output.split(' ').take(words).collect::<Vec<_>>().join(" "));
        }
        let fields: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(fields.len(), 3, "question, answers and uniform alone");
    }
}

#[test]
fn a_seed_builds_the_same_bytes_from_every_format() {
    let expected = rows(40);
    let (_a, lines) = file("a.jsonl", json_lines(&expected));
    let (_b, table) = file("a.parquet", parquet_bytes(&expected, "(UTF8)", Compression::GZIP(Default::default())));
    let of = |path: &PathBuf, seed| built(&RowSource::File(path.clone()), seed).unwrap().1;
    assert_eq!(of(&lines, 1), of(&table, 1));
    assert_ne!(of(&lines, 1), of(&lines, 2));
    let embedded = |rows, seed| built(&RowSource::Embedded(rows), seed).unwrap().1;
    assert_eq!(embedded(30, 5), embedded(30, 5));
    assert_ne!(embedded(30, 5), embedded(30, 6));
    assert!(embedded(30, 5).starts_with(&embedded(20, 5)), "more rows leave the first as they are");
}

#[test]
fn malformed_text_is_told_with_its_line() {
    let good = json_lines(&rows(2));
    let two = json_array(&rows(2));
    let cut = &two[..two.len() - 30];
    for (content, words) in [
        (format!("{good}\n{{\"input\": \"x\"}}\n"), "line 4: there is no `output`; it has `input`"),
        (format!("{good}{{\"input\": \"x\", \"output\": 3}}\n"), "line 3: `output` is a number, not text"),
        (format!("{good}{{\"input\": null, \"output\": \"\"}}\n"), "line 3: `input` is null, not text"),
        (format!("{good}{{}}"), "line 3: there is no `input`; it has none"),
        (format!("{good}{{\"input\": \"x\", \"outp"), "line 3: EOF while parsing a string"),
        (format!("{good}plain text\n{good}"), "line 3: expected value"),
        (format!("{good}[1]\n"), "line 3: invalid type: sequence"),
        (format!("{good}{{\"question\": \"Q\", \"answers\": [\"a\", \"b\"]}}"), "line 3: missing field `uniform`"),
        (
            format!("{good}{{\"question\": \"Q\", \"answers\": [\"a\", \"b\"], \"uniform\": true, \"scores\": []}}"),
            "line 3: `scores` has 0, and 2 answers have 1 pairs",
        ),
        ("{\"prompt\": \"x\", \"text\": \"y\"}".into(), "line 1: there is no `input`; it has `prompt`, `text`"),
        ("[\n{\"input\": \"x\"}]".into(), "line 2: record 1: there is no `output`"),
        ("[\n{\"input\": \"x\", \"output\": \"y\"},\n3]".into(), "line 3: record 2: invalid type: integer `3`"),
        (cut.to_owned(), "record 2: EOF"),
        (format!("{two}]"), "record 3: trailing characters"),
        ("[{\"input\": \"\\ud800\", \"output\": \"y\"}]".into(), "line 1: record 1: "),
    ] {
        let (_directory, path) = file("text", &content);
        let error = error(&path);
        assert!(error.contains(words), "{error}\n{words}");
        assert!(error.starts_with(&format!("{}, line", path.display())), "{error}");
    }
    let (_directory, path) =
        file("latin1.jsonl", [good.as_bytes(), b"{\"input\": \"\xe9\", \"output\": \"y\"}\n"].concat());
    assert!(error(&path).contains("line 3: "), "{}", error(&path));
}

#[test]
fn files_of_no_use_are_told_apart() {
    let directory = TempDir::new().unwrap();
    let said = |content: &[u8]| {
        let path = directory.path().join("file");
        fs::write(&path, content).unwrap();
        error(&path)
    };
    for empty in [&b""[..], b" \n\n", b"[]", b"\xef\xbb\xbf"] {
        assert!(said(empty).ends_with("is empty"), "{}", said(empty));
    }
    assert!(said(&parquet_bytes(&[], "(UTF8)", Compression::SNAPPY)).ends_with("is empty"));
    assert!(said(b"\x1f\x8b\x08data").contains("cannot read"));
    assert!(said(b"\x89PNG\r\n").contains("it is none of parquet, JSON"));
    assert!(said(b"input,output\na,b\n").contains("it is none of parquet, JSON"));
    assert!(said(b"\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00]\x94K\x01a.").contains("not by torch.save"));

    let whole = parquet_bytes(&rows(9), "(UTF8)", Compression::SNAPPY);
    for length in [4, 30, whole.len() / 2, whole.len() - 1] {
        assert!(said(&whole[..length]).contains("it is damaged or cut short"), "{}", said(&whole[..length]));
    }
    let schema = "message schema { REQUIRED BYTE_ARRAY instruction (UTF8); REQUIRED BYTE_ARRAY output (UTF8); }";
    let other = |schema: &str| {
        let mut bytes = Vec::new();
        let schema = Arc::new(parse_message_type(schema).unwrap());
        SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap().close().unwrap();
        said(&bytes)
    };
    let missing = other(schema);
    assert!(missing.contains("there is no column `input`; it has `instruction`, `output`"), "{missing}");
    let number = other("message schema { REQUIRED BYTE_ARRAY input (UTF8); REQUIRED INT64 output; }");
    assert!(number.contains("the column `output` is not text"), "{number}");

    let torch = fs::read(fixture("rankings.pt")).unwrap();
    assert!(
        said(&torch[..torch.len() / 2]).contains("it is no whole zip archive"),
        "{}",
        said(&torch[..torch.len() / 2])
    );
    let legacy = fs::read(fixture("rankings_legacy.pt")).unwrap();
    for length in [10, 20, 60, 2000] {
        assert!(said(&legacy[..length]).contains(": it is "), "{length}: {}", said(&legacy[..length]));
    }
    let weights = error(&fixture("weights.pt"));
    assert!(weights.contains("of something else than a list of dicts"), "{weights}");
    let shared = error(&fixture("shared_list.pt"));
    assert!(shared.contains("row 2: it refers to a list of an earlier row"), "{shared}");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("notes.txt", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(b"nothing").unwrap();
    let archive = archive.finish().unwrap().into_inner();
    assert!(said(&archive).contains("without data.pkl"), "{}", said(&archive));

    assert!(error(&directory.path().join("none")).contains("cannot read"));
    assert!(error(directory.path()).contains("it is a directory"));
}

/// Whatever bytes are changed, there is a record or an error.
#[test]
fn damaged_files_do_no_worse_than_fail() {
    let whole = parquet_bytes(&rows(9), "(UTF8)", Compression::SNAPPY);
    let torch = fs::read(fixture("rankings.pt")).unwrap();
    let legacy = fs::read(fixture("rankings_legacy.pt")).unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("file");
    let mut state = 1_u64;
    for whole in [whole, torch, legacy] {
        for _ in 0..600 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] = (state >> 20) as u8;
            }
            fs::write(&path, &bytes).unwrap();
            let _ = read(&path, &mut |_, _| Ok(()));
        }
    }
}

#[test]
fn a_ranking_file_is_read_one_at_a_time() {
    let (_, text) = built(&RowSource::Embedded(40), 2).unwrap();
    let spaced = text.replacen('\n', "\r\n\n  \n", 3);
    let (_directory, path) = file("rankings.jsonl", format!("\u{feff}{spaced}"));
    let rankings = RankingFile::open(&path).unwrap();
    assert_eq!(rankings.len(), 40);
    let lines: Vec<&str> = text.lines().collect();
    for (index, &line) in lines.iter().enumerate().rev() {
        let ranking = rankings.get(index).unwrap();
        assert_eq!(serde_json::to_string(&ranking).unwrap(), line);
        assert_eq!(rankings.prompt_type(index).unwrap(), ranking.prompt_type);
    }
    let beyond = rankings.get(40).unwrap_err().to_string();
    assert!(beyond.ends_with("there is no ranking 40; the last of 40 is 39"), "{beyond}");
    assert_eq!(rankings.splits(Splits::TEST).unwrap(), Splits { train: 0..24, test: 24..40 });

    let (_plain, plain) = file("plain.jsonl", &text);
    assert_eq!(RankingFile::open(&plain).unwrap().checksum(), rankings.checksum());
    let (_other, other) = file("other.jsonl", text.replacen(' ', "-", 1));
    assert_ne!(RankingFile::open(&other).unwrap().checksum(), rankings.checksum());

    // Overwritten in place while it is open.
    fs::write(&path, "x".repeat(spaced.len())).unwrap();
    let changed = rankings.get(3).unwrap_err().to_string();
    assert!(changed.contains("it has changed since it was opened"), "{changed}");
    fs::write(&path, "").unwrap();
    assert!(rankings.get(3).unwrap_err().to_string().contains("cannot read"));
}

#[test]
fn a_ranking_file_tells_its_malformed_line() {
    let (_, text) = built(&RowSource::Embedded(3), 2).unwrap();
    let said = |content: String| {
        let (_directory, path) = file("rankings.jsonl", content);
        RankingFile::open(&path).unwrap_err().to_string()
    };
    assert!(said(format!("{text}\n{{\"question\": 1}}")).contains("line 5: invalid type"));
    assert!(said(text[..text.len() - 9].into()).contains("line 3: EOF"));
    assert!(said(String::new()).ends_with("is empty"));
    let (_directory, path) = file("one.jsonl", text.lines().next().unwrap());
    let one = RankingFile::open(&path).unwrap();
    assert!(
        one.splits(Splits::TEST)
            .unwrap_err()
            .to_string()
            .ends_with("1 ranking where training and testing need at least 2")
    );
}

#[test]
fn rankings_come_from_anywhere() {
    let all = |rankings: &Rankings| (0..rankings.len()).map(|i| rankings.get(i).unwrap()).collect::<Vec<_>>();
    let embedded = Rankings::embedded(50, 4).unwrap();
    assert_eq!(embedded.built().map(|counts| (counts.rows, counts.rankings)), Some((50, 50)));
    assert_eq!(embedded.splits(Splits::TEST).unwrap(), Splits { train: 0..34, test: 34..50 });
    assert!((10..=40).contains(&(0..50).filter(|&i| embedded.prompt_type(i).unwrap().is_open_ended()).count()));

    // The same rows through a file, the same rankings through theirs.
    let corpus: Vec<Row> = Corpus::new(4).take(50).collect();
    let (_rows, path) = file("rows.json", json_array(&corpus));
    let from_rows = Rankings::open(&path, 4).unwrap();
    assert_eq!(all(&from_rows), all(&embedded));
    assert_eq!(from_rows.checksum(), embedded.checksum());
    let (_rankings, path) = file("rankings", built(&RowSource::Embedded(50), 4).unwrap().1);
    let in_place = Rankings::open(&path, 99).unwrap();
    assert_eq!((in_place.checksum(), in_place.built()), (embedded.checksum(), None));
    let torch = Rankings::open(&fixture("rankings.pt"), 0).unwrap();
    assert_eq!(torch.checksum(), RankingFile::open(&fixture("rankings.jsonl")).unwrap().checksum());

    let none = Rankings::embedded(0, 0).unwrap_err().to_string();
    assert!(none.contains("the embedded corpus: none of its 0 rows"), "{none}");
    let (_short, path) = file("short.jsonl", "{\"input\": \"x\", \"output\": \"too short\"}\n");
    let short = Rankings::open(&path, 0).unwrap_err().to_string();
    assert!(short.contains("none of its 1 rows has a question, and an answer of 100 words"), "{short}");
}

fn program(arguments: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reward-collapse-training"));
    command.args(["dataset", "build"]).args(arguments).current_dir(directory).output().unwrap()
}

#[test]
fn the_program_builds_a_data_set() {
    let expected = rows(40);
    let (directory, path) = file("rows.parquet", parquet_bytes(&expected, "(UTF8)", Compression::SNAPPY));
    let at = directory.path();
    let output = program(&["--input", "rows.parquet", "--out", "out.jsonl", "--seed", "9", "--format", "json"], at);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (counts, text) = built(&RowSource::File(path), 9).unwrap();
    assert_eq!(fs::read_to_string(at.join("out.jsonl")).unwrap(), text);
    let number = |name: &str| report[name].as_u64();
    assert_eq!((number("rows"), number("rankings")), (Some(40), Some(31)));
    assert_eq!((number("too_short"), number("no_question")), (Some(8), Some(1)));
    assert_eq!((number("open_ended"), number("closed_ended")), (Some(counts.open_ended), Some(counts.closed_ended)));
    assert_eq!((&report["out"], number("seed")), (&json!("out.jsonl"), Some(9)));

    // What was built is an input as well.
    let again = program(&["--input", "out.jsonl", "--out", "again.jsonl", "--format", "csv"], at);
    assert!(again.status.success(), "{again:?}");
    let csv = String::from_utf8(again.stdout).unwrap();
    assert!(csv.starts_with("rows,rankings,open_ended,closed_ended,too_short,no_question,seed\n31,31,"), "{csv}");
    assert_eq!(fs::read_to_string(at.join("again.jsonl")).unwrap(), text);

    let embedded = program(&["--embedded", "25", "--seed", "1", "--out", "embedded.jsonl"], at);
    assert!(embedded.status.success(), "{embedded:?}");
    let table = String::from_utf8(embedded.stdout).unwrap();
    assert!(table.contains("rankings written  25\n") && table.contains("too short         0"), "{table}");
    assert_eq!(fs::read_to_string(at.join("embedded.jsonl")).unwrap(), built(&RowSource::Embedded(25), 1).unwrap().1);
}

#[test]
fn the_program_leaves_nothing_behind_when_it_fails() {
    let (directory, _) = file("bad.jsonl", json_lines(&rows(2)) + "{\"input\": 1}\n");
    let at = directory.path();
    fs::write(at.join("out.jsonl"), "before").unwrap();
    fs::write(at.join("good.jsonl"), json_lines(&rows(2))).unwrap();
    for (arguments, words) in [
        (&["--input", "bad.jsonl", "--out", "out.jsonl"][..], "bad.jsonl, line 3: `input` is a number, not text"),
        (&["--input", "none.jsonl", "--out", "out.jsonl"], "cannot read none.jsonl"),
        (&["--input", "good.jsonl", "--out", "missing/out.jsonl"], "cannot write missing/out.jsonl"),
        (&["--input", "good.jsonl", "--out", "."], "cannot write .: it is a directory"),
        (&["--input", "good.jsonl", "--out", "./good.jsonl"], "--out is the input, good.jsonl"),
        (&["--embedded", "0", "--out", "out.jsonl"], "none of its 0 rows"),
        (&["--embedded", "-1", "--out", "out.jsonl"], "error"),
        (&["--out", "out.jsonl"], "--input"),
        (&["--embedded", "3", "--input", "good.jsonl", "--out", "out.jsonl"], "cannot be used with"),
    ] {
        let output = program(arguments, at);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty() && said.lines().count() == 1 && said.contains(words), "{said}");
    }
    assert_eq!(fs::read_to_string(at.join("out.jsonl")).unwrap(), "before");
    let mut left: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["bad.jsonl", "good.jsonl", "out.jsonl"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_pipes() {
    let (directory, _) = file("good.jsonl", json_lines(&rows(30)));
    let at = directory.path();
    let full = program(&["--embedded", "100", "--out", "/dev/full"], at);
    let said = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot write /dev/full: No space left"), "{said}");

    let piped = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reward-collapse-training"));
        command.args(["dataset", "build", "--input", "/dev/stdin", "--out", "out.jsonl"]).current_dir(at);
        let mut cat = Command::new("cat").arg(at.join(name)).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let output = command.stdin(cat.stdout.take().unwrap()).output().unwrap();
        cat.wait().unwrap();
        output
    };
    let lines = piped("good.jsonl");
    assert!(lines.status.success(), "{lines:?}");
    let expected = built(&RowSource::File(at.join("good.jsonl")), 0).unwrap().1;
    assert_eq!(fs::read_to_string(at.join("out.jsonl")).unwrap(), expected);
    fs::write(at.join("rows.parquet"), parquet_bytes(&rows(5), "(UTF8)", Compression::SNAPPY)).unwrap();
    let table = piped("rows.parquet");
    let said = String::from_utf8(table.stderr).unwrap();
    assert!(table.status.code() == Some(2) && said.contains("cannot be read from a pipe"), "{said}");
    // A link to the data set is followed.
    std::os::unix::fs::symlink("out.jsonl", at.join("link")).unwrap();
    assert!(program(&["--embedded", "3", "--out", "link"], at).status.success());
    assert!(at.join("link").is_symlink());
    assert_eq!(File::open(at.join("out.jsonl")).map(std::io::read_to_string).unwrap().unwrap().lines().count(), 3);
}
