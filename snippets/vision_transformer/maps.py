# pip install torch matplotlib scikit-learn
"""What the class token looks at, and which patches its answer depends on."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from style import ATTENTION, GRAY, shades

# --8<-- [start:rollout]
# pip install torch scikit-learn
import torch
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
x = pixels.view(-1, 1, 8, 8).float() / 8 - 1            # (1797, 1, 8, 8)
torch.manual_seed(0)
train, test = torch.randperm(len(x)).split([1197, 600])


class ViT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.patches = nn.Conv2d(1, d, 2, stride=2)
        self.p = nn.Parameter(torch.randn(17, d) / 2)   # row 0: class token
        self.layers = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, 4, 4 * d, 0, "gelu", batch_first=True, norm_first=True)
            for _ in range(3)))
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image):
        t = self.patches(image).flatten(2).mT           # (b, 16, d)
        t = nn.functional.pad(t, (0, 0, 1, 0)) + self.p     # (b, 17, d)
        return self.head(self.layers(t)[:, 0]), t


vit = ViT()
optimizer = torch.optim.AdamW(vit.parameters(), lr=2e-3, fused=True)
for batch in train[torch.randint(len(train), (250, 32))]:
    nn.functional.cross_entropy(vit(x[batch])[0], y[batch]).backward()
    optimizer.step()
    optimizer.zero_grad()

(scores, t), R = vit(x[test]), torch.eye(17)
for layer in vit.layers:
    A = layer.self_attn(*3 * [layer.norm1(t)])[1]       # (b, 17, 17)
    R = (A + torch.eye(17)) / 2 @ R         # half attention, half skip
    t = layer(t)
for name, W in ("last layer", A), ("rollout", R):
    print(f"{name}: strongest patch gets {W[:, 0, 1:].amax(1).mean():.2f}")
# --8<-- [end:rollout]

with torch.no_grad():
    tokens = vit(x[test])[1]
answer = scores.argmax(1, keepdim=True)
MAPS = {"last layer": A[:, 0, 1:].detach(), "rollout": R[:, 0, 1:].detach(),
        "ink": F.avg_pool2d(x[test] + 1, 2).flatten(1)}


@torch.no_grad()
def without(removed):
    """Log-probabilities when some patches are not there: (b, k) -> (b, 10)

    >>> torch.allclose(without(torch.zeros(600, 0, dtype=torch.long)),
    ...                scores.log_softmax(1), atol=1e-4)
    True
    """
    kept = torch.ones(len(tokens), 17, dtype=torch.bool)
    kept[torch.arange(len(tokens))[:, None], removed + 1] = False
    rest = tokens[kept].view(len(tokens), -1, tokens.shape[-1])
    return vit.head(vit.layers(rest)[:, 0]).log_softmax(1)


def effects():
    """How much log-probability the answer loses without each patch: (b, 16)"""
    whole = scores.detach().log_softmax(1).gather(1, answer)
    return torch.cat([whole - without(torch.full((len(tokens), 1), i)).gather(1, answer)
                      for i in range(16)], dim=1)


def agreement(one, other):
    """Rank correlation over the 16 patches of an image (Spearman), mean over images.

    >>> one = torch.rand(5, 16)
    >>> round(agreement(one, one.exp()), 4), round(agreement(one, -one), 4)
    (1.0, -1.0)
    """
    a, b = (F.normalize(z.argsort(1).argsort(1) - 7.5, dim=1) for z in (one, other))
    return (a * b).sum(1).mean().item()


def right_without(score, k=2):
    """Share of test digits still right without the k patches of the highest score."""
    said = without(score.topk(k, dim=1).indices).argmax(1)
    return (said == y[test]).float().mean().item()


def results():
    """The numbers the page quotes.

    The last layer's attention says little about what the answer depends on.

    >>> r = results()
    >>> r["whole"] > 0.9, r["rollout_agrees"] > r["last_layer_agrees"] + 0.1
    (True, True)
    >>> r["random_without"] > r["last_layer_without"] > r["rollout_without"] + 0.05
    True

    More than a third of the patches speak against the answer.

    >>> 1/3 < r["against"] < 0.4
    True
    """
    effect = effects()
    random = torch.rand(600, 16, generator=torch.Generator().manual_seed(0))
    numbers = {
        "whole": (answer[:, 0] == y[test]).float().mean().item(),
        "against": (effect < 0).float().mean().item(),
        "random_without": right_without(random),
        "effect_without": right_without(effect),
        "rollout_ink": agreement(MAPS["rollout"], MAPS["ink"]),
    }
    for name, weights in MAPS.items():
        key = name.replace(" ", "_")
        numbers[f"{key}_agrees"] = agreement(weights, effect.abs())
        numbers[f"{key}_without"] = right_without(weights)
    return numbers


def figure():
    fig, axes = plt.subplots(4, 3, figsize=(5.2, 6.8))
    effect = effects()
    columns = {"last layer": MAPS["last layer"], "rollout": MAPS["rollout"],
               "if removed": effect.abs()}
    chosen = [(y[test] == digit).nonzero()[0, 0].item() for digit in (0, 3, 4, 7)]
    for line, i in zip(axes, chosen):
        for ax, (name, scores_) in zip(line, columns.items()):
            ax.imshow(x[test[i], 0], cmap=shades(GRAY), vmin=-1, vmax=2.2,
                      extent=(0, 8, 8, 0), label=f"digit {y[test[i]]}")
            ax.imshow(scores_[i].view(4, 4), cmap=shades(ATTENTION), vmin=0, alpha=0.8,
                      extent=(0, 8, 8, 0), interpolation="none",
                      label=f"{name}, digit {y[test[i]]}")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=GRAY)
    for ax, name in zip(axes[0], columns):
        ax.set_title(name)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
