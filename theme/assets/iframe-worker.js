// Browsers start no Worker from file://. There, search runs its script in an iframe.
class IFrameWorker extends EventTarget {
  constructor(url) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.inside = frame.contentWindow;
    this.inside.postMessage = (data) =>
      this.dispatchEvent(new MessageEvent("message", { data }));
    this.inside.importScripts = (...urls) =>
      urls.reduce((done, next) => done.then(() => this.load(next)), Promise.resolve());
    this.loaded = this.load(url);
  }

  load(url) {
    const script = this.inside.document.createElement("script");
    script.src = new URL(url, location);
    this.inside.document.body.append(script);
    return new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = reject;
    });
  }

  postMessage(data) {
    this.loaded.then(() =>
      this.inside.dispatchEvent(new MessageEvent("message", { data })));
  }
}

if (location.protocol === "file:") {
  window.IFrameWorker = IFrameWorker; // Material's search looks for this name
  window.Worker = IFrameWorker;
}
