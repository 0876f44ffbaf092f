//! Counts of the work of a step, before and after each of its improvements. They depend on no clock; `docs/src/performance.md` has
//! them. `cargo test --release -p reward-collapse-training --lib counts -- --nocapture` prints them.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tch::{Device, Kind, Tensor};

use super::checkpoint::{Snapshot, State};
use super::configuration::Configuration;
use super::embedded;
use super::gradient::{EncodedPrompt, Limit, Pass, accumulate};
use super::loss::RankingLoss;
use super::loss_scale::LossScale;
use super::optimiser::{AdamW, clip};
use super::source::{PromptSource, Taking};
use crate::dataset::Rankings;
use crate::libtorch::{Work, count};
use crate::reward_model::tokenizer::Tokenizer;
use crate::reward_model::{AttnImplementation, Batches, Grouping, RewardModel, Sequence};

fn configuration() -> Configuration {
    let text = "model_name: embedded\nloss: adaptive\nembedded: {rows: 1024}\n";
    Configuration::parse(text, Path::new("counts.yml")).unwrap()
}

/// The embedded default, its tokeniser, and the prompts of its first step of `prompts`.
fn first_step(prompts: u64) -> (RewardModel, Arc<Tokenizer>, Vec<EncodedPrompt>) {
    let configuration = configuration();
    let rankings = Arc::new(Rankings::embedded(1024, 0).unwrap());
    let tokenizer = Arc::new(embedded::tokenizer(&rankings, &configuration).unwrap());
    let config = embedded::config(tokenizer.vocabulary_size(), tokenizer.pad_id(), &configuration.embedded);
    let model = RewardModel::new(&config, 0, Device::Cpu).unwrap();
    let taking = Taking { seed: 0, max_length: 440, max_pairs: 45, use_scores: false, test_prompts: 16 };
    let mut source = PromptSource::new(rankings, tokenizer.clone(), taking).unwrap();
    (model, tokenizer, (0..prompts).map(|place| source.at(place).unwrap()).collect())
}

/// AdamW as it was, in the operations of which it is made, without chunks.
fn separate(values: &Tensor, gradient: &Tensor, moments: [&Tensor; 2], decaying: i64) {
    let [beta_1, beta_2, rate, decay]: [f64; 4] = [0.9, 0.999, 1e-3, 0.01];
    tch::no_grad(|| {
        for (start, end, decays) in [(0, decaying, true), (decaying, gradient.size()[0], false)] {
            let part = |tensor: &Tensor| tensor.narrow(0, start, end - start);
            let (gradient, mut first, mut second) = (part(gradient), part(moments[0]), part(moments[1]));
            let _ = first.g_mul_scalar_(beta_1).g_add_(&(&gradient * (1.0 - beta_1)));
            let scaled = &gradient * (1.0 - beta_2).sqrt();
            let _ = second.g_mul_scalar_(beta_2).addcmul_(&scaled, &scaled);
            let denominator = second.sqrt() / (1.0 - beta_2).sqrt() + 1e-8;
            let mut update = &first / denominator;
            let _ = update.g_mul_scalar_(rate / (1.0 - beta_1));
            let mut values = part(values);
            if decays {
                let _ = values.g_mul_scalar_(1.0 - rate * decay);
            }
            let _ = values.g_sub_(&update);
        }
    });
}

fn tell(what: &str, before: Work, after: Work) {
    println!("{what}:\n  before {before:?}\n  after  {after:?}");
}

