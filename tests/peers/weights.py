"""Random weights, the same in two layers."""

import torch


def randomise(layer):
    """The layer in double precision; its norms and biases are random, too."""
    with torch.no_grad():
        for weights in layer.double().parameters():
            weights.normal_(std=0.3)
    return layer


def lend(theirs, ours, names):
    """Gives theirs all weights of ours; names says which parts of ours have another name in theirs."""
    state = {}
    for name, value in ours.state_dict().items():
        for old, new in names.items():
            name = name.replace(old, new)
        state[name] = value.view_as(theirs.state_dict()[name])
    theirs.double().load_state_dict(state)
    return theirs
