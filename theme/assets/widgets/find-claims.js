// The part of the ledger's picture that needs a script: claims that have some words, and how many are shown.
customElements.define("find-claims", class extends HTMLElement {
  connectedCallback() {
    const input = make("input", { type: "search" });
    const label = make("label", {}, WORDS["find-claims"].words);
    label.append(input);
    this.said = make("p", { role: "status" });
    this.append(label, this.said);
    this.records = [...document.querySelectorAll(".record")];
    this.parentElement.addEventListener("input", () => this.find(input.value.toLowerCase().split(/\s+/)));
    addEventListener("hashchange", () => this.tell());
    this.tell();
  }

  find(words) {
    for (const record of this.records) {
      const text = record.textContent.toLowerCase();
      const unlike = !words.every((word) => text.includes(word));
      const mark = this.parentElement.querySelector(`[href="#${record.querySelector("h3").id}"]`).parentElement;
      for (const each of [record, mark]) each.classList.toggle("unlike", unlike);
    }
    this.tell();
  }

  tell() {
    const shown = this.records.filter((record) => getComputedStyle(record).display !== "none").length;
    this.said.textContent = WORDS["find-claims"].shown(shown, this.records.length);
  }
});
