// What all widgets share. A widget has the headline of its figure and a hint, what to do with it, in
// SAYS with the other words of the page's language, and a state: start() gives the first, legal(state) the nearest legal one with a complaint or "", compute(state) makes of it all
// numbers that are shown, with the data that the figure's snippet gives if it needsData. build() makes
// the parts once, draw() shows the numbers, say() and tell() put them into words, which are also the
// names of the pictures. Drawings with letters are made in pixels, for this.size, the width that there is.
class Widget extends HTMLElement {
  static colors = new Map();

  async connectedCallback() {
    if (this.stage) return;
    this.stage = make("div", { class: "widget" });
    if (this.constructor.needsData) {
      await run(this.querySelector("a[download]").href.replace(/svg$/, "js"));
      this.data = Widget.data;
    }
    this.controls = make("div", { class: "widget-controls" });
    this.words = make("p", { class: "widget-words", "aria-live": "polite" });
    const headline = this.querySelector("figcaption strong").cloneNode(true);
    this.stage.append(make("p", { class: "widget-hint" }, headline, " ", this.constructor.SAYS.hint));
    this.build();
    this.stage.append(this.words, this.controls);
    this.prepend(this.stage);
    this.setAttribute("ready", "");
    this.size = this.stage.clientWidth;
    this.set({});
    this.draw();        // before anybody sees it, so that nothing moves
    this.tell();
    new ResizeObserver(([{ contentRect: { width } }]) => {
      if (!width || width === this.size) return;        // no width: on paper
      this.size = width;
      this.redraw();
    }).observe(this.stage);
    new MutationObserver(() => {
      this.drawn = null;
      this.redraw();
    }).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  }

  // A drawing of this height, in pixels.
  fit(svg, height) {
    const viewBox = `0 0 ${this.size} ${height}`;       // written again, it would be laid out again
    if (svg.getAttribute("viewBox") !== viewBox) fill(svg, { viewBox, style: `height: ${height}px` });
  }

  // Takes over a part of the state, made legal.
  set(change) {
    const wanted = { ...(this.state ?? this.start()), ...change };
    const [legal, complaint] = this.constructor.legal(wanted, this.data);
    this.state = legal;
    this.numbers = this.constructor.compute(legal, this.data);
    this.complaint = complaint;
    this.redraw();
  }

  // Draws with the next frame. While something is dragged, words come later: the browser lays out
  // the whole page for them, and nobody reads that fast.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
      if (this.drags) this.later ??= setTimeout(() => this.tell(), 150);
      else this.tell();
    });
  }

  tell() {
    clearTimeout(this.later);
    this.later = null;
    const said = this.say();
    write(this.words, [this.complaint, said].filter(Boolean).join(WORDS.space));
    for (const picture of this.pictures ?? []) picture.setAttribute("aria-label", said);
  }

  // Calls step(right, up) with -1, 0 or 1 for an arrow key.
  arrows(element, step) {
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    element.addEventListener("keydown", (event) => {
      if (!(event.key in ways)) return;
      event.preventDefault();
      step(...ways[event.key]);
    });
  }

  // Calls move(x, y) with the place of the pointer, in units of the drawing, while it is dragged.
  drag(svg, move) {
    const at = (event) => {
      const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      move((event.clientX - box.left) * view.width / box.width,
           (event.clientY - box.top) * view.height / box.height);
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      this.drags = true;
      at(event);
    });
    svg.addEventListener("lostpointercapture", () => {
      this.drags = false;
      this.redraw();
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) at(event);
    });
  }
}

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  return fill(element, attributes, children);
}

function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function text(x, y, words, kind = "") {
  return shape("text", { x, y, class: kind }, words.toLocaleString("en"));
}

function fill(element, attributes, children = []) {
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false) set(element, key, value === true ? "" : value);
  element.append(...children);
  return element;
}

