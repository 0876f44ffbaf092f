//! What a step of training computes: loss and gradient against every pair encoded for itself, and the optimiser against
//! PyTorch's.

use reward_collapse::experiment::PromptType;
use reward_collapse_training::reward_model::parameters::{Declarations, Initial, Parameters, Role};
use reward_collapse_training::reward_model::tokenizer::Encoding;
use reward_collapse_training::reward_model::{
    AttnImplementation, Batches, Compute, Grouping, ModelError, RewardModel, Sequence,
};
use reward_collapse_training::training::configuration::EmbeddedOverrides;
use reward_collapse_training::training::embedded;
use reward_collapse_training::training::gradient::{EncodedPrompt, Limit, Pass, accumulate};
use reward_collapse_training::training::loss::{Pair, RankingLoss};
use reward_collapse_training::training::optimiser::{AdamW, clip};
use reward_collapse_training::training::workers::Workers;
use tch::{Device, Kind, Tensor};

const VOCABULARY: usize = 200;

/// Two layers whose weights are large enough for rewards far from each other.
fn model() -> RewardModel {
    let overrides = EmbeddedOverrides {
        hidden_size: Some(32),
        num_attention_heads: Some(2),
        intermediate_size: Some(64),
        ..EmbeddedOverrides::default()
    };
    let model = RewardModel::new(&embedded::config(VOCABULARY, 0, &overrides), 3, Device::Cpu).unwrap();
    tch::no_grad(|| {
        for (name, leaf) in model.parameters().named().filter(|(name, _)| !name.contains("LayerNorm")) {
            let _ = leaf.shallow_clone().g_mul_scalar_(if name.starts_with("classifier") { 60.0 } else { 8.0 });
        }
    });
    model
}

/// Prompts of both types with eight responses of different lengths.
fn prompts(count: usize) -> Vec<EncodedPrompt> {
    let mut state = 5_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut prompt = |index: usize| {
        let mut response = |place: usize| {
            let length = 4 + 5 * place + below(4) as usize;
            let ids = (0..length).map(|_| 1 + below(VOCABULARY as u64 - 1) as u32).collect();
            Encoding { ids, segments: (0..length).map(|place| u8::from(place > 2)).collect() }
        };
        let responses: Vec<Encoding> = (0..8).map(&mut response).collect();
        let all =
            (0..8).flat_map(|worse| (worse + 1..8).map(move |better| Pair { worse, better, weight: 1.0, margin: 0.0 }));
        let prompt_type = PromptType::from_uniform(index.is_multiple_of(2));
        EncodedPrompt { index, prompt_type, responses, pairs: all.collect() }
    };
    (0..count).map(&mut prompt).collect()
}

/// Loss and gradient of one prompt by the letter: both texts of every pair are encoded for the pair, and libtorch derives
/// -U(r_better - r_worse).
fn by_pairs(model: &RewardModel, prompt: &EncodedPrompt) -> (f64, Tensor) {
    let sequences: Vec<Sequence> = prompt.sequences().collect();
    let (mut total, gradient) = (0.0, model.parameters().flat().zeros_like());
    for pair in &prompt.pairs {
        let both = [sequences[pair.worse], sequences[pair.better]];
        let sizes = model.config().sizes();
        let batches = Batches::new(&both, &sizes, Device::Cpu, Grouping::One).unwrap();
        let pass = model.architecture().forward(model.parameters(), &batches, Kind::Float, true);
        let place = |text: usize| batches.order.iter().position(|&own| own == text).unwrap() as i64;
        let reward = |text: usize| pass.logits.get(place(text)).to_kind(Kind::Double).sigmoid();
        let difference = reward(1) - reward(0);
        let loss = match prompt.prompt_type.is_open_ended() {
            false => -difference,
            // -1/(x + 0.1), and below 0 its tangent there.
            true if difference.double_value(&[]) > 0.0 => (difference + 0.1).reciprocal(),
            true => 10.0 - 100.0 * difference,
        };
        let loss = loss / prompt.pairs.len() as f64;
        total += loss.double_value(&[]);
        pass.add_gradient(&loss, model.parameters(), &gradient).unwrap();
    }
    (total, gradient)
}

fn assert_near(found: &Tensor, wanted: &Tensor, tolerance: f64, what: &str) {
    let distance = (found - wanted).norm().double_value(&[]) / wanted.norm().double_value(&[]);
    assert!(distance < tolerance, "{what}: {distance:e}");
}

