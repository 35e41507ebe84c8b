// Who is cheaper, a convolution or attention? Mirrors crossing, training and traffic of
// snippets/cost, streams and block of snippets/choosing.
customElements.define("who-is-cheaper", class Cheaper extends Widget {
  static hint = "Drag the point and compare the bars.";
  static FIELDS = {       // words, first value, all values
    n: ["positions n", 196],
    d: ["channels d", 768],
    k: ["kernel reads", 9, [...Array(32).keys(), 49].slice(1)],
    h: ["heads", 12, [1, 2, 4, 6, 8, 12, 16, 32, 64, 96]],
    w: ["window", 128, [1, 4, 16, 64, 128, 256, 512, 1024, 4096]],
    bytes: ["bytes a number", 4, [1, 2, 4]],
    batch: ["batch", 1, [1, 2, 4, 8, 16, 32, 64]] };
  static EXAMPLES = {     // n, d, h
    "sentence": [50, 768, 12], "ViT-B/16": [196, 768, 12], "page": [1000, 768, 12], "pixels": [50176, 768, 12],
    "ResNet-50, first": [3136, 64, 1], "ResNet-50, last": [49, 512, 8], "GPT-3": [2048, 12288, 96],
    "second of sound": [100, 64, 4], "tile of a photograph": [1024, 384, 6], "contract": [130000, 4096, 32],
    "small image": [64, 64, 4], "medical image": [4096, 384, 6], "video": [49000, 768, 12] };

  static legal(wanted) {
    const state = {};
    for (const [name, [, first, all]] of Object.entries(this.FIELDS)) {
      const value = isNaN(wanted[name]) ? first : clamp(1, Math.round(wanted[name]), 1e6);
      state[name] = all?.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a)) ?? value;
    }
    const { d, h } = state;     // heads of one size
    state.d = clamp(Math.ceil(8 / h), Math.round(d / h), Math.floor(16384 / h)) * h;
    const changed = Object.keys(state).filter((name) => name in wanted && state[name] !== Number(wanted[name]));
    return [state, changed.length && `That cannot be shown; the nearest is ${changed.map((name) => `${name} = ${state[name]}`).join(", ")}${d % h ? " (heads have one size)" : ""}.`];
  }

  // Costs in the order of the table; keys are those that one position meets.
  static compute({ n, d, k, h, w, bytes, batch }) {
    const layer = (weights, keys, kept, cache) => [batch * n * (weights + 2 * keys * d), weights,
      bytes * batch * kept, bytes * batch * cache, bytes * (weights + batch * cache)];
    const matrices = 4 * d * d, fused = 5 * n * d + h * n;
    return { meetings: 2 * n / d, meets: Math.max(1, Math.ceil((k - 4) * d / 2)), layers: {
      "convolution": layer(k * d * d, 0, n * d, (k - 1) * d),
      "separable": layer(k * d + d * d, 0, 2 * n * d, (k - 1) * d),
      "attention": layer(matrices, n, fused, 2 * n * d),
      "written out": layer(matrices, n, 5 * n * d + h * n * n, 2 * n * d),
      "window": layer(matrices, Math.min(w + 1, n), fused, 2 * Math.min(w, n) * d),
      "linear": layer(matrices, d / h, 5 * n * d, d * d / h) } };
  }

  start() {
    return Object.fromEntries(new URLSearchParams(location.search));
  }

  set(change) {
    super.set(change);
    if (!Object.keys(change).length) return;
    clearTimeout(this.writes);  // browsers refuse too many changes of the address
    this.writes = setTimeout(() => history.replaceState(null, "", `?${new URLSearchParams(this.state)}#${this.id}`), 300);
  }

  build() {
    const squares = { 9: " = 3×3", 25: " = 5×5", 49: " = 7×7" };
    this.svg = shape("svg", { role: "application", tabindex: 0, "aria-label": "The arrow keys move the point" });
    this.svg.append(this.map = shape("g"), this.line = shape("path", { class: "width" }),
      this.same = shape("circle", { class: "same" }), this.here = shape("circle", { class: "here", r: 8 }), this.name = text(0, 0, ""));
    this.sums = [text(0, 12, "", "convolution start"), text(0, 46, "", "attention start")];
    this.bars = [[18, "convolution"], [52, "attention"], [52, "attention meetings"]].map(([y, kind]) => shape("rect", { y, height: 10, class: kind }));
    const move = (n, d) => {
      this.set({ n, d });
      this.complaint = "";      // whoever drags asks for the nearest
    };
    this.drag(this.svg, (x, y) => {
      const far = ([n, d]) => Math.hypot(x - this.x(n), y - this.y(d));
      const [n, d, h] = Object.values(Cheaper.EXAMPLES).reduce((a, b) => (far(b) < far(a) ? b : a));
      if (far([n, d]) < 6) this.set({ n, d, h });
      else move(10 ** ((x - 42) / this.decade), 8 * 2 ** ((276 - y) / 24));
    });
    this.arrows(this.svg, (right, up) => move(this.state.n * 1.5 ** right, this.state.d * 1.5 ** up));
    this.stage.append(this.svg, this.below = shape("svg", { class: "widget-bars" }, ...this.sums, ...this.bars));

    const forgive = () => {
      this.complaint = "";
      super.tell();             // and leave alone what is being typed
    };
    const fields = Object.entries(Cheaper.FIELDS).map(([name, [words, , all]]) => {
      const change = () => this.set({ [name]: label.lastChild.value });
      const label = all ? choice(words, all.map((value) => [value, value + (squares[value] ?? "")]), 0, change)
        : make("label", {}, words, make("input", { type: "number", onchange: change, oninput: forgive }));
      return label;
    });
    this.fields = fields.map((label) => label.lastChild);
    const examples = Object.entries(Cheaper.EXAMPLES).map(([name, [n, d, h]]) => button(name, () => this.set({ n, d, h })));
    const head = ["bold: the least", "MACs", "learned numbers", "kept for training", "kept for the next token", "read for it"];
    const rows = Object.keys(Cheaper.compute({}).layers).map((name, i) => make("tr", {},
      make("th", { scope: "row", class: i < 2 ? "convolution" : "attention" }, name), ...head.slice(1).map(() => make("td"))));
    this.cells = rows.flatMap((row) => [...row.children].slice(1));
    this.controls.append(make("div", { class: "widget-buttons" }, ...fields), make("div", { class: "widget-buttons" }, ...examples),
      make("table", { class: "widget-table" }, make("tr", {}, ...head.map((words) => make("th", { scope: "col" }, words))), ...rows));
  }

  x(n) {
    return 42 + this.decade * Math.log10(n);
  }

  y(d) {
    return 276 - 24 * Math.log2(d / 8);
  }

  // How many times attention costs depends on n / d alone, so the bands are parallel.
  drawMap(k, right) {
    const x = (n) => this.x(n), y = (d) => this.y(d);
    const band = (factor, side, name) => {
      const times = Math.max(1e-9, (factor * k - 4) / 2);
      return shape("path", { d: `M${x(times * 8)} 276L${x(times * 16384)} 12H${side}V276Z`, class: name });
    };
    const roomy = this.decade > 45;
    this.map.replaceChildren(
      shape("svg", { x: 42, y: 12, width: right - 42, height: 264, viewBox: `42 12 ${right - 42} 264` },
        ...[1, 10, 100, 1000, 1e4].map((factor) => band(factor, right, "convolution")),
        ...[1, 2, 4, 8].filter((factor) => k > 4 * factor).map((factor) => band(1 / factor, 42, "attention"))),
      ...(roomy ? [10, 100, 1000] : [10, 1000]).map((factor) => text(x((factor * k - 4) * 4), 271, `${factor}×`)),
      text(x((k / 2 - 4) * 8192), 24, k > 8 ? "2×" : ""),
      text(50, 42, k > 4 ? "attention cheaper" : "", "attention start"), text(right - 8, 252, "convolution cheaper", "convolution end"),
      ...(roomy ? [1, 100, 1e4] : [1, 100]).map((n) => text(x(n), 291, n)), text(right, 291, "a million", "end"), text(right / 2, 306, "positions n"),
      ...[8, 64, 512, 4096].map((d) => text(37, y(d) + 4, d, "end")), text(0, 10, "channels d", "start"),
      ...Object.values(Cheaper.EXAMPLES).map(([n, d]) => shape("circle", { cx: x(n), cy: y(d), r: 2.5, class: "example" })));
  }

  draw() {
    const { n, d, k } = this.state, { meetings, meets } = this.numbers;
    const right = this.size - 12, drawn = `${k} ${right}`, unit = this.size / Math.max(k, 4 + meetings);
    this.decade = (right - 42) / 6;
    if (this.drawn !== drawn) {
      this.drawn = drawn;
      this.fit(this.svg, 310);
      this.fit(this.below, 68);
      this.drawMap(k, right);
    }
    const [name] = Object.entries(Cheaper.EXAMPLES).find(([, sizes]) => sizes[0] === n && sizes[1] === d) ?? [""];
    const x = this.x(n), y = this.y(d);
    fill(this.line, { d: `M42 ${y}H${right}` });
    fill(this.same, { cx: this.x(meets), cy: y, r: k > 4 ? 4 : 0 });
    fill(this.here, { cx: x, cy: y });
    fill(this.name, { x, y: y + (d > 4096 ? 24 : -13), class: n > 1e4 ? "end" : "" });
    write(this.name, name);
    write(this.sums[0], `convolution: ${k} d²`);
    write(this.sums[1], `attention: 4 d² + ${few(meetings)} d² for the meetings`);
    [k, 4, meetings].forEach((matrices, i) => fill(this.bars[i], { x: i > 1 ? 4 * unit : 0, width: matrices * unit }));
  }

  tell() {
    super.tell();
    const rows = Object.values(this.numbers.layers);
    Object.values(this.state).forEach((value, i) => { this.fields[i].value = value; });
    rows.flat().forEach((cost, i) => {
      write(this.cells[i], short(cost) + (i % 5 > 1 ? "B" : ""));
      this.cells[i].className = rows.every((costs) => cost <= costs[i % 5]) ? "least" : "";
    });
  }

  say() {
    const { n, d, k } = this.state, { meetings, meets } = this.numbers, all = 4 + meetings;
    const times = few(Math.max(all / k, k / all)), names = Object.entries(this.numbers.layers);
    const [dear, cheap] = all > k ? ["Attention", "the convolution"] : ["The convolution", "attention"];
    const [least] = names.reduce((a, b) => (b[1][0] < a[1][0] ? b : a));
    return `${times === "1" ? "Both cost the same" : `${dear} costs ${times} times as much as ${cheap}`}, because for each position `
      + `the convolution pays for ${k} ${k > 1 ? "matrices" : "matrix"}, and attention for its own four and for `
      + `${few(meetings)} more to meet all ${n.toLocaleString("en")}. ` + (k > 4
      ? `With ${d.toLocaleString("en")} channels they cost the same at n = ${meets.toLocaleString("en")}.` : "So small a kernel is cheaper at every length.")
      + ` (Fewest MACs of all below: ${least}.)`;
  }
});
