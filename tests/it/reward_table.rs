//! Tables of rewards: every form, every layout, and what is wrong with its line.

use std::io::Write;
use std::path::{Path, PathBuf};

use reward_collapse::experiment::{Columns, RewardTable, TableBuilder, TableError, TableOptions, TableRow};
use tempfile::TempDir;

fn file(directory: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read(content: &str) -> Result<RewardTable, TableError> {
    let directory = TempDir::new().unwrap();
    RewardTable::read(&file(&directory, "rewards", content.as_bytes()), &TableOptions::default())
}

/// Name, type, rewards and ranks of each prompt.
type Prompts = Vec<(String, String, Vec<f64>, Option<Vec<f64>>)>;

fn prompts(table: &RewardTable) -> Prompts {
    let prompt = table.prompts().map(|prompt| {
        let ranks = prompt.ranks.map(<[f64]>::to_vec);
        (prompt.name.to_owned(), prompt.prompt_type.to_owned(), prompt.rewards.to_vec(), ranks)
    });
    prompt.collect()
}

const CSV: &str = "response,prompt,reward,type,rank,more\n\
    r1,a,0.5,open,2,?\n\"two, \"\"lines\"\"\n\",b,-1e3,exam,1,?\nr3,a,0.75,open,1,?\nr4,b,2,exam,1,?\nr5,a,0.25,open,3,?\n";

fn expected() -> Prompts {
    vec![
        ("a".into(), "open".into(), vec![0.5, 0.75, 0.25], Some(vec![2.0, 1.0, 3.0])),
        ("b".into(), "exam".into(), vec![-1e3, 2.0], Some(vec![1.0, 1.0])),
    ]
}

#[test]
fn every_form_gives_the_same_table() {
    let lines = "{\"prompt\":\"a\",\"reward\":0.5,\"type\":\"open\",\"rank\":2,\"response\":\"r1\"}\n\
        {\"prompt\":\"b\",\"reward\":-1000,\"rank\":1,\"type\":\"exam\",\"response\":\"two, \\\"lines\\\"\\n\"}\n\n\
        {\"prompt\":\"a\",\"reward\":0.75,\"type\":\"open\",\"rank\":1.0,\"response\":\"r3\",\"more\":[{}]}\n\
        {\"prompt\":\"b\",\"reward\":\"2\",\"type\":\"exam\",\"rank\":1,\"response\":\"r4\"}\n\
        {\"prompt\":\"a\",\"reward\":0.25,\"type\":\"open\",\"rank\":3,\"response\":\"r5\"}\n";
    let array = format!("[{}]", lines.trim().lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(",\n"));
    let mark = '\u{feff}';
    let plain = [CSV.to_owned(), CSV.replace('\n', "\r\n"), format!("{mark}{CSV}"), lines.to_owned(), array];
    let directory = TempDir::new().unwrap();
    for (number, text) in plain.iter().enumerate() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let packed = [text.as_bytes().to_vec(), gzip.finish().unwrap(), zstd::encode_all(text.as_bytes(), 3).unwrap()];
        for content in packed {
            let table = RewardTable::read(&file(&directory, "table", &content), &TableOptions::default()).unwrap();
            assert_eq!(prompts(&table), expected(), "form {number}");
            assert_eq!(table.types().iter().map(|name| &**name).collect::<Vec<_>>(), ["open", "exam"]);
            let responses = table.prompt(0).unwrap().responses.unwrap();
            assert_eq!(responses.iter().collect::<Vec<_>>(), ["r1", "r3", "r5"]);
        }
    }
    // Semicolons and tabs.
    for delimiter in [";", "\t"] {
        let text = format!("prompt{delimiter}reward\na{delimiter}0.5\na{delimiter}0.25\n");
        assert_eq!(prompts(&read(&text).unwrap())[0].2, [0.5, 0.25]);
    }
}