/// tch panics where libtorch has no memory.
#[test]
fn want_of_memory_is_an_error_and_leaves_the_model_usable() {
    // More scores than any machine has addresses for: one head of a text with four million tokens.
    let overrides = EmbeddedOverrides {
        hidden_size: Some(2),
        num_attention_heads: Some(1),
        intermediate_size: Some(2),
        num_hidden_layers: Some(2),
        ..EmbeddedOverrides::default()
    };
    let model = RewardModel::new(&embedded::config(VOCABULARY, 0, &overrides), 3, Device::Cpu).unwrap();
    let ids = vec![1; 4_300_000];
    let segments = vec![0; ids.len()];
    let long = Sequence { ids: &ids, segments: &segments };
    let error = model.logits(&[long], Kind::Float, usize::MAX).unwrap_err();
    assert!(matches!(error, ModelError::Memory(_)), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("there is not enough memory: libtorch tried to allocate ") && !text.contains('\n'),
        "{text}"
    );
    // It was computed without derivatives; those of another text are there.
    let short = Sequence { ids: &ids[..5], segments: &segments[..5] };
    let batches = Batches::new(&[short], &model.config().sizes(), Device::Cpu, Grouping::One).unwrap();
    let pass = model.architecture().forward(model.parameters(), &batches, Kind::Float, true);
    assert!(pass.logits.requires_grad());
}

/// The gradient is that of the loss whose activations were thrown away: parts are computed again with the dropout that they had.
#[test]
fn a_divided_prompt_keeps_its_dropout() {
    // libtorch has one stream of random numbers for the whole process, and other tests draw from it, too.
    const ALONE: &str = "REWARD_COLLAPSE_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "training::a_divided_prompt_keeps_its_dropout"]).env(ALONE, "1");
        let output = alone.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let overrides = EmbeddedOverrides {
        hidden_size: Some(32),
        num_attention_heads: Some(2),
        intermediate_size: Some(64),
        dropout: Some(0.2),
        ..EmbeddedOverrides::default()
    };
    for implementation in [AttnImplementation::Eager, AttnImplementation::Sdpa] {
        let model = RewardModel::new(&embedded::config(VOCABULARY, 0, &overrides), 3, Device::Cpu).unwrap();
        divided_gradient_is_that_of_the_loss(&model.attending(implementation));
    }
}

/// A step along the gradient changes the loss by what the gradient says.
fn divided_gradient_is_that_of_the_loss(model: &RewardModel) {
    let loss = RankingLoss::parse("adaptive").unwrap();
    let limit = Limit { tokens: 60, divides: true };
    let evaluate = || {
        let gradient = model.parameters().flat().zeros_like();
        let passes = Pass::all(prompts(1), &model.config().sizes(), Device::Cpu, limit).unwrap();
        tch::manual_seed(11);
        let totals = accumulate(model, &loss, &passes, Kind::Float, 1.0, &gradient).unwrap();
        (totals.loss, gradient)
    };
    let (_, gradient) = evaluate();
    let norm = gradient.norm().double_value(&[]);
    let h = 1e-3;
    let step = &gradient * (h / norm);
    let moved = |sign: f64| {
        tch::no_grad(|| _ = model.parameters().flat().g_add_(&(&step * sign)));
        evaluate().0
    };
    let (above, below) = (moved(1.0), moved(-2.0));
    let difference = (above - below) / (2.0 * h);
    assert!((difference / norm - 1.0).abs() < 0.02, "{difference} {norm}");
}

/// One test: how many threads libtorch uses is a setting of the whole process.
#[test]
fn each_text_is_encoded_once_and_loss_and_gradient_are_those_of_all_pairs() {
    tch::set_num_threads(1);
    let (model, prompts) = (model(), prompts(4));
    let loss = RankingLoss::parse("adaptive").unwrap();
    let (mut total, mut sum) = (0.0, model.parameters().flat().zeros_like());
    let mut each = Vec::new();
    for prompt in &prompts {
        let (own, gradient) = by_pairs(&model, prompt);
        total += own;
        sum += &gradient;
        each.push(gradient);
    }
    // One prompt a pass, a few, all.
    for (tokens, divides) in [(1, false), (500, false), (1 << 20, false), (1, true), (50, true), (500, true)] {
        let gradient = sum.zeros_like();
        let passes =
            Pass::all(prompts.clone(), &model.config().sizes(), Device::Cpu, Limit { tokens, divides }).unwrap();
        let totals = accumulate(&model, &loss, &passes, Kind::Float, 1.0, &gradient).unwrap();
        assert!((totals.loss / total - 1.0).abs() < 1e-5, "{tokens}: {} {total}", totals.loss);
        assert_eq!((totals.prompts, totals.sequences), (4, 32));
        assert_near(&gradient, &sum, 1e-5, &format!("{tokens} tokens a pass"));
    }
    // Of some utilities most pairs are in the wrong order, of others in the right one: both were compared.
    let mut accuracy = 0.0;
    for threads in [1, 2, 3] {
        tch::set_num_threads(threads);
        let mut workers = Workers::new(self::model(), Compute::CPU, None).unwrap();
        assert_eq!(workers.threads(), threads as usize);
        let (totals, gradient) = workers.gradient(&loss, &prompts, 1.0).unwrap();
        assert!((totals.loss / total - 1.0).abs() < 1e-5);
        accuracy = totals.accuracy / 4.0;
        // A step's gradient is the mean over its prompts.
        assert_near(&(gradient * 4.0), &sum, 1e-5, &format!("{threads} threads"));
        for (prompt, wanted) in prompts.iter().zip(&each) {
            let (_, gradient) = workers.gradient(&loss, std::slice::from_ref(prompt), 1.0).unwrap();
            assert_near(&gradient, wanted, 1e-5, "a prompt");
        }
    }
    assert!((0.1..0.9).contains(&accuracy), "{accuracy}");
}

