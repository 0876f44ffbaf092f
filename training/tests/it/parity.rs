//! The reward model against transformers' DebertaV2ForSequenceClassification: logits and the gradients of all parameters.
//!
//! `training/scripts/deberta.py` made the numbers, and says what is in the files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use reward_collapse_training::reward_model::weights::SafetensorsFile;
use reward_collapse_training::reward_model::{AttnImplementation, Batches, Config, Grouping, RewardModel, Sequence};
use tch::{Device, Kind, Tensor};

/// Of logits, relative.
const LOGITS: f64 = 1e-5;
/// Of gradients, relative to the norm of a parameter's gradient.
const GRADIENTS: f64 = 1e-4;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/deberta").join(name)
}

struct Expected(SafetensorsFile);

impl Expected {
    fn numbers(&self, name: &str) -> Vec<f64> {
        Vec::try_from(self.0.tensor(name).unwrap().to_kind(Kind::Double).flatten(0, -1)).unwrap()
    }

    fn integers(&self, name: &str) -> Vec<i64> {
        Vec::try_from(self.0.tensor(name).unwrap().to_kind(Kind::Int64).flatten(0, -1)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.0.names().iter().any(|own| own == name)
    }
}

/// The sequences of the fixture without their padding.
fn batches(expected: &Expected, model: &RewardModel, grouping: Grouping) -> Batches {
    let (tokens, mask) = (expected.0.tensor("input_ids").unwrap(), expected.integers("attention_mask"));
    let length = tokens.size()[1] as usize;
    let ids = expected.integers("input_ids");
    let segments = match expected.has("token_type_ids") {
        true => expected.integers("token_type_ids"),
        false => vec![0; ids.len()],
    };
    let rows: Vec<(Vec<u32>, Vec<u8>)> = (0..tokens.size()[0] as usize)
        .map(|row| {
            let real = (row * length..(row + 1) * length).filter(|&place| mask[place] == 1);
            real.map(|place| (ids[place] as u32, segments[place] as u8)).unzip()
        })
        .collect();
    let sequences: Vec<Sequence> = rows.iter().map(|(ids, segments)| Sequence { ids, segments }).collect();
    Batches::new(&sequences, &model.config().sizes(), Device::Cpu, grouping).unwrap()
}

/// Logits in the order of the sequences, and the gradient of their sum with `coefficients` by parameter.
fn compute(model: &RewardModel, batches: &Batches, coefficients: &[f64]) -> (Vec<f64>, HashMap<String, Tensor>) {
    let parameters = model.parameters();
    let pass = model.architecture().forward(parameters, batches, Kind::Float, false);
    let ordered: Vec<f32> = batches.order.iter().map(|&index| coefficients[index] as f32).collect();
    let loss = (&pass.logits * Tensor::from_slice(&ordered)).sum(Kind::Float);
    let values = Vec::<f64>::try_from(pass.logits.to_kind(Kind::Double)).unwrap();
    let gradient = parameters.flat().zeros_like();
    pass.add_gradient(&loss, parameters, &gradient).unwrap();
    let mut by_sequence = vec![0.0; values.len()];
    batches.order.iter().zip(&values).for_each(|(&index, &value)| by_sequence[index] = value);
    (by_sequence, parameters.views(&gradient).map(|(name, own)| (name.to_owned(), own)).collect())
}

fn check(name: &str, mut model: RewardModel) {
    let folder = fixture(name);
    let expected = Expected(SafetensorsFile::open(&folder.join("expected.safetensors")).unwrap());
    let mut names: Vec<String> = model.parameters().named().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    let coefficients = expected.numbers("coefficients");
    let (logits, counts) = (expected.numbers("logits"), expected.integers("gradient.counts"));
    let (indices, values) = (expected.integers("gradient.indices"), expected.numbers("gradient.values"));
    // The norm of millions of elements, summed in single precision as the fixture's other one is, has itself an error of 1e-4.
    let norms = expected.numbers("gradient.norms64");
    assert_eq!(counts.len(), names.len(), "{name}: parameters");
    let largest = norms.iter().copied().fold(0.0, f64::max);
    for (how, grouping, implementation) in [
        ("padded", Grouping::One, AttnImplementation::Eager),
        ("by length", Grouping::Fastest, AttnImplementation::Eager),
        ("padded, sdpa", Grouping::One, AttnImplementation::Sdpa),
        ("by length, sdpa", Grouping::Fastest, AttnImplementation::Sdpa),
    ] {
        model = model.attending(implementation);
        let batches = batches(&expected, &model, grouping);
        let (found, gradients) = compute(&model, &batches, &coefficients);
        for (found, wanted) in found.iter().zip(&logits) {
            assert!((found - wanted).abs() <= LOGITS * wanted.abs(), "{name}, {how}: logit {found}, not {wanted}");
        }
        let mut start = 0;
        for ((parameter, &count), &norm) in names.iter().zip(&counts).zip(&norms) {
            let range = start..start + count as usize;
            start = range.end;
            // Some gradients are 0 but for rounding, as that of a key's bias, which the softmax does not see.
            let allowed = GRADIENTS * norm + 1e-6 * largest;
            let gradient = gradients[parameter].to_kind(Kind::Double).flatten(0, -1);
            let found_norm = gradient.norm().double_value(&[]);
            assert!(
                (found_norm - norm).abs() <= allowed,
                "{name}, {how}: norm of {parameter} {found_norm}, not {norm}"
            );
            let picked = Vec::<f64>::try_from(gradient.index_select(0, &Tensor::from_slice(&indices[range.clone()])));
            for (found, wanted) in picked.unwrap().iter().zip(&values[range]) {
                assert!((found - wanted).abs() <= allowed, "{name}, {how}: {parameter} {found}, not {wanted}");
            }
        }
    }
}

fn check_stored(name: &str) {
    let (model, fresh) = RewardModel::load(&fixture(name), 0, Device::Cpu, None).unwrap();
    assert!(fresh.is_empty(), "{name}: {fresh:?}");
    check(name, model);
}

macro_rules! stored {
    ($($test:ident: $name:literal,)*) => {
        $(#[test] fn $test() { check_stored($name) })*
    };
}

stored! {
    v3: "v3",
    log_buckets_at_512_tokens: "log-buckets",
    convolution_of_v2_xlarge: "convolution",
    grouped_convolution: "grouped-convolution",
    positions_with_their_own_projections: "own-keys",
    content_to_position_alone: "c2p",
    position_to_content_alone: "p2c-own-keys",
    embeddings_of_another_width: "embedding-size",
    relative_positions_without_buckets: "no-buckets",
    absolute_positions: "absolute",
    absolute_positions_scaled_for_relative_ones: "absolute-scaled",
}

#[test]
fn base_size_at_512_tokens() {
    let folder = fixture("base");
    let config = Config::read(&folder).unwrap();
    let model = RewardModel::new(&config, 0, Device::Cpu).unwrap();
    let mut named: Vec<(&str, &Tensor)> = model.parameters().named().collect();
    named.sort_by_key(|(name, _)| *name);
    for (k, (name, leaf)) in named.into_iter().enumerate() {
        let (offset, scale) = if name.ends_with("LayerNorm.weight") { (1.0, 0.1) } else { (0.0, 0.05) };
        let values: Vec<f32> =
            (0..leaf.numel() as u64).map(|i| offset + scale * uniform((k as u64) << 40 | i)).collect();
        let values = Tensor::from_slice(&values).view(&leaf.size()[..]);
        tch::no_grad(|| leaf.shallow_clone().copy_(&values));
    }
    check("base", model);
}

/// Uniform in [-1, 1): SplitMix64 of `place`, its top 24 bits.
fn uniform(place: u64) -> f32 {
    let z = place.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let z = z ^ (z >> 31);
    (z >> 40) as f32 / (1 << 24) as f32 * 2.0 - 1.0
}
