"""``reward_collapse.trl``: TRL's own loss, rankings of unlike sizes, and what the callback writes."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

import tiny
from datasets import Dataset, IterableDataset
from transformers import Trainer, TrainingArguments
from trl import RewardConfig, RewardTrainer

import reward_collapse as rc
from reward_collapse.torch import RankingLoss
from reward_collapse.trl import CollapseCallback, RankingCollator, RankingRewardTrainer, Theory

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target"))
PROGRAM = Path(os.environ.get("REWARD_COLLAPSE", TARGET / "release" / "reward-collapse"))


@pytest.fixture
def config(tmp_path):
    def make(**changes):
        settings = {
            "output_dir": str(tmp_path / "run"), "per_device_train_batch_size": 4, "per_device_eval_batch_size": 4,
            "max_steps": 3, "logging_steps": 1, "report_to": [], "use_cpu": True, "bf16": False, "gradient_checkpointing": False,
            "learning_rate": 1e-2, "save_strategy": "no", "disable_tqdm": True,
        }  # fmt: skip
        return RewardConfig(**(settings | changes))

    return make


def pairs_of(rows, **columns):
    """TRL's own rows: every pair of every prompt."""
    pairs = []
    for row in rows:
        for better, first in enumerate(row["responses"]):
            for worse, second in enumerate(row["responses"]):
                if row["ranks"][better] < row["ranks"][worse]:
                    pair = {"prompt": row["prompt"], "chosen": first, "rejected": second}
                    pairs.append(pair | {name: value(better, worse) for name, value in columns.items()})
    return pairs


def trained(trainer):
    trainer.train()
    trainer.evaluate()
    return trainer


@pytest.mark.parametrize("centering", [None, 0.1])
@pytest.mark.parametrize("with_margin", [False, True])
def test_trls_own_rows_have_trls_own_loss(config, centering, with_margin):
    columns = {"margin": lambda better, worse: 0.1 * (worse - better)} if with_margin else {}
    rows = Dataset.from_list(pairs_of(tiny.rankings(4), **columns)[:24])
    runs = []
    for kind in (RewardTrainer, RankingRewardTrainer):
        trainer = kind(
            tiny.model().double(),
            config(center_rewards_coefficient=centering, gradient_accumulation_steps=2, optim="sgd", learning_rate=0.1),
            train_dataset=rows,
            eval_dataset=rows.select(range(8)),
            processing_class=tiny.tokenizer(),
        )
        runs.append(trained(trainer))
    theirs, ours = (run.state.log_history for run in runs)
    for a, b in zip(theirs, ours, strict=True):
        # A text that is in several pairs of a batch is encoded once.
        same = {key for key in a if "runtime" not in key and "second" not in key and "tokens" not in key and "flos" not in key}
        assert same <= set(b)
        for key in same:
            assert b[key] == pytest.approx(a[key], rel=1e-6, abs=1e-6), key
    for a, b in zip(*(run.model.parameters() for run in runs), strict=True):
        # Llama takes its norms in single precision.
            torch.testing.assert_close(b, a, rtol=1e-6, atol=1e-7)


def test_a_batch_is_the_loss_of_its_prompts_and_each_text_is_encoded_once(config):
    rows = tiny.rankings(8)
    rows[0]["responses"][1] = rows[0]["responses"][0]
    loss = RankingLoss({"open": "log(x+0.1)", "closed": "x"})
    trainer = RankingRewardTrainer(
        tiny.model(), config(), loss=loss, train_dataset=Dataset.from_list(rows), processing_class=tiny.tokenizer()
    )
    batch = trainer.data_collator([trainer.train_dataset[k] for k in range(8)])
    texts = {row["prompt"] + response for row in rows for response in row["responses"]}
    assert len(batch["input_ids"]) == len(texts)
    found = trainer.compute_loss(trainer.model, batch)
    # One text at a time, without padding.
    tokenizer, outputs, group, rank, kinds = tiny.tokenizer(), [], [], [], []
    for prompt, row in enumerate(rows):
        for response, place in zip(row["responses"], row["ranks"], strict=True):
            ids = torch.tensor([tokenizer(row["prompt"] + response + "<eos>")["input_ids"]])
            outputs.append(trainer.model(input_ids=ids).logits[0, 0])
            group.append(prompt)
            rank.append(place)
            kinds.append(row["type"])
    expected = loss(torch.stack(outputs), torch.tensor(group), torch.tensor(rank), type=kinds)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_accumulated_batches_are_one_batch(config):
    # Batches have unlike numbers of pairs, and the last one has fewer prompts.
    rows = Dataset.from_list(tiny.rankings(6))
    runs = []
    for size, steps in ((6, 1), (4, 2), (1, 6)):
        trainer = RankingRewardTrainer(
            tiny.model().double(),
            config(per_device_train_batch_size=size, gradient_accumulation_steps=steps, max_steps=1, optim="sgd"),
            train_dataset=rows,
            processing_class=tiny.tokenizer(),
        )
        trainer.train()
        runs.append(trainer)
    one = runs[0]
    for other in runs[1:]:
        assert other.state.log_history[0]["loss"] == pytest.approx(one.state.log_history[0]["loss"], rel=1e-6)
        assert other.state.log_history[0]["grad_norm"] == pytest.approx(one.state.log_history[0]["grad_norm"], rel=1e-9)
        for key in ("accuracy", "pair_accuracy", "margin", "mean_reward"):
            assert other.state.log_history[0][key] == pytest.approx(one.state.log_history[0][key], rel=1e-9), key
        for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
            torch.testing.assert_close(b, a, rtol=1e-12, atol=1e-13)