#[test]
fn parquet_is_read() {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    let schema = "message rows { required binary prompt (UTF8); required double score; optional int32 rank; }";
    let directory = TempDir::new().unwrap();
    let write = |name: &str, scores: &[f64]| {
        let path = directory.path().join(name);
        let schema = std::sync::Arc::new(parse_message_type(schema).unwrap());
        let out = std::fs::File::create(&path).unwrap();
        let mut writer =
            SerializedFileWriter::new(out, schema, std::sync::Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let texts: Vec<ByteArray> = (0..scores.len()).map(|i| ByteArray::from(["a", "b"][i % 2])).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(scores, None, None).unwrap();
        column.close().unwrap();
        let ranks: Vec<i32> = (0..scores.len() as i32).map(|i| 1 + i / 2).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&ranks, Some(&vec![1; scores.len()]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        path
    };
    let columns = Columns { reward: Some("score".into()), ..Columns::default() };
    let options = TableOptions { columns, ..TableOptions::default() };
    let table = RewardTable::read(&write("whole", &[0.5, 1.5, -0.5, 2.5]), &options).unwrap();
    let ranks = Some(vec![1.0, 2.0]);
    let expected = [
        ("a".to_owned(), String::new(), vec![0.5, -0.5], ranks.clone()),
        ("b".to_owned(), String::new(), vec![1.5, 2.5], ranks),
    ];
    assert_eq!(prompts(&table), expected);
    let error = RewardTable::read(&write("nan", &[0.5, f64::NAN]), &options).unwrap_err();
    assert!(matches!(error, TableError::Row { row: 2, .. }), "{error}");
    let error = RewardTable::read(&write("unnamed", &[0.5]), &TableOptions::default()).unwrap_err().to_string();
    assert!(error.contains("no column `reward`") && error.contains("`score`"), "{error}");
}

#[test]
fn a_row_may_have_all_rewards_of_a_prompt() {
    let text = "{\"prompt\":[{\"role\":\"user\",\"content\":\"hi\"}],\"rewards\":[0.5,1],\"rank\":[2,1],\"response\":[\"x\",\"y\"]}\n\
        {\"prompt\":7,\"rewards\":[3,4,5],\"rank\":[1,2,2],\"response\":[\"x\",\"y\",\"y\"]}\n";
    let directory = TempDir::new().unwrap();
    let columns = Columns { reward: Some("rewards".into()), ..Columns::default() };
    let options = TableOptions { columns, ..TableOptions::default() };
    let table = RewardTable::read(&file(&directory, "lists", text.as_bytes()), &options).unwrap();
    let found = prompts(&table);
    assert_eq!(found[0].0, "[{\"content\":\"hi\",\"role\":\"user\"}]");
    assert_eq!(
        (found[1].0.as_str(), &found[1].2, &found[1].3),
        ("7", &vec![3.0, 4.0, 5.0], &Some(vec![1.0, 2.0, 2.0]))
    );
    let responses = table.prompt(1).unwrap().responses.unwrap();
    assert!(responses.are_same(1, 2) && !responses.are_same(0, 1));
    let short = text.replace("[2,1]", "[2]");
    let error = RewardTable::read(&file(&directory, "short", short.as_bytes()), &options).unwrap_err().to_string();
    assert!(error.contains("line 1: 2 rewards, but a list of 1"), "{error}");
}

#[test]
fn files_of_this_project_are_read_as_they_are() {
    // Of a run the last step; 1 is the worst response.
    let header = "step,split,prompt,open_ended,response_index,reward\n";
    let run = format!(
        "{header}10,train,0,true,1,0.1\n10,train,0,true,2,0.2\n20,train,0,true,2,0.75\n20,train,0,true,1,0.25\n\
         20,test,0,false,1,0\n20,test,0,false,2,0.5\n20,test,0,false,3,1\n"
    );
    let table = read(&run).unwrap();
    assert_eq!(table.step(), Some(20));
    let expected = [
        ("train 0".to_owned(), "open_ended".to_owned(), vec![0.75, 0.25], Some(vec![1.0, 2.0])),
        ("test 0".to_owned(), "closed_ended".to_owned(), vec![0.0, 0.5, 1.0], Some(vec![3.0, 2.0, 1.0])),
    ];
    assert_eq!(prompts(&table), expected);
    let directory = TempDir::new().unwrap();
    let path = file(&directory, "rewards.csv", run.as_bytes());
    let at = |step| RewardTable::read(&path, &TableOptions { step: Some(step), ..TableOptions::default() });
    assert_eq!(prompts(&at(10).unwrap())[0].2, [0.1, 0.2]);
    let error = at(15).unwrap_err().to_string();
    assert!(error.contains("there is no step 15; the last is 20"), "{error}");
    // Responses numbered from 0, and what `score` wrote before.
    let scored = "prompt,open_ended,response_index,logit,reward\n0,true,0,-1,0.25\n0,true,1,1,0.75\n";
    assert_eq!(prompts(&read(scored).unwrap())[0].3, Some(vec![2.0, 1.0]));
    for (rows, words) in [
        ("1,train,a,true,1,0.5\n1,train,a,true,1,0.5\n", "line 3: response_index 1, which is in line 2 already,"),
        ("1,train,a,true,1,0.5\n1,train,a,true,3,0.5\n", "line 3: there is no response_index 2"),
    ] {
        let error = read(&format!("{header}{rows}")).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let good = "prompt,reward,rank\na,0.5,1\n";
    for (bad, line, words) in [
        ("a,nan,2\n", 3, "reward is NaN, not a finite number"),
        ("a,-inf,2\n", 3, "reward is -inf, not a finite number"),
        ("a,1e999,2\n", 3, "not a finite number"),
        ("a,,2\n", 3, "there is no reward"),
        ("a,half,2\n", 3, "reward `half` is not a number"),
        ("a,\"0,5\",2\n", 3, "reward `0,5` is not a number"),
        (",0.5,2\n", 3, "there is no prompt"),
        ("a,0.5,best\n", 3, "rank `best` is not a number"),
        ("a,0.5\n", 3, "2 fields where the header has 3"),
        ("b,0.5,1\n\na,0.25,\n", 5, "there is no rank, unlike with other responses of prompt `a`"),
        ("\"a\nb\",0.5,1\nb,x,1\n", 5, "reward `x`"),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("{good}{bad}").replace('\n', end);
            let error = read(&text).unwrap_err();
            assert!(matches!(error, TableError::Line { line: found, .. } if found == line), "{text:?}: {error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    for (text, words) in [
        (
            "prompt,score\na,1\n",
            "line 1: there is no column `reward`; it has `prompt`, `score`; name it with --reward-column",
        ),
        ("{\"prompt\":\"a\",\"reward\":1}\n\n{\"prompt\":\"a\",\"logit\":1}\n", "line 3: there is no column `reward`"),
        ("{\"prompt\":\"a\",\"reward\":NaN}\n", "line 1:"),
        ("{\"prompt\":\"a\",\"reward\":null}\n", "line 1: there is no reward"),
        ("{\"prompt\":\"a\",\"reward\":[]}\n", "line 1: `reward` is an empty list"),
        (
            "[{\"prompt\":\"a\",\"reward\":1},\n{\"prompt\":\"a\",\"reward\":true}]\n",
            "line 2: record 2: reward `true` is not a number",
        ),
        ("prompt,reward\n", "has no rows"),
        ("", "has no rows"),
        ("\n\n", "has no rows"),
        ("a\u{0}\u{1}\n", "there is no column `prompt`"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text:?}: {error}");
    }
    let columns = Columns { rank: Some("place".into()), ..Columns::default() };
    let directory = TempDir::new().unwrap();
    let options = TableOptions { columns, ..TableOptions::default() };
    let error = RewardTable::read(&file(&directory, "a", good.as_bytes()), &options).unwrap_err().to_string();
    assert!(error.contains("no column `place`"), "{error}");
    assert!(matches!(RewardTable::read(directory.path(), &options), Err(TableError::File(_))));
    assert!(RewardTable::read(Path::new("/nowhere/at/all"), &options).is_err());
    // Cut short.
    let mut cut = zstd::encode_all(CSV.repeat(1000).as_bytes(), 3).unwrap();
    cut.truncate(cut.len() - 5);
    assert!(RewardTable::read(&file(&directory, "cut", &cut), &TableOptions::default()).is_err());
}

#[test]
fn prompts_are_one_by_name_within_a_type() {
    let mut builder = TableBuilder::default();
    for (prompt, prompt_type, reward) in [("1", "a", 0.1), ("1", "b", 0.2), ("2", "a", 0.3), ("1", "a", 0.4)] {
        builder.push(TableRow { prompt, prompt_type, reward, ..TableRow::default() }).unwrap();
    }
    let table = builder.finish().unwrap().unwrap();
    let rewards: Vec<&[f64]> = table.prompts().map(|prompt| prompt.rewards).collect();
    assert_eq!(rewards, [&[0.1, 0.4][..], &[0.2], &[0.3]]);
    assert_eq!(table.prompts().map(|prompt| prompt.type_index).collect::<Vec<_>>(), [0, 1, 0]);
    assert!(table.prompt(3).is_none() && !table.has_ranks());
    assert!(TableBuilder::default().push(TableRow { prompt: "1", reward: f64::NAN, ..TableRow::default() }).is_err());
}

#[test]
fn of_a_long_response_the_beginning_is_kept_and_the_whole_is_told_apart() {
    let long = "ä".repeat(5000);
    let other = long.clone() + "!";
    let mut builder = TableBuilder::default();
    for text in [&long, &other, &long] {
        builder.push(TableRow { prompt: "1", response: Some(text), ..TableRow::default() }).unwrap();
    }
    let table = builder.finish().unwrap().unwrap();
    let responses = table.prompt(0).unwrap().responses.unwrap();
    assert_eq!(responses.get(0).chars().count(), 201);
    assert!(responses.are_same(0, 2) && !responses.are_same(0, 1) && !responses.are_same(0, 3));
}
