//! How figures are drawn, for the commands that draw some.

use clap::{Args, ValueEnum};

use super::CliError;
use crate::figure::{ImageKind, Page, Width};

/// `--width`, `--image` and `--caption`.
#[derive(Debug, Args)]
pub struct PageArguments {
    /// The width of a figure, with its unit, such as 3.25in (a column), 82.5mm, 8.5cm, 234pt or 312px [default: 6.75in]. Type keeps its size.
    #[arg(long, value_name = "WIDTH", help_heading = "Figures")]
    width: Option<Width>,

    /// The kinds of image to write, separated by commas [default: svg,png].
    #[arg(long, value_name = "KIND,..", value_enum, value_delimiter = ',', help_heading = "Figures")]
    image: Vec<KindArgument>,

    /// Set the caption under the drawing; it is always beside it, as NAME.txt.
    #[arg(long, help_heading = "Figures")]
    caption: bool,
}

/// A kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArgument {
    /// Lines and outlines, for browsers and for editing.
    Svg,
    /// 300 pixels to the inch.
    Png,
    /// Lines and outlines, for LaTeX.
    Pdf,
}

impl PageArguments {
    /// What they say.
    pub fn page(&self) -> Page {
        let usual = Page::default();
        let kind = |argument: &KindArgument| match argument {
            KindArgument::Svg => ImageKind::Svg,
            KindArgument::Png => ImageKind::Png,
            KindArgument::Pdf => ImageKind::Pdf,
        };
        Page {
            width: self.width.unwrap_or(usual.width),
            images: if self.image.is_empty() { usual.images } else { self.image.iter().map(kind).collect() },
            caption: self.caption,
        }
    }

    /// The same for a command that draws only where `option` says where to.
    ///
    /// # Errors
    /// [`CliError::Input`] if any is given without it.
    pub fn page_of(&self, is_drawn: bool, option: &str) -> Result<Page, CliError> {
        if !is_drawn && (self.width.is_some() || !self.image.is_empty() || self.caption) {
            return Err(CliError::Input(format!("--width, --image and --caption are for a figure: add {option} DIR")));
        }
        Ok(self.page())
    }
}
