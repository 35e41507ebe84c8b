"""Positions, as transformers has them."""

import pytest
import torch
from fresh import shown
from torch.testing import assert_close
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.gptj import modeling_gptj as gptj
from transformers.models.llama import modeling_llama as llama
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding
from transformers.models.t5.modeling_t5 import T5Attention

# Theirs computes angles in single precision.
SINGLE = {"rtol": 0, "atol": 2e-5}


def halves(x):
    """Even channels first, then the odd ones."""
    return torch.cat([x[..., ::2], x[..., 1::2]], -1)


def test_rotary_positions_are_those_of_gpt_j():
    layer = shown("self_attention/positions", "positions")
    x = torch.randn(layer.n, layer.d).double()
    sin, cos = gptj.create_sinusoidal_positions(layer.n, layer.d).chunk(2, 1)
    assert_close(layer.sin, sin.double(), **SINGLE)
    assert_close(layer.cos, cos.double(), **SINGLE)
    theirs = gptj.apply_rotary_pos_emb(x[None, :, None], layer.sin[None], layer.cos[None])
    assert_close(layer.rotate(x), theirs[0, :, 0])


def test_rotary_positions_are_those_of_llama_in_another_order():
    """Theirs turns channel m together with m + d / 2, ours 2m with 2m + 1."""
    layer = shown("self_attention/positions", "positions")
    q, k = torch.randn(2, 1, 1, layer.n, layer.d).double()
    sin, cos = (x.repeat(1, 2)[None] for x in (layer.sin, layer.cos))
    for ours, theirs in zip((q, k), llama.apply_rotary_pos_emb(halves(q), halves(k), cos, sin), strict=True):
        assert_close(halves(layer.rotate(ours[0, 0])), theirs[0, 0])


def test_turned_pairs_have_the_scores_of_llama():
    """Ours reads pairs side by side and writes halves; theirs reads and writes halves."""
    layer, width, n = shown("space_and_sequence/lengths", "lengths"), 8, 50
    q, k = torch.randn(2, 1, 1, n, width).double()
    omega = layer.turns(width).double()
    angle = (torch.arange(n)[:, None] * omega).repeat(1, 2)[None]
    theirs = llama.apply_rotary_pos_emb(halves(q), halves(k), angle.cos(), angle.sin())
    for ours, other in zip((q, k), theirs, strict=True):
        assert_close(layer.turn(ours, omega), other)


def test_sinusoidal_vectors_are_those_of_marian():
    """Theirs has all sines first, as our row_below.py; the formula of 2017 has sines and cosines in turn."""
    page, row = shown("self_attention/positions", "positions"), shown("space_and_sequence/row_below", "read")
    for ours, n in (halves(page.sinusoidal), page.n), (row.p, row.side**2):
        theirs = MarianSinusoidalPositionalEmbedding(n, ours.shape[1]).create_weight()
        assert_close(ours, theirs.double(), **SINGLE)


def test_buckets_are_those_of_t5():
    distance = torch.arange(-300, 301)
    ours = shown("self_attention/positions", "positions").bucket(distance.double())
    assert ours.equal(T5Attention._relative_position_bucket(distance))


def test_a_slope_of_alibi_is_one_of_bloom_s():
    """Theirs adds the slope times j, not j - i: along a row this differs by one number, which softmax ignores.

    It is for causal masks; ours counts later positions, too.
    """
    layer = shown("self_attention/positions", "positions")
    third = build_alibi_tensor(torch.ones(1, layer.n), 8, torch.float64)[2]         # (1, n): j / 8
    theirs = third - third.T
    assert_close(layer.added["ALiBi"].tril(), theirs.tril())


def test_shares_with_alibi_are_those_of_bloom():
    layer = shown("space_and_sequence/lengths", "lengths")
    n, tokens = 40, torch.randint(9, (2, 40))
    model = layer.Layer("ALiBi").double()
    model(tokens)
    q, k, _ = model.W(model.embed(tokens)).view(2, n, 3, 4, 8).permute(2, 0, 3, 1, 4)
    scores = q @ k.mT / 8**0.5 + build_alibi_tensor(torch.ones(1, n), 4, torch.float64).unsqueeze(0)
    later = torch.ones(n, n).triu(1).bool()
    assert_close(model.A, scores.masked_fill(later, -torch.inf).softmax(-1))


def stretched(kind, s, **more):
    """The angles per step and the factor of the scores that transformers has for s times 32 tokens."""
    parameters = {"rope_type": kind, "rope_theta": 100.0, "factor": s} | more
    config = LlamaConfig(hidden_size=8, num_attention_heads=1, max_position_embeddings=32, rope_parameters=parameters)
    omega, factor = ROPE_INIT_FUNCTIONS[kind](config, seq_len=s * 32)
    return omega, factor**2         # it is a factor of queries and of keys


@pytest.mark.parametrize("s", [2, 4, 16])
@pytest.mark.parametrize("how, kind, more", [
    ("interpolated", "linear", {}),
    ("other base", "dynamic", {"factor": 1.0}),     # theirs takes the length of each input for s
])
def test_stretched_angles_are_those_of_transformers(how, kind, more, s):
    layer = shown("space_and_sequence/lengths", "lengths")
    assert layer.N == 32
    ours, (omega, _) = layer.changed(layer.Layer("rotary"), how, s), stretched(kind, s, **more)
    assert_close(ours.omega, omega)


@pytest.mark.parametrize("s", [2, 4, 16])
def test_angles_by_parts_are_those_of_yarn(s):
    """Between the fast pairs, which stay, and the slow ones, theirs goes by a pair's number, ours by its turns."""
    layer = shown("space_and_sequence/lengths", "lengths")
    ours = layer.changed(layer.Layer("rotary"), "by parts", s)
    omega, factor = stretched("yarn", s, beta_fast=4, truncate=False, original_max_position_embeddings=32)
    assert ours.sharper == pytest.approx(factor)
    turns = 32 * layer.turns(8) / (2 * torch.pi)
    outside = (turns <= 1) | (turns >= 4)
    assert outside.tolist() == [True, False, True, True]
    assert_close(ours.omega[outside], omega[outside])
    both = torch.stack([ours.omega, omega])[:, ~outside]
    assert (both < layer.turns(8)[~outside]).all() and (both > layer.turns(8)[~outside] / s).all()
