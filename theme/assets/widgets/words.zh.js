// 小部件的中文：名字与英文版相同。
const WORDS = {
  convolution: "卷积",
  attention: "注意力",
  nearest: "这里做不到，已换成最接近的。",
  space: "",  // 句子之间
  percent: (number) => `${number}%`,

  "build-a-stack": {
    hint: "选一种堆叠，改动其中一层，或拖动输出。",
    legend: "每层一项，自下而上：（卷积核大小 − 1）· 膨胀率 · 下面各层步幅之积；注意力是（窗口，左 + 右）· 下面各层步幅之积。",
    presets: {
      plain: "三个普通层", wavenet: "WaveNet", stem: "ResNet-50 的茎干层",
      one: "一层注意力", windows: "窗口注意力",
    },
    about: {
      plain: "每加一层，窗口只多两个输入。",
      wavenet: "膨胀率逐层加倍。",
      stem: "每过一次步幅，步子就大一倍。（池化按卷积算。）",
      one: "不设窗口，一层就看得见全部。",
      windows: "窗口逐层相加，和卷积核一样。",
    },
    cannot: "这里搭不出这样的堆叠，已换成最接近的。",
    output: "输出", number: (i) => `第 ${i} 个`, causal: "只往回看",
    layer: (l) => `第 ${l} 层`, add: "加一层", remove: (l) => `去掉第 ${l} 层`,
    kernel: "卷积核", stride: "步幅", dilation: "膨胀率", window: "窗口",
    unlimited: "不限", back: (w) => `往回 ${w}`, sides: (w) => `左右各 ${w}`,
    outputs: "输出", inputs: (n) => `${n} 个输入`, all: (n) => `全部 ${n}`,
    endless: (causal) => `r：没有窗口的层，看得见${causal ? "输出为止的" : ""}全部输入`,
    sees: ({ seen, all, from, to, gaps, cut, total, most }) =>
      `这个输出看得见 ${all} 个输入中的 ${seen} 个，从第 ${from} 个到第 ${to} 个${gaps ? "，中间有空缺" : ""}`
      + `${cut ? `（窗口宽 ${cut}，被边界截去一段）` : ""}；一共有 ${total} 条路通到它们，`
      + `${most === "1" ? "每个输入一条" : `同一个输入最多 ${most} 条（点越深，路越多）`}。`,
  },

  "find-claims": {
    words: "包含这些词",
    shown: (shown, all) => `共 ${all} 条论断，显示 ${shown} 条`,
  },

  "move-the-query": {
    hint: "按任意一张图里的一个图像块，或拖动标记：由它来提问。得分是图像块之间的点积，什么都没有训练。颜色最深的，是这张图里最大的份额。",
    row: "行", column: "列", sharpness: "锐度",
    mirrored: "左右翻转照片", raw: "用原始得分，长度也算数",
    near: "偏爱近处", window: "设窗口，四周各 3 块",
    little: "不到 1%",
    takes: ({ beside, near, even, half, count, most, mirrored, moves }) =>
      `不管照片上是什么，卷积全部取自标记处的 ${beside} 个图像块。注意力从这几块取 ${near}；`
      + (even ? "它从每一块取得一样多。"
        : `全部份额的 ${half} 来自${count === 1 ? "同一块" : ` ${count} 块（最多的一块占 ${most}）`}。`
          + `如果照片${mirrored ? "没有" : "左右"}翻转，会有 ${moves} 改给别的图像块。`),
    bright: "用原始得分时，明亮的图像块是长向量，和哪一块的点积都大。",
  },

  "play-steps": { again: "再放一遍" },

  "three-tokens": {
    hint: "一步一步往下看。点一个词元，由它提问；也可以拖动它，或用方向键。圆圈的半径为 1。",
    presets: { spread: "散开", code: "与代码相同", equal: "三个相同" },
    token: (j) => `词元 ${j}`,
    tokens: "词元", queries: "查询和键", scores: "得分和份额", values: "值和输出",
    step: "步骤", project: "投影", score: "打分", scale: "缩放", softmax: "softmax", mix: "混合",
    scaled: "除以 √2", causal: "因果掩码", same: "键的做法与查询相同",
    columns: (scaled) => ["得分", scaled ? "÷ √2" : "÷ 1", "份额"],
    projects: (vectors) => `每个词元都由自己做出一个查询、一个键和一个值：${vectors.join("，")}。`,
    multiplies: (scores) => `得分是这个查询与各个键的点积：${scores}。键沿着查询的方向伸得越远，得分越高。`,
    divides: (scores, scaled, causal) => `${scaled ? "除以 √2 以后" : "不缩放时"}，得分是 ${scores}`
      + (causal ? "；掩码遮住的词元是 −∞。" : `，所以份额会${scaled ? "更平均" : "更悬殊"}。`),
    shares: (shares) => `softmax 把得分变成份额，加起来等于 1：${shares}。`,
    first: "词元 1 只看得见自己，所以不管问什么，输出都是它自己的值。",
    mixes: ({ token, same, alike, best, sum }) =>
      `词元 ${token} 要找的，是${same ? "与自己同方向的" : "从原点看去、在自己左边四分之一圈处的"}东西，结果`
      + `${alike ? "看谁都一样" : `从${best.map((j) => (j === token ? "自己" : `词元 ${j} `)).join("和")}取得最多`}：${sum}。`,
    last: "对最后一个词元，掩码什么也不遮：换一个词元试试。",
    inside: (corners) => `加权平均出不了这${corners > 2 ? "个三角形" : "条线段"}，所以单靠一个头，没法从一个值里减去另一个值。`,
  },

  "touch-a-kernel": {
    hint: "上下拖动一个数，选下面的一个卷积核，或按照片上的一处：它的九个像素会框出来。权重加起来等于 1，得到的还是照片；否则颜色越深，输出越大，灰色为负。",
    presets: {
      right: "Sobel，从左到右", down: "Sobel，从上到下", sharpen: "锐化",
      average: "加权平均", itself: "只取自己",
    },
    operation: "运算",
    ways: { convolution: "卷积", one: "一个注意力头：权重 ≥ 0，加起来等于 1", two: "两个头，减去第二个" },
    possible: "这里只能用九个 −4 到 4 的权重，已换成最接近的。",
    photograph: "照片", move: "用方向键移动方框",
    weight: (row, column) => `第 ${row} 行第 ${column} 列的权重`,
    framed: (sum) => `框内：${sum}`,
    sums: (sum) => `权重加起来等于 ${sum}：`,
    averages: (lost) => `${lost ? "负的权重变成 0，其余的调到加起来等于 1，这" : "这"}就是一个平均：`
      + "亮度为 100 的均匀区域仍是 100，差别却挑不出来。（这里的权重只看偏移量。）",
    nothing: "没有负的权重，所以第二个头没有什么可减。",
    subtracts: (first, second) => `第一个头取一个平均的 ${first} 倍，第二个头减去另一个平均的 ${second} 倍，合起来又是这个卷积核：`,
    keeps: (flat) => (flat === "0" ? "均匀的区域得 0，所以只留下差别。" : `亮度为 100 的均匀区域变成 ${flat}。`),
    beyond: "（超过 255 的，看上去和 255 一样。）",
  },

  "type-a-word": {
    hint: "输入一个你自己的单词，指一指它的字母。图中的数是百分数。",
    word: "单词", letter: "字母", near: "注意力偏爱近处",
    swap: "与下一个交换", repeat: "重复一次", shuffle: "打乱",
    dense: "全连接", self: "自注意力",
    amounts: (layer) => `${layer}：系数矩阵，一行一个输出，一列一个输入`,
    first: (most) => `这里只放得下前 ${most} 个字母。`,
    empty: "至少输入一个字母。",
    read: (word) => `这里看作“${word}”。`,
    matrices: ({ all, fits, alike, kinds }) =>
      `全连接层有 ${all} 个系数，${alike ? "每一对位置一个" : `而且只接受 ${fits} 个字母的单词`}。`
      + `卷积有 3 个，对每个单词都一样。注意力在这里有 ${kinds ** 2} 个不同的系数，因为有 ${kinds} 个不同的字母，`
      + "每一对字母一个：相同的字母，行和列也相同。",
    takes: ({ letter, inside, own, equal, others, near, rest }) =>
      `卷积取自这个 ${letter} 和${inside ? "它左右两个邻居，对每个单词都一样" : "它旁边的字母，落在单词外面的那份就丢了"}。`
      + `注意力从它自己取 ${own}`
      + (!others ? `，没有别的 ${letter} 可找`
        : `，从另外 ${others} 个 ${letter} 取 ${equal}，${near ? "越近取得越多" : "不论远近"}`)
      + `。${rest ? "其余的来自向量有些相似的字母（细线）。" : ""}`,
  },

  "who-is-cheaper": {
    hint: "拖动圆点，或按一个灰点（都是例子），再比较两根条。",
    fields: {
      n: "位置数 n", d: "通道数 d", k: "卷积核读几个位置",
      h: "头数", w: "窗口", bytes: "每个数的字节数", batch: "批量大小",
    },
    examples: {
      sentence: "句子", vit: "ViT-B/16", page: "书页", pixels: "像素", first: "ResNet-50，开头", last: "ResNet-50，末尾", gpt: "GPT-3",
      sound: "一秒声音", tile: "照片切片", contract: "合同", small: "小图像", medical: "医学图像", video: "视频",
    },
    more: "六种层的全部成本",
    columns: ["粗体：最少", "MAC", "要学习的数", "训练时保留", "为下一个词元保留", "为它读取"],
    layers: {
      convolution: "卷积", separable: "可分离卷积", attention: "注意力",
      "written out": "逐步写出", window: "窗口", linear: "线性",
    },
    move: "用方向键移动圆点",
    cannot: (nearest, sized) => `这里画不出来，最接近的是 ${nearest}${sized ? "（各个头一样大）" : ""}。`,
    cheaper: (layer) => `${layer}更便宜`, million: "一百万",
    pays: (matrices) => `卷积：${matrices} d²`,
    meets: (meetings) => `注意力：4 d² + 相遇 ${meetings} d²`,
    costs: ({ times, more, n, d, k, meetings, same, least }) =>
      (times === "1" ? "两者成本相同" : `${more ? "注意力" : "卷积"}的成本是${more ? "卷积" : "注意力"}的 ${times} 倍`)
      + `，因为在每个位置上，卷积要付 ${k} 个矩阵，注意力除了自己的四个，还要为遇见全部 ${n} 个位置再付 ${meetings} 个。`
      + (k > 4 ? `通道数为 ${d} 时，两者在 n = ${same} 处相等。` : "卷积核这么小，输入多长都是卷积便宜。")
      + `（六种层里 MAC 最少的：${least}。）`,
  },
};
