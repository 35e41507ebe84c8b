"""Blocks and networks for images, as timm, torchvision and transformers have them."""

from copy import deepcopy

import pytest
import timm.layers
import torch
from fresh import shown
from peers.weights import lend, randomise
from timm.layers.bottleneck_attn import BottleneckAttn
from timm.models.convit import GPSA
from timm.models.metaformer import GroupNorm1, MetaFormerBlock
from timm.models.resnetv2 import PreActBasic
from timm.models.swin_transformer import SwinTransformerBlock
from timm.models.vision_transformer import Block, VisionTransformer
from torch import nn
from torch.testing import assert_close
from torchvision.models.swin_transformer import shifted_window_attention
from torchvision.models.vision_transformer import ConvStemConfig
from torchvision.models.vision_transformer import VisionTransformer as TorchvisionViT
from transformers.models.cvt.modeling_cvt import CvtSelfAttention

BLOCK = {"qkv": "attn.qkv", "out": "attn.proj", "mlp.0": "mlp.fc1", "mlp.2": "mlp.fc2"}
# PyTorch's multi-head attention and encoder layer have other names than timm's.
LAYER = {"attention.": "self_attn.", "in_proj_": "qkv.", "out_proj": "proj", "self_attn": "attn"}
VIT = LAYER | {"linear": "mlp.fc", "patches": "patch_embed.proj", "class_token": "cls_token",
               "positions": "pos_embed", "classifier.1": "head"}
EPSILON = {"norm_layer": nn.LayerNorm}      # PyTorch's adds 1e-5 to the variance, timm's own 1e-6


@pytest.mark.parametrize("name, section, way", [
    ("self_attention/multi_head", "multi_head", "SelfAttention"),
    ("hybrids/keep", "keep", "Attention"),
    ("hybrids/legend", "network", "Attention"),
])
def test_heads_are_those_of_timm(name, section, way):
    ours = randomise(getattr(shown(name, section), way)(24, 4))
    theirs = lend(timm.layers.Attention(24, 4, qkv_bias=True), ours, {"out": "proj"})
    x = torch.randn(2, 9, 24).double()
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("name, section, way, names, rest", [
    ("vision_transformer/vit", "block", "Block", BLOCK, ()),
    ("vision_transformer/shift", "shift", "Block", BLOCK, (None,)),
    ("stacking/blocks", "blocks", "TransformerBlock",
     LAYER | {"mlp.0": "norm2", "mlp.1": "mlp.fc1", "mlp.3": "mlp.fc2", "norm.": "norm1."}, ()),
])
def test_a_block_is_timm_s(name, section, way, names, rest):
    ours = randomise(getattr(shown(name, section), way)(24, 4))
    theirs = lend(Block(24, 4, qkv_bias=True, **EPSILON), ours, names)
    x = torch.randn(2, 9, 24).double()
    assert_close(ours(x, *rest), theirs(x))


def test_a_whole_vision_transformer_is_timm_s():
    ours = randomise(shown("vision_transformer/vit", "vit").ViT(12, 4, 3, 24, 4, 2, 5))
    theirs = VisionTransformer(12, 4, 3, 5, embed_dim=24, depth=2, num_heads=4, **EPSILON)
    lend(theirs, ours, VIT | {"classifier.0": "norm"})
    image = torch.randn(2, 3, 12, 12).double()
    assert_close(ours(image), theirs(image))


def test_its_base_is_as_large_as_timm_s():
    with torch.device("meta"):
        theirs = sum(weights.numel() for weights in VisionTransformer().parameters())
    assert sum(weights.numel() for weights in shown("vision_transformer/vit", "vit").base.parameters()) == theirs


def test_patches_are_timm_s():
    layer = shown("vision_transformer/patches", "patches")
    theirs = timm.layers.PatchEmbed(224, layer.patch, 3, layer.d)
    theirs.proj = layer.conv
    assert_close(layer.by_linear, theirs(layer.image))


