// Move the query: what a patch of a photograph takes from each patch, by a 3 x 3 convolution and by
// attention. Mirrors snippets/receptive_field/probe.py and snippets/feature_extraction/look_alikes.py.
customElements.define("move-the-query", class MoveTheQuery extends Widget {
  static SAYS = WORDS["move-the-query"];
  static needsData = true;
  static SIDE = 24;
  static BLUR = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((w) => w / 16);

  static legal(wanted) {
    const { row, column, sharpness, near, window } = wanted;
    const whole = (value, low, high, usual) => clamp(low, Number.isFinite(+value) ? Math.round(+value) : usual, high);
    const state = { row: whole(row, 0, 23, 8), column: whole(column, 0, 23, 19), sharpness: whole(sharpness, 0, 40, 10),
      near: clamp(0, +near || 0, 2), window: whole(window, 0, 23, 0), mirrored: !!wanted.mirrored, raw: !!wanted.raw };
    const changed = Object.keys(state).some((key) => wanted[key] !== undefined && wanted[key] !== state[key]);
    return [state, changed ? WORDS.nearest : ""];
  }

  // The 75 numbers of each 5 x 5 patch, 0 to 1; unless raw, minus the mean patch, at length 1.
  static patches(pixels, mirrored, raw) {
    const key = `${mirrored} ${raw}`;
    if (this.kept?.pixels !== pixels) this.kept = { pixels };
    return this.kept[key] ??= this.cut(pixels, mirrored, raw);
  }

  static cut(pixels, mirrored, raw) {
    const side = this.SIDE, d = 75, x = new Float64Array(side * side * d);
    for (let i = 0; i < 120; i++)
      for (let j = 0; j < 120; j++) {
        const from = mirrored ? 119 - j : j, patch = Math.floor(i / 5) * side + Math.floor(j / 5);
        for (let c = 0; c < 3; c++)
          x[patch * d + c * 25 + i % 5 * 5 + j % 5] = pixels[(i * 120 + from) * 3 + c] / 255;
      }
    if (raw) return x;
    const n = side * side, mean = new Float64Array(d);
    for (let i = 0; i < x.length; i++) mean[i % d] += x[i] / n;
    for (let p = 0; p < n; p++) {
      let length = 0;
      for (let m = 0; m < d; m++) length += (x[p * d + m] -= mean[m]) ** 2;
      length = Math.sqrt(length) || 1;
      for (let m = 0; m < d; m++) x[p * d + m] /= length;
    }
    return x;
  }

  static attention({ row, column, sharpness, near, window, mirrored, raw }, pixels) {
    const side = this.SIDE, d = 75, x = this.patches(pixels, mirrored, raw), at = row * side + column;
    const shares = new Array(side * side);
    for (let p = 0; p < shares.length; p++) {
      const down = Math.floor(p / side) - row, right = p % side - column;
      let score = 0;
      for (let m = 0; m < d; m++) score += x[at * d + m] * x[p * d + m];
      const hidden = window && Math.max(Math.abs(down), Math.abs(right)) > window;
      shares[p] = hidden ? -Infinity : sharpness * score - near * Math.hypot(down, right);
    }
    const most = Math.max(...shares), parts = shares.map((score) => Math.exp(score - most));
    const sum = parts.reduce((a, b) => a + b);
    return parts.map((part) => part / sum);
  }

  static compute(state, { pixels }) {
    const { row, column } = state, shares = this.attention(state, pixels);
    const kernel = shares.map((_, p) => {
      const down = Math.floor(p / this.SIDE) - row, right = p % this.SIDE - column;
      return Math.abs(down) < 2 && Math.abs(right) < 2 ? this.BLUR[(down + 1) * 3 + right + 1] : 0;
    });
    return { kernel, shares, get moves() {      // not for the picture
      const other = MoveTheQuery.attention({ ...state, mirrored: !state.mirrored }, pixels);
      return shares.reduce((sum, share, p) => sum + Math.abs(share - other[p]), 0) / 2;
    } };
  }

  start() {
    return { row: 8, column: 19, sharpness: 10, near: 0, window: 0, mirrored: false, raw: this.hasAttribute("raw") };
  }

  build() {
    const { SAYS } = MoveTheQuery;
    const picture = (name) => {
      const photo = make("canvas", { width: 120, height: 120 }), parts = make("canvas", { width: 24, height: 24 });
      const svg = shape("svg", { viewBox: "0 0 24 24", role: "img" });
      this.drag(svg, (x, y) => this.set({ row: clamp(0, Math.floor(y), 23), column: clamp(0, Math.floor(x), 23) }));
      const marks = [["#fff", 0.25], ["#000", 0.1]].map(([stroke, width]) =>
        shape("rect", { width: 1, height: 1, fill: "none", stroke, "stroke-width": width }));
      svg.append(...marks);
      return { photo, parts, svg, marks, box: make("div", { class: `widget-photo ${name}` }, make("span", {}, WORDS[name]), photo, parts, make("div", {}, svg)) };
    };
    this.convolution = picture("convolution");
    this.attention = picture("attention");
    this.pictures = [this.convolution.svg, this.attention.svg];
    this.row = slider(SAYS.row, { min: 0, max: 23, value: 8 }, (row) => this.set({ row }), (row) => row + 1);
    this.column = slider(SAYS.column, { min: 0, max: 23, value: 19 }, (column) => this.set({ column }), (column) => column + 1);
    this.sharpness = slider(SAYS.sharpness, { min: 0, max: 40, value: 10 }, (sharpness) => this.set({ sharpness }));
    this.boxes = {};
    const box = (key, on, off) => (this.boxes[key] = tick(SAYS[key], (ticked) => this.set({ [key]: ticked ? on : off })));
    this.stage.append(make("div", { class: "widget-pictures" }, this.convolution.box, this.attention.box, make("div", { class: "widget-buttons" },
      box("mirrored", true, false), box("raw", true, false), box("near", 0.5, 0), box("window", 3, 0))));
    this.controls.append(this.row, this.column, this.sharpness);
  }

  draw() {
    const { row, column, sharpness, near, window, mirrored, raw } = this.state, { pixels } = this.data;
    for (const [control, value] of [[this.row, row], [this.column, column], [this.sharpness, sharpness]]) control.put(value);
    for (const [key, value] of Object.entries({ mirrored, raw, near, window })) this.boxes[key].put(value > 0);
    for (const [{ photo, parts, svg, marks }, amounts, color] of [[this.convolution, this.numbers.kernel, "convolution"], [this.attention, this.numbers.shares, "attention"]]) {
      if (photo.shows !== mirrored) {
        paint(photo, Array.from({ length: 120 * 120 }, (_, i) => {
          const from = 3 * (mirrored ? i - i % 120 + 119 - i % 120 : i);
          return 255 - (pixels[from] + pixels[from + 1] + pixels[from + 2]) / 3;
        }), [0, 0, 0]);
        photo.shows = mirrored;
      }
      const most = Math.max(...amounts);
      paint(parts, amounts.map((amount) => 230 * amount / most), rgb(color));
      for (const mark of marks) {
        mark.setAttribute("x", column);
        mark.setAttribute("y", row);
      }
    }
  }

  say() {
    const { row, column, mirrored, raw } = this.state, { shares, kernel, moves } = this.numbers, beside = kernel.filter(Boolean).length;
    const sorted = [...shares].sort((a, b) => b - a);
    let half = 0, count = 0;
    while (half < 0.5 - 1e-9) half += sorted[count++];
    const near = shares.reduce((sum, part, p) =>
      sum + (Math.abs(Math.floor(p / 24) - row) < 2 && Math.abs(p % 24 - column) < 2 ? part : 0), 0);
    const { SAYS } = MoveTheQuery, percent = (part) => (part < 0.005 ? SAYS.little : WORDS.percent(Math.round(100 * part)));
    return [SAYS.takes({ beside, near: percent(near), even: sorted[0] - sorted.at(-1) < 1e-9, half: percent(half), count,
      most: percent(sorted[0]), mirrored, moves: percent(moves) }), raw && SAYS.bright].filter(Boolean).join(WORDS.space);
  }
});
