// Touch a kernel: nine weights over a photograph, as a convolution, as one head of attention or as
// two. Mirrors snippets/convolution/sobel.py and snippets/feature_extraction/difference.py.
customElements.define("touch-a-kernel", class TouchAKernel extends Widget {
  static SAYS = WORDS["touch-a-kernel"];
  static needsData = true;
  static PRESETS = {
    right: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
    down: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    sharpen: [0, -0.5, 0, -0.5, 3, -0.5, 0, -0.5, 0],
    average: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((w) => w / 16),
    itself: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  };

  static legal({ weights, way, row, column }, { photo }) {
    const given = Array.isArray(weights) ? weights : [];
    const right = Array.from({ length: 9 }, (_, i) => clamp(-4, Number.isFinite(+given[i]) ? +given[i] : 0, 4));
    const known = Object.hasOwn(this.SAYS.ways, way);
    const changed = !known || given.length !== 9 || right.some((w, i) => w !== given[i]);
    const place = (value) => clamp(0, Math.round(+value) || 0, Math.sqrt(photo.length) - 3);
    return [{ weights: right, way: known ? way : "convolution", row: place(row), column: place(column) },
            changed ? this.SAYS.possible : ""];
  }

  // Unpadded, as in PyTorch: (n, n) pixels, row by row, give (n - 2, n - 2).
  static convolve(photo, n, kernel) {
    const out = new Float64Array((n - 2) ** 2);
    for (let m = 0; m < 9; m++) {
      const start = Math.floor(m / 3) * n + m % 3;
      if (kernel[m])
        for (let i = 0, at = 0; i < n - 2; i++)
          for (let j = 0; j < n - 2; j++, at++) out[at] += kernel[m] * photo[start + i * n + j];
    }
    return out;
  }

  // heads: [total, shares] whose sum of total x average is the output; none for a convolution.
  static compute({ weights, way, row, column }, { photo }) {
    const n = Math.sqrt(photo.length), sum = (some) => some.reduce((a, b) => a + b, 0);
    const head = (parts, sign) => {
      const total = sum(parts);
      return [sign * total, parts.map((part) => (total ? part / total : 1 / 9))];
    };
    const plus = weights.map((w) => Math.max(w, 0)), less = weights.map((w) => Math.max(-w, 0));
    const heads = { convolution: [], one: [[1, head(plus, 1)[1]]], two: [head(plus, 1), head(less, -1)] }[way];
    const kernel = heads.length ? weights.map((_, m) => sum(heads.map(([total, shares]) => total * shares[m]))) : weights;
    const pixels = kernel.map((_, m) => photo[(row + Math.floor(m / 3)) * n + column + m % 3]);
    return { n, heads, kernel, pixels, constant: 100 * sum(kernel), output: this.convolve(photo, n, kernel) };
  }

  start() {
    return { weights: TouchAKernel.PRESETS.right, way: this.getAttribute("way") ?? "convolution", row: 32, column: 29 };  // a flagpole
  }

  build() {
    const { SAYS, PRESETS } = TouchAKernel, n = Math.sqrt(this.data.photo.length);
    this.before = make("canvas", { width: n, height: n, role: "img", "aria-label": SAYS.photograph });
    this.after = make("canvas", { width: n - 2, height: n - 2, role: "img" });
    this.pictures = [this.after];
    this.cells = Array.from({ length: 9 }, (_, m) => this.cell(m));
    // A frame around what is read or made, over its picture.
    const frame = (canvas, side, wide) => {
      const svg = shape("svg", { viewBox: `0 0 ${side} ${side}`, role: "application", tabindex: 0, "aria-label": SAYS.move });
      svg.append(...[["#fff", 2], ["#000", 0.8]].map(([stroke, width]) =>
        shape("rect", { width: wide, height: wide, fill: "none", stroke, "stroke-width": width })));
      const move = (row, column) => this.set({ row: Math.round(row), column: Math.round(column) });
      this.drag(svg, (x, y) => move(y - wide / 2, x - wide / 2));
      this.arrows(svg, (right, up) => move(this.state.row - up, this.state.column + right));
      return [svg, make("div", { class: "widget-over" }, canvas, make("div", {}, svg))];
    };
    const [read, photo] = frame(this.before, n, 3), [made, output] = frame(this.after, n - 2, 1);
    this.frames = [...read.children, ...made.children];
    this.formula = make("p", { class: "widget-formula" });
    this.stage.append(make("div", { class: "widget-pictures" }, photo, make("div", { class: "widget-kernel" }, ...this.cells), output), this.formula);
    this.way = choice(SAYS.operation, Object.entries(SAYS.ways), "convolution", (way) => this.set({ way }));
    this.presets = Object.entries(PRESETS).map(([name, weights]) => button(SAYS.presets[name], () => this.set({ weights })));
    this.controls.append(this.way, make("div", { class: "widget-buttons" }, ...this.presets));
    paint(this.before, this.data.photo.map((value) => 255 - value), [0, 0, 0]);
  }

  // A weight to drag, or to change with the arrow keys.
  cell(m) {
    const put = (weight) => {
      const weights = [...this.state.weights];
      weights[m] = clamp(-4, Math.round(4 * weight) / 4, 4);
      this.set({ weights });
    };
    const step = (right, up) => put(this.state.weights[m] + 0.25 * (right + up));
    let from;
    const cell = make("div", { role: "slider", tabindex: 0, "aria-valuemin": -4, "aria-valuemax": 4,
      "aria-label": TouchAKernel.SAYS.weight(Math.floor(m / 3) + 1, m % 3 + 1) }, make("span"));
    this.drag(cell, (_, y, first) => {
      if (first) from = [y, this.state.weights[m]];
      else put(from[1] + (from[0] - y) / 20);
    });
    this.arrows(cell, step);
    return cell;
  }

  draw() {
    const { way, weights, row, column } = this.state, { n, kernel, pixels, output, constant } = this.numbers;
    press(this.presets, Object.values(TouchAKernel.PRESETS).findIndex((taken) => taken.every((w, m) => w === weights[m])));
    for (const each of this.frames) fill(each, { x: column, y: row });
    const number = (value, parts) => String(Math.round(parts * value) / parts).replace("-", "−");
    const terms = kernel.flatMap((w, m) => (w ? [`${number(w, 1e4)}·${pixels[m]}`] : []));
    write(this.formula, TouchAKernel.SAYS.framed(
      `${terms.join(" + ").replaceAll("+ −", "− ") || 0} = ${number(output[row * (n - 2) + column], 10)}`));
    this.way.querySelector("select").value = way;
    const color = way === "convolution" ? "convolution" : "attention";
    this.cells.forEach((cell, m) => {
      write(cell.firstChild, number(kernel[m], 1e4));
      fill(cell, { "aria-valuenow": this.state.weights[m], class: `${color} ${kernel[m] < 0 ? "negative" : ""}` });
      cell.style.setProperty("--part", `${Math.min(100, 40 * Math.abs(kernel[m]))}%`);
    });
    const shown = `${kernel} ${color}`;
    if (this.drawn === shown) return;   // only the frame is elsewhere
    this.drawn = shown;
    const photo = Math.abs(constant - 100) < 0.5;
    this.after.parentNode.classList.toggle("gray", photo);
    if (photo) paint(this.after, output.map((value) => clamp(0, 255 - value, 255)), [0, 0, 0]);
    else paint(this.after, output, rgb(color), rgb("gray"));
  }

  say() {
    const { SAYS } = TouchAKernel, { way, weights } = this.state, { constant, heads, output } = this.numbers;
    const number = (value) => String(Math.round(value) || 0).replace("-", "−"), part = (value) => String(Math.round(100 * value) / 100 || 0).replace("-", "−");
    const keeps = SAYS.keeps(number(constant)) + (output.some((value) => Math.abs(value) > 255) ? SAYS.beyond : "");
    if (way === "convolution") return SAYS.sums(part(constant / 100)) + keeps;
    if (way === "one") return SAYS.averages(weights.some((weight) => weight < 0));
    return heads[1][0] ? SAYS.subtracts(part(heads[0][0]), part(-heads[1][0])) + keeps : SAYS.nothing;
  }
});
