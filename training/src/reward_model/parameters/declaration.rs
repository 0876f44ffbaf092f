//! Parameters as the modules of a model declare them.

/// A parameter of a [`Declarations`], and of the [`Parameters`](super::Parameters) made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub(super) usize);

/// How a new parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// Normal numbers, with the deviation that the configuration asks for.
    Normal,
    /// Normal numbers, and zeros in one row: the padding token's.
    NormalWithout {
        /// The row.
        row: i64,
    },
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
}

/// What a parameter does, which decides whether weight decay acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It multiplies what comes in, or is a small table.
    Weight,
    /// It is a table of tokens, of which a pass reads some rows.
    Table,
    /// It is added.
    Bias,
    /// It is the scale or the shift of a normalisation.
    Norm,
}

/// The part of a model that a parameter lies in, which decides whether it can be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Tables of tokens and positions, and what belongs to them.
    Embeddings,
    /// A layer of the encoder, counted from 0.
    Layer(usize),
    /// The rest of the encoder.
    Encoder,
    /// What makes a reward of the encoder's state. Pre-trained models lack it.
    Head,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its name in the checkpoint.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// How it starts where no checkpoint gives it.
    pub initial: Initial,
    /// What it does.
    pub role: Role,
    /// Where it lies.
    pub part: Part,
}

impl Declaration {
    /// The number of its elements.
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Whether weight decay acts on it: biases and normalisations are exempt, as in the released trainer.
    pub fn decays(&self) -> bool {
        matches!(self.role, Role::Weight | Role::Table)
    }

    /// Whether it stays as it is when the embeddings and the first `layers` layers are frozen, as in the released trainer;
    /// nothing is frozen where that is `None`.
    pub fn is_frozen(&self, layers: Option<usize>) -> bool {
        layers.is_some_and(|layers| match self.part {
            Part::Embeddings => true,
            Part::Layer(index) => index < layers,
            Part::Encoder | Part::Head => false,
        })
    }

    /// Its name in checkpoints of the time when a normalisation had `gamma` and `beta`.
    pub fn legacy_name(&self) -> Option<String> {
        if self.role != Role::Norm {
            return None;
        }
        let named = |now: &str, then: &str| self.name.strip_suffix(now).map(|stem| format!("{stem}{then}"));
        named(".weight", ".gamma").or_else(|| named(".bias", ".beta"))
    }
}

/// The parameters of a model in the order in which its modules declare them.
#[derive(Debug, Clone, Default)]
pub struct Declarations {
    all: Vec<Declaration>,
    encoder: String,
}

impl Declarations {
    /// The top of the checkpoint's tree of names, where the head's parameters lie.
    pub fn root(&mut self) -> Branch<'_> {
        Branch { declarations: self, prefix: String::new(), part: Part::Head }
    }

    /// The encoder's branch, `name`. A checkpoint of the bare encoder begins there, so that its names lack this one.
    pub fn encoder(&mut self, name: &str) -> Branch<'_> {
        self.encoder = format!("{name}.");
        let prefix = self.encoder.clone();
        Branch { declarations: self, prefix, part: Part::Encoder }
    }

    /// What the names of the encoder's parameters begin with.
    pub fn encoder_prefix(&self) -> &str {
        &self.encoder
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Declaration> {
        self.all.iter()
    }

    /// How many parameters there are, counting elements.
    pub fn elements(&self) -> i64 {
        self.all.iter().map(Declaration::elements).sum()
    }
}

/// A place in the checkpoint's tree of names.
pub struct Branch<'a> {
    declarations: &'a mut Declarations,
    prefix: String,
    part: Part,
}

impl std::fmt::Debug for Branch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Branch").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Branch<'_> {
    /// The branch `name` below this one.
    pub fn at(&mut self, name: impl std::fmt::Display) -> Branch<'_> {
        Branch { prefix: format!("{}{name}.", self.prefix), declarations: self.declarations, part: self.part }
    }

    /// The same branch, of which everything belongs to `part`.
    #[must_use]
    pub fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// Declares the leaf `name`.
    pub fn parameter(&mut self, name: &str, shape: &[i64], initial: Initial, role: Role) -> Id {
        let id = Id(self.declarations.all.len());
        self.declarations.all.push(Declaration {
            name: format!("{}{name}", self.prefix),
            shape: shape.to_vec(),
            initial,
            role,
            part: self.part,
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(declare: impl Fn(&mut Declarations)) -> Vec<Declaration> {
        let mut declarations = Declarations::default();
        declare(&mut declarations);
        declarations.iter().cloned().collect()
    }

    #[test]
    fn decay_goes_by_what_a_parameter_does_and_not_by_its_name() {
        let all = declared(|declarations| {
            let mut encoder = declarations.encoder("model");
            encoder.at("final_norm").parameter("weight", &[3], Initial::Ones, Role::Norm);
            encoder.at("mlp").parameter("weight", &[3, 3], Initial::Normal, Role::Weight);
            encoder.at("mlp").parameter("offset", &[3], Initial::Zeros, Role::Bias);
        });
        assert_eq!(all.iter().map(Declaration::decays).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(all[0].legacy_name().as_deref(), Some("model.final_norm.gamma"));
        assert_eq!(all[1].legacy_name(), None);
    }

    #[test]
    fn freezing_goes_by_where_a_parameter_lies() {
        let all = declared(|declarations| {
            let mut encoder = declarations.encoder("model");
            let mut declare = |name: &str, part| {
                encoder.at(name).of(part).parameter("weight", &[3], Initial::Normal, Role::Weight);
            };
            declare("tok", Part::Embeddings);
            declare("block0", Part::Layer(0));
            declare("block1", Part::Layer(1));
            declare("rest", Part::Encoder);
            declarations.root().parameter("score", &[3], Initial::Normal, Role::Weight);
        });
        let frozen = |layers| all.iter().map(|own| own.is_frozen(layers)).collect::<Vec<_>>();
        assert_eq!(frozen(None), [false; 5]);
        assert_eq!(frozen(Some(0)), [true, false, false, false, false]);
        assert_eq!(frozen(Some(1)), [true, true, false, false, false]);
        assert_eq!(frozen(Some(9)), [true, true, true, false, false]);
    }
}
