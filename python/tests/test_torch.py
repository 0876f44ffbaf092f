"""``reward_collapse.torch``: the loss against loops, the Rust trainer and theory."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

import reward_collapse as rc
from reward_collapse import _core
from reward_collapse.torch import RankingLoss, ranked_pairs
from reward_collapse.torch.expression import compile_tree, on_line

CASES = json.loads((Path(__file__).parent / "data" / "losses.json").read_text())

UTILITIES = [
    "x", "log(x+0.1)", "-1/(x+0.1)", "-(x+0.2)^-0.5", "logsigmoid(4x)", "1-exp(-4x)", "x-0.25x^2", "3*log(x+0.5)+2",
    "sqrt(x+0.3)", "cbrt(x+1)", "tanh(x)", "atan(2x)", "asinh(3x)", "sigmoid(x)", "-softplus(-2x)", "log2(x+1)",
    "log10(x+2)+log1p(x)", "sin(x)", "-cosh(1-x)", "-(1.5-x)^3", "(x+1)^0.3", "-expm1(-x)", "sinh(x)/cosh(x)+x",
    "2*x/(1+x)", "log(x+0.1+0.2*log1p(x))", "tan(x/4)-0.2*x^2+x", "x-0.1*x^2*log(x+1)",
]  # fmt: skip


def by_loops(function, outputs, group, rank, head, centering=0.0, weight=None):
    """Loss of each prompt with a pair, one pair at a time."""
    rewards = torch.sigmoid(outputs) if head == "sigmoid" else outputs
    losses = []
    for prompt in sorted(set(group.tolist())):
        own = [k for k, g in enumerate(group.tolist()) if g == prompt]
        terms = []
        for i in own:
            for j in own:
                if rank[j] < rank[i]:
                    share = 1.0 if weight is None else torch.sqrt(weight[i] * weight[j])
                    gain = function((rewards[j] - rewards[i]).reshape(1))[0]
                    terms.append(centering * (rewards[i] + rewards[j]) ** 2 - share * gain)
        if terms:
            losses.append(torch.stack(terms).mean())
    return losses


def batch(seed=0, prompts=9, size=47, ranks=5):
    random = torch.Generator().manual_seed(seed)
    group = torch.randint(-3, prompts, (size,), generator=random) * 7
    rank = torch.randint(1, ranks, (size,), generator=random)
    outputs = torch.randn(size, generator=random, dtype=torch.float64, requires_grad=True)
    return outputs, group, rank


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['utility']}-{case['head']}-{case['field']}-{case['smoothing']}")
def test_loss_and_gradient_are_those_of_the_rust_trainer(case):
    loss = RankingLoss(
        case["utility"], head=case["head"], smoothing=case["smoothing"], centering=case["centering"], field=case["field"]
    )
    outputs = torch.tensor(case["logits"], dtype=torch.float64, requires_grad=True)
    n = len(outputs)
    group, rank = torch.zeros(n, dtype=torch.int64), torch.arange(n, 0, -1)
    weights = None
    if case["weights"] is not None:
        # The file has pairs by the worse, then by the better one.
        table = torch.zeros(n, n, dtype=torch.float64)
        table[tuple(torch.triu_indices(n, n, 1))] = torch.tensor(case["weights"], dtype=torch.float64)
        pairs = ranked_pairs(group, rank)
        weights = table[pairs.worse, pairs.better]
    value = loss(outputs, group, rank, pair_weight=weights)
    (gradient,) = torch.autograd.grad(value, outputs)
    assert value.item() == pytest.approx(case["loss"], rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(gradient.numpy(), case["gradient"], rtol=1e-11, atol=1e-12)
    single = loss(outputs.detach().float().requires_grad_(), group, rank, pair_weight=weights)
    assert single.item() == pytest.approx(case["loss"], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("text", UTILITIES)
def test_an_expression_in_torch_is_that_of_the_library(text):
    utility = rc.Utility(text)
    x = torch.linspace(-1.0, 1.0, 201, dtype=torch.float64, requires_grad=True)
    for smoothing in (0.0, 0.2):
        values = on_line(utility, smoothing)(x)
        (slopes,) = torch.autograd.grad(values.sum(), x)
        points = x.detach().numpy()
        p, q = 1.0 - smoothing, smoothing
        expected = p * utility(points) + q * utility(-points)
        np.testing.assert_allclose(values.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
        expected = p * utility.derivative(points, 1) - q * utility.derivative(-points, 1)
        np.testing.assert_allclose(slopes.numpy(), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("text", ["expm1(-x)/(-x)*x+x", "log1p(x)/x*x", "x*sin(x)/x+x"])
def test_an_expression_that_is_0_by_0_at_0_has_a_gradient_there(text):
    utility = rc.Utility(text)
    x = torch.tensor([-0.5, 0.0, 1e-9, 1e-3, 0.1, 0.9], dtype=torch.float64, requires_grad=True)
    values = on_line(utility)(x)
    (slopes,) = torch.autograd.grad(values.sum(), x)
    np.testing.assert_allclose(values.detach().numpy(), utility(x.detach().numpy()), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(slopes.numpy(), utility.derivative(x.detach().numpy(), 1), rtol=1e-10)


def test_constants_and_unknown_functions():
    constant = compile_tree(("*", ("const", 2.0), ("exp", ("const", 0.0))))
    assert constant(torch.zeros(3)).tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(NotImplementedError, match="bessel"):
        compile_tree(("bessel", ("x",)))


@pytest.mark.parametrize("head", ["sigmoid", "raw"])
@pytest.mark.parametrize("text", ["x", "log(x+0.1)", "logsigmoid(x)"])
def test_it_is_the_mean_over_prompts_of_the_mean_over_pairs(text, head):
    outputs, group, rank = batch()
    function = on_line(rc.Utility(text))
    losses = by_loops(function, outputs, group, rank, head, centering=0.3)
    loss = RankingLoss(text, head=head, centering=0.3)
    expected = torch.stack(losses).mean()
    for found in (
        loss(outputs, group, rank),
        loss.replace(chunk=7)(outputs, group, rank),
        loss.replace(reduction="sum")(outputs, group, rank) / len(losses),
        loss.replace(reduction="none")(outputs, group, rank).sum() / len(losses),
        loss(outputs, group, rank, prompts=10 * len(losses)) * 10,
    ):
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)
        gradients = [torch.autograd.grad(value, outputs, retain_graph=True)[0] for value in (found, expected)]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-13)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=6), min_size=1, max_size=6), st.randoms())
def test_pairs_are_all_pairs_of_unlike_rank(prompts, random):
    flat = [(prompt, rank) for prompt, ranks in enumerate(prompts) for rank in ranks]
    random.shuffle(flat)
    group, rank = (torch.tensor(column) for column in zip(*flat, strict=True))
    found = ranked_pairs(group, rank)
    pairs = set(zip(found.worse.tolist(), found.better.tolist(), strict=True))
    expected = {
        (i, j) for i in range(len(flat)) for j in range(len(flat)) if flat[i][0] == flat[j][0] and flat[j][1] < flat[i][1]
    }
    assert pairs == expected and len(found.worse) == len(expected)
    assert torch.equal(group[found.worse], group[found.better]) and found.prompt.tolist() == sorted(found.prompt.tolist())


def test_a_table_of_prompts_is_what_a_list_of_pairs_is():
    # Sorted prompts of one size are laid in a table; in another order they are not.
    random = torch.Generator().manual_seed(1)
    outputs = torch.randn(5 * 6, generator=random, dtype=torch.float64)
    group, rank = torch.arange(5).repeat_interleave(6), torch.arange(1, 7).repeat(5)
    order = torch.randperm(30, generator=random)
    kinds = torch.tensor([0, 1, 1, 0, 1]).repeat_interleave(6)
    weight = torch.rand(30, generator=random, dtype=torch.float64)
    score = torch.rand(30, generator=random, dtype=torch.float64)
    loss = RankingLoss({"a": "log(x+0.1)", "b": "x"}, margin=0.5, field="-x^2", centering=0.1)
    for reduction in ("mean", "none"):
        own = loss.replace(reduction=reduction)
        table = own(outputs, group, rank, type=kinds, weight=weight, score=score)
        listed = own(
            outputs[order], group[order], rank[order], type=kinds[order], weight=weight[order], score=score[order]
        )
        torch.testing.assert_close(table, listed, rtol=1e-13, atol=1e-13)
    pair_weight = torch.rand(75, generator=random, dtype=torch.float64)
    table = loss(outputs, group, rank, type=kinds, score=score, pair_weight=pair_weight)
    listed = loss.replace(chunk=50)(outputs, group, rank, type=kinds, score=score, pair_weight=pair_weight)
    torch.testing.assert_close(table, listed, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("head", ["sigmoid", "raw"])
def test_gradients_of_first_and_second_order(head):
    outputs, group, rank = batch(size=17)
    loss = RankingLoss("log(x+0.1)", head=head, smoothing=0.1, centering=0.2, field="-x^2/2")
    assert torch.autograd.gradcheck(lambda x: loss(x, group, rank), outputs)
    assert torch.autograd.gradgradcheck(lambda x: loss(x, group, rank), outputs)
    assert torch.autograd.gradcheck(lambda x: loss.replace(chunk=5)(x, group, rank), outputs)


def test_types_weights_and_margins():
    outputs, group, rank = batch()
    kinds = torch.remainder(group, 2)
    loss = RankingLoss({"even": "log(x+0.1)", "odd": "x"}, head="raw")
    named = [loss.types[k] for k in kinds]
    assert loss(outputs, group, rank, type=kinds) == loss(outputs, group, rank, type=named)
    parts = []
    for place, text in enumerate(("log(x+0.1)", "x")):
        own = kinds == place
        parts += by_loops(on_line(rc.Utility(text)), outputs[own], group[own], rank[own], "raw")
    torch.testing.assert_close(loss(outputs, group, rank, type=kinds), torch.stack(parts).mean(), rtol=1e-13, atol=0.0)

    weight = torch.rand(len(group), dtype=torch.float64)
    one = RankingLoss("logsigmoid(x)", head="raw")
    expected = torch.stack(by_loops(on_line(rc.Utility("logsigmoid(x)")), outputs, group, rank, "raw", weight=weight)).mean()
    torch.testing.assert_close(one(outputs, group, rank, weight=weight), expected, rtol=1e-13, atol=0.0)

    pair = torch.tensor([0.3, -0.2], dtype=torch.float64)
    margin = RankingLoss("logsigmoid(x)", head="raw", margin=2.0)
    found = margin(pair, torch.tensor([0, 0]), torch.tensor([1, 2]), score=torch.tensor([0.9, 0.5]))
    assert found.item() == pytest.approx(math.log1p(math.exp(-(0.5 - 2.0 * 0.4))), rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_accumulated_in_single(dtype):
    outputs, group, rank = batch(size=400, prompts=40, ranks=9)
    half = outputs.detach().to(dtype).requires_grad_()
    loss = RankingLoss("log(x+0.1)")
    value = loss(half, group, rank)
    assert value.dtype == torch.float32
    value.backward()
    assert half.grad.dtype == dtype
    exact = half.detach().double().requires_grad_()
    expected = loss(exact, group, rank)
    expected.backward()
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    torch.testing.assert_close(half.grad.double(), exact.grad, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("utility", ["logsigmoid(x)", {"a": "log(x+0.1)", "b": "-1/(x+0.1)"}])
def test_it_compiles_without_a_graph_break(utility):
    outputs, group, rank = batch()
    kinds = torch.remainder(group, 2) if isinstance(utility, dict) else None
    loss = RankingLoss(utility, head="raw", smoothing=0.1, centering=0.1)
    compiled = torch.compile(loss, fullgraph=True)
    for seed in (0, 3):
        outputs, group, rank = batch(seed)
        kinds = torch.remainder(group, 2) if isinstance(utility, dict) else None
        found, expected = (one(outputs, group, rank, type=kinds) for one in (compiled, loss))
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
        gradients = [torch.autograd.grad(value, outputs)[0] for value in (found, expected)]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_thousands_of_responses_take_no_table_of_pairs():
    n = 3000
    outputs = torch.linspace(-3.0, 3.0, n, dtype=torch.float64, requires_grad=True)
    group, rank = torch.zeros(n, dtype=torch.int64), torch.arange(n, 0, -1)
    most = []
    loss = RankingLoss("x", chunk=100_000)
    inner = loss.terms

    def terms(outputs, batch, better, worse, pair_weight):
        most.append(len(better))
        return inner(outputs, batch, better, worse, pair_weight)

    loss.terms = terms
    value = loss(outputs, group, rank)
    assert max(most) == 100_000 and sum(most) == n * (n - 1) // 2
    # For U = x it is a sum over responses.
    rewards = torch.sigmoid(outputs.detach())
    expected = -(rewards * (2 * torch.arange(n) - (n - 1))).sum() / (n * (n - 1) / 2)
    assert value.item() == pytest.approx(expected.item(), rel=1e-12)
    value.backward()
    assert outputs.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("settings_", "n"),
    [
        ({"utility": "log(x+0.1)"}, 8),
        ({"utility": "logsigmoid(x)", "head": "raw", "smoothing": 0.1}, 8),
        ({"utility": "logsigmoid(x)", "head": "raw", "centering": 0.1}, 4),
        ({"utility": "logsigmoid(x)", "head": "raw", "field": "-x^2/2"}, 5),
    ],
)
def test_its_minimiser_is_what_theory_solves(settings_, n):
    loss = RankingLoss(**settings_)
    start = rc.solve(n=n, **loss.theory()).rewards
    # A sigmoid reaches its ends at infinity only: theory is checked from inside.
    inside = np.clip(start, 1e-9, 1 - 1e-9)
    raw = torch.tensor(inside if loss.head == "raw" else np.log(inside / (1 - inside)))
    if loss.head == "raw":
        raw = torch.tensor(start)
    outputs = raw.clone().requires_grad_()
    value = loss(outputs, torch.zeros(n, dtype=torch.int64), torch.arange(n, 0, -1))
    (gradient,) = torch.autograd.grad(value, outputs)
    assert gradient.abs().max() < 1e-7


def test_a_prompt_without_pairs_is_skipped_and_warned_of_once():
    loss = RankingLoss("x", field="-x^2")
    outputs = torch.randn(6, requires_grad=True)
    group, rank = torch.tensor([0, 0, 1, 2, 2, 2]), torch.tensor([1, 2, 1, 3, 3, 3])
    with pytest.warns(UserWarning, match="skipped"):
        value = loss(outputs, group, rank)
    assert loss.skipped.item() == 2
    torch.testing.assert_close(value, loss(outputs[:2], group[:2], rank[:2]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(outputs, group, rank)
    assert loss.skipped.item() == 4
    alone = loss(outputs[:1], group[:1], rank[:1])
    assert alone.item() == 0.0
    alone.backward()
    assert torch.equal(outputs.grad, torch.zeros(6))
    each = loss.replace(reduction="none", validate=False)(outputs, group, rank)
    assert each.shape == (3,) and each[1:].tolist() == [0.0, 0.0]


def test_an_empty_batch_costs_nothing():
    nothing = torch.zeros(0, requires_grad=True)
    empty = torch.zeros(0, dtype=torch.int64)
    assert RankingLoss("x")(nothing, empty, empty).item() == 0.0


BAD_SETTINGS = [
    ({"utility": "log(x)"}, "infinite slope"),
    ({"utility": "-1/x"}, "infinite slope"),
    ({"utility": {"a": "x", "b": "sqrt(x)"}}, "infinite slope"),
    ({"utility": "x^2"}, "concave"),
    ({"utility": "foo(x)"}, "foo"),
    ({"utility": {}}, "at least one type"),
    ({"utility": {1: "x", 0: "x"}}, "0, 1, 2"),
    ({"head": "relu"}, "head"),
    ({"reduction": "max"}, "reduction"),
    ({"smoothing": 0.5}, "smoothing"),
    ({"smoothing": math.nan}, "smoothing"),
    ({"centering": -1.0}, "centering"),
    ({"margin": math.inf}, "margin"),
    ({"chunk": 0}, "chunk"),
    ({"field": "x^2", "head": "raw"}, "concave"),
    ({"field": "log(x)", "head": "raw"}, "field"),
]


@pytest.mark.parametrize(("settings_", "words"), BAD_SETTINGS, ids=lambda value: str(value))
def test_bad_settings_are_refused(settings_, words):
    with pytest.raises(rc.InputError, match=words):
        RankingLoss(**settings_)


GROUP, RANK = torch.tensor([5, 5, 6, 6]), torch.tensor([1.0, 2.0, 1.0, 2.0])
BAD_BATCHES = [
    ({"rewards": torch.tensor([1.0, math.nan, 0.0, 0.0])}, "response 1, of prompt 5, has a reward that is not finite"),
    ({"rewards": torch.tensor([1.0, 2.0, 0.0, math.inf])}, "response 3, of prompt 6"),
    ({"rewards": torch.zeros(3)}, "group has the shape"),
    ({"rewards": torch.zeros(4, 2)}, "flat"),
    ({"rank": torch.tensor([1.0, math.nan, 1.0, 2.0])}, "cannot be compared"),
    ({"rank": torch.tensor([1.0, 2.0])}, "rank has the shape"),
    ({"weight": torch.tensor([1.0, -1.0, 1.0, 1.0])}, "weight"),
    ({"weight": torch.ones(3)}, "weight has the shape"),
    ({"pair_weight": torch.ones(3)}, "2 pairs"),
    ({"type": torch.tensor([0, 0, 2, 2])}, "type"),
    ({"type": torch.tensor([0, 1, 0, 0])}, "differs within the prompt"),
    ({"type": ["a", "a", "b", "c"]}, "unknown type of prompt 'c'"),
    ({"type": None}, "type is missing"),
    ({"score": None}, "score is missing"),
    ({"score": torch.tensor([0.0, math.nan, 0.0, 0.0])}, "score"),
]


@pytest.mark.parametrize(("changes", "words"), BAD_BATCHES, ids=lambda value: str(value)[:40])
def test_bad_batches_are_refused(changes, words, capsys):
    loss = RankingLoss({"a": "x", "b": "log(x+0.1)"}, margin=1.0)
    good = {
        "rewards": torch.zeros(4), "group": GROUP, "rank": RANK, "type": torch.tensor([0, 0, 1, 1]), "score": torch.ones(4),
    }  # fmt: skip
    loss(**good)
    with pytest.raises(rc.InputError, match=words):
        loss(**(good | changes))
    assert capsys.readouterr().out == ""


def test_wrong_kinds_of_input_are_refused():
    loss = RankingLoss("x")
    with pytest.raises(TypeError, match="floating point"):
        loss(torch.zeros(4, dtype=torch.int64), GROUP, RANK)
    with pytest.raises(TypeError, match="integers"):
        loss(torch.zeros(4), GROUP.float(), RANK)
    with pytest.raises(TypeError, match="cannot be compared|can be compared"):
        loss(torch.zeros(4), GROUP, ["first", 2, None, 1])
    with pytest.raises(rc.InputError, match="unknown type"):
        RankingLoss({"a": "x"}).theory("b")


def test_it_is_a_module_that_prints_pickles_and_moves():
    import copy
    import pickle

    loss = RankingLoss("logsigmoid(x)", head="raw", smoothing=0.1)
    assert repr(loss) == "RankingLoss('logsigmoid(x)', head='raw', smoothing=0.1)"
    assert list(loss.parameters()) == [] and loss.state_dict() == {}
    outputs, group, rank = batch()
    for other in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert other(outputs, group, rank) == loss(outputs, group, rank)


def test_the_package_itself_imports_no_torch():
    import subprocess
    import sys

    code = "import reward_collapse, sys; assert not {'torch', 'transformers', 'matplotlib'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    for order in ("import torch, reward_collapse.torch", "import reward_collapse.torch, torch"):
        assert subprocess.run([sys.executable, "-c", f"{order}; reward_collapse.solve('x', 4)"]).returncode == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_on_a_gpu(dtype):
    outputs, group, rank = batch(size=400)
    loss = RankingLoss("log(x+0.1)", smoothing=0.1, field="-x^2")
    here = outputs.detach().to(dtype).requires_grad_()
    there = here.detach().cuda().requires_grad_()
    values = [loss(here, group, rank), loss.cuda()(there, group.cuda(), rank.cuda())]
    torch.testing.assert_close(values[1].cpu(), values[0], rtol=1e-5, atol=1e-6)
    for value in values:
        value.backward()
    torch.testing.assert_close(there.grad.cpu(), here.grad, rtol=1e-2 if dtype == torch.bfloat16 else 1e-5, atol=1e-6)


def test_the_tree_of_a_field():
    assert _core.field_tree("-x^2", (0.0, 1.0)) == ("neg", ("pow", ("x",), 2.0))


def test_a_design_is_trained_to_its_law():
    designs = {"open": rc.design("beta(2,5)", base="x", exact=True), "closed": rc.design("uniform", base="log(x+0.1)")}
    loss = RankingLoss({**designs, "exam": "x"})
    group = torch.arange(4).repeat_interleave(8)
    rank = torch.arange(8, 0, -1).repeat(4)
    types = ["open"] * 8 + ["closed"] * 8 + ["open"] * 8 + ["exam"] * 8
    outputs = (0.1 * torch.randn(32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, group, rank, types), (outputs,))
    assert torch.autograd.gradgradcheck(lambda x: loss(x, group, rank, types), (outputs,))
    # The loss has less twice the mean of the field.
    plain = RankingLoss({"open": "x", "closed": "log(x+0.1)", "exam": "x"})
    rewards = torch.sigmoid(outputs.detach())
    fields = sum(designs[kind].potential(rewards[8 * k : 8 * k + 8].numpy()).mean() for k, kind in enumerate(["open", "closed", "open"]))
    difference = loss(outputs, group, rank, types) - plain(outputs, group, rank, types)
    assert difference.item() == pytest.approx(-2.0 * fields / 4, abs=1e-12)

    optimiser = torch.optim.Adam([outputs], lr=0.05)
    for _ in range(2000):
        optimiser.zero_grad()
        loss(outputs, group, rank, types).backward()
        optimiser.step()
    learned = torch.sigmoid(outputs.detach()).numpy().reshape(4, 8)
    for row, kind in ((0, "open"), (1, "closed"), (2, "open")):
        np.testing.assert_allclose(learned[row], rc.solve(n=8, **loss.theory(kind)).rewards, atol=2e-3)
    again = pickle.loads(pickle.dumps(loss))
    assert again(outputs, group, rank, types) == loss(outputs, group, rank, types)
    alone = RankingLoss(designs["open"])
    total = alone.replace(reduction="sum")(outputs, group, rank)
    assert total.item() == pytest.approx(4 * alone(outputs, group, rank).item())
    with pytest.raises(rc.InputError, match="of its own"):
        RankingLoss(designs["open"], field="-x^2")
    with pytest.raises(rc.InputError, match="rewards in"):
        RankingLoss(designs["open"], head="raw")
