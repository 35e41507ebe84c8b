"""Widgets in a browser: what they compute is what the snippet computes that they mirror."""

import gzip
from itertools import pairwise
from math import isfinite

import pytest
import torch
import torch.nn.functional as F
from choosing import block, streams
from choosing.map import cases
from convolution import sobel
from cost import crossing, price, traffic, training
from efficient_attention import linear
from feature_extraction import difference, look_alikes
from home import word
from one_equation import four_matrices
from receptive_field import probe, stack
from self_attention import three_tokens, triangle

from conftest import LAY_OUT, ROOT, no_violation, open_tab, parsed, wait_until

SET = """async ([name, state]) => {
    const widget = document.querySelector(name);
    widget.set(state);
    await new Promise((done) => requestAnimationFrame(done));
    const plain = (_, value) => ArrayBuffer.isView(value) ? Array.from(value) : value;
    const numbers = JSON.parse(JSON.stringify(widget.numbers, plain));
    return { state: widget.state, numbers, words: widget.words.textContent,
             shown: widget.formula?.textContent };
}"""


START = "(widget) => { widget.state = undefined; widget.set({}); }"


@pytest.fixture(scope="module")
def touch(browser, server):
    """Gives a widget, as it starts, a state, and returns what it makes of it: its state, numbers and words."""
    tabs = {}

    def begin(page, name):
        if page not in tabs:
            tabs[page] = open_tab(browser, server + page)
        tabs[page].locator(name).scroll_into_view_if_needed()
        tabs[page].wait_for_selector(f"{name}[ready]", state="attached")
        tabs[page].locator(name).evaluate(START)

        def widget(state):
            return tabs[page].evaluate(SET, [name, state])

        widget.tab = tabs[page]
        return widget

    yield begin
    for tab in tabs.values():
        tab.context.close()


WIDGETS = {file.stem for file in (ROOT / "theme/assets/widgets").iterdir()} - {
    "widget", "words.en", "words.zh", "play-steps", "find-claims"}
HEAVY = {  # the page on which each is tried
    "type-a-word": "index.html", "build-a-stack": "differences/receptive-field.html",
    "move-the-query": "differences/receptive-field.html", "touch-a-kernel": "operations/convolution.html",
    "three-tokens": "operations/self-attention.html", "who-is-cheaper": "differences/cost.html"}
PICTURES = """(widget) => [...widget.querySelectorAll(".widget :is(svg:not(svg svg), canvas)")].map((picture) => {
    const { width, height } = picture.getBoundingClientRect();
    return Math.min(width, height);
})"""


def drag(tab, element):
    """A pull upwards from a place in the element's left half."""
    element.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    box = element.bounding_box()
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"]
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x, y - 20)
    tab.mouse.up()


CONTROLS = """(widget) => [...widget.querySelectorAll(`.widget :is([tabindex], select,
    input:not([type=text], [type=checkbox], [type=radio]:not(:checked)))`)].filter((each) => each.checkVisibility())"""
FOCUS = """(widget, i) => {
    const control = CONTROLS(widget)[i], last = control.options?.length - 1 === control.selectedIndex;
    control.focus();
    return [control.type ?? control.localName, control.closest(".widget-over") !== null,
            last || control.type === "number" ? "ArrowUp" : "ArrowDown"];
}""".replace("CONTROLS", f"({CONTROLS})")
TOLD = """async (name) => {
    const widget = document.querySelector(name);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return [JSON.stringify(widget.state), widget.stage.textContent, widget.words.textContent];
}"""


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_arrow_keys(touch, name):
    """Each control answers to one, in its state, in what can be read and, but for the rare, in its words."""
    widget = touch("en/" + HEAVY[name], name)
    tab = widget.tab
    many = tab.locator(name).evaluate(f"(widget) => ({CONTROLS})(widget).length")
    assert many
    for i in range(many):
        tab.locator(name).evaluate(START)
        before = tab.evaluate(TOLD, name)
        kind, framed, key = tab.locator(name).evaluate(FOCUS, i)
        tab.keyboard.press(key)
        after = tab.evaluate(TOLD, name)
        assert after[0] != before[0] or kind == "number", (i, kind, key)  # heads have one size
        assert after[1] != before[1] or kind == "select-one", (i, kind)
        # A frame has its sum, above the words.
        assert after[2] != before[2] or framed or kind == "select-one", (i, kind)


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_a_finger(visit, server, name):
    """It moves what it drags and takes what it taps, and the page stays where it is."""
    tab = visit(f"{server}en/{HEAVY[name]}", has_touch=True, viewport={"width": 360, "height": 740})
    tab.evaluate(LAY_OUT)  # or what is above is laid out late, and moves it
    tab.locator(name).scroll_into_view_if_needed()
    tab.wait_for_selector(f"{name}[ready]", state="attached")
    part = tab.locator(f"{name} .widget :is(svg, .widget-kernel div)").first
    part.evaluate("(part) => part.scrollIntoView({ block: 'center' })")
    box, place = part.bounding_box(), tab.evaluate("scrollY")
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"]
    finger = tab.context.new_cdp_session(tab)
    states = []
    for kind, points in ("Start", [(x, y)]), ("Move", [(x + 30, y - 40)]), ("Move", [(x + 60, y - 60)]), ("End", []):
        points = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        states.append(tab.evaluate(TOLD, name)[0])
    assert states[0] != states[-1]
    assert tab.evaluate("scrollY") == place
    picture = tab.locator(f"{name} .widget svg").first.bounding_box()
    tab.touchscreen.tap(picture["x"] + 0.8 * picture["width"], picture["y"] + 0.6 * picture["height"])
    assert tab.evaluate(TOLD, name)[0] != states[-1]


