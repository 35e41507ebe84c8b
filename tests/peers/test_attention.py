"""Masks, windows, shared keys and caches, as transformers and linformer have them."""

import pytest
import torch
from fresh import shown
from linformer import LinformerSelfAttention
from torch.testing import assert_close
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM, LongformerConfig
from transformers import masking_utils as masks
from transformers.models.llama.modeling_llama import LlamaAttention
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention


def allowed(rule, n):
    """The pairs of query and key that a rule of transformers allows: (n, n)."""
    i = torch.arange(n)
    return rule(0, 0, i[:, None], i).expand(n, n)


def test_masks_are_those_of_transformers():
    ours = shown("self_attention/masks", "masks")
    words = torch.arange(ours.n)[None] < ours.words
    assert ours.causal.equal(allowed(masks.causal_mask_function, ours.n))
    assert ours.padding.equal(allowed(masks.padding_mask_function(words), ours.n))


@pytest.mark.parametrize("way", ["masked", "blocked"])
@pytest.mark.parametrize("w", [0, 1, 5, 40])
def test_a_window_is_that_of_transformers(way, w):
    """A share is above 0 where the library's mask, which counts positions on each side as we do, allows the pair."""
    Q, K = torch.randn(2, 30, 30).double()
    A = getattr(shown("efficient_attention/window", "window"), way)(Q, K, torch.eye(30).double(), w)
    assert (A > 0).equal(allowed(masks.sliding_window_bidirectional_mask_function(w), 30))


@pytest.mark.parametrize("way", ["masked", "blocked"])
def test_a_window_is_that_of_longformer(way):
    """Its attention_window of 12 is 6 positions on each side; it takes the softmax in single precision."""
    n, d = 48, 16
    theirs = LongformerSelfAttention(
        LongformerConfig(hidden_size=d, num_attention_heads=1, attention_window=[12]), 0).double().eval()
    x, nowhere = torch.randn(1, n, d).double(), torch.zeros(1, n)
    y, = theirs(x, nowhere, nowhere.bool(), nowhere.bool(), False)
    Q, K, V = (project(x[0]) for project in (theirs.query, theirs.key, theirs.value))
    ours = getattr(shown("efficient_attention/window", "window"), way)(Q, K, V, 6)
    assert_close(ours, y[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("window", [1, 5, 40])
def test_a_window_of_causal_attention_is_that_of_transformers(window):
    """Both count the position itself, other than where a window has two sides."""
    expected = allowed(masks.sliding_window_causal_mask_function(window), 30)
    A = shown("parallelism/table", "hops").attention(torch.eye(30), window)
    assert (A > 0).equal(expected)
    model = shown("space_and_sequence/lengths", "lengths").Layer("rotary")
    model.window = window
    model(torch.randint(9, (1, 30)))
    assert (model.A[0, 0] > 0).equal(expected)


def llama(d, heads, groups):
    """Attention of Llama, neither causal nor with positions, and the argument that says so."""
    config = LlamaConfig(hidden_size=d, num_attention_heads=heads, num_key_value_heads=groups,
                         attn_implementation="sdpa")
    layer = LlamaAttention(config, 0).double()
    layer.is_causal = False
    unturned = torch.ones(1, 1, d // heads), torch.zeros(1, 1, d // heads)
    return layer, {"position_embeddings": unturned, "attention_mask": None}


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_shared_keys_are_those_of_llama(groups):
    n, d, heads = 10, 24, 6
    theirs, how = llama(d, heads, groups)
    theirs.o_proj.weight.data = torch.eye(d).double()       # ours has no W_O
    x, cache = torch.randn(n, d).double(), DynamicCache()
    W = theirs.q_proj.weight, theirs.k_proj.weight, theirs.v_proj.weight
    ours, kept = shown("efficient_attention/kv_heads", "grouped").grouped(x, *W, heads)
    assert_close(ours, theirs(x[None], cache=cache, **how)[0][0])
    assert kept == numbers(cache)


def numbers(cache):
    return sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)


def test_a_cache_is_that_of_transformers():
    ours = shown("cost/cache", "cache")
    theirs, how = llama(ours.d, 1, 1)
    parts = zip((theirs.q_proj, theirs.k_proj, theirs.v_proj), ours.W_QKV.chunk(3), strict=True)
    for part, weights in [*parts, (theirs.o_proj, ours.W_O)]:
        part.weight.data = weights
    cache = DynamicCache()
    y = [theirs(token[None], cache=cache, **how)[0][0] for token in ours.x.split(1)]
    assert_close(torch.cat(ours.y), torch.cat(y))
    assert ours.K.numel() + ours.V.numel() == numbers(cache)


def test_the_model_of_the_contract_is_llama():
    """Ours leaves out the scales of the norms, two vectors a layer and one at the end."""
    ours = shown("choosing/contract", "contract")
    with torch.device("meta"):
        theirs = LlamaForCausalLM(LlamaConfig(
            hidden_size=ours.d, num_hidden_layers=ours.L, num_attention_heads=32, num_key_value_heads=8,
            intermediate_size=ours.mlp, vocab_size=ours.words // ours.d))
    matrices = [weights.numel() for weights in theirs.parameters() if weights.ndim == 2]
    assert ours.weights() == sum(matrices)
    assert (2 * ours.L + 1) * ours.d == sum(weights.numel() for weights in theirs.parameters()) - sum(matrices)


def test_linformer_is_the_library_s():
    n, d, p = 20, 8, 5
    theirs = LinformerSelfAttention(d, n, p, heads=1).double()
    E = torch.randn(p, n).double()
    theirs.proj_k.data, theirs.proj_v.data = E.T, E.T
    x = torch.randn(n, d).double()
    ours = shown("efficient_attention/linear", "linformer").linformer(
        *(project(x) for project in (theirs.to_q, theirs.to_k, theirs.to_v)), E)
    assert_close(theirs.to_out(ours), theirs(x[None])[0])
