// Type a word: what each letter takes from each by a convolution and by attention. Mirrors
// snippets/home/word.py and, with matrices, snippets/one_equation/four_matrices.py.
customElements.define("type-a-word", class TypeAWord extends Widget {
  static SAYS = WORDS["type-a-word"];
  static needsData = true;
  static MOST = 16;

  static letters(word) {
    const text = String(word ?? "").normalize("NFC").toLowerCase().replace(/\s/g, "");
    return "Segmenter" in Intl
      ? Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
      : Array.from(text);
  }

  static legal({ word, at, order }) {
    const typed = this.letters(word), letters = typed.length ? typed.slice(0, this.MOST) : ["a"];
    const complaint = typed.length > this.MOST ? this.SAYS.first(this.MOST) : !typed.length ? this.SAYS.empty
      : typed.join("") === String(word).normalize("NFC") ? "" : this.SAYS.read(typed.join(""));
    const place = clamp(0, Math.round(+at) || 0, letters.length - 1);
    return [{ word: letters.join(""), at: place, order: clamp(0, +order || 0, 3) }, complaint];
  }

  // A letter from a to z has a vector of its own; any other character borrows one.
  static number(letter) {
    const code = letter.codePointAt(0);
    return code >= 97 && code <= 122 ? code - 97 : code % 26;
  }

  static compute({ word, order }, { kernel, scores, dense }) {
    const key = `${word} ${order}`;       // whichever letter is looked at
    if (this.last?.key === key && this.last.scores === scores) return this.last.found;
    const letters = this.letters(word), vectors = letters.map(this.number);
    const reach = (kernel.length - 1) / 2;
    const convolution = letters.map((_, i) => letters.map((_, j) => kernel[j - i + reach] ?? 0));
    const attention = vectors.map((a, i) => {
      const row = vectors.map((b, j) => scores[a][b] - order * Math.abs(i - j));
      const most = Math.max(...row), parts = row.map((score) => Math.exp(score - most));
      const sum = parts.reduce((a, b) => a + b);
      return parts.map((part) => part / sum);
    });
    const found = { letters, dense, convolution, attention };
    this.last = { key, scores, found };
    return found;
  }

  start() {
    return { word: "mississippi", at: 5, order: 0 };
  }

  build() {
    const { SAYS } = TypeAWord;
    this.svg = shape("svg", { role: "img" });
    this.pictures = [this.svg];
    this.mesh = shape("g", { "stroke-opacity": 0.12 });
    this.chosen = shape("g");
    this.svg.append(this.mesh, this.chosen);
    this.stage.append(make("div", {}, this.svg));
    this.maps = !this.data.dense ? [] : [["dense", "gray"], ["convolution", "convolution"], ["attention", "attention"]]
      .map(([name, color]) => [name, color, make("canvas", { role: "img", "aria-label": SAYS.amounts(this.layer(name)) })]);
    this.stage.append(make("div", { class: "widget-pictures" }, ...this.maps.map(([name, color, canvas]) =>
      make("div", { class: `widget-map ${color}` }, make("span", {}, this.layer(name)), canvas))));
    this.drag(this.svg, (x) => this.set({ at: Math.floor(x / this.size * this.numbers.letters.length) }), true);
    this.field = make("input", { type: "text", size: 16, spellcheck: "false", autocapitalize: "off",
      oninput: () => this.set({ word: this.field.value }) });
    this.place = slider(SAYS.letter, { min: 0, max: 10, value: 5 }, (at) => this.set({ at }),
      (at) => this.numbers?.letters[at] ?? "");
    this.positions = tick(SAYS.near, (near) => this.set({ order: +near }));
    const change = (words, rewrite) => button(words, () => {
      const { letters } = this.numbers, { at } = this.state;
      this.set(rewrite([...letters], at));
    });
    this.controls.append(
      make("label", {}, make("span", {}, SAYS.word), this.field), this.place,
      make("div", { class: "widget-buttons" },
        change(SAYS.swap, (letters, at) => {
          const to = (at + 1) % letters.length;
          [letters[at], letters[to]] = [letters[to], letters[at]];
          return { word: letters.join(""), at: to };
        }),
        change(SAYS.repeat, (letters, at) =>
          ({ word: [...letters.slice(0, at), letters[at], ...letters.slice(at)].join("") })),
        change(SAYS.shuffle, (letters, at) => {
          const order = letters.map((_, i) => [Math.random(), i]).sort(([a], [b]) => a - b).map(([, i]) => i);
          return { word: order.map((i) => letters[i]).join(""), at: order.indexOf(at) };
        }),
        this.positions));
  }

  layer(name) {
    return name === "dense" ? TypeAWord.SAYS.dense : WORDS[name];
  }

  draw() {
    const { at, order } = this.state, { letters, convolution, attention } = this.numbers, n = letters.length;
    if (document.activeElement !== this.field) this.field.value = letters.join("");
    this.place.querySelector("input").max = n - 1;
    this.place.put(at);
    this.positions.put(order > 0);
    const slot = this.size / n, x = (j) => slot * (j + 0.5), key = `${letters.join("")} ${order} ${this.size}`;
    const high = Math.max(250, Math.round(this.size * 0.516)), top = high / 2 - 37, bottom = high / 2 + 39;
    const parts = [], mesh = [];
    this.fit(this.svg, high);
    for (const [rows, color, end, tip] of [[convolution, "convolution", top, 26], [attention, "attention", bottom, high - 24]]) {
      const line = (i, j) => ["line", { x1: x(i), y1: tip, x2: x(j), y2: end, stroke: `var(--${color})`, "stroke-width": 0.5 + 14 * rows[i][j] }];
      rows[at].forEach((part, j) => part > 0.004 && parts.push(line(at, j)));
      if (this.drawn !== key)
        rows.forEach((row, i) => row.forEach((part, j) => part > 0.02 && mesh.push(line(i, j))));
      parts.push(["circle", { cx: x(at), cy: tip, r: 8, fill: `var(--${color})` }]);
      const right = x(at) <= this.size / 2;
      parts.push(["text", { x: x(at) + (right ? 16 : -16), y: tip + 5, "text-anchor": right ? "start" : "end",
        fill: `var(--${color}-text)`, "font-weight": "bold", "font-size": Math.min(17, this.size / 19) }, color === "attention" ? TypeAWord.SAYS.self : WORDS.convolution]);
      letters.forEach((_, j) => rows[at][j] >= 0.02 && parts.push(["text", { x: x(j), y: color === "attention" ? bottom - 6 : top + 16,
        "text-anchor": "middle", "font-size": slot < 48 ? 11 : 13, fill: "currentColor" },
        Math.round(100 * rows[at][j])]));
    }
    letters.forEach((letter, j) => parts.push(["text", { x: x(j), y: top + 46, "text-anchor": "middle", "font-size": Math.min(26, 0.95 * slot),
      fill: "currentColor", "font-weight": j === at ? "bold" : "normal" }, letter]));
    renew(this.chosen, parts);
    if (this.drawn !== key) {
      this.drawn = key;
      renew(this.mesh, mesh);
      for (const [name, color, canvas] of this.maps) {
        const amounts = this.numbers[name];
        canvas.width = canvas.height = amounts.length;
        canvas.style.opacity = amounts.length === n ? 1 : 0.25;
        paint(canvas, amounts.flat().map((part) => (name === "dense" ? 110 : 510) * Math.abs(part)), rgb(color));
      }
    }
  }

  say() {
    const { at, order } = this.state, { letters, dense, attention } = this.numbers, letter = letters[at];
    const others = letters.map((other, j) => [attention[at][j], other, j]).filter(([, , j]) => j !== at);
    const own = attention[at][at], equal = others.filter(([, other]) => other === letter);
    const { SAYS } = TypeAWord, whole = (part) => Math.round(100 * part);
    if (dense) return SAYS.matrices({ all: dense.length ** 2, fits: dense.length, alike: letters.length === dense.length,
      kinds: new Set(letters.map(TypeAWord.number)).size });
    const taken = equal.reduce((sum, [part]) => sum + whole(part), 0);
    return SAYS.takes({ letter, inside: at > 0 && at < letters.length - 1, own: WORDS.percent(whole(own)), equal: WORDS.percent(taken),
      others: equal.length, near: order > 0, rest: whole(own) + taken < 99 });
  }
});
