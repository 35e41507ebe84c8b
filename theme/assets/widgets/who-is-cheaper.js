// Who is cheaper, a convolution or attention? Mirrors crossing, training and traffic of
// snippets/cost, streams and block of snippets/choosing.
customElements.define("who-is-cheaper", class Cheaper extends Widget {
  static SAYS = WORDS["who-is-cheaper"];
  static FIELDS = {       // first value, all values
    n: [196],
    d: [768],
    k: [9, [...Array(32).keys(), 49].slice(1)],
    h: [12, [1, 2, 4, 6, 8, 12, 16, 32, 64, 96]],
    w: [128, [1, 4, 16, 64, 128, 256, 512, 1024, 4096]],
    bytes: [4, [1, 2, 4]],
    batch: [1, [1, 2, 4, 8, 16, 32, 64]] };
  static EXAMPLES = {     // n, d, h
    sentence: [50, 768, 12], vit: [196, 768, 12], page: [1000, 768, 12], pixels: [50176, 768, 12],
    first: [3136, 64, 1], last: [49, 512, 8], gpt: [2048, 12288, 96],
    sound: [100, 64, 4], tile: [1024, 384, 6], contract: [130000, 4096, 32],
    small: [64, 64, 4], medical: [4096, 384, 6], video: [49000, 768, 12] };

  static legal(wanted) {
    const state = {};
    for (const [name, [first, all]] of Object.entries(this.FIELDS)) {
      const value = isNaN(wanted[name]) ? first : clamp(1, Math.round(wanted[name]), 1e6);
      state[name] = all?.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a)) ?? value;
    }
    const { d, h } = state;     // heads of one size
    state.d = clamp(Math.ceil(8 / h), Math.round(d / h), Math.floor(16384 / h)) * h;
    const changed = Object.keys(state).filter((name) => name in wanted && state[name] !== Number(wanted[name]));
    return [state, changed.length && this.SAYS.cannot(changed.map((name) => `${name} = ${state[name]}`).join(", "), d % h > 0)];
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
    this.write();
  }

  // Puts the state into the address, later: browsers refuse too many changes, and load the icon of the page anew at each.
  write() {
    clearTimeout(this.writes);
    this.writes = setTimeout(() => {
      if (this.moves) return this.write();
      const told = Object.entries(this.state).filter(([name, value], i) => i < 3 || value !== Cheaper.FIELDS[name][0]);
      history.replaceState(null, "", `?${new URLSearchParams(told)}#${this.id}`);
    }, 300);
  }

  build() {
    const { SAYS, FIELDS, EXAMPLES } = Cheaper, squares = { 9: " = 3×3", 25: " = 5×5", 49: " = 7×7" };
    this.svg = shape("svg", { role: "application", tabindex: 0, "aria-label": SAYS.move });
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
    const fields = Object.entries(FIELDS).map(([name, [, all]]) => {
      const change = () => this.set({ [name]: label.lastChild.value });
      const label = all ? choice(SAYS.fields[name], all.map((value) => [value, value + (squares[value] ?? "")]), 0, change)
        : make("label", {}, SAYS.fields[name], make("input", { type: "number", onchange: change, oninput: forgive }));
      return label;
    });
    this.fields = fields.map((label) => label.lastChild);
    this.examples = Object.entries(EXAMPLES).map(([name, [n, d, h]]) => button(SAYS.examples[name], () => this.set({ n, d, h })));
    const head = SAYS.columns;
    const rows = Object.keys(Cheaper.compute({}).layers).map((name, i) => make("tr", {},
      make("th", { scope: "row", class: i < 2 ? "convolution" : "attention" }, SAYS.layers[name]), ...head.slice(1).map(() => make("td"))));
    this.cells = rows.flatMap((row) => [...row.children].slice(1));
    const row = (...parts) => make("div", { class: "widget-buttons" }, ...parts);
    this.controls.append(row(...this.examples), row(...fields.slice(0, 3)),
      make("details", { open: Object.keys(this.start()).some((name) => name in FIELDS && !["n", "d", "k"].includes(name)) },
        make("summary", {}, SAYS.more), row(...fields.slice(3)),
        make("table", { class: "widget-table" }, make("tr", {}, ...head.map((words) => make("th", { scope: "col" }, words))), ...rows)));
  }

  x(n) {
    return 42 + this.decade * Math.log10(n);
  }

  y(d) {
    return 276 - 24 * Math.log2(d / 8);
  }

  // How many times attention costs depends on n / d alone, so the bands are parallel.
  drawMap(k, right) {
    const { SAYS } = Cheaper, x = (n) => this.x(n), y = (d) => this.y(d);
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
      text(50, 42, k > 4 ? SAYS.cheaper(WORDS.attention) : "", "attention start"), text(right - 8, 252, SAYS.cheaper(WORDS.convolution), "convolution end"),
      ...(roomy ? [1, 100, 1e4] : [1, 100]).map((n) => text(x(n), 291, n)), text(right, 291, SAYS.million, "end"), text(right / 2, 306, SAYS.fields.n),
      ...[8, 64, 512, 4096].map((d) => text(37, y(d) + 4, d, "end")), text(0, 10, SAYS.fields.d, "start"),
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
    const { SAYS, EXAMPLES } = Cheaper, taken = Object.values(EXAMPLES).findIndex((sizes) => sizes[0] === n && sizes[1] === d);
    const x = this.x(n), y = this.y(d);
    fill(this.line, { d: `M42 ${y}H${right}` });
    fill(this.same, { cx: this.x(meets), cy: y, r: k > 4 ? 4 : 0 });
    fill(this.here, { cx: x, cy: y });
    fill(this.name, { x, y: y + (d > 4096 ? 24 : -13), class: n > 1e4 ? "end" : "" });
    write(this.name, SAYS.examples[Object.keys(EXAMPLES)[taken]] ?? "");
    press(this.examples, taken);
    write(this.sums[0], SAYS.pays(k));
    write(this.sums[1], SAYS.meets(few(meetings)));
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
    const { SAYS } = Cheaper, { n, d, k } = this.state, { meetings, meets, layers } = this.numbers, all = 4 + meetings;
    const [least] = Object.entries(layers).reduce((a, b) => (b[1][0] < a[1][0] ? b : a));
    return SAYS.costs({ times: few(Math.max(all / k, k / all)), more: all > k, n: n.toLocaleString("en"), d: d.toLocaleString("en"), k,
      meetings: few(meetings), same: meets.toLocaleString("en"), least: SAYS.layers[least] });
  }
});
