// The figure in a <play-steps> comes step by step, once when it is seen, and again on a press. Its
// snippet gives each part that comes a gid: step-1, step-2, ... The drawing plays whenever it is loaded.
customElements.define("play-steps", class PlaySteps extends HTMLElement {
  connectedCallback() {
    if (this.times || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.times = 0;
    this.querySelector(".drawing-source").prepend(button(WORDS["play-steps"].again, () => this.play()));
    const seen = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      seen.disconnect();
      this.play();
    }, { threshold: 0.5 });
    seen.observe(this.querySelector(".drawing"));
  }

  play() {
    this.times++;
    for (const source of this.querySelectorAll(".drawing source"))
      source.srcset = `${source.srcset.split("?")[0]}?${this.times}`;
    for (const image of this.querySelectorAll(".drawing img"))
      image.src = `${image.src.split("?")[0]}?${this.times}`;
  }
});