def test_positions_for_larger_images_are_timm_s():
    """By default timm interpolates by cubic curves, not by lines."""
    ours = randomise(shown("vision_transformer/resolution", "resolution").ViT())
    large = deepcopy(ours)
    large.pos_embed = nn.Parameter(timm.layers.resample_abs_pos_embed(
        large.p.flatten(2).mT, [8, 8], num_prefix_tokens=0, interpolation="bilinear", antialias=False))
    del large.p
    theirs = VisionTransformer(16, 2, 1, 10, "avg", 32, 2, 4, class_token=False, **EPSILON)
    lend(theirs, large, VIT | {"classifier.0": "fc_norm"})
    image = torch.randn(2, 1, 16, 16).double()
    assert_close(ours(image), theirs(image), rtol=1e-5, atol=1e-5)      # timm interpolates in single precision


def test_rotary_positions_in_a_plane_are_timm_s():
    layer, speeds = shown("vision_transformer/shift", "shift"), (1, 0.1)
    x = torch.randn(2, 3, 32, 8).double()
    angle = layer.angles(torch.arange(4).double(), torch.arange(8).double(), speeds=speeds)
    sin, cos = timm.layers.build_rotary_pos_embed(
        [4, 8], torch.tensor(speeds), in_pixels=False, dtype=torch.float64)
    assert_close(layer.rotate(x, angle), timm.layers.apply_rot_embed(x, sin, cos), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("M, shift", [(3, 0), (3, 1), (4, 2), (6, 3), (12, 0)])
def test_shifted_windows_are_those_of_swin(M, shift):
    """Theirs adds -100 to scores across parts, ours -inf; e^-100 is below the precision."""
    d, x = 6, torch.randn(12, 12, 6).double()
    ours = shown("efficient_attention/swin", "swin").swin(x, M, shift)
    eye, table = torch.eye(d).double(), torch.zeros((2 * M - 1) ** 2, 1)
    theirs = SwinTransformerBlock(d, (12, 12), 1, window_size=M, shift_size=shift, qkv_bias=False)
    theirs.attn.load_state_dict({"qkv.weight": eye.repeat(3, 1), "proj.weight": eye, "proj.bias": torch.zeros(d),
                                 "relative_position_bias_table": table})
    assert_close(ours, theirs.double()._attn(x[None])[0])
    bias = torch.zeros(1, 1, M * M, M * M)
    assert_close(ours, shifted_window_attention(x[None], eye.repeat(3, 1), eye, bias, [M, M], 1, [shift, shift])[0])


def test_a_score_for_each_offset_is_timm_s():
    """Theirs counts offsets from key to query, ours from query to key."""
    layer = shown("attention_as_convolution/learned", "layers")
    ours, theirs = layer.Table(), timm.layers.RelPosBias((layer.side, layer.side), 9)
    theirs.relative_position_bias_table.data = ours.table.data.flip(1, 2).flatten(1).T
    assert_close(ours.scores(None), theirs.get_bias()[0])


@pytest.mark.parametrize("gate, alpha", [(0, 1), (0.73, 1), (1, 0.5)])
def test_gated_heads_are_those_of_convit(gate, alpha):
    """Theirs counts its heads column by column, ours row by row."""
    layer = shown("hybrids/gate", "gate")
    theirs = GPSA(layer.d, 9, locality_strength=alpha).double()
    theirs.local_init()
    order = torch.arange(9).view(3, 3).T.flatten()
    content = 20 * torch.stack([layer.queries, layer.keys])[:, order]       # uneven shares
    theirs.qk.weight.data = content.flatten(0, 2)
    theirs.gating_param.data.fill_(torch.tensor(gate).double().logit())
    theirs.rel_indices = theirs.get_rel_indices(layer.n).double()
    heads = [layer.shares(layer.x @ W_Q.T, layer.x @ W_K.T, o, gate, alpha)
             for o, W_Q, W_K in zip(layer.offsets[order], *content, strict=True)]
    assert_close(torch.stack(heads), theirs.get_attention(layer.x[None])[0])


def test_attention_inside_a_bottleneck_is_timm_s():
    """Theirs also adds scores for rows and columns, which are zero here."""
    ours = randomise(shown("hybrids/inside", "inside").Attention(32))
    theirs = BottleneckAttn(32, feat_size=(5, 4), num_heads=4).double()
    none = {f"pos_embed.{side}_rel": torch.zeros_like(theirs.get_parameter(f"pos_embed.{side}_rel"))
            for side in ("height", "width")}
    theirs.load_state_dict(ours.state_dict() | none)
    x = torch.randn(2, 32, 5, 4).double()
    assert_close(ours(x), theirs(x))


def test_a_stem_of_convolutions_is_torchvision_s():
    """Theirs has no biases before its batch norms, which subtract them."""
    ours = randomise(shown("hybrids/stem", "stem").stem())
    config = [ConvStemConfig(width, 3, 2) for width in (48, 96, 192, 384)]
    theirs = TorchvisionViT(32, 16, 1, 1, 384, 8, conv_stem_configs=config).conv_proj.double()
    pairs = zip(layers(ours), layers(theirs), strict=True)
    for one, other in pairs:
        other.load_state_dict(one.state_dict(), strict=one.bias is None or other.bias is not None)
    image = torch.randn(2, 3, 32, 32).double()
    assert_close(ours(image), theirs(image))


def layers(network):
    return [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.BatchNorm2d)]