// The policy of a page refuses an attribute with a style, but not the style itself.
function set(element, name, value) {
  if (name === "style") element.style.cssText = value;
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Changes the letters and no node: for a new node the browser finds the style of the whole article again.
function write(element, words) {
  if (!element.firstChild) element.append("");
  if (element.firstChild.data !== words) element.firstChild.data = words;
}

// Makes the children of an element like new ones, and changes only what differs: on a long page,
// what is inserted costs more than what is changed.
function renew(parent, ...children) {
  children.forEach((child, i) => {
    const kept = parent.children[i];
    if (kept?.nodeName !== child.nodeName) return parent.insertBefore(child, kept ?? null);
    for (const { name } of [...kept.attributes, ...child.attributes]) {
      const value = child.getAttribute(name);
      if (value === null) kept.removeAttribute(name);
      else if (value !== kept.getAttribute(name)) set(kept, name, value);
    }
    if (child.children.length) renew(kept, ...child.children);
    else if (child.firstChild) write(kept, child.textContent);
  });
  while (parent.children.length > children.length) parent.lastChild.remove();
}

function button(text, onclick, attributes = {}) {
  return make("button", { type: "button", onclick, ...attributes }, text);
}

// Marks which of some buttons is taken, if one is.
function press(buttons, taken) {
  buttons.forEach((each, i) => set(each, "aria-pressed", i === taken));
}

// A label with an <input type="range"> and its value; show(value) makes the words of the value.
function slider(text, { min, max, step = 1, value }, change, show = String) {
  const output = make("output", {}, show(value));
  const input = make("input", { type: "range", min, max, step, value, oninput: () => {
    write(output, show(+input.value));
    change(+input.value);
  } });
  const label = make("label", {}, make("span", {}, text), input, output);
  label.put = (now) => {
    input.value = now;
    write(output, show(now));
  };
  return label;
}

// A label with a list to choose from: [value, words].
function choice(text, options, value, change) {
  const list = options.map(([key, words]) => make("option", { value: key, selected: key == value }, words));
  const select = make("select", { onchange: () => change(select.value) }, ...list);
  return make("label", {}, make("span", {}, text), select);
}

// A number with two decimals and a true minus, and never −0.00.
function decimal(number) {
  return Number.isFinite(number) ? (Math.round(100 * number) / 100 || 0).toFixed(2).replace("-", "−") : "−∞";
}

// A box to tick, or one of a group of which one is ticked, before its label.
function tick(text, change, group) {
  const input = make("input", { type: group ? "radio" : "checkbox", name: group ?? false, onchange: () => change(input.checked) });
  const label = make("label", {}, input, make("span", {}, text));
  label.put = (now) => (input.checked = now);
  return label;
}

// Paints values, one a pixel, as the opacity of a colour: their size, 255 and more in full.
function paint(canvas, values, color, negative = color) {
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  const { data } = image;
  for (let i = 0, at = 0; i < values.length; i++, at += 4) {
    [data[at], data[at + 1], data[at + 2]] = values[i] < 0 ? negative : color;
    data[at + 3] = Math.min(255, Math.abs(values[i]));
  }
  context.putImageData(image, 0, 0);
}

// The colour of an operation in the palette of the page. It is asked once: for an answer, the browser
// finds the style of the whole page.
function rgb(name) {
  const key = `${name} ${document.body.dataset.mdColorScheme}`;
  if (!Widget.colors.has(key)) {
    const probe = make("i", { style: `color: var(--${name})` });
    document.body.append(probe);
    Widget.colors.set(key, getComputedStyle(probe).color.match(/[\d.]+/g).map(Number));
    probe.remove();
  }
  return Widget.colors.get(key);
}

const clamp = (low, value, high) => Math.min(Math.max(value, low), high);

// Three digits: 50,176 is 50,200.
const few = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format;

// Three digits and a unit: 50,176 is 50.2 k.
function short(number) {
  const power = number && Math.floor(Math.log10(number.toPrecision(3)) / 3);
  return `${few(number / 1000 ** power)}\u00a0${["", ..."kMGTPE"][power]}`;
}
