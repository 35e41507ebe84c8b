"""What holds for each comparison: one thread a process, the same random numbers, a torchvision that can be imported."""

import os

import pytest

os.environ |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

import torch  # noqa: E402

try:
    import torchvision  # noqa: F401
except RuntimeError:  # built for CUDA beside a torch without it; what is compared needs none of its operators
    for name in "nms", "qnms":
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
