//! A page as PDF: its paths, filled and stroked.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};
use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg::{FillRule, Group, LineCap, LineJoin, Node, Paint, Path, Stroke, Tree};

use super::FigureError;

/// Points in a pixel of SVG.
const POINTS: f32 = 0.75;

/// The objects of the file; opacities come after these.
const CATALOGUE: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const ABOUT: Ref = Ref::new(5);
const FIRST_OPACITY: i32 = 6;

/// Writes a document of plain colours and paths, which is all that [`super::canvas`] draws.
pub(super) fn pdf(tree: &Tree, title: &str) -> Result<Vec<u8>, FigureError> {
    let (width, height) = (tree.size().width() * POINTS, tree.size().height() * POINTS);
    let mut page = Page { content: Content::new(), opacities: BTreeMap::new() };
    page.content.transform([POINTS, 0.0, 0.0, -POINTS, 0.0, height]);
    page.group(tree.root())?;

    let mut pdf = Pdf::new();
    pdf.catalog(CATALOGUE).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut object = pdf.page(PAGE);
    object.media_box(Rect::new(0.0, 0.0, width, height)).parent(PAGES).contents(CONTENT);
    let mut resources = object.resources();
    let mut states = resources.ext_g_states();
    for &(number, _) in page.opacities.values() {
        states.pair(Name(name(number).as_bytes()), Ref::new(FIRST_OPACITY + number));
    }
    states.finish();
    resources.finish();
    object.finish();
    for &(number, opacity) in page.opacities.values() {
        let mut state = pdf.ext_graphics(Ref::new(FIRST_OPACITY + number));
        state.non_stroking_alpha(opacity).stroking_alpha(opacity);
    }
    let failed = |error: std::io::Error| FigureError::Drawing(error.to_string());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(page.content.finish().as_slice()).map_err(failed)?;
    pdf.stream(CONTENT, &packed.finish().map_err(failed)?).filter(Filter::FlateDecode);
    pdf.document_info(ABOUT).title(TextStr(title)).producer(TextStr("reward-collapse"));
    Ok(pdf.finish())
}

fn name(opacity: i32) -> String {
    format!("A{opacity}")
}

struct Page {
    content: Content,
    /// By their bits: number and value.
    opacities: BTreeMap<u32, (i32, f32)>,
}

impl Page {
    fn group(&mut self, group: &Group) -> Result<(), FigureError> {
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group)?,
                Node::Path(path) if path.is_visible() => self.path(path)?,
                Node::Path(_) => {}
                Node::Image(_) | Node::Text(_) => return Err(unexpected("anything but paths")),
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> Result<(), FigureError> {
        let transform = path.abs_transform();
        if let Some(fill) = path.fill() {
            self.opacity(fill.opacity().get());
            let [r, g, b] = rgb(fill.paint())?;
            self.content.set_fill_rgb(r, g, b);
            self.outline(path, transform);
            match fill.rule() {
                FillRule::NonZero => self.content.fill_nonzero(),
                FillRule::EvenOdd => self.content.fill_even_odd(),
            };
        }
        if let Some(stroke) = path.stroke() {
            self.opacity(stroke.opacity().get());
            let [r, g, b] = rgb(stroke.paint())?;
            self.content.set_stroke_rgb(r, g, b);
            self.pen(stroke, transform);
            self.outline(path, transform);
            self.content.stroke();
        }
        Ok(())
    }

    /// Paths are placed by their points, so that the width of a line is scaled by itself.
    fn pen(&mut self, stroke: &Stroke, transform: Transform) {
        let scale = transform.get_scale().0;
        self.content.set_line_width(stroke.width().get() * scale);
        self.content.set_line_cap(match stroke.linecap() {
            LineCap::Butt => LineCapStyle::ButtCap,
            LineCap::Round => LineCapStyle::RoundCap,
            LineCap::Square => LineCapStyle::ProjectingSquareCap,
        });
        self.content.set_line_join(match stroke.linejoin() {
            LineJoin::Round => LineJoinStyle::RoundJoin,
            LineJoin::Bevel => LineJoinStyle::BevelJoin,
            LineJoin::Miter | LineJoin::MiterClip => LineJoinStyle::MiterJoin,
        });
        let dashes = stroke.dasharray().unwrap_or_default().iter().map(|length| length * scale);
        self.content.set_dash_pattern(dashes, stroke.dashoffset() * scale);
    }

    fn outline(&mut self, path: &Path, transform: Transform) {
        // A hundredth of a pixel is less than any printer's, and short numbers make a small file.
        let short = |length: f32| (100.0 * length).round() / 100.0;
        let place = |mut point: Point| {
            transform.map_point(&mut point);
            Point::from_xy(short(point.x), short(point.y))
        };
        let mut last = Point::zero();
        for segment in path.data().segments() {
            match segment {
                PathSegment::MoveTo(to) => {
                    let to = place(to);
                    self.content.move_to(to.x, to.y);
                    last = to;
                }
                PathSegment::LineTo(to) => {
                    let to = place(to);
                    self.content.line_to(to.x, to.y);
                    last = to;
                }
                // A quadratic curve is the cubic one whose inner points lie two thirds of the way to its own.
                PathSegment::QuadTo(control, to) => {
                    let (control, to) = (place(control), place(to));
                    let towards = |end: Point| (end.x + (control.x - end.x) / 1.5, end.y + (control.y - end.y) / 1.5);
                    let ((ax, ay), (bx, by)) = (towards(last), towards(to));
                    self.content.cubic_to(short(ax), short(ay), short(bx), short(by), to.x, to.y);
                    last = to;
                }
                PathSegment::CubicTo(a, b, to) => {
                    let (a, b, to) = (place(a), place(b), place(to));
                    self.content.cubic_to(a.x, a.y, b.x, b.y, to.x, to.y);
                    last = to;
                }
                PathSegment::Close => {
                    self.content.close_path();
                }
            }
        }
    }

    fn opacity(&mut self, opacity: f32) {
        let next = self.opacities.len() as i32;
        let (number, _) = *self.opacities.entry(opacity.to_bits()).or_insert((next, opacity));
        self.content.set_parameters(Name(name(number).as_bytes()));
    }
}

fn rgb(paint: &Paint) -> Result<[f32; 3], FigureError> {
    match paint {
        Paint::Color(colour) => Ok([colour.red, colour.green, colour.blue].map(|part| f32::from(part) / 255.0)),
        _ => Err(unexpected("anything but plain colours")),
    }
}

fn unexpected(what: &str) -> FigureError {
    FigureError::Drawing(format!("{what} cannot be written as PDF"))
}
