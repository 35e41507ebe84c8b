"""Widgets in a browser: what they compute is what the snippet computes that they mirror."""

import pytest
from receptive_field import stack

SET = """async ([name, state]) => {
    await customElements.whenDefined(name);
    const widget = document.querySelector(name);
    widget.set(state);
    await new Promise((done) => requestAnimationFrame(done));
    return { state: widget.state, numbers: widget.numbers, words: widget.words.textContent };
}"""


@pytest.fixture
def touch(visit, server):
    """Gives a widget a state, and returns what it makes of it: its state, numbers and words."""

    def open_page(page, name):
        tab = visit(server + page)
        tab.locator(name).scroll_into_view_if_needed()
        return lambda state: tab.evaluate(SET, [name, state])

    return open_page


PLAIN = [[3, 1, 1]] * 3


def test_build_a_stack(touch):
    """Its paths are the gradient of the snippet's stack, at the edges and after a bad input, too."""
    widget = touch("en/differences/receptive-field.html", "build-a-stack")
    states = [
        ({"layers": PLAIN, "output": 32}, False),
        ({"layers": PLAIN, "output": 0}, False),  # at the border
        ({"layers": [[7, 2, 1], [3, 2, 1], [3, 1, 1]], "output": 15}, False),
        ({"layers": [[2, 1, d] for d in (1, 2, 4, 8, 16, 32)], "output": 63, "causal": True}, False),
        ({"layers": [[0, 1, 64]], "output": 5, "causal": False}, False),
        ({"layers": [[3, 3, 1], [0, 1, 2], [7, 1, 32]], "output": 9}, False),
        ({"layers": [[0, 1, 4]] * 2, "output": 1, "causal": True}, False),
        ({"layers": [[1, 1, 1]] * 6, "output": 20, "causal": False}, False),
        ({"layers": [], "output": -5}, True),  # nothing, and before the first
        ({"layers": [[900, 0, -2], ["x", None, 1e9]], "output": 1e9}, True),
        ({"layers": [[3, 1, 1]] * 9, "output": "some"}, True),
    ]
    for state, bad in states:
        found = widget(state)
        layers, output = found["state"]["layers"], found["state"]["output"]
        wanted = stack.paths([tuple(layer) for layer in layers], output, causal=found["state"]["causal"])
        assert found["numbers"]["paths"][0] == wanted.tolist(), state
        assert found["words"].startswith("That stack cannot be built") == bad, state
        if not bad:
            assert layers == state["layers"] and output == state["output"]