MOVED = """async ([name, moves]) => {
    const widget = document.querySelector(name), counts = { computes: 0, draws: 0, tells: 0, asks: 0 };
    const part = widget.querySelector(".widget :is(svg, .widget-kernel div)"), box = part.getBoundingClientRect();
    const count = (object, key, kind) => {
        const real = object[key];
        object[key] = function (...given) { counts[kind] += 1; return real.apply(this, given); };
        return () => { object[key] = real; };
    };
    const ends = [count(widget.constructor, "compute", "computes"), count(widget, "draw", "draws"),
                  count(widget, "tell", "tells"), count(Element.prototype, "getBoundingClientRect", "asks")];
    for (let i = 0; i < moves; i++)
        part.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, pointerType: "mouse", buttons: 1,
            clientX: box.left + (0.3 + 0.5 * i / moves) * box.width, clientY: box.top - i }));
    await new Promise((done) => requestAnimationFrame(done));
    for (const end of ends) end();
    delete widget.draw;
    delete widget.tell;
    return [counts, JSON.stringify(widget.state)];
}"""


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_a_drag_costs_little(touch, name):
    """However often the pointer moves between two frames, one place is computed and drawn, the last; words wait."""
    tab = touch("en/" + HEAVY[name], name).tab
    part = tab.locator(f"{name} .widget :is(svg, .widget-kernel div)").first
    part.evaluate("(part) => part.scrollIntoView({ block: 'center' })")
    box = part.bounding_box()
    tab.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"])
    tab.mouse.down()
    tab.evaluate(TOLD, name)
    many, last = tab.evaluate(MOVED, [name, 8])
    assert many == {"computes": 1, "draws": 1, "tells": 0, "asks": 0}
    tab.mouse.up()
    tab.evaluate(TOLD, name)
    assert tab.locator(name).evaluate("(widget) => JSON.stringify(widget.state)") == last


def test_pointing_at_a_letter(touch):
    """With a mouse it needs no press. The words come when it rests, and all stays when it leaves."""
    tab = touch("en/index.html", "type-a-word").tab
    name, svg = "type-a-word", tab.locator("type-a-word .widget svg").first
    svg.evaluate("(part) => part.scrollIntoView({ block: 'center' })")
    tab.mouse.move(0, 0)
    before, box = tab.evaluate(TOLD, name), svg.bounding_box()
    passing = """async ([x, y]) => {
        const widget = document.querySelector("type-a-word"), words = widget.words.textContent;
        const place = { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse" };
        widget.svg.dispatchEvent(new PointerEvent("pointermove", place));
        await new Promise((done) => requestAnimationFrame(done));
        return [widget.state.at, widget.words.textContent === words];
    }"""
    for at in 0, 3, 10:
        x = box["x"] + (at + 0.5) / 11 * box["width"]
        assert tab.evaluate(passing, [x, box["y"] + 9]) == [at, True]
    tab.mouse.move(box["x"] + 1.5 / 11 * box["width"], box["y"] + 9)
    says = "The convolution takes from this i and its two neighbours"
    wait_until(tab, f"document.querySelector('{name}').words.textContent.startsWith('{says}')")
    tab.mouse.move(0, 0)
    assert tab.evaluate(TOLD, name)[2].startswith(says) and before[0] != tab.evaluate(TOLD, name)[0]
    assert tab.locator(name).evaluate("(widget) => widget.state.at") == 1


def test_a_letter_too_many(touch):
    """A word that cannot grow says so."""
    widget = touch("en/index.html", "type-a-word")
    widget({"word": "abcdefghijklmnop", "at": 3})
    widget.tab.get_by_role("button", name="repeat it").click()
    assert widget({})["state"]["word"] == "abcddefghijklmno"
    widget({"word": "abcdefghijklmnop", "at": 3})
    widget.tab.get_by_role("button", name="repeat it").click()
    assert widget.tab.evaluate(TOLD, "type-a-word")[2].startswith("Only the first 16 letters fit here.")


def test_an_absurd_address(visit, server):
    """What is no size becomes the nearest, and it says so."""
    tab = visit(server + "en/differences/cost.html?n=abc&d=-5&k=1e999&h=&foo=1")
    tab.locator("who-is-cheaper").scroll_into_view_if_needed()
    tab.wait_for_selector("who-is-cheaper[ready]", state="attached")
    found = tab.evaluate(SET, ["who-is-cheaper", {}])
    assert found["state"] == CHEAPER | {"n": 196, "d": 8, "k": 49, "h": 1}
    _, text, words = tab.evaluate(TOLD, "who-is-cheaper")
    assert not any(wrong in text for wrong in ("NaN", "∞", "Infinity", "undefined"))
    numbers = sum(found["numbers"]["layers"].values(), [found["numbers"]["meetings"], found["numbers"]["meets"]])
    assert len(numbers) == 32 and all(map(isfinite, numbers))
    tab.reload()  # the address, not what set() made of it
    tab.locator("who-is-cheaper").scroll_into_view_if_needed()
    tab.wait_for_selector("who-is-cheaper[ready]", state="attached")
    words = tab.evaluate(TOLD, "who-is-cheaper")[2]
    assert words.startswith("That cannot be shown; the nearest is n = 196, d = 8, k = 49, h = 1.")


def test_widgets_are_light(site):
    """Each script at most 8 kB, what it computes with at most 60 kB, as they are sent."""
    folder = site / "en/assets/widgets"
    weights = {file.stem: len(gzip.compress(file.read_bytes(), 9)) for file in folder.iterdir()}
    assert weights.keys() > WIDGETS and max(weights.values()) <= 8_000, weights
    data = {}
    for page in (site / "en").rglob("*.html"):
        for widget in parsed(page).find_all(sorted(WIDGETS)):
            drawing = page.parent / widget.select_one("a[download]")["href"]
            file = drawing.with_suffix(".js")
            if file.exists():
                data[file.resolve()] = len(gzip.compress(file.read_bytes(), 9))
    assert len(data) == 6 and max(data.values()) <= 60_000, data


def test_a_widget_is_loaded_when_it_is_near(visit, server, site):
    """On a page without one nothing is, on another nothing until it is scrolled to."""
    asked = []

    def watch(tab):
        tab.on("request", lambda request: asked.append(request.url.removeprefix(server)))

    visit(f"{server}en/reference/cite.html", watch)
    tab = visit(f"{server}en/differences/cost.html", watch)
    assert tab.locator("who-is-cheaper").bounding_box()["y"] > 720 + 1000
    assert "en/assets/widgets.js" in asked and not [each for each in asked if "/widgets/" in each]
    tab.locator("who-is-cheaper").scroll_into_view_if_needed()
    tab.wait_for_selector("who-is-cheaper[ready]", state="attached")
    assert "en/assets/widgets/who-is-cheaper.js" in asked
    assert not [each for each in asked if "type-a-word" in each or "three-tokens" in each]


def test_without_scripts_the_figure_stands(browser, server, site):
    tab = browser.new_context(java_script_enabled=False).new_page()
    found = set()
    for page in sorted((site / "en").rglob("*.html")):
        for name in {each.name for each in parsed(page).find_all(sorted(WIDGETS))}:
            tab.goto(server + page.relative_to(site).as_posix())
            for widget in tab.locator(name).all():
                assert widget.locator("picture.light img").is_visible()
                assert widget.locator("figcaption").is_visible()
                assert not widget.locator(".widget, button, input, select").count()
                assert all(not note.is_visible() for note in widget.locator(".widget-note").all())
            found.add(name)
    tab.context.close()
    assert found == WIDGETS


