"""What the pages show holds for any sizes, not only for those that they run."""

import pytest
import torch
import torch.nn.functional as F
from fresh import shown
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

settings.register_profile("the same each time", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("the same each time")

sizes, seeds = st.integers(1, 24), st.integers(0, 2**31)


@st.composite
def tensors(draw, count, *shape):
    """Random numbers in double precision; in memory they may lie the other way round."""
    torch.manual_seed(draw(seeds))
    drawn = torch.randn(count, *shape).double()
    return [x.mT.contiguous().mT if draw(st.booleans()) else x for x in drawn]


@st.composite
def attended(draw):
    """Queries, keys and values."""
    return draw(tensors(3, draw(sizes), draw(sizes)))


def same(x, y):
    torch.testing.assert_close(x, y, rtol=1e-9, atol=1e-9)


@given(attended(), st.integers(0, 40))
def test_blocks_are_the_window(qkv, w):
    layer = shown("efficient_attention/window", "window")
    same(layer.blocked(*qkv, w), layer.masked(*qkv, w))


HALVES = {  # a form, and what it takes besides queries, keys and values
    ("efficient_attention/window", "window", "blocked"): (3,),
    ("efficient_attention/streamed", "streamed", "streamed"): (4, 5),
    ("efficient_attention/linear", "linear", "linear"): (),
    ("efficient_attention/linear", "causal", "recurrent"): (),
}


@pytest.mark.parametrize("form", HALVES, ids=lambda form: form[2])
@given(qkv=attended())
def test_a_form_works_in_half_the_bits(form, qkv):
    """bfloat16 keeps 8 bits of a number: what comes out is right to about a hundredth, and in bfloat16."""
    name, section, function = form
    function = getattr(shown(name, section), function)
    half = [x.bfloat16() for x in qkv]
    y = function(*half, *HALVES[form])
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.double(), function(*(x.double() for x in half), *HALVES[form]), rtol=0.02, atol=0.02)


@given(attended(), sizes, sizes)
def test_tiles_are_attention(qkv, rows, columns):
    same(shown("efficient_attention/streamed", "streamed").streamed(*qkv, rows, columns),
         F.scaled_dot_product_attention(*qkv))


@given(attended())
def test_linear_attention_needs_no_pairs(qkv):
    layer = shown("efficient_attention/linear", "linear")
    same(layer.linear(*qkv), layer.pairs(*qkv))


@given(attended())
def test_linear_attention_is_a_recurrence(qkv):
    layer = shown("efficient_attention/linear", "causal")
    Q, K, V = qkv
    same(layer.recurrent(Q, K, V), layer.shares(Q, K) @ V)


@given(attended(), st.floats(0, 1), seeds)
def test_a_gated_recurrence_is_attention_with_a_decay(qkv, least, seed):
    layer = shown("efficient_attention/duality", "duality")
    gate = least + (1 - least) * torch.rand(len(qkv[0]), generator=torch.Generator().manual_seed(seed)).double()
    same(layer.masked(*qkv, gate), layer.recurrence(*qkv, gate))


@given(st.integers(1, 4), st.integers(1, 4), sizes, st.data())
def test_swin_is_attention_with_a_mask(g, M, d, data):
    side, shift = g * M, data.draw(st.integers(0, M - 1))
    [x] = data.draw(tensors(1, side**2, d))
    at = (torch.arange(side) + (M - shift) % M) // M  # the window of each row and column
    window = (at[:, None] * (side + 1) + at).flatten()
    mask = window == window[:, None]
    expected = F.scaled_dot_product_attention(x, x, x, mask)
    layer = shown("efficient_attention/swin", "swin")
    same(layer.swin(x.reshape(side, side, d), M, shift).reshape(side**2, d), expected)


@given(sizes, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.data())
def test_shared_keys_are_repeated_keys(n, width, groups, share, data):
    heads = groups * share
    d = heads * width
    [x], [W_Q], W = (data.draw(tensors(*shape)) for shape in ((1, n, d), (1, d, d), (2, groups * width, d)))
    grouped = shown("efficient_attention/kv_heads", "grouped").grouped
    repeated = [w.view(groups, width, d).repeat_interleave(share, 0).reshape(d, d) for w in map(torch.clone, W)]
    y, cache = grouped(x, W_Q, *W, heads)
    same(y, grouped(x, W_Q, *repeated, heads)[0])
    assert cache == 2 * n * groups * width


