// Three tokens: a head of self-attention in the plane, step by step. Mirrors
// snippets/self_attention/triangle.py.
customElements.define("three-tokens", class ThreeTokens extends Widget {
  static SAYS = WORDS["three-tokens"];
  static W_Q = [[1, -1], [1, 1]];
  static W_K = [[1, 1], [-1, 1]];
  static W_V = [[0, -2], [2, 0]];
  static MOST = 1.2;
  static PRESETS = {
    spread: [[0.8, -0.5], [0, 0.8], [-1, -0.2]],
    code: [[1, 0], [0, 1], [1, 1]],
    equal: [[0.6, 0.6], [0.6, 0.6], [0.6, 0.6]],
  };

  static legal(wanted) {
    const number = (value, low, high, usual) => Number.isFinite(value) ? clamp(low, value, high) : usual;
    const tokens = this.PRESETS.spread.map((token, j) =>
      token.map((usual, c) => number(wanted.tokens?.[j]?.[c], -this.MOST, this.MOST, usual)));
    const state = { tokens, chosen: Math.round(number(wanted.chosen, 0, 2, 0)), step: Math.round(number(wanted.step, 0, 4, 0)),
      scaled: !!wanted.scaled, causal: !!wanted.causal, same: !!wanted.same };
    return [state, JSON.stringify(state) !== JSON.stringify(wanted) ? WORDS.nearest : ""];
  }

  static compute({ tokens, scaled, causal, same }) {
    const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
    const [Q, K, V] = [this.W_Q, same ? this.W_Q : this.W_K, this.W_V].map((W) => tokens.map((x) => W.map((row) => dot(row, x))));
    const S = Q.map((q) => K.map((k) => dot(q, k)));
    const scores = S.map((row, i) => row.map((s, j) => causal && j > i ? -Infinity : scaled ? s / Math.SQRT2 : s));
    const A = scores.map((row) => {
      const parts = row.map(Math.exp), sum = parts.reduce((a, b) => a + b);
      return parts.map((part) => part / sum);
    });
    const y = A.map((row) => [0, 1].map((c) => row.reduce((sum, share, j) => sum + share * V[j][c], 0)));
    return { Q, K, V, S, scores, A, y };
  }

  start() {
    return { tokens: ThreeTokens.PRESETS.spread, chosen: 0, step: 0, scaled: true, causal: false, same: false };
  }

  build() {
    const { SAYS, PRESETS } = ThreeTokens;
    const planes = make("div", { class: "widget-planes" });
    const panel = (title, ...parts) => planes.append(make("div", {}, make("b", {}, title), ...parts));
    const plane = (title, role, unit, ...parts) => panel(title, shape("svg", { viewBox: "0 0 200 200", role, "aria-label": title },
      shape("circle", { cx: 100, cy: 100, r: unit, class: "unit" }), ...parts));
    this.tokens = [0, 1, 2].map((j) => shape("g", { tabindex: 0, role: "slider", "aria-label": SAYS.token(j + 1),
      onfocus: () => this.set({ chosen: j }) }, shape("circle", { r: 15 }), shape("text", {}, j + 1)));
    this.tokens.forEach((token, j) => this.arrows(token, (right, up) => {
      const [x, y] = this.state.tokens[j];
      this.move(j, [x + right / 10, y + up / 10]);
    }));
    plane(SAYS.tokens, "group", 71, ...this.tokens);
    this.grasp(this.tokens[0].parentNode);
    plane(SAYS.queries, "img", 36, this.keys = shape("g"));
    panel(SAYS.scores, this.table = make("table", { class: "widget-scores" }), this.split = make("div", { class: "widget-split" }));
    plane(SAYS.values, "img", 36, this.values = shape("g"));

    this.steps = ["project", "score", "scale", "softmax", "mix"].map((name, step) => tick(`${step + 1} ${SAYS[name]}`, () => this.set({ step }), "step"));
    this.stage.append(make("div", { class: "widget-steps", role: "radiogroup", "aria-label": SAYS.step }, ...this.steps), planes);
    this.switches = {};
    for (const key of ["scaled", "causal", "same"]) this.switches[key] = tick(SAYS[key], (on) => this.set({ [key]: on }));
    this.presets = Object.entries(PRESETS).map(([name, tokens]) => button(SAYS.presets[name], () => this.set({ tokens })));
    for (const row of [Object.values(this.switches), this.presets]) this.controls.append(make("div", { class: "widget-buttons" }, ...row));
  }

  // The token nearest to the pointer is chosen, and goes with the pointer.
  grasp(svg) {
    let held;
    svg.addEventListener("pointerdown", () => (held = null));
    this.drag(svg, (x, y) => {
      const here = [(x - 100) / 71, (100 - y) / 71];
      if (held !== null) return this.move(held, here);
      const far = this.state.tokens.map(([a, b]) => Math.hypot(a - here[0], b - here[1]));
      held = far.lastIndexOf(Math.min(...far));   // of equal ones the one on top
      this.set({ chosen: held });
    });
  }

  move(j, place) {
    const tokens = [...this.state.tokens], most = ThreeTokens.MOST;
    tokens[j] = place.map((value) => clamp(-most, Math.round(10 * value) / 10, most));
    this.set({ tokens });
  }

  draw() {
    const { tokens, chosen, step, scaled, causal } = this.state, { Q, K, V, S, scores, A, y } = this.numbers;
    const q = Q[chosen], out = y[chosen], shares = A[chosen];
    const at = ([a, b], unit = 36) => [100 + unit * a, 100 - unit * b];
    const from = ([a, b], far, turn) => [a + far * Math.cos(turn), b + far * Math.sin(turn)];
    const seen = (j) => causal && j > chosen ? "unseen" : "";
    const line = (points, color, width = 1) =>
      ["path", { d: `M${points.map((point) => at(point)).join("L")}`, class: color, "stroke-width": width }];
    const arrow = (tip, color, width) => {
      const turn = Math.atan2(tip[1], tip[0]);
      return line([[0, 0], tip, from(tip, 0.25, turn + 2.6), tip, from(tip, 0.25, turn - 2.6)], color, width);
    };
    const text = (words, point, turn, color = "") => {
      const [x, y] = at(from(point, 0.5, turn));
      return ["text", { x, y, class: color }, words];
    };
    // Names on the side away from a centre; points of one place share a name.
    const names = (letter, points, [x, y]) => points.map((point, j) => text(
      letter + [..."₁₂₃"].filter((_, other) => `${points[other]}` === `${point}`).join(""),
      point, Math.atan2(point[1] - y, point[0] - x), seen(j)));

    this.steps[step].put(true);
    press(this.presets, Object.values(ThreeTokens.PRESETS).findIndex((taken) => `${taken}` === `${tokens}`));
    for (const [key, label] of Object.entries(this.switches)) label.put(this.state[key]);
    this.tokens.forEach((token, j) => {
      fill(token, { transform: `translate(${at(tokens[j], 71)})`, class: j === chosen ? "orange" : seen(j),
        "aria-valuenow": tokens[j][0], "aria-valuetext": this.list(tokens[j]) });
    });
    const along = (score) => q.map((c) => c * score / (q[0] ** 2 + q[1] ** 2 || 1));
    renew(this.keys, [
      ...(step > 0 ? [line([along(-50), along(50)], "gray"), ...K.map((k, j) => line([k, along(S[chosen][j])], `${seen(j)} dashed`))] : []),
      ...K.map((k, j) => arrow(k, seen(j), 1.5)), arrow(q, "orange", 4), ...names("k", K, [0, 0]),
      text("q" + "₁₂₃"[chosen], q, Math.atan2(q[1], q[0]) - 1.6, "orange")]);
    const cells = [["", ...ThreeTokens.SAYS.columns(scaled)], ...tokens.map((_, j) =>
      [j + 1, decimal(S[chosen][j]), decimal(scores[chosen][j]), WORDS.percent(Math.round(100 * shares[j]))])];
    renew(this.table, cells.map((row) => ["tr", {}, row.map((text, c) => ["td", {}, step < c ? "" : text])]));
    renew(this.split, shares.map((share, j) => ["i", { ...(step < 3 && { hidden: "" }), style: `--part: ${100 * share}%` }, share > 0.07 ? j + 1 : ""]));
    const some = V.filter((_, j) => !seen(j));
    renew(this.values, [
      ...(step > 3 ? [line([...some, some[0]], "orange area"), ...some.map((v, j) => line([v, out], "orange", 1 + 9 * shares[j])),
        line([out, out], "orange", 16)] : []),
      ...V.map((v, j) => line([v, v], seen(j), 10)), ...names("v", V, out),
      ...(step > 3 ? [text("y" + "₁₂₃"[chosen], out, 1.6, "orange")] : [])]);
  }

  list(numbers) {
    return numbers.map(decimal).join(", ");
  }

  say() {
    const { chosen, step, scaled, causal, same } = this.state, { Q, K, V, S, scores, A } = this.numbers;
    const me = "₁₂₃"[chosen], shares = A[chosen].filter(Boolean), most = Math.max(...shares);
    const best = shares.map((share, j) => most - share < 0.005 && j).filter(Number.isInteger);
    const { SAYS } = ThreeTokens;
    if (step < 4) return [
      SAYS.projects([["q", Q], ["k", K], ["v", V]].map(([name, rows]) => `${name}${me} = (${this.list(rows[chosen])})`)),
      SAYS.multiplies(this.list(S[chosen])),
      SAYS.divides(this.list(scores[chosen]), scaled, causal),
      SAYS.shares(this.list(A[chosen]))][step];
    if (!shares[1]) return SAYS.first;
    return [SAYS.mixes({ token: chosen + 1, same, alike: best.length === shares.length, best: best.map((j) => j + 1),
      sum: `y${me} ≈ ${shares.map((share, j) => `${decimal(share)} v${"₁₂₃"[j]}`).join(" + ")}` }),
      causal && shares[2] ? SAYS.last : SAYS.inside(shares.length)].join(WORDS.space);
  }
});
