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
    const same = JSON.stringify([legal, complaint]) === JSON.stringify([this.state, this.complaint]);
    if (this.moves && same) return;
    this.state = legal;
    this.computed = null;
    this.complaint = complaint;
    this.redraw();
  }

  // Computed when they are asked for, which is once for each drawing.
  get numbers() {
    return this.computed ??= this.state && this.constructor.compute(this.state, this.data);
  }

  // Draws with the next frame. Words come once the pointer rests: the browser lays out the whole page
  // for them, nobody reads that fast, and no screen reader shall begin anew each time.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.follow();
      this.frame = null;
      this.draw();
      clearTimeout(this.later);
      if (this.moves) this.later = setTimeout(() => this.tell(), 150);
      else this.tell();
    });
  }

  // Goes where the pointer is by now; of several places in one frame, only to the last.
  follow() {
    this.pointed?.();
    this.pointed = null;
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

  // Calls move(x, y, first) with the place of the pointer, in units of the drawing, while it is dragged, or with
  // hover while a mouse is over it. The place of the drawing is asked once: for an answer, the browser lays out.
  drag(element, move, hover = false) {
    let place;
    const find = () => {
      const box = element.getBoundingClientRect(), { width, height } = element.viewBox?.baseVal ?? box;
      place = { left: box.left + scrollX, top: box.top + scrollY, across: width / box.width, down: height / box.height };
    };
    const at = ({ pageX, pageY }, first) => move((pageX - place.left) * place.across, (pageY - place.top) * place.down, first);
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      this.moves = true;
      find();
      at(event, true);
    });
    element.addEventListener("pointermove", (event) => {
      const held = element.hasPointerCapture(event.pointerId);
      if (!held && !(hover && event.pointerType === "mouse" && !event.buttons)) return;
      if (!this.moves) find();
      this.moves = true;
      this.pointed = () => at(event, false);
      this.redraw();
    });
    for (const end of ["lostpointercapture", "pointerleave"]) element.addEventListener(end, () => {
      this.follow();
      requestAnimationFrame(() => { this.moves = false; });     // after what is drawn in this frame
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

// Makes the children of an element be some parts, each [name, attributes, words or parts], and changes only what
// differs from the last time: on a long page, what is inserted costs more than what is changed.
function renew(parent, parts) {
  parts.forEach(([name, attributes, content], i) => {
    const old = parent.children[i], fits = old?.localName === name;
    const kept = fits ? old : parent.insertBefore(document.createElementNS(parent.namespaceURI, name), old ?? null);
    for (const key in kept.had) if (!(key in attributes)) kept.removeAttribute(key);
    for (const key in attributes) if (kept.had?.[key] !== attributes[key]) set(kept, key, attributes[key]);
    kept.had = attributes;
    if (Array.isArray(content)) renew(kept, content);
    else if (content !== undefined) write(kept, String(content));
  });
  while (parent.children.length > parts.length) parent.lastElementChild.remove();
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
  const label = make("label", {}, make("span", {}, text), make("div", {}, input), make("div", {}, output));
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
    const of = values[i] < 0 ? negative : color;
    data[at] = of[0];
    data[at + 1] = of[1];
    data[at + 2] = of[2];
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
