# pip install torch matplotlib scikit-learn
"""A small ViT with a table of positions, with rows and columns, and with none."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from style import ATTENTION, GRAY, shades

# --8<-- [start:positions]
# pip install torch scikit-learn
import torch
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
x = pixels.view(-1, 1, 8, 8).float() / 8 - 1            # (1797, 1, 8, 8)
torch.manual_seed(0)
train, test = torch.randperm(len(x)).split([1197, 600])


class ViT(nn.Module):
    def __init__(self, *shapes, pool=False, d=32):
        super().__init__()
        self.pool, self.patches = pool, nn.Conv2d(1, d, 2, stride=2)
        self.p = nn.ParameterList(torch.randn(d, *s) / 2 for s in shapes)
        self.class_token = nn.Parameter(torch.zeros(d))
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, 4, 4 * d, 0, "gelu", batch_first=True, norm_first=True)
            for _ in range(2)))
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image):
        x = self.patches(image) + sum(self.p)           # (b, d, 4, 4)
        first = self.class_token.expand(len(x), 1, -1)
        x = self.blocks(torch.cat([first, x.flatten(2).mT], dim=1))
        return self.head(x[:, 1:].mean(1) if self.pool else x[:, 0])


models = {"table": ViT((4, 4)), "rows + columns": ViT((4, 1), (1, 4)),
          "none": ViT(), "table, mean": ViT((4, 4), pool=True)}
for name, model in models.items():
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, 150)
    for batch in train[torch.randint(len(train), (150, 32))]:
        nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    right = (model(x[test]).argmax(1) == y[test]).float().mean()
    print(f"{right:.0%} {name}")
# --8<-- [end:positions]

place = torch.cartesian_prod(torch.arange(4.0), torch.arange(4.0))
beside = torch.cdist(place, place) == 1          # (16, 16): neighbours on the grid


@torch.no_grad()
def share(model, images=x[test]):
    """Share of the test digits that the model gets right."""
    return (model(images).argmax(1) == y[test]).float().mean().item()


def shuffled(images):
    """The same patches in another order, the same for all images, and that order.

    >>> torch.allclose(shuffled(x)[0].sum((1, 2, 3)), x.sum((1, 2, 3)))
    True
    """
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    cut = F.unfold(images, 2, stride=2)                       # (b, 4, 16)
    return F.fold(cut[..., order], 8, 2, stride=2), order


def similarity(model):
    """Cosine between the vectors of each two positions: (16, 16)"""
    grid = (sum(model.p) + torch.zeros(32, 4, 4)).detach()
    p = F.normalize(grid.flatten(1).T, dim=1)
    return p @ p.T


@torch.no_grad()
def results():
    """The numbers the page quotes.

    D4e: positions carry the two dimensions; without them a ViT sees a bag of patches.

    >>> r = results()
    >>> min(r["table"], r["rows_columns"], r["mean"]) > 0.9, r["none"] < 0.75
    (True, True)
    >>> r["none_moved"] < 1e-4, r["table_relabelled"] < 1e-4, r["table_shuffled"] < 0.3
    (True, True, True)

    Rows and columns make neighbours alike by construction, the table does not.

    >>> r["beside_rows_columns"] > 0.3, abs(r["beside_table"]) < 0.3
    (True, True)
    """
    table, rows_columns, none, mean = models.values()
    images, order = shuffled(x[test])
    relabelled = ViT((4, 4))
    relabelled.load_state_dict(table.state_dict())
    p = relabelled.p[0].data
    p.copy_(p.flatten(1)[:, order].view(32, 4, 4))

    return {
        "table": share(table),
        "rows_columns": share(rows_columns),
        "none": share(none),
        "mean": share(mean),
        "none_moved": (none(images) - none(x[test])).abs().max().item(),
        "table_relabelled": (relabelled(images) - table(x[test])).abs().max().item(),
        "table_shuffled": share(table, images),
        "beside_table": similarity(table)[beside].mean().item(),
        "beside_rows_columns": similarity(rows_columns)[beside].mean().item(),
    }


def figure():
    fig = plt.figure(figsize=(5.2, 4.8))
    axes = fig.subplot_mosaic("ab;cc", height_ratios=(1.3, 1))
    for panel, name in ("a", "table"), ("b", "rows + columns"):
        ax = axes[panel]
        ax.imshow(similarity(models[name])[5].view(4, 4), cmap=shades(ATTENTION),
                  vmin=0, vmax=1, interpolation="none",
                  label=f"{name}, cosine with patch 5")
        ax.add_patch(plt.Rectangle((0.5, 0.5), 1, 1, fc="none", ec="black", lw=2.5))
        ax.set(xticks=[], yticks=[])
        ax.set_title(name)
        ax.spines[:].set(visible=True, color=GRAY)
    percent = {name: 100 * share(model) for name, model in models.items()}
    bars = axes["c"].barh([*percent], percent.values(), color=ATTENTION, alpha=0.8,
                          height=0.6, label="test digits right, per cent")
    axes["c"].bar_label(bars, [f"{value:.0f} %" for value in percent.values()],
                       padding=5)
    axes["c"].invert_yaxis()
    axes["c"].set(xlim=(0, 112), xticks=[], title="new digits right")
    axes["c"].spines[["bottom", "left"]].set_visible(False)
    axes["c"].tick_params(axis="y", length=0)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
