// What widgets say in English. Another language has the same names, each for words or a sentence made of as many parts.
const WORDS = {
  convolution: "convolution",
  attention: "attention",
  nearest: "This is the nearest that is possible here.",
  space: " ",  // between sentences
  percent: (number) => `${number}\u00a0%`,

  "build-a-stack": {
    hint: "Take a stack, change a layer, or drag the output.",
    legend: "One term a layer, from below: (kernel − 1) · dilation · strides below it; for attention, (its window, left + right) · strides below it.",
    presets: {
      plain: "three plain layers", wavenet: "WaveNet", stem: "stem of ResNet-50",
      one: "one attention layer", windows: "attention in windows",
    },
    about: {
      plain: "Each layer widens the window by two.",
      wavenet: "Dilations double from layer to layer.",
      stem: "After a stride, each step is twice as wide. (Pooling counts as convolution.)",
      one: "Without a window, one layer sees all.",
      windows: "Windows add up, as kernels do.",
    },
    cannot: "That stack cannot be built here; this is the nearest one.",
    output: "output", number: (i) => `number ${i}`, causal: "looks back only",
    layer: (l) => `layer ${l}`, add: "add a layer", remove: (l) => `take layer ${l} away`,
    kernel: "kernel", stride: "stride", dilation: "dilation", window: "window",
    unlimited: "no limit", back: (w) => `${w} back`, sides: (w) => `${w} each side`,
    outputs: "outputs", inputs: (n) => `${n} inputs`, all: (n) => `all ${n}`,
    endless: (causal) => `r: a layer without a window sees all${causal ? " up to the output" : ""}`,
    sees: ({ seen, all, from, to, gaps, cut, total, most }) =>
      `The output sees ${seen} of ${all} inputs, number ${from} to ${to}${gaps ? ", with holes" : ""}`
      + `${cut ? ` (the border cuts the window of ${cut})` : ""}, on ${total} ${total === "1" ? "path" : "paths"}, `
      + `${most === "1" ? "one to each" : `up to ${most} to the same one (the stronger the dot, the more)`}.`,
  },

  "find-claims": {
    words: "With the words",
    shown: (shown, all) => `${shown} of ${all} claims are shown`,
  },

  "move-the-query": {
    hint: "Press a patch of either picture, or drag the mark: this patch asks. Scores are dot products of patches; nothing is trained. The deepest colour is the largest share of its picture.",
    row: "row", column: "column", sharpness: "sharpness",
    mirrored: "mirror the photograph", raw: "raw scores, lengths count",
    near: "prefer what is near", window: "a window, 3 to each side",
    little: "less than 1\u00a0%",
    takes: ({ beside, near, even, half, count, most, mirrored, moves }) =>
      `The convolution takes all from the ${beside} patches at the marked one, whatever they show. Attention takes ${near} from these; `
      + (even ? "it takes the same from each patch."
        : `${half} of all come from ${count === 1 ? "one patch" : `${count} patches (most: ${most})`}. `
          + `If the photograph were ${mirrored ? "not " : ""}mirrored, ${moves} would go to other patches.`),
    bright: "Raw, a bright patch is a long vector, and has a large product with any patch.",
  },

  "play-steps": { again: "Play again" },

  "three-tokens": {
    hint: "Go through the steps. Tap a token: it asks. Drag it, or use arrow keys. Circles: radius 1.",
    presets: { spread: "spread out", code: "as in the code", equal: "all equal" },
    token: (j) => `token ${j}`,
    tokens: "tokens", queries: "query, keys", scores: "scores, shares", values: "values, output",
    step: "step", project: "project", score: "score", scale: "scale", softmax: "softmax", mix: "mix",
    scaled: "divide by √2", causal: "causal mask", same: "keys made like queries",
    columns: (scaled) => ["score", scaled ? "÷ √2" : "÷ 1", "share"],
    projects: (vectors) => `Each token makes a query, a key and a value of itself: ${vectors.join(", ")}.`,
    multiplies: (scores) => `The scores are the products of this query with the keys: ${scores}. The farther a key reaches along the query, the higher.`,
    divides: (scores, scaled, causal) => `${scaled ? "Divided by √2" : "Without the scale"}, they are ${scores}`
      + (causal ? ", and −∞ for tokens that the mask hides." : `. So the shares will be ${scaled ? "more" : "less"} even.`),
    shares: (shares) => `The softmax makes shares of them that add up to 1: ${shares}.`,
    first: "Token 1 sees only itself, so its output is its value, whatever it asks.",
    mixes: ({ token, same, alike, best, sum }) =>
      `Token ${token} asks for what stands ${same ? "in its own direction" : "a quarter of a circle to its left, seen from the origin"}, and `
      + `${alike ? "finds all alike" : `takes most from ${best.map((j) => (j === token ? "itself" : `token ${j}`)).join(" and ")}`}: ${sum}.`,
    last: "The mask hides nothing from the last token: tap another one.",
    inside: (corners) => `A weighted mean stays inside the ${corners > 2 ? "triangle" : "line"}, so one head alone cannot subtract one value from another.`,
  },

  "touch-a-kernel": {
    hint: "Drag a number up or down, take a kernel below, or press a place: its nine pixels are framed. Weights that sum to 1 make a photograph again. Else the stronger the colour, the larger the output; gray is negative.",
    presets: {
      right: "Sobel, left to right", down: "Sobel, top to bottom", sharpen: "sharpen",
      average: "weighted average", itself: "only itself",
    },
    operation: "operation",
    ways: { convolution: "convolution", one: "one head of attention: weights ≥ 0 that sum to 1", two: "two heads, the second taken away" },
    possible: "Nine weights from −4 to 4 are possible here; these are the nearest.",
    photograph: "the photograph", move: "The arrow keys move the frame",
    weight: (row, column) => `weight in row ${row}, column ${column}`,
    framed: (sum) => `framed: ${sum}`,
    sums: (sum) => `The weights sum to ${sum}: `,
    averages: (lost) => `${lost ? "Negative weights become 0, and the others are made to sum to 1: this" : "This"} is an average, `
      + "so an even area of brightness 100 stays 100, and differences are not picked out. (Here its weights depend on the offset alone.)",
    nothing: "Nothing is negative, so the second head has nothing to take away.",
    subtracts: (first, second) => `The first head takes ${first} times an average, the second takes ${second} times another away. Together they are the kernel again: `,
    keeps: (flat) => (flat === "0" ? "an even area gives 0, so only differences are left." : `it makes ${flat} of an even area of brightness 100.`),
    beyond: " (What is beyond 255 looks like 255.)",
  },

  "type-a-word": {
    hint: "Type your own word, and point at its letters. The numbers are per cent.",
    word: "word", letter: "letter", near: "attention prefers what is near",
    swap: "swap it with the next", repeat: "repeat it", shuffle: "shuffle",
    dense: "dense", self: "self-attention",
    amounts: (layer) => `${layer}: the amounts, output by input`,
    first: (most) => `Only the first ${most} letters fit here.`,
    empty: "Type at least one letter.",
    read: (word) => `It is read as “${word}”.`,
    matrices: ({ all, fits, alike, kinds }) =>
      `The dense layer has ${all} amounts, ${alike ? "one for each pair of positions" : `and takes words of ${fits} letters only`}. `
      + `The convolution has 3, in every word the same. Attention has ${kinds ** 2} different amounts here, `
      + `one for each pair of ${kinds} different letters: equal letters have equal rows and columns.`,
    takes: ({ letter, inside, own, equal, others, near, rest }) =>
      `The convolution takes from this ${letter} and `
      + (inside ? "its two neighbours, in every word the same" : "what stands beside it; the part that falls outside the word is lost")
      + `. Attention takes ${own} from it`
      + (!others ? `; there is no other ${letter} to find`
        : ` and ${equal} from ${others > 1 ? `the ${others} others` : "the other one"} like it, `
          + (near ? "more from what is nearer" : others > 1 ? "wherever they stand" : "wherever it stands"))
      + `.${rest ? " The rest comes from letters with somewhat similar vectors (thin lines)." : ""}`,
  },

  "who-is-cheaper": {
    hint: "Drag the point, or press a gray one, an example, and compare the bars.",
    fields: {
      n: "positions n", d: "channels d", k: "kernel reads",
      h: "heads", w: "window", bytes: "bytes a number", batch: "batch",
    },
    examples: {
      sentence: "sentence", vit: "ViT-B/16", page: "page", pixels: "pixels", first: "ResNet-50, first", last: "ResNet-50, last", gpt: "GPT-3",
      sound: "second of sound", tile: "tile of a photograph", contract: "contract", small: "small image", medical: "medical image", video: "video",
    },
    more: "All costs of six layers",
    columns: ["bold: the least", "MACs", "learned numbers", "kept for training", "kept for the next token", "read for it"],
    layers: {
      convolution: "convolution", separable: "separable", attention: "attention",
      "written out": "written out", window: "window", linear: "linear",
    },
    move: "The arrow keys move the point",
    cannot: (nearest, sized) => `That cannot be shown; the nearest is ${nearest}${sized ? " (heads have one size)" : ""}.`,
    cheaper: (layer) => `${layer} cheaper`, million: "a million",
    pays: (matrices) => `convolution: ${matrices} d²`,
    meets: (meetings) => `attention: 4 d² + ${meetings} d² for the meetings`,
    costs: ({ times, more, n, d, k, meetings, same, least }) =>
      (times === "1" ? "Both cost the same" : more ? `Attention costs ${times} times as much as the convolution` : `The convolution costs ${times} times as much as attention`)
      + `, because for each position the convolution pays for ${k} ${k > 1 ? "matrices" : "matrix"}, and attention for its own four and for ${meetings} more to meet all ${n}. `
      + (k > 4 ? `With ${d} channels they cost the same at n = ${same}.` : "So small a kernel is cheaper at every length.")
      + ` (Fewest MACs of six layers: ${least}.)`,
  },
};