@given(st.integers(1, 3), sizes, st.integers(1, 5), st.integers(1, 5), seeds)
def test_our_heads_are_the_library_s(b, n, heads, width, seed):
    torch.manual_seed(seed)
    d = heads * width
    ours = shown("self_attention/multi_head", "multi_head").SelfAttention(d, heads).double()
    theirs = nn.MultiheadAttention(d, heads, batch_first=True).double()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(b, n, d).double()
    same(ours(x), theirs(x, x, x)[0])


@given(sizes, sizes, st.integers(0, 5), seeds)
def test_a_convolution_is_the_sum(n, d, reach, seed):
    torch.manual_seed(seed)
    conv, x = nn.Conv1d(d, d, 2 * reach + 1, padding=reach, bias=False).double(), torch.randn(n, d).double()
    step = torch.arange(n) - torch.arange(n)[:, None]
    ones = torch.stack([step == offset for offset in range(-reach, reach + 1)]).double()
    same(shown("one_equation/one_function", "mix").mix(ones, conv.weight.permute(2, 0, 1), x), conv(x.T).T)


@given(st.integers(1, 5), st.integers(1, 5), seeds)
def test_nine_heads_are_any_kernel(inputs, outputs, seed):
    torch.manual_seed(seed)
    layer = shown("attention_as_convolution/nine_heads", "heads")
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate", bias=False).double()
    image = torch.randn(inputs, layer.side, layer.side).double()
    x = image.flatten(1).T
    y = sum(layer.shares(a, b) @ x @ conv.weight[:, :, a + 1, b + 1].T for a in (-1, 0, 1) for b in (-1, 0, 1))
    same(y, conv(image).flatten(1).T)


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(1, 4)), max_size=5))
def test_the_receptive_field_is_that_of_the_gradient(layers):
    layer = shown("receptive_field/formula", "formula")
    assert layer.receptive_field(layers) == layer.measured_field(layers)


@given(sizes, st.integers(1, 9), st.integers(0, 5), st.integers(1, 5), st.integers(1, 4))
def test_a_convolution_reads_what_we_say(n, k, padding, stride, dilation):
    layer = shown("convolution/options", "options")
    options = {"padding": padding, "stride": stride, "dilation": dilation}
    assume(layer.length(n, k, **options) > 0)  # or the kernel does not fit, and PyTorch says so
    assert layer.agrees(n, k, **options)


@given(st.integers(1, 200), st.integers(1, 64), st.integers(1, 31))
def test_the_counts_are_those_of_the_counter(n, d, k):
    layer = shown("cost/price", "price")
    assert layer.macs(layer.convolution, (n, d), (d, d, k)) == n * k * d**2
    assert layer.macs(layer.separable, (n, d), (d, 1, k), (d, d)) == n * (k * d + d**2)
    assert layer.macs(layer.attention, (n, d), (3 * d, d), (d, d)) == n * (4 * d**2 + 2 * n * d)


@given(st.integers(2, 40), st.integers(1, 4), st.integers(2, 8))
def test_training_keeps_what_we_say(n, heads, width):
    layer, d = shown("cost/training", "training"), heads * width
    x, W_QKV, W_O = (torch.randn(shape, requires_grad=True) for shape in ((n, d), (3 * d, d), (d, d)))
    kept = layer.kept(layer.attention, x, W_QKV, W_O, mix=layer.written_out, h=heads)
    assert kept == 5 * n * d + heads * n**2
    QKV = x.detach().double().expand(3, 1, n, d)
    same(layer.written_out(*QKV), layer.fused(*QKV))
    kernels, own = torch.randn(d, d, 3, requires_grad=True), torch.randn(d, 1, 3, requires_grad=True)
    assert layer.kept(layer.convolution, x, kernels) == n * d
    assert layer.kept(layer.separable, x, own, W_O) == 2 * n * d


@given(st.integers(1, 300), st.floats(-1, 1), seeds)
def test_a_scan_is_the_loop(n, a, seed):
    layer = shown("parallelism/scan", "scan")
    x = torch.randn(n, generator=torch.Generator().manual_seed(seed)).double()
    expected, _, _ = layer.loop(a, x)
    same(layer.doubling(a, x)[0], expected)
    power = 1 << (n.bit_length() - 1)
    same(layer.tree(a, x[:power])[0], expected[:power])


@given(seeds)
def test_rotary_scores_depend_on_the_step_alone(seed):
    layer = shown("self_attention/positions", "positions")
    torch.manual_seed(seed)
    q, k = (torch.randn(layer.d).double().expand(layer.n, layer.d) for _ in range(2))
    scores = layer.rotate(q) @ layer.rotate(k).T
    for step in range(-64, 65):
        line = scores.diagonal(step)
        same(line, line[:1].expand_as(line))
