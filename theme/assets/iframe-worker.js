// Search starts when a reader opens it: until then it loads neither its worker nor what it finds.
// Material makes a Worker as soon as a page opens, and sends it an index, here one without sections;
// this stands in for that Worker.
class Search extends EventTarget {
  constructor(url) {
    super();
    this.url = new URL(url, location);
    this.waiting = [];
    document.addEventListener("focusin", ({ target }) => {
      if (target.matches("[data-md-component=search-query]")) this.started ??= this.start();
    });
  }

  static load(parent, url) {
    const script = parent.ownerDocument.createElement("script");
    script.src = url;
    parent.append(script);
    return new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = reject;
    });
  }

  async start() {
    const own = new URL("../../../search/index.js", this.url);
    await Search.load(document.head, own).catch(() => {});  // then the sections stand in Material's own index
    this.inside = location.protocol === "file:" ? new InFrame(this.url) : new NativeWorker(this.url);
    this.inside.addEventListener("message", ({ data }) =>
      this.dispatchEvent(new MessageEvent("message", { data })));
    for (const message of this.waiting) this.postMessage(message);
  }

  postMessage(message) {
    if (!this.inside) return this.waiting.push(message);
    if (message.type === 0 && Search.docs) message.data.docs = Search.docs;
    this.inside.postMessage(message);
  }
}

// Browsers start no Worker from file://. There its script runs in an iframe.
class InFrame extends EventTarget {
  constructor(url) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.inside = frame.contentWindow;
    this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
    this.inside.importScripts = (...urls) =>
      urls.reduce((done, next) => done.then(() => this.load(next)), Promise.resolve());
    this.loaded = this.load(url);
  }

  load(url) {
    return Search.load(this.inside.document.body, new URL(url, location));
  }

  postMessage(data) {
    this.loaded.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
  }
}

const NativeWorker = window.Worker;
window.Worker = Search;
if (location.protocol === "file:") window.IFrameWorker = InFrame; // Material's search looks for this name