@pytest.mark.parametrize(("width", "palette"), [(1280, "light"), (320, "dark")])
@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_what_a_reader_sees_of_a_widget(visit, server, site, name, width, palette):
    """Its pictures, which answer to a drag, nothing cut off, nothing that axe finds; on paper the figure."""
    pages = [page for page in (site / "en").rglob("*.html") if parsed(page).find(name)]
    assert pages
    for page in pages:
        tab = visit(server + page.relative_to(site).as_posix(),
                    viewport={"width": width, "height": 900}, color_scheme=palette)
        tab.locator(name).scroll_into_view_if_needed()
        tab.wait_for_selector(f"{name}[ready]", state="attached")
        assert not tab.locator(f"{name} figure").is_visible()
        sizes = tab.locator(name).evaluate(PICTURES)
        assert sizes and min(sizes) >= 60, sizes
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        state = tab.locator(name).evaluate("(widget) => JSON.stringify(widget.state)")
        drag(tab, tab.locator(f"{name} .widget :is(svg, .widget-kernel div)").first)
        assert tab.locator(name).evaluate("(widget) => JSON.stringify(widget.state)") != state
        no_violation(tab, name)
        tab.emulate_media(media="print")
        assert tab.locator(f"{name} figure").is_visible()
        assert not tab.locator(f"{name} .widget").is_visible()


LETTERS = """(widget) => {
    const sizes = {}, boxes = [];
    for (const each of widget.querySelectorAll(".widget *")) {
        const words = [...each.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
        const box = each.getBoundingClientRect();
        if (!words.length || !box.width) continue;
        const scale = each.ownerSVGElement ? each.getScreenCTM().a : 1;
        sizes[words[0].data] = scale * parseFloat(getComputedStyle(each).fontSize);
        if (each.ownerSVGElement) boxes.push(box);
    }
    const common = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
    const over = boxes.filter((a, i) => boxes.some((b, j) =>
        i < j && common(a, b, "left", "right") > 1 && common(a, b, "top", "bottom") > 1));
    return [sizes, over.length];
}"""


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_letters_on_a_phone(visit, server, site, name):
    """None is below 11 pixels; those of the longest word do not lie on each other."""
    page = next(page for page in sorted((site / "en").rglob("*.html")) if parsed(page).find(name))
    tab = visit(server + page.relative_to(site).as_posix(), viewport={"width": 320, "height": 900})
    tab.locator(name).scroll_into_view_if_needed()
    tab.wait_for_selector(f"{name}[ready]", state="attached")
    if name == "type-a-word":
        tab.evaluate(SET, [name, {"word": "mmmmwwwwmississi", "at": 5}])
    sizes, over = tab.locator(name).evaluate(LETTERS)
    assert sizes and min(sizes.values()) >= 11, sizes
    assert name != "type-a-word" or not over


LATE = """
    const define = customElements.define.bind(customElements);
    customElements.define = (...args) => { (window.late ??= {})[args[0]] = () => define(...args); };
    window.moved = 0;
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) window.moved += value;
    }).observe({ type: "layout-shift" });"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_nothing_moves_when_a_widget_comes_late(visit, server, site, name, width, language):
    """Its place is kept for it, from before its script is there."""
    for page in sorted(page for page in (site / language).rglob("*.html") if parsed(page).find(name)):
        tab = visit(server + page.relative_to(site).as_posix(), lambda tab: tab.add_init_script(LATE),
                    viewport={"width": width, "height": 800})
        tab.locator(f"{name} details").evaluate("(code) => { code.open = false; }")
        tab.locator(name).evaluate("(widget) => widget.scrollIntoView()")
        wait_until(tab, f"'{name}' in (window.late ?? {{}})")
        tab.wait_for_timeout(300)
        high = tab.locator(name).bounding_box()["height"]
        tab.evaluate(f"window.moved = 0; window.late['{name}']()")
        tab.wait_for_selector(f"{name}[ready]", state="attached")
        tab.wait_for_timeout(300)
        assert tab.evaluate("window.moved") < 0.002, page
        assert tab.locator(name).bounding_box()["height"] == pytest.approx(high, abs=1), page


PLAYED = {  # where it stands, and how many parts come in each step
    "operations/convolution.html": [9] * 5,  # a kernel, a number and an arrow
    "similarities/parallelism.html": [15, 12, 9, 4, 6, 2, 2],  # additions, and dots for each panel that has some
    "differences/efficient-attention.html": [4, 10, 2, 2],  # squares and their numbers, and the other windows
}
STEPS = """() => document.getAnimations().map((each) => each.pause() ?? +each.effect.target.dataset.step)"""
SEEN = """(time) => {
    for (const each of document.getAnimations()) each.currentTime = time;
    const parts = [...document.querySelectorAll("[data-step]")];
    return parts.filter((part) => getComputedStyle(part).opacity === "1").length;
}"""


@pytest.mark.parametrize("page", PLAYED)
def test_play_steps(visit, server, page):
    """The steps come one after the other, up to the whole figure, again on a press; not where motion is unwanted."""
    figure = visit(server + "en/" + page).locator("play-steps")
    image, again = figure.locator("picture.light img"), figure.get_by_role("button", name="Play again")
    image.evaluate("(image) => image.scrollIntoView({ block: 'center' })")
    wait_until(figure.page, "document.querySelector('play-steps .light img').src.endsWith('?1')")
    box = figure.bounding_box()
    again.press("Enter")
    assert image.get_attribute("src").endswith("?2")
    figure.page.wait_for_load_state("networkidle")
    assert figure.bounding_box() == box
    figure.page.emulate_media(media="print")
    assert not again.is_visible()
    drawing = image.evaluate("(image) => image.src")
    figure.page.goto(drawing)
    figure.page.emulate_media(media="screen")
    steps = figure.page.evaluate(STEPS)
    seen = [figure.page.evaluate(SEEN, 500 * step + 250) for step in range(max(steps) + 1)]
    assert [after - before for before, after in pairwise(seen)] == PLAYED[page]
    assert seen[-1] == len(steps)
    still = visit(server + "en/" + page, reduced_motion="reduce")
    still.locator("play-steps").scroll_into_view_if_needed()
    wait_until(still, "!!customElements.get('play-steps')")
    assert not still.get_by_role("button", name="Play again").count()
    assert "?" not in still.locator("play-steps .light img").get_attribute("src")
    still.goto(drawing)
    assert still.evaluate(STEPS) == [] and still.evaluate(SEEN, 0) == seen[-1]


PLAIN = [[3, 1, 1]] * 3


def test_build_a_stack(touch):
    """Its paths are the gradient of the snippet's stack, at the edges and after a bad input, too."""
    widget = touch("en/differences/receptive-field.html", "build-a-stack")
    states = [
        ({"layers": PLAIN, "output": 32}, 7),
        ({"layers": PLAIN, "output": 0}, 7),  # at the border
        ({"layers": [[7, 2, 1], [3, 2, 1]], "output": 8}, 11),
        ({"layers": [[7, 2, 1], [3, 2, 1], [3, 1, 1]], "output": 15}, 19),
        ({"layers": [[2, 1, d] for d in (1, 2, 4, 8, 16, 32)], "output": 63, "causal": True}, 64),
        ({"layers": [[0, 1, 64]], "output": 5, "causal": False}, None),  # all
        ({"layers": [[0, 1, 64], [3, 1, 1]], "output": 5, "causal": False}, None),  # all
        ({"layers": [[3, 3, 1], [0, 1, 2], [7, 1, 32]], "output": 9}, 591),
        ({"layers": [[3, 2, 1], [0, 1, 4]], "output": 15, "causal": False}, 19),
        ({"layers": [[0, 1, 4]] * 2, "output": 1, "causal": True}, 9),
        ({"layers": [[0, 1, 4]] * 2, "output": 31, "causal": True}, 9),
        ({"layers": [[1, 1, 1]] * 6, "output": 20, "causal": False}, 1),
        ({"layers": [], "output": -5}, "bad"),  # nothing, and before the first
        ({"layers": [[900, 0, -2], ["x", None, 1e9]], "output": 1e9}, "bad"),
        ({"layers": [[3, 1, 1]] * 9, "output": "some"}, "bad"),
    ]
    for state, window in states:
        found = widget(state)
        layers, output = found["state"]["layers"], found["state"]["output"]
        wanted = stack.paths([tuple(layer) for layer in layers], output, causal=found["state"]["causal"])
        assert found["numbers"]["paths"][0] == wanted.tolist(), state
        assert found["words"].startswith("That stack cannot be built") == (window == "bad"), state
        if window != "bad":
            assert layers == state["layers"] and output == state["output"]
            assert found["numbers"]["window"] == window
            seen = wanted.nonzero().flatten()
            cut = window is None or window > 64 or seen[0] == 0 or seen[-1] == 63  # by a border
            assert cut or seen[-1] - seen[0] + 1 == window, state


