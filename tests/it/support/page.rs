//! What every figure's page must be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{self, roxmltree};
use reward_collapse::figure::{FigureFiles, Page};

/// In points.
const SMALLEST_TYPE: f64 = 7.0;

/// The SVG of a figure.
pub fn svg(files: &FigureFiles) -> String {
    fs::read_to_string(files.svg.as_ref().unwrap()).unwrap()
}

/// What stands in the groups of letters of an SVG document, by the names of the groups.
fn labels(document: &roxmltree::Document<'_>) -> BTreeMap<String, String> {
    let groups = document.descendants().filter(|node| node.has_tag_name("g"));
    let labelled = groups.filter_map(|node| {
        let size: f64 = node.attribute("font-size")?.parse().unwrap();
        assert!(size >= SMALLEST_TYPE, "{size}");
        Some((node.attribute("id")?.to_owned(), node.attribute("aria-label")?.to_owned()))
    });
    labelled.collect()
}

/// The texts of a figure's page, joined in the order in which they were drawn, and its caption.
pub fn texts(files: &FigureFiles) -> String {
    let svg = svg(files);
    let mut words: Vec<(usize, String)> = labels(&roxmltree::Document::parse(&svg).unwrap())
        .into_iter()
        .map(|(id, text)| (id[1..].parse().unwrap(), text))
        .collect();
    words.sort();
    let words: Vec<String> = words.into_iter().map(|(_, text)| text).collect();
    let caption = fs::read_to_string(&files.caption).unwrap();
    format!("{}\n{caption}", words.join(" "))
}

/// A figure's pages are of the width wanted, drawn, legible, without fonts, and without texts on one another.
pub fn check_page(files: &FigureFiles) {
    check_page_of(files, &Page::default());
}

/// [`check_page`] for another page than the usual one.
pub fn check_page_of(files: &FigureFiles, page: &Page) {
    let svg = svg(files);
    let document = roxmltree::Document::parse(&svg).unwrap();
    assert!(document.descendants().all(|node| !node.has_tag_name("text")), "a text needs a font");
    let labels = labels(&document);
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    let (width, height) = (tree.size().width(), tree.size().height());
    let mut boxes = Vec::new();
    collect_texts(tree.root(), &labels, &mut boxes);
    assert!(boxes.len() > 10);
    for (text, ink) in &boxes {
        assert!(ink.left() >= 0.0 && ink.right() <= width, "{text} leaves the page");
        assert!(ink.top() >= 0.0 && ink.bottom() <= height, "{text} leaves the page");
    }
    for (i, (text, ink)) in boxes.iter().enumerate() {
        for (other_text, other) in &boxes[..i] {
            let apart = ink.left() >= other.right()
                || other.left() >= ink.right()
                || ink.top() >= other.bottom()
                || other.top() >= ink.bottom();
            assert!(apart, "`{text}` and `{other_text}` overlap");
        }
    }

    let caption = fs::read_to_string(&files.caption).unwrap();
    assert!(caption.ends_with(".\n") && !caption.contains('\u{a0}'), "{caption}");
    let Some(png) = &files.png else { return };
    let bytes = fs::read(png).unwrap();
    // 11811 pixels to the metre are 300 to the inch.
    assert_eq!(&bytes[37..50], b"pHYs\x00\x00\x2e\x23\x00\x00\x2e\x23\x01");
    let pixels = Pixmap::decode_png(&bytes).unwrap();
    assert_eq!(f64::from(pixels.width()), (page.width.get() / 72.0 * 300.0).round(), "300 to the inch");
    assert!((f64::from(pixels.height()) / f64::from(pixels.width()) - f64::from(height / width)).abs() < 2e-3);
    let inked = pixels.pixels().iter().filter(|pixel| pixel.red() < 250 || pixel.green() < 250).count();
    assert!(inked * 50 > pixels.pixels().len(), "the page is nearly blank");
}

fn collect_texts(group: &usvg::Group, labels: &BTreeMap<String, String>, boxes: &mut Vec<(String, usvg::Rect)>) {
    for node in group.children() {
        if let usvg::Node::Group(group) = node {
            match labels.get(group.id()) {
                Some(text) => boxes.push((text.clone(), group.abs_bounding_box())),
                None => collect_texts(group, labels, boxes),
            }
        }
    }
}

/// The rows of a CSV file without its header.
pub fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}
