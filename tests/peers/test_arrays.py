"""The same numbers from scipy, scikit-learn and einops."""

import pytest
import scipy
import torch
from einops import rearrange
from fresh import shown
from sklearn.decomposition import PCA
from torch.testing import assert_close


def same(ours, theirs, **tolerance):
    assert_close(ours, torch.as_tensor(theirs), **tolerance)


def test_both_convolutions_are_scipy_s():
    layer = shown("convolution/flip", "flip")
    x, w = torch.randn(30).double(), torch.randn(4).double()
    same(layer.true_convolution(x, w), scipy.signal.convolve(x, w))
    same(layer.correlation(x, w), scipy.signal.correlate(x, w, "valid"))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_matrices_of_convolutions_are_scipy_s(k):
    """scipy convolves, we correlate: its kernel is flipped."""
    layer, n = shown("convolution/toeplitz", "toeplitz"), 9
    w, W, X = torch.randn(k).double(), torch.randn(k, k).double(), torch.randn(n, n).double()
    same(layer.toeplitz(w, n), scipy.linalg.convolution_matrix(w.flip(0), n, "same"))
    same((layer.toeplitz_2d(W, n) @ X.flatten()).view(n, n), scipy.ndimage.correlate(X, W, mode="constant"))


def test_edges_are_scipy_s():
    layer = shown("convolution/sobel", "sobel")
    same(layer.edges, scipy.ndimage.sobel(layer.photo.numpy(), axis=1)[1:-1, 1:-1])


@pytest.mark.parametrize("way", ["loop", "doubling", "tree"])
@pytest.mark.parametrize("a", [1, 0.9, -0.5])
def test_a_scan_is_the_filter_of_scipy(way, a):
    x = torch.randn(64).double()
    same(getattr(shown("parallelism/scan", "scan"), way)(a, x)[0], scipy.signal.lfilter([1], [1, -a], x))


def test_filters_are_principal_components():
    """Their signs are free."""
    layer = shown("feature_extraction/filters", "filters")
    windows = layer.F.unfold(layer.photo[None, None], layer.k)[0].T
    theirs = PCA().fit(windows)
    same(layer.shares, theirs.explained_variance_ratio_)
    same(layer.filters.flatten(1)[:12].abs(), abs(theirs.components_[:12]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_nearest_head_is_that_of_scipy(sign):
    layer = shown("feature_extraction/difference", "difference")
    theirs, _ = scipy.optimize.nnls(layer.windows.numpy(), sign * layer.target.numpy())
    same(layer.nearest(sign), sign * theirs, rtol=0, atol=1e-4)


def test_windows_are_those_of_einops():
    x = torch.randn(12, 12, 5)
    ours = shown("efficient_attention/swin", "swin").windows(x, 4)
    same(ours, rearrange(x, "(g p) (c q) d -> g c (p q) d", p=4, q=4))


def test_patches_are_those_of_einops():
    layer = shown("vision_transformer/patches", "patches")
    same(layer.cut, rearrange(layer.image, "b c (i p) (j q) -> b (i j) (c p q)", p=layer.patch, q=layer.patch))