@pytest.mark.parametrize(
    ("state", "letters", "says"),
    [
        ({"word": "mississippi", "at": 5, "order": 0}, "mississippi", ""),
        ({"word": "a", "at": 0}, "a", ""),
        ({"word": "zzzz", "at": 9}, "zzzz", ""),
        ({"word": "Attention please", "at": 2, "order": 0.5}, "attentionplease", "It is read as “attentionplease”."),
        ({"word": "它追它", "at": 1, "order": 0}, "它追它", ""),
        ({"word": "a😀b😀", "at": 1}, "a😀b😀", ""),
        ({"word": "", "at": 3}, "a", "Type at least one letter."),
        ({"word": "abcdefghijklmnopqrstuvwxyz", "at": -4, "order": 99}, "abcdefghijklmnop", "Only the first"),
        ({"word": None, "at": "some", "order": "much"}, "a", "Type at least"),
    ],
)
def test_type_a_word(touch, state, letters, says):
    """Its two matrices are those of the snippet, for any characters."""
    found = touch("en/index.html", "type-a-word")(state)
    at, order = found["state"]["at"], found["state"]["order"]
    assert 0 <= at < len(letters) and 0 <= order <= 3
    assert found["numbers"]["letters"] == list(letters) and found["words"].startswith(says)
    for name, rows in ("convolution", word.convolution), ("attention", lambda *a: word.attention(*a, order)):
        wanted = torch.tensor([rows(letters, i) for i in range(len(letters))])
        assert torch.allclose(torch.tensor(found["numbers"][name]).float(), wanted, atol=1e-5), name


def test_type_a_word_with_matrices(touch):
    """On One equation the same widget has the layers of that page."""
    widget = touch("en/operations/one-equation.html", "type-a-word")
    for letters in "mississippi", "abracadabra":
        wanted = four_matrices.mixing_matrices(letters)
        found = widget({"word": letters})
        for name in "convolution", "attention":
            assert torch.allclose(torch.tensor(found["numbers"][name]), wanted[name], atol=1e-5), name
        dense = [[round(amount, 3) for amount in row] for row in wanted["dense"].tolist()]  # as data() gives it
        assert found["numbers"]["dense"] == dense
        assert f"has {four_matrices.distinct(wanted['attention'])} different amounts" in found["words"]
    assert "takes words of 11 letters only" in widget({"word": "hello"})["words"]


PAINTED = """async (widget, scheme) => {
    document.body.dataset.mdColorScheme = scheme;       // an observer sees it before the frame
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const canvas = [...widget.querySelectorAll("canvas")].at(-1), probe = document.createElement("i");
    probe.style.color = "var(--attention)";
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const off = (color) => Math.max(...color.map((part, c) => Math.abs(part - wanted[c])));
    let closest;                // of what is painted strongly; the negative is gray
    for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 200) {
            const color = [...data.slice(i, i + 3)];
            if (!closest || off(color) < off(closest)) closest = color;
        }
    return [closest, wanted];
}"""


@pytest.mark.parametrize(
    ("page", "name", "state"),
    [
        ("differences/receptive-field.html", "move-the-query", {}),
        ("operations/one-equation.html", "type-a-word", {"word": "a"}),  # all of it from itself
        ("operations/convolution.html", "touch-a-kernel", {"way": "two"}),
    ],
)
def test_pictures_follow_the_palette(touch, page, name, state):
    """All that paint, without anything else that changes."""
    painting = touch("en/" + page, name)
    painting(state)
    found, widget = [], painting.tab.locator(name)
    for scheme in "slate", "default":
        painted, wanted = widget.evaluate(PAINTED, scheme)
        assert painted == pytest.approx(wanted, abs=2)  # a canvas rounds what is not opaque
        found.append(painted)
    assert found[0] != pytest.approx(found[1], abs=20)


SOBEL = sobel.sobel.flatten().tolist()
ODD = [0.25, -4, 1, 0, 3.5, -0.75, 2, 0, -1]


