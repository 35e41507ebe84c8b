"""What layers cost, as fvcore and ptflops count it, and how large those of timm and transformers are."""

import pytest
import timm
import torch
from fresh import shown
from fvcore.nn import FlopCountAnalysis
from ptflops import get_model_complexity_info
from stacking import blocks
from timm.models.convnext import ConvNeXt
from timm.models.vision_transformer import Block
from torch import nn
from transformers import Mamba2Config, TimesformerConfig
from transformers.cache_utils import DynamicCache
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer
from transformers.models.timesformer.modeling_timesformer import TimesformerLayer

REST = "layer_norm", "group_norm", "adaptive_avg_pool2d"     # fvcore counts norms and means; our MACs leave them out


def fvcore_macs(layer, *shape):
    """Multiply-accumulates of the matrix products and convolutions; fvcore calls them flops."""
    counted = FlopCountAnalysis(layer, torch.zeros(shape)).unsupported_ops_warnings(False)
    return sum(macs for operation, macs in counted.by_operator().items() if operation not in REST)


def ptflops_macs(layer, *shape):
    """What ptflops counts; the first axis is the batch, which it adds itself."""
    macs, _ = get_model_complexity_info(layer, shape, print_per_layer_stat=False, as_strings=False)
    return macs


def matrices(layer):
    """How many numbers the layer has, without its biases, norms and scales."""
    return sum(weights.numel() for weights in layer.parameters() if weights.ndim > 1)


def convolutions(d, k):
    """A dense layer, and a separable one. The padding is a number, since fvcore overlooks what has padding="same"."""
    dense, depthwise = (nn.Conv1d(d, d, k, padding=k // 2, groups=groups, bias=False) for groups in (1, d))
    return dense, nn.Sequential(depthwise, nn.Conv1d(d, d, 1, bias=False))


@pytest.mark.parametrize("count", [fvcore_macs, ptflops_macs])
@pytest.mark.parametrize("n, d, k", [(50, 24, 9), (31, 8, 3)])
def test_the_price_of_convolutions_is_theirs(count, n, d, k):
    price = shown("cost/price", "price")
    dense, separable = convolutions(d, k)
    shape = (d, n) if count is ptflops_macs else (1, d, n)
    assert price.macs(price.convolution, (n, d), (d, d, k)) == count(dense, *shape)
    assert price.macs(price.separable, (n, d), (d, 1, k), (d, d)) == count(separable, *shape)


class Heads(nn.Module):
    """PyTorch's heads for one input, fused: what is written out, ptflops would count a second time."""

    def __init__(self, d, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(d, heads, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


@pytest.mark.parametrize("n, d, heads", [(50, 24, 4), (31, 8, 1)])
def test_the_price_of_attention_is_theirs(n, d, heads):
    """ptflops also counts the scaling of queries, the softmax and the biases."""
    price = shown("cost/price", "price")
    ours = price.macs(price.attention, (n, d), (3 * d, d), (d, d))
    assert ours == fvcore_macs(shown("self_attention/multi_head", "multi_head").SelfAttention(d, heads), 1, n, d)
    assert ours + n * d + heads * n**2 + 4 * n * d == ptflops_macs(Heads(d, heads), n, d)


def test_fvcore_overlooks_the_fused_core():
    """It counts no scaled_dot_product_attention, so that 2 n n d MACs of a block are missing."""
    n, d = 50, 24
    price = shown("cost/price", "price")
    core = 2 * n**2 * d
    block = fvcore_macs(shown("vision_transformer/vit", "block").Block(d, 4), 1, n, d)
    assert block + core == price.macs(price.attention, (n, d), (3 * d, d), (d, d)) + 8 * n * d**2


def test_an_image_costs_what_fvcore_says():
    """Our numbers are FLOPs, two for each MAC."""
    layer, side, d = shown("cost/image", "side"), 12, 16
    dense, depthwise = (nn.Conv2d(d, d, 3, padding=1, groups=groups, bias=False) for groups in (1, d))
    separable = nn.Sequential(depthwise, nn.Conv2d(d, d, 1, bias=False))
    assert layer.convolution(side, d) == 2 * fvcore_macs(dense, 1, d, side, side)
    assert layer.separable(side, d) == 2 * fvcore_macs(separable, 1, d, side, side)


@pytest.mark.parametrize("layout", ["CCCC", "CCAA"])
def test_stages_cost_what_fvcore_says(layout):
    layer = shown("hybrids/stages", "stages")
    with layer.FlopCounterMode(display=False) as counter, torch.device("meta"):
        layer.network(layout)(torch.empty(1, 3, 64, 64))
    assert counter.get_total_flops() == 2 * fvcore_macs(layer.network(layout), 1, 3, 64, 64)


def test_four_stages_of_convolution_are_convnext():
    """Without its stem, its classifier, and what halves the sides between stages."""
    weights, macs, _ = shown("choosing/strides", "strides").network("CCCC", 64)
    theirs = [block for stage in ConvNeXt().stages for block in stage.blocks]
    assert weights == sum(map(matrices, theirs))
    widths = [block.conv_dw.in_channels for block in theirs]
    images = [(1, d, 64 * 24 // d, 64 * 24 // d) for d in widths]
    assert macs == sum(map(lambda block, image: fvcore_macs(block, *image), theirs, images))


@pytest.mark.parametrize("name, make", [
    ("convnext", timm.models.convnext_tiny),
    ("swin", timm.models.swin_tiny_patch4_window7_224),
    ("poolformer", timm.models.poolformer_s36),
])
def test_whole_networks_cost_what_timm_s_do(name, make):
    theirs = make()
    for layer in theirs.modules():
        layer.fused_attn = False            # fvcore counts what is written out
    assert 1e9 * blocks.gmacs(*blocks.NETWORKS[name]) == pytest.approx(fvcore_macs(theirs, 1, 3, 224, 224))


def test_a_block_of_attention_costs_what_timm_s_does():
    n, d = 50, 24
    ours, theirs = shown("choosing/block", "block").block("attention", n, d), Block(d, 4)
    theirs.attn.fused_attn = False          # fvcore counts what is written out
    assert ours["weights"] == matrices(theirs)
    assert ours["MACs"] == fvcore_macs(theirs, 1, n, d)


def test_a_state_space_layer_is_as_large_as_mamba_2():
    """Ours leaves out its step, one vector a head, and its short convolution."""
    n, d, N = 10, 16, 8
    ours = shown("choosing/block", "block").block("state space", n, d, N=N, mlp=0)
    config = Mamba2Config(hidden_size=d, state_size=N, n_groups=1, num_heads=4, head_dim=8, num_hidden_layers=1)
    theirs = Mamba2Mixer(config, 0)
    step = d * theirs.num_heads
    assert ours["weights"] + step == matrices(theirs) - theirs.conv1d.weight.numel()
    cache = DynamicCache(config=config)
    theirs(torch.randn(1, n, d), cache=cache)
    assert ours["state"] == cache.get_recurrent_state(0, state_idx=0).numel()


def test_a_block_for_video_is_timesformer_s():
    """Theirs has one more matrix, after its attention over time."""
    d, (millions, _, _) = 768, shown("choosing/video", "video").block(8)["space, then time"]
    with torch.device("meta"):
        theirs = TimesformerLayer(TimesformerConfig(hidden_size=d, intermediate_size=4 * d), 0)
    assert millions * 1e6 == pytest.approx(matrices(theirs) - d**2)