def test_metrics_are_those_of_the_rewards(config):
    rows = tiny.rankings(5)
    loss = RankingLoss({"open": "-1/(x+0.1)", "closed": "x"})
    trainer = RankingRewardTrainer(
        tiny.model(), config(), loss=loss, train_dataset=Dataset.from_list(rows), eval_dataset=Dataset.from_list(rows),
        processing_class=tiny.tokenizer(),
    )  # fmt: skip
    logs = trainer.evaluate()
    scored = CollapseCallback(trainer, {"test": rows}).score(0)
    of_prompt = [[one for one in scored if one.prompt == k] for k in range(5)]
    correct, shares, distances = [], [], {"open": [], "closed": []}
    for own, row in zip(of_prompt, rows, strict=True):
        right = [a.reward > b.reward for a in own for b in own if a.rank < b.rank]
        correct += right
        shares.append(np.mean(right))
        if len(set(row["ranks"])) == len(row["ranks"]):
            ascending = [one.reward for one in sorted(own, key=lambda one: -one.rank)]
            optimum = rc.solve(loss.theory(row["type"])["utility"], len(ascending)).rewards
            if row["type"] == "closed" and len(ascending) % 2:
                optimum[len(ascending) // 2] = ascending[len(ascending) // 2]
            distances[row["type"]].append(np.abs(optimum - ascending).mean())
    assert logs["eval_pair_accuracy"] == pytest.approx(np.mean(correct))
    assert logs["eval_accuracy"] == pytest.approx(np.mean(shares))
    assert logs["eval_mean_reward"] == pytest.approx(np.mean([one.reward for one in scored]), rel=1e-5)
    for kind, values in distances.items():
        assert logs[f"eval_distance_to_theory/{kind}"] == pytest.approx(np.mean(values), rel=1e-5)
    value = RankingLoss({"open": "-1/(x+0.1)", "closed": "x"})(
        torch.tensor([one.output for one in scored]), torch.tensor([one.prompt for one in scored]),
        torch.tensor([one.rank for one in scored]), type=[one.type for one in scored],
    )  # fmt: skip
    assert logs["eval_loss"] == pytest.approx(value.item(), rel=1e-5)


def test_rewards_go_to_theory(config):
    # Free logits would; a model with an embedding for each text nearly is.
    rows = [
        {"responses": [f"w{8 * prompt + k}" for k in range(8)], "ranks": list(range(8, 0, -1))} for prompt in range(4)
    ]
    loss = RankingLoss("logsigmoid(x)", head="raw", smoothing=0.1)
    trainer = RankingRewardTrainer(
        tiny.model(hidden=32), config(max_steps=150, logging_steps=150, eval_strategy="no"), loss=loss,
        train_dataset=Dataset.from_list(rows), eval_dataset=Dataset.from_list(rows), processing_class=tiny.tokenizer(),
    )  # fmt: skip
    before = trainer.evaluate()["eval_distance_to_theory"]
    trainer.train()
    after = trainer.evaluate()["eval_distance_to_theory"]
    assert before > 1.0 and after < 0.1


def test_streams_and_conversations(config):
    rows = tiny.rankings(8)
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}<eos>"
    talks = [
        {
            "prompt": [{"role": "user", "content": row["prompt"].strip()}],
            "responses": [[{"role": "assistant", "content": text}] for text in row["responses"]],
            "scores": [-rank for rank in row["ranks"]],
        }
        for row in rows
    ]
    stream = IterableDataset.from_generator(lambda: iter(talks))
    trainers = [
        RankingRewardTrainer(tiny.model(), config(), train_dataset=data, processing_class=tokenizer)
        for data in (stream, Dataset.from_list(talks))
    ]
    prepared = [[dict(row) for row in trainer.train_dataset] for trainer in trainers]
    for own in prepared:
        assert [row["ranks"] for row in own] == [row["ranks"] for row in map(dense, rows)]
        first = tokenizer(f"{rows[0]['prompt'].strip()} {rows[0]['responses'][0]} <eos>")["input_ids"]
        assert own[0]["responses_ids"][0] == first
    trainers[0].train()
    assert math.isfinite(trainers[0].state.log_history[0]["loss"])


