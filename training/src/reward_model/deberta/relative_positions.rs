//! Relative positions `i - j`: their log buckets, and their projections as attention wants them.

use tch::{Device, Kind, Tensor};

use super::Config;

/// Rows of `rel_embeddings` for relative positions in order.
///
/// A score of query `i` and key `j` depends on `i - j` alone. With one row for each `i - j` from `T - 1` down to `-T`, the
/// product of all queries with the rows, `(T, 2T)`, holds the scores along its diagonals, and a view with strides
/// `(2T - 1, 1)` from element `T - 1` on is the matrix wanted: nothing is gathered.
#[derive(Debug)]
pub struct RelativePositions {
    longest: i64,
    rows: Tensor,
}

impl RelativePositions {
    /// Computes the rows for sequences of up to `longest` tokens.
    pub fn new(config: &Config, longest: i64, device: Device) -> Self {
        let span = config.attention_span();
        let positions = Tensor::arange_start(-longest, longest + 1, (Kind::Int64, Device::Cpu));
        let buckets = match config.position_buckets {
            size if size > 0 => log_buckets(&positions, size, config.relative_range()),
            _ => positions,
        };
        Self { longest, rows: (buckets + span).clamp(0, 2 * span - 1).to_device(device) }
    }

    /// The rows for sequences of up to `longest` tokens, no more than these are for.
    pub fn up_to(&self, longest: i64) -> Self {
        Self { longest, rows: self.rows.narrow(0, self.longest - longest, 2 * longest + 1) }
    }

    /// Where they are.
    pub fn device(&self) -> Device {
        self.rows.device()
    }

    /// The longest sequence.
    pub fn longest(&self) -> i64 {
        self.longest
    }

    /// Rows for `i - j` from `-longest` up to `longest`.
    pub fn rows(&self) -> &Tensor {
        &self.rows
    }
}

/// Near positions keep their own bucket; beyond half of `size`, buckets widen with the logarithm, up to `range`.
///
/// This is done in single precision and by libtorch's own operations, as the checkpoints were trained: a logarithm rounded
/// otherwise would move a position into the next bucket.
fn log_buckets(positions: &Tensor, size: i64, range: i64) -> Tensor {
    let middle = size / 2;
    let distance = positions.abs();
    let near = distance.lt(middle);
    let distance = distance.where_self(&near.logical_not(), &Tensor::from(middle - 1));
    let logarithm = (&distance.to_kind(Kind::Float) / middle as f64).log();
    let longest = Tensor::from((range - 1) as f64 / middle as f64).to_kind(Kind::Float).log();
    let far = (logarithm / longest * (middle - 1) as f64).ceil() + middle as f64;
    let signed = far * positions.sign();
    positions.to_kind(Kind::Float).where_self(&distance.le(middle), &signed).to_kind(Kind::Int64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_shorter_pass_are_among_those_of_a_longer_one() {
        let text = r#"{"model_type": "deberta-v2", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1,
            "num_attention_heads": 1, "intermediate_size": 4, "relative_attention": true, "position_buckets": 8}"#;
        let config = Config::parse(text).unwrap();
        let (long, short) =
            (RelativePositions::new(&config, 40, Device::Cpu), RelativePositions::new(&config, 7, Device::Cpu));
        let part = long.up_to(7);
        assert!(part.longest() == 7 && part.rows() == short.rows());
    }

    #[test]
    fn buckets_are_those_of_transformers() {
        // make_log_bucket_position(torch.tensor([...]), 256, 512) and (..., 8, 512) of transformers 5.24.
        let positions = [0, 1, -3, 4, 5, -8, 100, 127, 128, -129, 200, 300, -500, 511, 512];
        let positions = Tensor::from_slice(&positions.map(i64::from));
        let large = Vec::<i64>::try_from(log_buckets(&positions, 256, 512)).unwrap();
        assert_eq!(large, BUCKETS_256);
        let small = Vec::<i64>::try_from(log_buckets(&positions, 8, 512)).unwrap();
        assert_eq!(small, BUCKETS_8);
    }

    const BUCKETS_256: [i64; 15] = [0, 1, -3, 4, 5, -8, 100, 127, 128, -129, 169, 207, -254, 255, 256];
    const BUCKETS_8: [i64; 15] = [0, 1, -3, 4, 5, -5, 6, 7, 7, -7, 7, 7, -7, 7, 8];
}
