// The figure in a <play-steps> comes step by step, once when it is seen, and again on a press. Its
// snippet gives each part that comes a gid: step-1, step-2, ...
customElements.define("play-steps", class PlaySteps extends HTMLElement {
  connectedCallback() {
    if (this.groups || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.groups = [...this.querySelectorAll("[data-step]")];
    this.last = Math.max(...this.groups.map((group) => group.dataset.step));
    this.querySelector(".drawing-source").prepend(button("Play again", () => this.play(0)));
    this.show(0);
    const seen = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      seen.disconnect();
      this.play(0);
    }, { threshold: 0.5 });
    seen.observe(this.querySelector(".drawing"));
  }

  show(step) {
    this.groups.forEach((group) => group.classList.toggle("to-come", group.dataset.step > step));
  }

  play(step) {
    clearTimeout(this.timer);
    this.show(step);
    if (step < this.last) this.timer = setTimeout(() => this.play(step + 1), 500);
  }
});
