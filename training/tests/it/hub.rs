//! Models of the hub: from its local cache, laid out as the hub's own library lays it out, and from a server.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::runs::{Place, refused};
use reward_collapse_training::reward_model::RewardModel;
use tch::Device;

const NAME: &str = "someone/sharded";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SHARD: &str = "model-00002-of-00003.safetensors";

/// The files of a model in shards.
fn files() -> Vec<PathBuf> {
    let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let shards = fs::read_dir(fixture("shards/safetensors")).unwrap().flatten().map(|entry| entry.path());
    shards.chain([fixture("tokenizer/deberta/spm.model")]).collect()
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// A cache with these files: blobs, and a snapshot that links to them.
fn cache(place: &Place) -> PathBuf {
    let model = place.path("hub").join("hub/models--someone--sharded");
    let (blobs, snapshot) = (model.join("blobs"), model.join("snapshots").join(COMMIT));
    for folder in [&blobs, &snapshot, &model.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(model.join("refs/main"), COMMIT).unwrap();
    for path in files() {
        fs::copy(&path, blobs.join(name(&path))).unwrap();
        symlink(Path::new("../../blobs").join(name(&path)), snapshot.join(name(&path))).unwrap();
    }
    snapshot
}

/// A hub that has these files but for `missing`; its address.
fn serve(missing: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, missing)));
    address
}

fn answer(mut stream: TcpStream, missing: &str) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let asked = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let file = asked.strip_prefix("/someone/sharded/resolve/main/").filter(|file| *file != missing);
    let path = file.and_then(|file| files().into_iter().find(|path| name(path) == file));
    let reply = match path {
        Some(path) => {
            let content = fs::read(&path).unwrap();
            let range =
                head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
            let (start, end) = range.as_deref().and_then(|range| range.split_once('-')).unwrap_or(("0", ""));
            let (start, last) = (start.parse::<usize>().unwrap(), content.len() - 1);
            let end = end.parse::<usize>().map_or(last, |end| end.min(last));
            let part = &content[start..=end];
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nx-repo-commit: {COMMIT}\r\netag: \"{}\"\r\nContent-Range: bytes \
                 {start}-{end}/{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                name(&path),
                content.len(),
                part.len()
            );
            [head.as_bytes(), part].concat()
        }
        None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    };
    let _ = stream.write_all(&reply);
}

/// What a run on the model says, which is always refused: whole, the model has fewer tokens than this tokeniser.
fn said(place: &Place, run: &str, variable: (&str, &str)) -> String {
    place.configure(&[("model_name", NAME), ("embedded", ""), ("datasets", "[embedded]"), ("max_steps", "1")]);
    let mut command = place.command(run, &[]);
    refused(command.env("HF_HOME", place.path("hub")).env(variable.0, variable.1), 2)
}

const WHOLE: &str = "they do not belong together";

#[test]
fn shards_in_the_cache_are_read_and_one_that_is_missing_is_named() {
    let place = Place::new();
    let snapshot = cache(&place);
    let (_, fresh) = RewardModel::load(&snapshot, 0, Device::Cpu, None).unwrap();
    assert!(fresh.is_empty(), "{fresh:?}");
    let error = said(&place, "whole", ("HF_HUB_OFFLINE", "1"));
    assert!(error.contains(WHOLE), "{error}");
    fs::remove_file(snapshot.join(SHARD)).unwrap();
    let error = said(&place, "torn", ("HF_HUB_OFFLINE", "1"));
    assert!(error.contains(NAME) && error.contains(SHARD) && error.contains("HF_HUB_OFFLINE"), "{error}");
}

#[test]
fn shards_are_fetched_with_their_index() {
    let place = Place::new();
    let error = said(&place, "torn", ("HF_ENDPOINT", &serve(SHARD)));
    assert!(error.contains(NAME) && error.contains(SHARD) && error.contains("404"), "{error}");
    let error = said(&place, "whole", ("HF_ENDPOINT", &serve("")));
    assert!(error.contains(WHOLE), "{error}");
    let snapshot = place.path("hub").join("hub/models--someone--sharded/snapshots").join(COMMIT);
    let (_, fresh) = RewardModel::load(&snapshot, 0, Device::Cpu, None).unwrap();
    assert!(fresh.is_empty(), "{fresh:?}");
    // From now on no network is needed.
    let error = said(&place, "again", ("HF_HUB_OFFLINE", "1"));
    assert!(error.contains(WHOLE), "{error}");
}
