//! Whether other rewards do as well.

use std::fmt;

/// Whether no other rewards reach the same objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// No others do.
    Yes,
    /// Only those that differ by one number for all. What is given has mean 0, or begins at a finite end of the support.
    UpToShift,
    /// Others do, or it is not known that none do.
    No,
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unique::Yes => "yes",
            Unique::UpToShift => "up to a shift",
            Unique::No => "no",
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Unique {
    /// `true`, `false` or `"up to a shift"`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Unique::Yes => serializer.serialize_bool(true),
            Unique::UpToShift => serializer.serialize_str("up to a shift"),
            Unique::No => serializer.serialize_bool(false),
        }
    }
}
