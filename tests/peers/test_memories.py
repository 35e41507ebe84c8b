"""Linear attention, gated memories and the delta rule, as fla, transformers and performer-pytorch have them."""

from importlib.metadata import files
from runpy import run_path

import pytest
import torch
import torch.nn.functional as F
from fresh import shown
from peers.weights import randomise
from performer_pytorch.performer_pytorch import causal_linear_attention_noncuda, linear_attention
from torch.testing import assert_close
from transformers.models.mamba2 import modeling_mamba2 as mamba2
from transformers.models.qwen3_next import modeling_qwen3_next as qwen3_next

SINGLE = {"rtol": 1e-4, "atol": 1e-5}       # what theirs computes with, whatever it is given


def naive(name):
    """The plain forms of an operation of fla; they need torch alone, the package around them Triton."""
    path, = (path for path in files("fla-core") if path.match(f"fla/ops/{name}/naive.py"))
    return run_path(str(path.locate()))


@pytest.mark.parametrize("way", ["pairs", "linear"])
def test_linear_attention_is_performer_s(way):
    """Theirs gets queries and keys that are positive already."""
    Q, K, V = torch.randn(3, 30, 8).double()
    ours = getattr(shown("efficient_attention/linear", "linear"), way)(Q, K, V)
    assert_close(ours, linear_attention(F.elu(Q) + 1, F.elu(K) + 1, V))


def test_causal_linear_attention_is_performer_s():
    layer = shown("efficient_attention/linear", "causal")
    Q, K, V = torch.randn(3, 30, 8).double()
    positive = (F.elu(x)[None, None] + 1 for x in (Q, K))
    theirs = causal_linear_attention_noncuda(*positive, V[None, None], eps=0)[0, 0]
    assert_close(layer.recurrent(Q, K, V), theirs)
    assert_close(layer.shares(Q, K) @ V, theirs)


def test_causal_linear_attention_is_fla_s():
    layer = shown("efficient_attention/linear", "causal")
    Q, K, V = torch.randn(3, 30, 8).double()
    theirs, _ = naive("linear_attn")["naive_recurrent_linear_attn"](
        *(x[None, :, None] for x in (F.elu(Q) + 1, F.elu(K) + 1, V)), normalize=True)
    assert_close(layer.recurrent(Q, K, V), theirs[0, :, 0], **SINGLE)


@pytest.fixture
def gated():
    """Queries, keys and values (n, d), and gates (n,)."""
    return *torch.randn(3, 40, 8).double(), torch.rand(40).double()


def test_the_decay_is_the_segment_sum_of_mamba_2(gated):
    """Theirs adds logarithms, ours multiplies."""
    *_, gate = gated
    ours = shown("efficient_attention/duality", "duality").decay(gate)
    assert_close(ours, mamba2.segment_sum(gate.log()).exp())


@pytest.mark.parametrize("way", ["recurrence", "masked"])
@pytest.mark.parametrize("theirs", ["recurrent", "parallel", "chunk"])
def test_a_gated_memory_is_fla_s(gated, way, theirs):
    """Theirs divides by the root of d, unless a scale is given, and takes the logarithm of the gate."""
    Q, K, V, gate = gated
    ours = getattr(shown("efficient_attention/duality", "duality"), way)(*gated)
    y, _ = naive("simple_gla")[f"naive_{theirs}_simple_gla"](
        *(x[None, :, None] for x in (Q, K, V, gate.log())), scale=1)
    assert_close(ours, y[0, :, 0].double(), **SINGLE)


@pytest.mark.parametrize("way", ["recurrence", "masked"])
def test_a_gated_memory_is_mamba_2(gated, way):
    """Its step dt is in both: the gate is exp(-dt), and what is written dt V."""
    Q, K, V, gate = gated
    dt = -gate.log()
    y = mamba2.mamba2_chunk_scan(V[None, :, None], dt[None, :, None], torch.tensor([-1.0]), K[None, :, None],
                                 Q[None, :, None], chunk_size=16)
    ours = getattr(shown("efficient_attention/duality", "duality"), way)(Q, K, dt[:, None] * V, gate)
    assert_close(ours, y[0, :, 0].double(), **SINGLE)


@pytest.mark.parametrize("theirs", ["recurrent", "chunk"])
def test_the_correcting_memory_is_fla_s(gated, theirs):
    Q, K, V, gate = gated
    K, beta = F.normalize(K), torch.rand(40).double()
    ours = shown("efficient_attention/duality", "delta").correcting(Q, K, V, gate, beta)
    q, k, v, g, beta = (x[None, :, None] for x in (Q, K, V, gate.log(), beta))
    y, _ = naive("gated_delta_rule")[f"naive_{theirs}_gated_delta_rule"](q, k, v, g=g, beta=beta, scale=1)
    assert_close(ours, y[0, :, 0].double(), **SINGLE)


def test_memories_of_all_tokens_at_once_are_fla_s():
    layer = shown("hybrids/legend", "memory")
    q, k, v = torch.randn(3, 2, 4, 30, 8).double()          # (b, h, n, d_head)
    k = F.normalize(k, dim=3)
    keep, write = F.logsigmoid(torch.randn(2, 4, 30, 1)).double(), torch.rand(2, 4, 30, 1).double()
    Q, K, V, gate, beta = (x.transpose(1, 2) for x in (q, k, v, keep[..., 0], write[..., 0]))
    y, _ = naive("simple_gla")["naive_recurrent_simple_gla"](Q, K, V * beta[..., None], gate, scale=1)
    assert_close(layer.Memory().read(q, k, v, keep, write), y.transpose(1, 2), **SINGLE)
    y, _ = naive("gated_delta_rule")["naive_recurrent_gated_delta_rule"](Q, K, V, beta, gate, scale=1)
    assert_close(layer.Delta().read(q, k, v, keep, write), y.transpose(1, 2).double(), **SINGLE)


@pytest.mark.parametrize("theirs", ["recurrent", "chunk"])
def test_a_short_convolution_before_a_memory_is_that_of_qwen3_next(theirs):
    """Theirs divides queries by the root of d; its table lies the other way round."""
    d, x = 8, torch.randn(2, 30, 8).double()
    ours = randomise(shown("hybrids/short", "block").ShortThenMemory(d))
    near = mamba2.causal_conv1d_fn(ours.qkv(x).mT, ours.short.weight[:, 0], ours.short.bias, activation="silu")
    q, k, v = near.mT[:, :, None].chunk(3, dim=3)
    keep, write = ours.gates(x)[:, :, None].unbind(3)
    rule = getattr(qwen3_next, f"torch_{theirs}_gated_delta_rule")
    y, _ = rule(d**0.5 * q, k, v, F.logsigmoid(keep), write.sigmoid(), use_qk_l2norm_in_kernel=True)
    assert_close(ours(x), ours.out(d**0.5 * y[:, :, 0].double()), **SINGLE)