@pytest.mark.parametrize(
    ("state", "kernel", "bad"),
    [
        ({"weights": SOBEL, "way": "convolution"}, SOBEL, False),
        ({"weights": ODD, "way": "convolution"}, ODD, False),
        ({"weights": [0] * 9, "way": "convolution"}, [0] * 9, False),
        ({"weights": ODD, "way": "two"}, ODD, False),
        ({"weights": SOBEL, "way": "one"}, [0, 0, 1 / 4, 0, 0, 2 / 4, 0, 0, 1 / 4], False),
        ({"weights": [-1] * 9, "way": "one"}, [1 / 9] * 9, False),
        ({"weights": [0] * 9, "way": "two"}, [0] * 9, False),
        ({"weights": [99, "x", None], "way": "three"}, [4] + [0] * 8, True),
        ({"weights": None, "way": "one"}, [1 / 9] * 9, True),
    ],
)
def test_touch_a_kernel(touch, state, kernel, bad):
    """Its picture is PyTorch's convolution of the same photograph."""
    found = touch("en/operations/convolution.html", "touch-a-kernel")(state)
    wanted = sobel.convolve(sobel.photo.double(), torch.tensor(kernel).double().view(3, 3))
    assert torch.allclose(torch.tensor(found["numbers"]["output"]).double(), wanted.flatten(), atol=1e-5)
    assert abs(found["numbers"]["constant"] - 100 * sum(kernel)) < 1e-4
    assert found["words"].startswith("Nine weights") == bad
    row, column = found["state"]["row"], found["state"]["column"]
    assert found["numbers"]["pixels"] == sobel.photo[row : row + 3, column : column + 3].flatten().tolist()
    total = float(found["shown"].split("=")[1].replace("−", "-"))
    assert total == pytest.approx(wanted[row, column].item(), abs=0.051)  # one decimal
    for total, shares in found["numbers"]["heads"]:
        assert min(shares) >= 0 and abs(sum(shares) - 1) < 1e-9, total


INK = """(widget) => {
    const canvas = [...widget.querySelectorAll("canvas")].at(-1);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...data.filter((_, i) => i % 4 === 3)];
}"""


def test_weights_that_sum_to_1_make_a_photograph_again(visit, server):
    """Bright where the photograph is bright: the ink is what is missing to white."""
    widget = visit(server + "en/operations/convolution.html").locator("touch-a-kernel")
    widget.scroll_into_view_if_needed()
    widget.page.wait_for_selector("touch-a-kernel[ready]", state="attached")
    for weights, photograph in ([0] * 4 + [1] + [0] * 4, True), (SOBEL, False):
        widget.page.evaluate(SET, ["touch-a-kernel", {"weights": weights, "way": "convolution"}])
        inner = (255 - sobel.photo[1:-1, 1:-1]).flatten().tolist()
        assert (widget.evaluate(INK) == inner) == photograph


def image_of(snippet):
    """The photograph that a snippet gives to the widget: (3, 120, 120)."""
    return torch.tensor(snippet.data()["pixels"]).view(120, 120, 3).permute(2, 0, 1) / 255


def row_of(image, now):
    """What the patch of a state takes from each: (576,)."""
    at = now["row"] * 24 + now["column"]
    place = torch.cartesian_prod(torch.arange(24.0), torch.arange(24.0))
    x = F.unfold(image, 5, stride=5).T if now["raw"] else F.normalize(probe.patches(image))
    scores = now["sharpness"] * x @ x[at] - now["near"] * (place - place[at]).norm(dim=1)
    if now["window"]:
        scores[(place - place[at]).abs().amax(1) > now["window"]] = -torch.inf
    return scores.softmax(0)


def test_move_the_query_on_feature_extraction(touch):
    """It has the photograph of look_alikes.py, whose tokens it makes, raw or both."""
    widget = touch("en/similarities/feature-extraction.html", "move-the-query")
    assert widget({})["state"]["raw"]
    for row, column in look_alikes.QUERIES.values():
        for raw in True, False:
            found = widget({"row": row, "column": column, "raw": raw, "sharpness": 3})
            shares = torch.tensor(found["numbers"]["shares"]).double()
            assert torch.allclose(shares, row_of(image_of(look_alikes).double(), found["state"]), atol=1e-5)


def test_touch_a_kernel_on_feature_extraction(touch):
    """It has the photograph of difference.py, and makes its two heads of Sobel's kernel."""
    widget = touch("en/similarities/feature-extraction.html", "touch-a-kernel")
    assert widget({})["state"]["way"] == "one"
    photo = torch.tensor(difference.data()["photo"]).double().view(1, 1, 96, 96)
    windows = F.unfold(photo, 3)[0].T
    sobel = difference.sobel.flatten()
    for way, kernel in ("one", difference.plus / 4), ("two", difference.two.sum(0)), ("convolution", sobel):
        found = widget({"weights": sobel.tolist(), "way": way})["numbers"]
        output = torch.tensor(found["output"]).double()
        assert torch.allclose(output, windows @ kernel, atol=1e-5)
        exact = 255 * difference.windows @ kernel  # of pixels that are not rounded
        assert (output - exact).abs().max() <= kernel.abs().sum() / 2
        if way == "two":
            heads = torch.stack([total * torch.tensor(shares) for total, shares in found["heads"]])
            assert torch.allclose(heads.double().flip(0), difference.two, atol=1e-5)


@pytest.mark.parametrize(
    ("state", "bad"),
    [
        ({"row": 8, "column": 19}, False),
        ({"row": 0, "column": 0, "mirrored": True}, False),
        ({"row": 23, "column": 23, "sharpness": 40}, False),
        ({"row": 12, "column": 4, "sharpness": 0}, False),  # equal shares
        ({"row": 12, "column": 4, "raw": True, "sharpness": 5}, False),
        ({"row": 3, "column": 20, "near": 0.5, "window": 3, "mirrored": True}, False),
        ({"row": 0, "column": 23, "window": 1}, False),
        ({"row": -7, "column": 1e9, "sharpness": 999, "near": "x", "window": -1}, True),
    ],
)
def test_move_the_query(touch, state, bad):
    """Its shares are the row of the snippet's attention, on the same pixels."""
    found = touch("en/differences/receptive-field.html", "move-the-query")(state)
    now = found["state"]
    image = image_of(probe)
    image = image.flip(-1) if now["mirrored"] else image
    at = now["row"] * 24 + now["column"]
    shares = torch.tensor(found["numbers"]["shares"]).float()
    assert torch.allclose(shares, row_of(image, now), atol=1e-5)
    moves = (row_of(image, now) - row_of(image.flip(-1), now)).abs().sum().item() / 2
    assert found["numbers"]["moves"] == pytest.approx(moves, abs=1e-5)
    if now["sharpness"] == 10 and not any(now[key] for key in ("raw", "near", "window")):
        assert torch.allclose(shares, probe.attention(probe.patches(image), torch.eye(576))[at], atol=1e-5)
    grid = torch.eye(576)[at].view(24, 24)
    blur = probe.convolution(None, grid.flatten()[:, None])[:, 0]
    assert torch.allclose(torch.tensor(found["numbers"]["kernel"]).float(), blur, atol=1e-6)
    assert found["words"].startswith("This is the nearest") == bad