/// One test: what is printed stays together.
#[test]
fn each_improvement_leaves_less_to_do() {
    tch::set_num_threads(1);
    let (mut model, tokenizer, prompts) = first_step(8);
    let sequences: Vec<Sequence> = prompts.iter().flat_map(EncodedPrompt::sequences).collect();
    let sizes = model.config().sizes();
    println!("{} parameters", model.parameters().elements());

    // Work on each token, and attention, which sees pairs of tokens.
    let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.ids.len()).collect();
    let longest = lengths.iter().max().unwrap();
    let tokens: usize = lengths.iter().sum();
    let by_prompt: usize = lengths.chunks(8).map(|own| own.len() * own.iter().max().unwrap()).sum();
    let pairs = |batches: &Batches| batches.groups.iter().map(|group| group.count * group.length.pow(2)).sum::<i64>();
    let batches = |grouping| Batches::new(&sequences, &sizes, Device::Cpu, grouping).unwrap();
    let (one, fastest) = (batches(Grouping::One), batches(Grouping::Fastest));
    println!("tokens: {tokens}; padded by prompt {by_prompt}; padded to the longest {}", lengths.len() * longest);
    println!(
        "pairs: {}; in one group {}; in {} groups {}",
        lengths.iter().map(|l| l * l).sum::<usize>(),
        pairs(&one),
        fastest.groups.len(),
        pairs(&fastest)
    );
    assert_eq!(fastest.tokens.size()[0] as usize, tokens);
    assert!(tokens < by_prompt && pairs(&fastest) < pairs(&one));

    // The optimiser, whose values are the same either way.
    let gradient = (model.parameters().flat() * 0.3 + 0.01).detach();
    let mut optimiser = AdamW::new(model.parameters(), 0.01).unwrap();
    let moments = [gradient.zeros_like(), gradient.zeros_like()];
    let values = model.parameters().flat().detach().copy();
    let (_, before) = count(|| separate(&values, &gradient, [&moments[0], &moments[1]], model.parameters().decaying()));
    let (_, after) = count(|| optimiser.step(model.parameters_mut(), &gradient, 1e-3).unwrap());
    tell("AdamW", before, after);
    let difference = (model.parameters().flat() - values).abs().max().double_value(&[]);
    assert!(
        difference < 1e-6 && after.operations < before.operations && after.bytes < before.bytes / 10,
        "{difference}"
    );

    // The norm, in double precision on a CPU as it was, in pieces, and as it is on a GPU.
    let mut same = gradient.copy();
    let (norm, before) = count(|| gradient.norm_scalaropt_dtype(2.0, Kind::Double).double_value(&[]));
    let (found, after) = count(|| clip(&mut same, 0.0).unwrap());
    let (_, single) = count(|| gradient.norm_scalaropt_dtype(2.0, Kind::Float).double_value(&[]));
    tell("norm", before, after);
    println!("  on a GPU {single:?}");
    assert!((found / norm - 1.0).abs() < 1e-12 && after.peak < before.peak / 2, "{found} {norm}");

    // Rows of the table of words: their own leaf, or a derivative of the whole table.
    let rows = |own_leaf: bool| {
        let table = model.parameters().leaves()[0].detach().set_requires_grad(!own_leaf);
        let rows = table.index_select(0, &fastest.distinct);
        let rows = if own_leaf { rows.set_requires_grad(true) } else { rows };
        let leaf = if own_leaf { &rows } else { &table };
        let sum = (&rows * 2.0).sum(Kind::Float);
        let gradient = table.zeros_like();
        let ((), work) = count(|| {
            let derivative = Tensor::run_backward(&[&sum], &[leaf], false, false).remove(0);
            tch::no_grad(|| match own_leaf {
                true => _ = gradient.shallow_clone().index_add_(0, &fastest.distinct, &derivative),
                false => _ = gradient.shallow_clone().g_add_(&derivative),
            });
        });
        (gradient.sum(Kind::Double).double_value(&[]), work)
    };
    let ((whole, before), (own, after)) = (rows(false), rows(true));
    assert!((whole - own).abs() < 1e-3 && after.bytes < before.bytes / 4, "{whole} {own}");
    println!("rows: {} of {}", fastest.distinct.size()[0], model.parameters().leaves()[0].size()[0]);
    tell("derivative of the table of words", before, after);

    // A step's gradient: all prompts in one pass, each in its own, or each text, whose activations are computed twice.
    let loss = RankingLoss::parse("adaptive").unwrap();
    let pass = |tokens: usize, divides: bool| {
        let gradient = model.parameters().flat().zeros_like();
        let passes = || Pass::all(prompts.clone(), &sizes, Device::Cpu, Limit { tokens, divides }).unwrap();
        let (laid_out, layout) = count(passes);
        println!("layout, by the feeding thread: {layout:?}");
        let ((), work) = count(|| _ = accumulate(&model, &loss, &laid_out, Kind::Float, 1.0, &gradient).unwrap());
        (work, gradient)
    };
    let ((one, whole), (by_prompt, _), (by_text, divided)) = (pass(1 << 30, false), pass(1, false), pass(1, true));
    tell("a step in one pass, and by prompts", one, by_prompt);
    tell("by prompts, and by texts computed twice", by_prompt, by_text);
    let difference = (&whole - divided).norm().double_value(&[]) / whole.norm().double_value(&[]);
    assert!(difference < 1e-4 && by_text.peak < by_prompt.peak / 2 && by_prompt.peak < one.peak / 2, "{difference}");

    // Attention as one operation: what the program asks of libtorch, which on a CPU makes it of others.
    let rewards = |model: &RewardModel| {
        let pass = || model.architecture().forward(model.parameters(), &fastest, Kind::Float, false).logits;
        tch::no_grad(|| count(pass))
    };
    let (eager, before) = rewards(&model);
    model = model.attending(AttnImplementation::Sdpa);
    let (fused, after) = rewards(&model);
    tell("a forward pass, with attention as one operation for each group", before, after);
    let difference = (eager - fused).abs().max().double_value(&[]);
    assert!(difference < 1e-5 && after.calls < before.calls, "{difference}");

    // How long a checkpoint keeps training waiting: all of it, or a copy. Printed and not asserted: clocks are not to be relied on.
    let folder = tempfile::tempdir().unwrap();
    let mut times = [Vec::new(), Vec::new()];
    for step in 0..9 {
        let state = State {
            step,
            optimiser_steps: 0,
            prompts: 0,
            seconds: 0.0,
            loss_scale: LossScale::new(Kind::Float),
            data_checksum: 0,
            configuration: configuration(),
        };
        let began = Instant::now();
        let snapshot = Snapshot::take(state, &model, tokenizer.clone(), &optimiser).unwrap();
        let copied = began.elapsed().as_secs_f64();
        snapshot.write(folder.path()).unwrap();
        times[0].push(began.elapsed().as_secs_f64());
        times[1].push(copied);
    }
    let [all, copy] = times.map(|mut own| {
        own.sort_by(f64::total_cmp);
        own[own.len() / 2]
    });
    println!("a checkpoint: {:.2} ms, of which the copy takes {:.2} ms", 1e3 * all, 1e3 * copy);
}