def dense(row):
    levels = sorted(set(row["ranks"]))
    return row | {"ranks": [float(levels.index(rank) + 1) for rank in row["ranks"]]}


def test_scores_are_ranks_and_margins(config):
    rows = [{"responses": ["w1", "w2", "w3"], "scores": [0.1, 0.9, 0.1]}, {"responses": ["w4", "w5"], "scores": [1, 3]}]
    loss = RankingLoss("logsigmoid(x)", head="raw", margin=0.5)
    trainer = RankingRewardTrainer(
        tiny.model(), config(), loss=loss, train_dataset=Dataset.from_list(rows), processing_class=tiny.tokenizer()
    )
    batch = trainer.data_collator(list(trainer.train_dataset))
    assert batch["rank"].tolist() == [1.0, 2.0, 2.0, 1.0, 2.0]
    assert batch["score"].tolist() == pytest.approx([0.9, 0.1, 0.1, 3.0, 1.0])
    assert math.isfinite(trainer.compute_loss(trainer.model, batch).item())


def test_prompts_without_pairs_and_long_ones_are_left_out(config):
    rows = tiny.rankings(4)
    rows[1] |= {"responses": ["w1"], "ranks": [1.0]}
    rows[2] |= {"ranks": [1.0] * len(rows[2]["responses"])}
    rows[3]["responses"][0] = " ".join(["w1"] * 30)
    with pytest.warns(UserWarning, match="2 of 4 prompts of the train dataset have no pair") as warned:
        trainer = RankingRewardTrainer(
            tiny.model(), config(max_length=20), train_dataset=Dataset.from_list(rows), processing_class=tiny.tokenizer()
        )
    assert sum("no pair" in str(one.message) for one in warned) == 1
    assert len(trainer.train_dataset) == 1


BAD_ROWS = [
    ({"ranks": [1, 2]}, "3 responses and 2 ranks"),
    ({"ranks": ["best", "worse", "worst"]}, "cannot be compared"),
    ({"ranks": [1.0, 2.0, math.nan]}, "cannot be compared"),
    ({"ranks": None}, "neither `ranks`"),
    ({"type": "poem"}, "unknown type 'poem'"),
    ({"type": None}, "has no `type`"),
    ({"prompt": [{"role": "user", "content": "w1"}]}, "both texts"),
]


@pytest.mark.parametrize(("changes", "words"), BAD_ROWS, ids=lambda value: str(value)[:30])
def test_bad_rows_are_refused(config, changes, words, capsys):
    row = {"prompt": "w0 ", "responses": ["w1", "w2", "w3"], "ranks": [1, 2, 3], "type": "open"}
    with pytest.raises(rc.InputError, match=words):
        RankingRewardTrainer(
            tiny.model(), config(), loss={"open": "log(x+0.1)", "closed": "x"},
            train_dataset=Dataset.from_list([row | changes]), processing_class=tiny.tokenizer(),
        )  # fmt: skip
    assert capsys.readouterr().out == ""


