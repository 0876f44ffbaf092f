//! From one SVG document to the files of a figure.

use std::path::{Path, PathBuf};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use tempfile::NamedTempFile;

use super::canvas::{Canvas, draw};
use super::style::{MARGIN, TEXT};
use super::{FigureError, FigureFiles, ImageKind, Page};
use crate::files::{self, FileError, OnFile};

/// Pixels in an inch of the PNG.
const RESOLUTION: f32 = 300.0;
/// Pixels in an inch as SVG has it.
const SVG_RESOLUTION: f32 = 96.0;
/// The chunk of a PNG that says so (11811 pixels to the metre), by which LaTeX and others know the size of the picture.
const RESOLUTION_CHUNK: [u8; 21] =
    [0, 0, 0, 9, b'p', b'H', b'Y', b's', 0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1, 0x78, 0xa5, 0x3f, 0x76];
/// Where it goes: behind the signature and the header.
const AFTER_HEADER: usize = 33;

/// A finished figure, all in memory.
pub(super) struct Figure {
    pub name: String,
    pub title: &'static str,
    pub svg: String,
    pub caption: String,
    /// File name and content.
    pub tables: Vec<(String, String)>,
}

impl Figure {
    /// Draws a page of the wanted width, with the caption under the drawing if that is wanted. `content` returns the height of the
    /// drawing.
    pub fn draw(
        name: impl Into<String>,
        title: &'static str,
        page: &Page,
        caption: String,
        tables: Vec<(String, String)>,
        content: impl FnOnce(&Canvas) -> Result<f64, FigureError>,
    ) -> Result<Self, FigureError> {
        let caption = unbroken(caption);
        let svg = draw(page.width.get(), title, |canvas| {
            let height = content(canvas)?;
            if !page.caption {
                return Ok(height + MARGIN);
            }
            let place = (MARGIN, height + 1.8 * TEXT);
            let last = canvas.paragraph(&caption, place, canvas.width() - 2.0 * MARGIN, TEXT)?;
            Ok(last + 0.4 * TEXT + MARGIN)
        })?;
        Ok(Self { name: name.into(), title, svg, caption, tables })
    }

    /// Writes the images, the caption and the tables under `out`, which is made if need be.
    ///
    /// Every file is complete under a temporary name before the first takes its own, so a failure leaves no half of a
    /// figure behind.
    pub fn write(&self, out: &Path, page: &Page) -> Result<FigureFiles, FigureError> {
        let mut images = page.images.clone();
        images.sort_unstable();
        images.dedup();
        let contents: Vec<(ImageKind, Vec<u8>)> =
            images.into_iter().map(|kind| Ok((kind, self.image(kind)?))).collect::<Result<_, FigureError>>()?;
        std::fs::create_dir_all(out).writing(out)?;
        let mut staged = Vec::new();
        for (kind, content) in &contents {
            staged.push(stage(out, format!("{}.{}", self.name, kind.ending()), content)?);
        }
        let caption = self.caption.replace('\u{a0}', " ") + "\n";
        staged.push(stage(out, format!("{}.txt", self.name), caption.as_bytes())?);
        for (name, content) in &self.tables {
            staged.push(stage(out, name.clone(), content.as_bytes())?);
        }
        let mut paths = Vec::new();
        for (file, path) in staged {
            file.persist(&path).writing(&path)?;
            paths.push(path);
        }
        let csv = paths.split_off(contents.len() + 1);
        let path = |wanted: ImageKind| contents.iter().zip(&paths).find(|((kind, _), _)| *kind == wanted);
        let path = |wanted: ImageKind| path(wanted).map(|(_, path)| path.clone());
        let [svg, png, pdf] = [ImageKind::Svg, ImageKind::Png, ImageKind::Pdf].map(path);
        let caption = out.join(format!("{}.txt", self.name));
        Ok(FigureFiles { svg, png, pdf, caption, csv })
    }

    fn image(&self, kind: ImageKind) -> Result<Vec<u8>, FigureError> {
        let tree = || Tree::from_str(&self.svg, &Options::default()).map_err(|e| FigureError::Drawing(e.to_string()));
        match kind {
            ImageKind::Svg => Ok(self.svg.clone().into_bytes()),
            ImageKind::Png => png(&tree()?),
            ImageKind::Pdf => super::pdf::pdf(&tree()?, self.title),
        }
    }
}

/// An equation is not to be broken at the end of a line.
fn unbroken(mut text: String) -> String {
    for operator in ["=", "+", "−", "→"] {
        text = text.replace(&format!(" {operator} "), &format!("\u{a0}{operator}\u{a0}"));
    }
    text
}

fn stage(out: &Path, name: String, content: &[u8]) -> Result<(NamedTempFile, PathBuf), FileError> {
    let path = out.join(name);
    Ok((files::stage(&path, content)?, path))
}

fn png(tree: &Tree) -> Result<Vec<u8>, FigureError> {
    let scale = RESOLUTION / SVG_RESOLUTION;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let mut pixmap = Pixmap::new(width.round() as u32, height.ceil() as u32)
        .ok_or_else(|| FigureError::Drawing("the page has no size".into()))?;
    // The last row of pixels may be less than full.
    pixmap.fill(Color::WHITE);
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let mut png = pixmap.encode_png().map_err(|error| FigureError::Drawing(error.to_string()))?;
    png.splice(AFTER_HEADER..AFTER_HEADER, RESOLUTION_CHUNK);
    Ok(png)
}
