//! SentencePiece's `spm.model`, the only tokeniser that the public DeBERTa models ship.

use prost::Message;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::precompiled::Precompiled;

use super::charsmap;

/// The fields of SentencePiece's `ModelProto` that have a part in encoding, under its numbers and names.
#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<PieceProto>,
    #[prost(message, optional, tag = "2")]
    trainer_spec: Option<TrainerSpec>,
    #[prost(message, optional, tag = "3")]
    normalizer_spec: Option<NormalizerSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct PieceProto {
    #[prost(string, optional, tag = "1")]
    piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    #[prost(int32, optional, tag = "3", default = "1")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct TrainerSpec {
    #[prost(int32, optional, tag = "3", default = "1")]
    model_type: Option<i32>,
    #[prost(int32, optional, tag = "40", default = "0")]
    unk_id: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct NormalizerSpec {
    #[prost(bytes = "vec", optional, tag = "2")]
    precompiled_charsmap: Option<Vec<u8>>,
}

/// `Type.CONTROL` and `Type.USER_DEFINED` of SentencePiece.
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;

/// What an `spm.model` says.
pub(super) struct SentencePiece {
    pub unigram: Unigram,
    /// The rules by which characters are replaced before anything else; `None` for none.
    pub charsmap: Option<Precompiled>,
    /// Pieces that are found in the text before it is normalised, and whether each is special, in order of their numbers.
    pub whole: Vec<(String, bool)>,
}

/// Reads the content of an `spm.model`.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(content: &[u8]) -> Result<SentencePiece, String> {
    let model = ModelProto::decode(content)
        .map_err(|error| format!("no model of SentencePiece, or not all of one ({error})"))?;
    let (Some(trainer), Some(normalizer)) = (model.trainer_spec, model.normalizer_spec) else {
        return Err(match model.pieces.len() {
            0 => "no model of SentencePiece".to_owned(),
            count => format!("it breaks off after {count} pieces: copy the file again"),
        });
    };
    match trainer.model_type() {
        1 => {}
        other => {
            let name = match other {
                2 => "BPE",
                3 => "word",
                4 => "character",
                _ => "unknown",
            };
            return Err(format!("a {name} model of SentencePiece; DeBERTa's are unigram models"));
        }
    }
    let unknown = usize::try_from(trainer.unk_id()).ok().filter(|&id| id < model.pieces.len());
    let unknown = unknown.ok_or_else(|| {
        format!("its unknown piece has the number {}, and there are {} pieces", trainer.unk_id(), model.pieces.len())
    })?;
    if let Some(place) = model.pieces.iter().position(|piece| piece.piece().is_empty() || !piece.score().is_finite()) {
        return Err(format!("its piece {place} has no text or no score"));
    }
    let charsmap = match normalizer.precompiled_charsmap.filter(|map| !map.is_empty()) {
        Some(map) => Some(charsmap::read(&map)?),
        None => None,
    };
    let whole = model.pieces.iter().filter(|piece| matches!(piece.kind(), CONTROL | USER_DEFINED));
    let whole = whole.map(|piece| (piece.piece().to_owned(), piece.kind() == CONTROL)).collect();
    let pieces = model.pieces.iter().map(|piece| (piece.piece().to_owned(), f64::from(piece.score()))).collect();
    let unigram = Unigram::from(pieces, Some(unknown), false).map_err(|error| error.to_string())?;
    Ok(SentencePiece { unigram, charsmap, whole })
}
