// Build a stack: which inputs an output sees through layers of convolution or attention, and on
// how many paths. Mirrors snippets/receptive_field/stack.py.
customElements.define("build-a-stack", class BuildAStack extends Widget {
  static SAYS = WORDS["build-a-stack"];
  static N = 64;
  static PRESETS = {
    plain: [[3, 1, 1], [3, 1, 1], [3, 1, 1]],
    wavenet: [1, 2, 4, 8, 16, 32].map((dilation) => [2, 1, dilation]),
    stem: [[7, 2, 1], [3, 2, 1]],
    one: [[0, 1, 64]],
    windows: [[0, 1, 4], [0, 1, 4], [0, 1, 4]],
  };

  // A layer is [k, stride, dilation], or [0, 1, w]: attention to w positions on each side.
  static legal({ layers, output, causal }) {
    let right = Array.isArray(layers) ? layers.slice(0, 6) : [];
    right = right.map(([k, s, d]) => +k === 0
      ? [0, 1, clamp(1, Math.round(+d) || 1, 64)]
      : [clamp(1, Math.round(+k) || 3, 7), clamp(1, Math.round(+s) || 1, 3), clamp(1, Math.round(+d) || 1, 32)]);
    if (!right.length) right = [[3, 1, 1]];
    const changed = JSON.stringify(right) !== JSON.stringify(layers);
    const last = this.lengths(right).at(-1) - 1;
    const at = clamp(0, Number.isFinite(+output) ? Math.round(+output) : Math.round(last / 2), last);
    return [{ layers: right, output: at, causal: !!causal },
            changed ? this.SAYS.cannot : ""];
  }

  static lengths(layers) {
    const all = [this.N];
    for (const [, s] of layers) all.push(Math.ceil(all.at(-1) / s));
    return all;
  }

  // The positions of the layer below that position i reads.
  static reads([k, s, d], i, n, causal) {
    if (!k) {
      const from = Math.max(0, i - d), to = causal ? i : Math.min(n - 1, i + d);
      return Array.from({ length: to - from + 1 }, (_, j) => from + j);
    }
    const first = i * s - (causal ? (k - 1) * d : Math.floor((k - 1) * d / 2));
    return Array.from({ length: k }, (_, j) => first + j * d).filter((j) => j >= 0 && j < n);
  }

  // paths: for each level, from the input up, how many paths lead from each position to the output.
  static compute({ layers, output, causal }) {
    const lengths = this.lengths(layers), paths = lengths.map((n) => new Array(n).fill(0));
    paths.at(-1)[output] = 1;
    for (let l = layers.length; l > 0; l--)
      paths[l].forEach((count, i) => {
        if (count) for (const j of this.reads(layers[l - 1], i, lengths[l - 1], causal)) paths[l - 1][j] += count;
      });
    let jump = 1, window = 1;
    const terms = layers.map(([k, s, d]) => {
      const whole = !k && d >= this.N, wide = k ? (k - 1) * d : causal ? d : 2 * d;
      const term = k ? `${k - 1}·${d}·${jump}` : whole ? this.SAYS.all(this.N) : `${causal ? d : `(${d} + ${d})`}·${jump}`;
      window += whole ? Infinity : wide * jump;
      jump *= s;
      return term;
    });
    const preset = Object.keys(this.PRESETS).find((name) => JSON.stringify(this.PRESETS[name]) === JSON.stringify(layers));
    return { lengths, paths, terms, window, preset,
             seen: paths[0].filter(Boolean).length, total: paths[0].reduce((a, b) => a + b, 0) };
  }

  start() {
    return { layers: BuildAStack.PRESETS.plain, causal: false };
  }

  build() {
    const { SAYS, PRESETS } = BuildAStack;
    this.svg = shape("svg", { role: "img" });
    this.pictures = [this.svg];
    this.presets = Object.entries(PRESETS).map(([name, layers]) =>
      button(SAYS.presets[name], () => this.stack(layers, name === "wavenet" ? 1 : 0.5, name === "wavenet")));
    this.stage.append(make("div", { class: "widget-buttons" }, ...this.presets), this.svg);
    this.drag(this.svg, (x) => {
      this.set({ output: Math.floor((x - 8) / (this.size - 16) * BuildAStack.lengths(this.state.layers).at(-1)) });
    });
    this.output = slider(SAYS.output, { min: 0, max: 63, value: 32 }, (output) => this.set({ output }), (i) => SAYS.number(i + 1));
    this.rows = make("div", { class: "widget-rows" });
    this.causal = tick(SAYS.causal, (causal) => this.set({ causal }));
    this.formula = make("p", { class: "widget-formula" });
    this.stage.append(this.formula, make("p", { class: "widget-hint" }, SAYS.legend));
    this.controls.append(this.output, this.rows,
      make("div", { class: "widget-buttons" },
        button(SAYS.add, () => this.stack([...this.state.layers, [3, 1, 1]])),
        this.causal));
  }

  // Other layers; the output stands at the same part of the width.
  stack(layers, part = this.state.output / Math.max(1, this.numbers.lengths.at(-1) - 1), causal = this.state.causal) {
    this.set({ layers, causal, output: part * (BuildAStack.lengths(layers).at(-1) - 1) });
  }

  // One line of controls for each layer, the last layer on top.
  buildRows() {
    const { layers, causal } = this.state, { terms, preset } = this.numbers, key = JSON.stringify([layers, causal]);
    if (this.built === key) return;
    this.built = key;
    const { SAYS, PRESETS } = BuildAStack;
    press(this.presets, Object.keys(PRESETS).indexOf(preset));
    const change = (l, layer) => this.stack(layers.map((old, at) => (at === l ? layer : old)));
    const count = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => [from + i, from + i]);
    const focus = this.rows.contains(document.activeElement) && document.activeElement.name;
    this.rows.replaceChildren(...layers.map(([k, s, d], l) => {
      const named = (name, label) => (label.querySelector("select").name = `${name}${l}`, label);
      const kind = named("kind", choice(SAYS.layer(l + 1), [["c", WORDS.convolution], ["a", WORDS.attention]], k ? "c" : "a",
        (kind) => change(l, kind === "a" ? [0, 1, 64] : [3, 1, 1])));
      const rest = k
        ? [named("k", choice(SAYS.kernel, count(1, 7), k, (k) => change(l, [+k, s, d]))),
           named("s", choice(SAYS.stride, count(1, 3), s, (s) => change(l, [k, +s, d]))),
           named("d", choice(SAYS.dilation, [1, 2, 3, 4, 8, 9, 16, 27, 32].map((v) => [v, v]), d, (d) => change(l, [k, s, +d])))]
        : [named("w", choice(SAYS.window, [[64, SAYS.unlimited], ...[1, 2, 4, 8, 16].map((v) => [v, (causal ? SAYS.back : SAYS.sides)(v)])], d, (d) => change(l, [0, 1, +d])))];
      const out = button("×", () => this.stack(layers.filter((_, at) => at !== l)),
        { "aria-label": SAYS.remove(l + 1), disabled: layers.length === 1 });
      return make("div", { class: k ? "convolution" : "attention" }, kind, ...rest, out, make("span", { class: "widget-term" }, terms[l]));
    }).reverse());
    if (focus) this.rows.querySelector(`[name=${focus}]`)?.focus();
  }

  draw() {
    this.buildRows();
    const { layers, output, causal } = this.state, { lengths, paths, terms, window } = this.numbers;
    this.causal.put(causal);
    this.output.querySelector("input").max = lengths.at(-1) - 1;
    this.output.put(output);
    const wide = this.size - 16, high = Math.max(200, Math.round(this.size * 0.516)) - 40;
    this.fit(this.svg, high + 40);
    const x = (l, i) => 8 + wide * (i + 0.5) / lengths[l], y = (l) => 20 + high - l * high / layers.length;
    const dot = Math.min(7.2, 0.74 * wide / 64);
    const parts = [];
    layers.forEach((layer, l) => {
      const color = layer[0] ? "var(--convolution)" : "var(--attention)";
      let lines = "";
      paths[l + 1].forEach((count, i) => {
        if (!count) return;
        const below = BuildAStack.reads(layer, i, lengths[l], causal);
        if (below.length > 9)   // many lines would hide each other
          lines += `M${x(l + 1, i)} ${y(l + 1)}L${x(l, below[0])} ${y(l)}H${x(l, below.at(-1))}Z`;
        else for (const j of below) lines += `M${x(l + 1, i)} ${y(l + 1)}L${x(l, j)} ${y(l)}`;
      });
      parts.push(["path", { d: lines, stroke: color, fill: layer[0] ? "none" : color, "fill-opacity": 0.05, "stroke-opacity": 0.6 }]);
    });
    const most = Math.max(...paths[0]);
    const dots = (seen) => paths.map((counts, l) => counts.map((count, i) =>
      (count > 0) === seen && (l || !seen) ? `M${x(l, i)} ${y(l)}h0` : "").join("")).join("");
    for (const [d, stroke] of [[dots(false), "var(--line)"], [dots(true), "currentColor"]])
      parts.push(["path", { d, stroke, "stroke-width": dot, "stroke-linecap": "round" }]);
    paths[0].forEach((count, i) => count && parts.push(["circle", { cx: x(0, i), cy: y(0), r: dot / 2,
      fill: "currentColor", "fill-opacity": 0.15 + 0.85 * count / most }]));
    for (const [at, words] of [[10, BuildAStack.SAYS.outputs], [high + 38, BuildAStack.SAYS.inputs(BuildAStack.N)]])
      parts.push(["text", { x: 1, y: at, "font-size": 12, fill: "currentColor" }, words]);
    parts.push(["circle", { cx: x(layers.length, output), cy: y(layers.length), r: 7, fill: "currentColor" }]);
    renew(this.svg, parts);
    const formula = JSON.stringify([terms, layers, causal]);
    if (this.formula.shows === formula) return;
    this.formula.shows = formula;
    if (window === Infinity) this.formula.replaceChildren(BuildAStack.SAYS.endless(causal));
    else this.formula.replaceChildren("r = 1", ...layers.flatMap(([k], l) => [" + ",
      make("span", { class: k ? "convolution" : "attention" }, terms[l])]), ` = ${window}`);
  }

  say() {
    const { SAYS, N } = BuildAStack, { paths, seen, total, window, preset } = this.numbers;
    const from = paths[0].findIndex(Boolean), to = paths[0].findLastIndex(Boolean), wide = to - from + 1;
    const sees = SAYS.sees({ seen, all: N, from: from + 1, to: to + 1, gaps: seen < wide, cut: window < Infinity && wide < window && window,
      total: total.toLocaleString("en"), most: Math.max(...paths[0]).toLocaleString("en") });
    return [preset && SAYS.about[preset], sees].filter(Boolean).join(WORDS.space);
  }
});