def test_bad_settings_are_refused(config):
    data = Dataset.from_list(tiny.rankings(4))
    pairs = Dataset.from_list([pair | {"margin": 1.0} for pair in pairs_of(tiny.rankings(2))])
    kinds = Dataset.from_list([{"chosen": "w1", "rejected": "w2", "type": "poem"}])

    def make(loss=None, rows=data, **changes):
        return RankingRewardTrainer(
            tiny.model(), config(**changes), loss=loss, train_dataset=rows, processing_class=tiny.tokenizer()
        )

    with pytest.raises(rc.InputError, match="give one of them"):
        make(RankingLoss("x", centering=0.1), center_rewards_coefficient=0.2)
    with pytest.raises(rc.InputError, match="the loss has none"):
        make(RankingLoss("logsigmoid(x)", head="raw"), pairs)
    with pytest.raises(rc.InputError, match="neither `scores` nor `margin`"):
        make(RankingLoss("x", margin=1.0))
    with pytest.raises(rc.InputError, match="infinite slope"):
        make("log(x)")
    with pytest.raises(rc.InputError, match="unknown type 'poem'"):
        make({"open": "x", "closed": "x"}, kinds)
    with pytest.raises(rc.InputError, match="split_batches"):
        make(accelerator_config={"split_batches": True})
    with pytest.raises(rc.InputError, match="more than 1 tokens"):
        make(max_length=1)
    with pytest.raises(rc.InputError, match="some rows"):
        RankingCollator(0)([{"responses_ids": [[1], [2]], "scores": [1, 2]}, {"responses_ids": [[1], [2]], "ranks": [1, 2]}])


def figures_run(tmp_path, config, **changes):
    rows = tiny.rankings(20, sizes=(2, 4, 3))
    settings = {"max_steps": 4, "eval_strategy": "steps", "eval_steps": 2, "report_to": ["tensorboard"]}
    trainer = RankingRewardTrainer(
        tiny.model(), config(**(settings | changes)), loss={"open": "-1/(x+0.1)", "closed": "x"},
        train_dataset=Dataset.from_list(rows), eval_dataset=Dataset.from_list(tiny.rankings(6, seed=1, sizes=(4,))),
        processing_class=tiny.tokenizer(),
    )  # fmt: skip
    callback = CollapseCallback(trainer)
    trainer.add_callback(callback)
    return trainer, callback