def kept(layer, *shapes, device="meta", **options):
    """Numbers that the backward pass needs of a layer, as training.py counts them."""
    inputs = (torch.empty(shape, device=device, requires_grad=True) for shape in shapes)
    return training.kept(layer, *inputs, **options)


class Linear(torch.autograd.Function):
    """Linear attention that keeps its inputs only, and makes its table again for the gradients."""

    @staticmethod
    def forward(ctx, *QKV):
        ctx.save_for_backward(*QKV)
        return torch.vmap(linear.linear)(*QKV)

    @staticmethod
    def backward(ctx, gradient):
        return torch.func.vjp(torch.vmap(linear.linear), *ctx.saved_tensors)[1](gradient)


def test_linear_keeps_no_table():
    """What the widget says that it keeps is enough for its gradients."""
    QKV = torch.randn(3, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Linear.apply, QKV.unbind())


def costs(state, monkeypatch):
    """MACs, weights, bytes kept for training, for the next token, and read to write it, of each layer."""
    n, d, k, h, w, size, batch = state.values()
    for name, value in {"d": d, "k": k, "size": size}.items():
        monkeypatch.setattr(traffic, name, value)
    x, matrices = (n, d), ((3 * d, d), (d, d))
    odd = k | 1  # for even ones PyTorch keeps a padded copy of the input
    written = kept(training.attention, x, *matrices, h=h, mix=training.written_out)
    fused = written - h * n**2 + h * n
    if n * d < 1e6:  # PyTorch's fused routine runs on real numbers only
        assert fused == kept(training.attention, x, *matrices, device="cpu", h=h, mix=training.fused)
    ways = {way: block.block(way, n, d, k, N=d // h, mlp=0) for way in block.WAYS}
    near = streams.attention(n, d, 1, w)
    attention = crossing.attention(n, d) // 2, ways["attention"]
    layers = {
        "convolution": (crossing.convolution(n, d, k) // 2, ways["convolution"],
                        kept(training.convolution, x, (d, d, odd))),
        "separable": (crossing.separable(n, d, k) // 2, ways["separable"],
                      kept(training.separable, x, (d, 1, odd), (d, d))),
        "attention": (*attention, fused),
        "written out": (*attention, written),
        "window": (near["MACs"], near, fused),
        "linear": (ways["linear attention"]["MACs"], ways["linear attention"],
                   kept(training.attention, x, *matrices, h=h, mix=Linear.apply))}
    found = {name: [batch * macs, way["weights"], size * batch * numbers, size * batch * way["state"],
                    size * (way["weights"] + batch * way["state"])]
             for name, (macs, way, numbers) in layers.items()}
    assert [found[name][-1] for name in ("attention", "convolution")] == list(traffic.token(batch, n))
    return found


def test_a_number_can_be_typed(visit, server):
    """What stands in the field is not written back while somebody types."""
    tab = visit(f"{server}en/differences/cost.html")
    tab.locator("who-is-cheaper").scroll_into_view_if_needed()
    field = tab.get_by_label("positions n")
    field.click()
    tab.keyboard.press("Control+A")
    tab.keyboard.type("5000")
    tab.keyboard.press("Enter")
    assert tab.locator("who-is-cheaper").evaluate("(widget) => widget.state.n") == 5000


CHEAPER = {"n": 196, "d": 768, "k": 9, "h": 12, "w": 128, "bytes": 4, "batch": 1}


def test_who_is_cheaper(touch, monkeypatch):
    """Its costs are those that the snippets count, and it finds where two layers cost the same."""
    widget = touch("en/differences/cost.html", "who-is-cheaper")
    states = [
        (CHEAPER, ""),
        ({"n": 1, "d": 8, "k": 1, "h": 1, "w": 1, "bytes": 1}, ""),
        ({"n": 5, "d": 64, "k": 49, "h": 4, "w": 4, "batch": 64}, ""),  # the kernel is longer than the input
        ({"n": 1920, "d": 768, "k": 9, "h": 12}, ""),  # both cost the same
        ({"n": 1000, "d": 768, "bytes": 2, "batch": 1}, ""),
        ({"n": 50176, "d": 64, "k": 4, "h": 1, "w": 4096}, ""),
        ({"n": 3, "d": 8, "k": 5, "h": 8}, ""),
        ({"n": 10**6, "d": 16384, "k": 31, "h": 64, "batch": 64}, ""),
        ({"n": 129, "d": 96, "h": 96, "w": 128, "k": 25}, ""),  # the window is all but one
        ({"n": 0, "d": 0, "k": 0, "h": 0, "w": 0, "bytes": 0, "batch": 0},
         "n = 1, d = 8, k = 1, h = 1, w = 1, bytes = 1, batch = 1"),
        ({"n": -1e99, "d": 1e99, "k": 40, "h": "some"}, "n = 1, d = 16380, k = 31, h = 12 (heads have one size)"),
        ({"n": None, "d": [], "k": {}, "h": True, "w": "128", "bytes": 3, "batch": 9.4},
         "n = 1, d = 8, k = 9, bytes = 2, batch = 8"),
        ({"n": 1.5, "d": 100, "h": 12}, "n = 2, d = 96 (heads have one size)"),
    ]
    for state, complaint in states:
        found = widget(CHEAPER | state)
        if complaint:
            assert found["words"].startswith(f"That cannot be shown; the nearest is {complaint}. "), state
        else:
            assert found["state"] == CHEAPER | state and "cannot" not in found["words"]
        n, d, k = list(found["state"].values())[:3]
        wanted = costs(found["state"], monkeypatch)
        assert found["numbers"]["layers"].keys() == wanted.keys()
        for name, cost in wanted.items():
            assert found["numbers"]["layers"][name] == pytest.approx(cost, rel=1e-12), (name, state)
        assert found["numbers"]["meets"] == crossing.meets(crossing.attention, d, k, longest=10**6)
        more = crossing.attention(n, d) - crossing.convolution(n, d, k)
        says = "Attention costs" if more > 0 else "The convolution costs" if more else "Both cost the same"
        assert says in found["words"], state


LEGAL = """(href) => customElements.get("who-is-cheaper")
    .legal(Object.fromEntries(new URL(href, location).searchParams))"""


EXAMPLES = """() => {
    const { EXAMPLES, SAYS } = customElements.get("who-is-cheaper");
    return Object.fromEntries(Object.entries(EXAMPLES).map(([name, sizes]) => [SAYS.examples[name], sizes]));
}"""


def test_examples_of_who_is_cheaper(visit, server, site):
    """Their sizes are those of the snippets, and the address opens them."""
    tab = visit(server + "en/differences/cost.html?n=1024&d=384&h=6#who-is-cheaper")
    tab.wait_for_selector("who-is-cheaper[ready]")
    found = tab.evaluate(EXAMPLES)
    sizes = {name: tuple(example[:2]) for name, example in found.items()}
    assert crossing.LAYERS.items() <= sizes.items()
    assert {"sentence": 50, "pixels": 224**2}.items() <= {name: n for name, (n, _) in sizes.items()}.items()
    assert sizes["sentence"][1] == sizes["pixels"][1] == price.d
    (whole, d), *_ = cases["200 pages"]
    assert sizes["contract"] == (2 * whole, d)  # a token meets half of them
    assert sizes["video"] == cases["video"][0]
    after = {"second of sound": "a second of sound", "tile of a photograph": "photograph",
             "small image": "small image", "medical image": "medical image"}
    for name, case in after.items():
        assert sizes[name] == cases[case][1]
    links = parsed(site / "en/together/choosing.html").select("a[href*='?'][href$='#who-is-cheaper']")
    assert len(links) == 7  # one for each case
    for link in links:
        assert tab.evaluate(LEGAL, link["href"])[1] == 0, link
    state = tab.evaluate("document.querySelector('who-is-cheaper').state")
    assert state == CHEAPER | {"n": 1024, "d": 384, "h": 6}
    tab.get_by_role("button", name="GPT-3").click()
    tab.wait_for_url("**/cost.html?n=2048&d=12288&k=9&h=96#who-is-cheaper")
    for query, unfolded in ("?n=2048&d=12288&k=9", False), ("?n=64&d=64&h=4", True):
        tab.goto(f"{server}en/differences/cost.html{query}#who-is-cheaper")
        tab.wait_for_selector("who-is-cheaper[ready]")
        assert tab.locator("who-is-cheaper .widget details").evaluate("(fold) => fold.open") == unfolded


SPREAD = triangle.x.tolist()
EQUAL, ZERO, CORNERS = [[-0.3, 1.1]] * 3, [[0, 0]] * 3, [[1.2, -1.2], [1.2, 1.2], [-1.2, 1.2]]
OWN = "Token 1 asks for what stands in its own direction"
LEFT = "Token 1 asks for what stands a quarter of a circle to its left, seen from the origin"


@pytest.mark.parametrize(
    ("state", "tokens", "says"),
    [
        ({}, SPREAD, "Each token makes a query"),
        ({"step": 4}, SPREAD, LEFT + ", and takes most from token 2"),
        ({"tokens": three_tokens.x.tolist(), "chosen": 2, "step": 4}, three_tokens.x.tolist(), "Token 3 asks"),
        ({"scaled": False, "chosen": 1, "step": 2}, SPREAD, "Without the scale"),
        ({"causal": True, "chosen": 0, "step": 4}, SPREAD, "Token 1 sees only itself"),
        ({"causal": True, "chosen": 1, "step": 4}, SPREAD, "Token 2 asks"),
        ({"causal": True, "chosen": 2, "step": 4}, SPREAD, "Token 3 asks"),
        ({"causal": True, "scaled": False, "same": True, "chosen": 2, "step": 3}, SPREAD, "The softmax"),
        ({"same": True, "step": 4}, SPREAD, OWN + ", and takes most from itself"),
        ({"tokens": EQUAL, "step": 4}, EQUAL, LEFT + ", and finds all alike"),
        ({"tokens": ZERO, "step": 1}, ZERO, "The scores are the products of this query with the keys: 0.00, 0.00"),
        ({"tokens": CORNERS, "scaled": False, "step": 4}, CORNERS, LEFT),
        ({"tokens": [[1e3, 0], [0, -1e3], [0.5, 1e9]]}, [[1.2, 0], [0, -1.2], [0.5, 1.2]], "This is the nearest"),
        ({"tokens": "some", "chosen": 7, "step": None, "scaled": "yes"}, SPREAD, "This is the nearest"),
        ({"tokens": [[None, "1"]], "chosen": -1, "causal": 1}, SPREAD, "This is the nearest"),
    ],
)
def test_three_tokens(touch, state, tokens, says):
    """Its head is the snippet's, whose matrices are those that the page goes through by hand."""
    found = touch("en/operations/self-attention.html", "three-tokens")(state)
    now = found["state"]
    assert torch.allclose(torch.tensor(now["tokens"]).float(), torch.tensor(tokens).float())
    assert now["chosen"] in (0, 1, 2) and now["step"] in range(5)
    ways = {key: now[key] for key in ("scaled", "causal", "same")}
    wanted = triangle.attention(torch.tensor(now["tokens"]).float(), **ways)
    for name, values in zip("QKVSAy", wanted, strict=True):
        assert torch.allclose(torch.tensor(found["numbers"][name]).float(), values, rtol=1e-5, atol=1e-6), name
    assert found["words"].startswith(says)
    last = now["causal"] and now["chosen"] == 2 and now["step"] == 4
    assert ("hides nothing" in found["words"]) == last
    if now["causal"]:
        assert found["numbers"]["y"][0] == found["numbers"]["V"][0]
    for name in "W_Q", "W_K", "W_V":
        assert torch.equal(getattr(triangle, name), getattr(three_tokens, name))


def test_a_press_on_an_example_takes_its_sizes(visit, server):
    widget = visit(server + "en/differences/cost.html").locator("who-is-cheaper")
    widget.scroll_into_view_if_needed()
    widget.page.wait_for_selector("who-is-cheaper[ready]", state="attached")
    examples = widget.evaluate("(widget) => Object.values(widget.constructor.EXAMPLES)")
    for n, d, h in examples:
        x, y = widget.evaluate("(widget, [n, d]) => [widget.x(n), widget.y(d)]", [n, d])
        widget.locator(".widget > svg").first.click(position={"x": x, "y": y})
        state = widget.evaluate("(widget) => widget.state")
        assert (state["n"], state["d"], state["h"]) == (n, d, h)


KINDS = """(source) => {
    const kind = (each) => typeof each === "function" ? String(each).split("=>")[0]
        : typeof each === "object" ? Object.fromEntries(Object.entries(each).map(([name, part]) => [name, kind(part)]))
        : typeof each;
    return kind(new Function(`${source}; return WORDS;`)());
}"""


def test_words_of_two_languages(browser):
    """Both have the same names, and make their sentences of the same parts."""
    tab = browser.new_page()
    one, other = (tab.evaluate(KINDS, (ROOT / f"theme/assets/widgets/words.{language}.js").read_text("utf-8"))
                  for language in ("en", "zh"))
    tab.close()
    assert one == other


STATES = {  # which make it say all that it can, or nearly
    "type-a-word": [{"word": letters, "at": at, "order": at}
                    for letters in ("", "see", "A b", "x" * 17) for at in (0, 1)],
    "build-a-stack": [{"layers": layers, "output": 0, "causal": causal} for causal in (False, True)
                      for layers in (PLAIN, [[7, 2, 1]], [[3, 1, 9]], [[0, 1, 64]], [[0, 1, 4]], [])],
    "move-the-query": [{"sharpness": sharpness, "raw": raw, "mirrored": raw, "row": 99}
                       for sharpness in (0, 10) for raw in (False, True)],
    "touch-a-kernel": [{"weights": weights, "way": way} for way in ("convolution", "one", "two", "three")
                       for weights in (SOBEL, [1] * 9, [0] * 9)],
    "three-tokens": [{"step": step, "chosen": chosen, "tokens": tokens, "causal": on, "same": on, "scaled": on}
                     for step in range(5) for chosen in (0, 2) for on in (False, True) for tokens in (EQUAL, None)],
    "who-is-cheaper": [{"n": n, "k": k, "d": 100} for n in (50, 1920, 10**6, -1) for k in (1, 9)],
}
NAMES = {"GPT", "MAC", "ResNet", "Sobel", "ViT", "WaveNet", "softmax"}
LATIN = """async ([name, states]) => {
    const widget = document.querySelector(name), found = new Set();
    for (const state of [{}, ...states]) {
        if (widget.set) {
            widget.set(state);
            await new Promise((done) => requestAnimationFrame(done));
        }
        for (const each of widget.querySelectorAll(".widget *, button:not([class]), label, [role=status]"))
            for (const words of [each.ariaLabel, ...[...each.childNodes].map((node) => node.data)])
                if (!each.closest("strong")) for (const word of words?.match(/[A-Za-z]{3,}/g) ?? []) found.add(word);
    }
    return [...found];
}"""


@pytest.mark.parametrize("name", [*sorted(WIDGETS), "play-steps", "find-claims"])
def test_a_chinese_page_has_chinese_widgets(visit, server, site, name):
    """In whatever state, no English word is left but names."""
    page = next(page for page in sorted((site / "zh").rglob("*.html")) if parsed(page).find(name))
    tab = visit(server + page.relative_to(site).as_posix())
    tab.locator(name).first.scroll_into_view_if_needed()
    wait_until(tab, f"document.querySelector('{name}').matches('[ready]')" if name in WIDGETS else
               f"!!document.querySelector('{name} :is(label, button:not([class]))')")
    assert set(tab.evaluate(LATIN, [name, STATES.get(name, [])])) <= NAMES


OUTLINE = "(part) => [document.activeElement === part, getComputedStyle(part).outlineStyle]"


@pytest.mark.parametrize("name", ["touch-a-kernel", "who-is-cheaper"])
def test_a_press_leaves_no_frame(visit, server, name):
    """Whoever uses the keyboard sees where it is, whoever presses knows."""
    tab = visit(f"{server}en/{HEAVY[name]}")
    tab.locator(name).scroll_into_view_if_needed()
    picture = tab.locator(f"{name} .widget svg[tabindex]").first
    picture.click()
    assert picture.evaluate(OUTLINE) == [True, "none"]
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    assert picture.evaluate(OUTLINE) == [True, "solid"]


PRESSED = "(buttons) => buttons.filter((button) => button.ariaPressed === 'true').map((button) => button.textContent)"


@pytest.mark.parametrize(
    ("name", "first", "then", "says"),
    [
        ("build-a-stack", "three plain layers", "WaveNet", "Dilations double"),
        ("touch-a-kernel", "Sobel, left to right", "sharpen", "The weights sum to 1"),
        ("three-tokens", "spread out", "all equal", "Each token makes"),
        ("who-is-cheaper", "ViT-B/16", "GPT-3", "The convolution costs"),
    ],
)
def test_the_example_that_is_shown_is_marked(visit, server, name, first, then, says):
    tab = visit(f"{server}en/{HEAVY[name]}")
    tab.locator(name).scroll_into_view_if_needed()
    tab.wait_for_selector(f"{name}[ready]", state="attached")
    buttons = tab.locator(f"{name} .widget button")
    assert buttons.evaluate_all(PRESSED) == [first]
    tab.get_by_role("button", name=then).click()
    tab.wait_for_timeout(100)
    assert buttons.evaluate_all(PRESSED) == [then]
    assert tab.locator(name).evaluate("(widget) => widget.words.textContent").startswith(says)


def test_a_kernel_begins_at_an_edge(touch):
    found = touch("en/operations/convolution.html", "touch-a-kernel")({})
    assert abs(float(found["shown"].split("=")[1])) > 255


def test_on_a_phone(visit, server):
    """Controls stay where they are while a word grows; a patch of the photograph is large, its mirror near."""
    phone = {"width": 360, "height": 740}
    tab = visit(server + "en/index.html", viewport=phone)
    tab.wait_for_selector("type-a-word[ready]")
    places = []
    for typed in "a", "mississippi", "Of many letters":
        tab.evaluate(SET, ["type-a-word", {"word": typed}])
        places.append(tab.locator("type-a-word input[type=text]").bounding_box()["y"])
    assert len(set(places)) == 1
    tab = visit(server + "en/differences/receptive-field.html", viewport=phone)
    tab.locator("move-the-query").scroll_into_view_if_needed()
    tab.wait_for_selector("move-the-query[ready]", state="attached")
    photo = tab.locator("move-the-query .attention svg").bounding_box()
    mirror = tab.get_by_label("mirror the photograph").bounding_box()
    assert photo["width"] / 24 > 12
    assert mirror["y"] - photo["y"] < 400