def test_a_residual_block_is_timm_s():
    conv, d = timm.layers.create_conv2d, 8
    ours = randomise(shown("stacking/blocks", "blocks").ResNetBlock(d))
    theirs = PreActBasic(d, conv_layer=lambda *sizes, **options: conv(*sizes, bias=True, **options),
                         norm_layer=timm.layers.BatchNormAct2d)
    lend(theirs, ours, {"f.0": "norm1", "f.2": "conv1", "f.3": "norm2", "f.5": "conv2"})
    x = torch.randn(2, d, 7, 5).double()
    assert_close(ours(x), theirs(x))


def test_a_block_of_stages_is_a_metaformer_s():
    layer, d = shown("hybrids/stages", "stages"), 16
    ours = randomise(layer.block("C", d))
    theirs = MetaFormerBlock(
        d, token_mixer=lambda dim, **_: nn.Conv2d(dim, dim, 3, padding=1, groups=dim), mlp_act=nn.GELU, mlp_bias=True,
        norm_layer=GroupNorm1, layer_scale_init_value=None)
    lend(theirs, ours, {"0.0.": "norm1.", "0.1.": "token_mixer.", "1.0.": "norm2.", "1.1.": "mlp.fc1.",
                        "1.3.": "mlp.fc2."})
    x = torch.randn(2, d, 5, 4).double()
    assert_close(ours(x), theirs(x))


def test_attention_of_stages_is_timm_s():
    """Theirs takes tokens, ours an image."""
    ours = randomise(shown("hybrids/stages", "stages").Attention(16))
    theirs = lend(timm.layers.Attention(16, 1, qkv_bias=True), ours, {"out": "proj"})
    x = torch.randn(2, 16, 5, 4).double()
    assert_close(ours(x).flatten(2).mT, theirs(x.flatten(2).mT))


@pytest.mark.parametrize("stride", [1, 2])
def test_projections_by_convolution_are_those_of_cvt(stride):
    """Theirs has zeros around the image, ours is a ring; the biases of ours are those of its batch norms."""
    ours = randomise(shown("hybrids/projections", "projections").ConvolutionalAttention(8, stride=stride))
    theirs = CvtSelfAttention(1, 8, 3, 1, 1, 1, stride, "dw_bn", True, 0, with_cls_token=False).double().eval()
    for near, linear, part in zip(ours.near, ours.linear, ("query", "key", "value"), strict=True):
        near.padding_mode = "zeros"
        projection = theirs.get_submodule(f"convolution_projection_{part}").convolution_projection
        projection.convolution.weight.data, norm = near.weight.data, projection.normalization
        norm.bias.data, norm.running_var = near.bias.data, norm.running_var - norm.eps
        theirs.get_submodule(f"projection_{part}").load_state_dict(linear.state_dict())
    x = torch.randn(2, 8, 6, 6).double()
    assert_close(ours(x).flatten(2).mT, theirs(x.flatten(2).mT, 6, 6))