def test_the_callback_logs_draws_and_writes(tmp_path, config, monkeypatch):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "events"))
    trainer, callback = figures_run(tmp_path, config)
    trainer.train()
    logged = [logs for logs in trainer.state.log_history if "collapse/distance" in logs]
    assert [logs["step"] for logs in logged] == [2, 4]
    names = ("distance", "distance/open", "distance/closed", "within", "between", "pair_accuracy")
    assert all(f"{prefix}{name}" in logged[0] for prefix in ("collapse/", "collapse/train/") for name in names)

    events = EventAccumulator(str(next((tmp_path / "events").rglob("events.*")).parent))
    events.Reload()
    # TensorBoard's own callback puts `train/` before what is not named `eval_`.
    assert any(tag.endswith("collapse/distance") for tag in events.Tags()["scalars"])
    assert [event.step for event in events.Images("collapse/rewards")] == [2, 4]

    folder = Path(trainer.args.output_dir) / "collapse"
    with (folder / "rewards.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "split", "prompt", "type", "response_index", "reward"]
    assert {row["type"] for row in rows} == {"open", "closed"}
    assert {row["step"] for row in rows} == {"2", "4"} and {row["split"] for row in rows} == {"train", "test"}
    scored = callback.score(4)
    worst = [one for one in scored if one.split == "test" and one.prompt == 0 and one.rank == 4.0][0]
    found = [row for row in rows if (row["step"], row["split"], row["prompt"], row["response_index"]) == ("4", "test", "0", "1")]
    assert float(found[0]["reward"]) == pytest.approx(worst.reward, rel=1e-6)
    described = json.loads((folder / "run.json").read_text())
    assert described["loss"]["open"] == {"named": "-1/(x+0.1)", "trained": "-1/(x+0.1)"} and described["responses"] == 4
    with (folder / "scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(scored)
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("kinds", "column", "values"),
    [
        ((None, None), "open_ended", {"true"}),
        (("open-ended", "Closed ended"), "open_ended", {"true", "false"}),
        (("open_ended", "poem"), "type", {"open_ended", "poem"}),
    ],
)
def test_types_in_the_file_of_rewards(tmp_path, kinds, column, values):
    from reward_collapse.trl import files

    scored = [files.Scored("train", k, kind, 0, rank, 0.0, 0.5) for k, kind in enumerate(kinds) for rank in (1.0, 2.0)]
    files.write_rewards(tmp_path / "rewards.csv", files.rewards_rows(3, scored))
    with (tmp_path / "rewards.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row[column] for row in rows} == values and [row["response_index"] for row in rows] == ["1", "2", "1", "2"]
    files.write_rewards(tmp_path / "again.csv", files.read_rewards(tmp_path / "rewards.csv", 4))
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "rewards.csv").read_text()
    assert files.read_rewards(tmp_path / "rewards.csv", 3) == []


@pytest.mark.skipif(not PROGRAM.exists(), reason="the program is not built: make build")
def test_the_program_draws_what_the_callback_wrote(tmp_path, config):
    trainer, _ = figures_run(tmp_path, config, report_to=[])
    trainer.train()
    folder = Path(trainer.args.output_dir) / "collapse"
    drawn = tmp_path / "figures"
    subprocess.run([PROGRAM, "figure", "experiment", "--runs", folder, "--out", drawn], check=True, capture_output=True)
    assert list(drawn.glob("*.svg"))


def test_a_resumed_run_goes_on_with_its_file(tmp_path, config):
    trainer, _ = figures_run(tmp_path, config, report_to=[], save_strategy="steps", save_steps=2)
    trainer.train()
    path = Path(trainer.args.output_dir) / "collapse" / "rewards.csv"
    whole = path.read_text()
    again, _ = figures_run(tmp_path, config, report_to=[], save_strategy="steps", save_steps=2)
    again.train(resume_from_checkpoint=str(Path(trainer.args.output_dir) / "checkpoint-2"))
    resumed = path.read_text()
    assert [line.split(",")[:5] for line in resumed.splitlines()] == [line.split(",")[:5] for line in whole.splitlines()]


def test_the_callback_in_other_trainers(tmp_path, config):
    rows = tiny.rankings(5, sizes=(3,))
    pairs = Dataset.from_list(pairs_of(rows))
    of_trl = RewardTrainer(
        tiny.model(), config(center_rewards_coefficient=0.1), train_dataset=pairs, eval_dataset=pairs, processing_class=tiny.tokenizer()
    )
    with pytest.raises(rc.InputError, match="give `prompts`"):
        CollapseCallback(of_trl)
    callback = CollapseCallback(of_trl, rows, directory=tmp_path / "here")
    assert callback.loss.centering == 0.1 and callback.loss.head == "raw"
    of_trl.add_callback(callback)
    of_trl.evaluate()
    logged = of_trl.state.log_history[-1]
    assert logged["collapse/distance"] > 0.0
    rewards = np.array([[one.reward for one in reversed(callback.score(0)[3 * k : 3 * k + 3])] for k in range(5)])
    optimum = rc.solve("logsigmoid(x)", 3, support=(-math.inf, math.inf), centering=0.1).rewards
    assert logged["collapse/distance"] == pytest.approx(np.abs(rewards - optimum).mean(), rel=1e-5)
    # Held-out prompts stand in for those of the train split, which the program asks for.
    text = (tmp_path / "here" / "rewards.csv").read_text()
    assert text.startswith("step,split,prompt,type,") and ",train," in text and ",test," not in text

    plain = Trainer(
        tiny.model(), TrainingArguments(output_dir=str(tmp_path / "plain"), report_to=[], use_cpu=True),
        train_dataset=pairs, eval_dataset=pairs, processing_class=tiny.tokenizer(),
    )  # fmt: skip
    with pytest.raises(rc.InputError, match="loss is missing"):
        CollapseCallback(plain, rows)
    callback = CollapseCallback(plain, {"train": rows}, loss=RankingLoss("log(x+0.1)"), directory=False)
    callback.on_evaluate(plain.args, plain.state, plain.control)
    assert 0.0 < plain.state.log_history[-1]["collapse/distance"] < 1.0
    assert not (tmp_path / "plain" / "collapse").exists()


def test_theory_knows_shifts_and_free_middles():
    raw = Theory(RankingLoss("logsigmoid(x)", head="raw", smoothing=0.1))
    optimum = rc.solve("logsigmoid(x)", 4, support=(-math.inf, math.inf), smoothing=0.1).rewards
    assert raw.distance(optimum + 3.0) == pytest.approx(0.0, abs=1e-12)
    assert Theory(RankingLoss("x")).distance([0.0, 0.37, 1.0]) == 0.0
    assert Theory(RankingLoss("logsigmoid(x)", head="raw")).distance([0.0, 1.0]) is None
    assert Theory(RankingLoss("x", margin=1.0)).distance([0.0, 1.0]) is None


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    from reward_collapse.trl.files import write_text

    write_text(tmp_path / "a" / "b.csv", "1\n")
    with pytest.raises(TypeError):
        write_text(tmp_path / "a" / "b.csv", None)
    assert (tmp_path / "a" / "b.csv").read_text() == "1\n" and len(list((tmp_path / "a").iterdir())) == 1
    shutil.rmtree(tmp_path / "a")