/// Numbers of torch 2.11.0: `clip_grad_norm_([w, b], 2.0)`, then a step of `AdamW([{"params": [w], "weight_decay": 0.1},
/// {"params": [b], "weight_decay": 0.0}])` with the learning rate of the step; w = [[0.5, -1, 2], [0.1, 0, -0.3]], b = [1, -2,
/// 0.25]. Printed are the norm that clipping returns, and w and b after the step.
#[test]
fn clipping_and_adamw_are_those_of_pytorch() {
    let steps: [(f64, [f32; 9], f64, [f64; 9]); 3] = [
        (
            0.1,
            [3.0, -4.0, 0.0, 1.0, 1e-6, -2.0, 0.5, -0.5, 12.0],
            13.209844589233398,
            [
                0.39500001072883606,
                -0.8899999856948853,
                1.9800000190734863,
                -0.0009999796748161316,
                -0.09380429238080978,
                -0.19700002670288086,
                0.9000000357627869,
                -1.899999976158142,
                0.15000000596046448,
            ],
        ),
        (
            0.05,
            [0.1, 0.2, -0.3, 0.0, 1e-5, 0.2, -0.1, 0.05, 0.3],
            0.5315073132514954,
            [
                0.352302610874176,
                -0.8654114007949829,
                2.0073068141937256,
                -0.03449789062142372,
                -0.13099154829978943,
                -0.18857665359973907,
                0.9094557762145996,
                -1.8925615549087524,
                0.11088056117296219,
            ],
        ),
        (
            0.02,
            [-1.0, 0.5, 0.25, 2.0, -1.0, 0.125, 0.0, 4.0, -1.0],
            4.829919338226318,
            [
                0.35069844126701355,
                -0.8617068529129028,
                2.0099973678588867,
                -0.048858411610126495,
                -0.1179535835981369,
                -0.18772819638252258,
                0.9123795032501221,
                -1.9051930904388428,
                0.10188570618629456,
            ],
        ),
    ];
    let mut declarations = Declarations::default();
    // The order of the groups is not that of the declarations.
    declarations.root().at("layer").parameter("bias", &[3], Initial::Zeros, Role::Bias);
    declarations.root().at("layer").parameter("weight", &[2, 3], Initial::Zeros, Role::Weight);
    let mut parameters = Parameters::uninitialised(declarations, Device::Cpu, None).unwrap();
    let start = Tensor::from_slice(&[0.5_f32, -1.0, 2.0, 0.1, 0.0, -0.3, 1.0, -2.0, 0.25]);
    parameters.flat().copy_(&start);
    let mut optimiser = AdamW::new(&parameters, 0.1).unwrap();
    for (rate, gradient, norm, expected) in steps {
        let mut gradient = Tensor::from_slice(&gradient);
        let found = clip(&mut gradient, 2.0).unwrap();
        assert!((found / norm - 1.0).abs() < 1e-6, "{found}, not {norm}");
        optimiser.step(&mut parameters, &gradient, rate).unwrap();
        let values = Vec::<f32>::try_from(parameters.flat()).unwrap();
        for (found, wanted) in values.iter().zip(expected) {
            assert!((f64::from(*found) - wanted).abs() < 5e-7, "{found}, not {wanted}");
        }
    }
    assert_eq!(optimiser.steps(), 3);
    let leaf = |name: &str| parameters.named().find(|(own, _)| *own == name).unwrap().1.size();
    assert_eq!((leaf("layer.bias"), leaf("layer.weight")), (vec![3], vec![2, 3]));
}

#[test]
fn a_limit_of_0_does_not_clip() {
    let mut gradient = Tensor::from_slice(&[3.0_f32, 4.0]);
    assert_eq!(clip(&mut gradient, 0.0).unwrap(), 5.0);
    assert_eq!(Vec::<f32>::try_from(gradient).unwrap(), [3.0, 4.0]);
}
