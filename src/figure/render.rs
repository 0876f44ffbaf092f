//! From one SVG document to the files of a figure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;
use tempfile::NamedTempFile;

use super::style::FONT;
use super::{FigureError, FigureFiles};
use crate::files::{self, FileError, OnFile};

/// Pixels in an inch of the PNG.
const RESOLUTION: f32 = 300.0;
/// Pixels in an inch as SVG has it.
const SVG_RESOLUTION: f32 = 96.0;

/// A finished figure, all in memory.
pub(super) struct Figure {
    pub name: String,
    pub svg: String,
    /// File name and content.
    pub tables: Vec<(String, String)>,
}

impl Figure {
    /// Writes the SVG, the PNG and the tables under `out`, which is made if need be.
    ///
    /// Every file is complete under a temporary name before the first takes its own, so a failure leaves no half of a
    /// figure behind.
    pub fn write(&self, out: &Path) -> Result<FigureFiles, FigureError> {
        let png = png(&self.svg)?;
        std::fs::create_dir_all(out).writing(out)?;
        let mut staged = vec![
            stage(out, format!("{}.svg", self.name), self.svg.as_bytes())?,
            stage(out, format!("{}.png", self.name), &png)?,
        ];
        for (name, content) in &self.tables {
            staged.push(stage(out, name.clone(), content.as_bytes())?);
        }
        let mut paths = Vec::new();
        for (file, path) in staged {
            file.persist(&path).writing(&path)?;
            paths.push(path);
        }
        let csv = paths.split_off(2);
        let png = out.join(format!("{}.png", self.name));
        let svg = out.join(format!("{}.svg", self.name));
        Ok(FigureFiles { svg, png, csv })
    }
}

fn stage(out: &Path, name: String, content: &[u8]) -> Result<(NamedTempFile, PathBuf), FileError> {
    let path = out.join(name);
    Ok((files::stage(&path, content)?, path))
}

/// Renders the document with the embedded font alone.
fn png(svg: &str) -> Result<Vec<u8>, FigureError> {
    let mut options = usvg::Options::default();
    Arc::make_mut(&mut options.fontdb).load_font_data(FONT.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| FigureError::Drawing(error.to_string()))?;
    let scale = RESOLUTION / SVG_RESOLUTION;
    let size = tree.size().to_int_size().scale_by(scale);
    let mut pixmap = size
        .and_then(|size| Pixmap::new(size.width(), size.height()))
        .ok_or_else(|| FigureError::Drawing("the page has no size".into()))?;
    // The last row of pixels may be less than full.
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| FigureError::Drawing(error.to_string()))
}
