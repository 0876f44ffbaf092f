//! What README and book refer to is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reward_collapse::utility::FAMILIES;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README and chapters, with their names.
fn pages() -> Vec<(PathBuf, String)> {
    let chapters = fs::read_dir(root().join("docs/src")).unwrap().map(|entry| entry.unwrap().path());
    let markdown = chapters.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages = markdown.chain([root().join("README.md")]);
    pages.map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// What stands between `open` and `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(inside, _)| inside)
}

/// A heading as the anchors of links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[test]
fn links_lead_somewhere() {
    for (path, text) in pages() {
        for link in between(&text, "](", ')').filter(|link| !link.contains("://")) {
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !fragment.is_empty() {
                let target = fs::read_to_string(&target).unwrap();
                let mut headings = target.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#').trim()) == fragment);
                assert!(found, "{}: {link} has no such heading", path.display());
            }
        }
    }
}

#[test]
fn files_that_are_named_exist() {
    const FOLDERS: [&str; 9] =
        ["src/", "tests/", "training/", "docs/", "examples/", "benches/", "scripts/", "simulations/", "figures/"];
    for (path, text) in pages() {
        for name in text.split('`').skip(1).step_by(2) {
            let is_path = FOLDERS.iter().any(|folder| name.starts_with(folder));
            // Patterns, and folders that a command makes, are no files.
            if is_path && !name.contains(['*', ' ', '{', '<', 'N']) {
                assert!(root().join(name).exists(), "{}: {name}", path.display());
            }
        }
    }
}

#[test]
fn targets_of_make_exist() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(':'))
        .map(|(target, _)| target)
        .collect();
    for (path, text) in pages() {
        for named in between(&text, "`make ", '`').chain(between(&text, "\nmake ", '\n')) {
            let target = named.split_whitespace().next().unwrap_or_default();
            assert!(targets.contains(target), "{}: make {named}", path.display());
        }
    }
}

#[test]
fn equations_that_are_referred_to_have_a_tag() {
    let mut tags = BTreeSet::<u32>::new();
    for (_, text) in pages() {
        tags.extend(between(&text, "\\tag{", '}').filter_map(|number| number.parse::<u32>().ok()));
        let typed = |line: &str| line.trim_end().strip_suffix(')')?.rsplit_once(" (")?.1.parse::<u32>().ok();
        tags.extend(text.lines().filter_map(typed));
    }
    assert!(tags.len() >= 6, "{tags:?}");
    let mut folders = vec![root().join("src"), root().join("training/src"), root().join("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                for number in between(&text, "equation (", ')').filter_map(|number| number.parse::<u32>().ok()) {
                    assert!(tags.contains(&number), "{}: equation ({number})", path.display());
                }
            }
        }
    }
}

#[test]
fn every_family_is_in_the_table_of_the_book() {
    let chapter = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/utilities.md")).unwrap();
    for family in &FAMILIES {
        assert!(chapter.contains(&format!("| `{}` |", family.formula)), "{} is not in the table", family.formula);
    }
}
