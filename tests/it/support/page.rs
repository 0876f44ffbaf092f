//! What every figure's page must be.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use resvg::tiny_skia::Pixmap;
use resvg::usvg;
use reward_collapse::figure::FigureFiles;

const FONT: &[u8] = include_bytes!("../../../assets/DejaVuSans.ttf");
/// Twentieths of a point, in which the pages are drawn.
const SMALLEST_TYPE: f64 = 7.0 * 20.0;

/// The texts of an SVG document, joined; a caption's lines become one.
pub fn texts(svg: &str) -> String {
    let document = usvg::roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let words: Vec<&str> = texts.filter_map(|node| node.text()).map(str::trim).collect();
    words.join(" ").replace('\u{a0}', " ")
}

/// A figure's pages are of paper width, drawn, legible, and without texts on one another.
pub fn check_page(files: &FigureFiles) {
    let svg = fs::read_to_string(&files.svg).unwrap();
    let document = usvg::roxmltree::Document::parse(&svg).unwrap();
    for node in document.descendants().filter(|node| node.has_tag_name("text")) {
        let size: f64 = node.attribute("font-size").unwrap().parse().unwrap();
        assert!(size > SMALLEST_TYPE - 1e-6, "{size}");
    }

    let mut options = usvg::Options::default();
    Arc::make_mut(&mut options.fontdb).load_font_data(FONT.to_vec());
    let tree = usvg::Tree::from_str(&svg, &options).unwrap();
    let page = tree.size();
    let mut boxes = Vec::new();
    collect_texts(tree.root(), &mut boxes);
    assert!(boxes.len() > 10);
    for (text, ink) in &boxes {
        assert!(ink.left() >= 0.0 && ink.right() <= page.width(), "{text} leaves the page");
        assert!(ink.top() >= 0.0 && ink.bottom() <= page.height(), "{text} leaves the page");
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

    let pixels = Pixmap::decode_png(&fs::read(&files.png).unwrap()).unwrap();
    assert_eq!(pixels.width(), 2100, "7 inches at 300 to the inch");
    assert!((f64::from(pixels.height()) / 2100.0 - f64::from(page.height() / page.width())).abs() < 1e-3);
    let inked = pixels.pixels().iter().filter(|pixel| pixel.red() < 250 || pixel.green() < 250).count();
    assert!(inked * 50 > pixels.pixels().len(), "the page is nearly blank");
}

fn collect_texts(group: &usvg::Group, boxes: &mut Vec<(String, usvg::Rect)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect_texts(group, boxes),
            usvg::Node::Text(text) => {
                let content = text.chunks().iter().map(|chunk| chunk.text()).collect();
                boxes.push((content, text.flattened().abs_bounding_box()));
            }
            _ => {}
        }
    }
}

/// The rows of a CSV file without its header.
pub fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}
