// The figure in a <play-steps> comes step by step, once when it is seen, and again on a press. Its
// snippet says in which step each group of its drawing comes; those of step 0 always stand.
customElements.define("play-steps", class PlaySteps extends HTMLElement {
  async connectedCallback() {
    if (this.groups || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.groups = [...this.querySelectorAll(".drawing svg g")];
    const source = this.querySelector(".drawing-source");
    await run(source.querySelector("a[download]").href.replace(/svg$/, "js"));
    this.steps = Widget.data;
    source.prepend(button("Play again", () => this.play(0)));
    this.show(0);
    const seen = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      seen.disconnect();
      this.play(0);
    }, { threshold: 0.5 });
    seen.observe(this.querySelector(".drawing"));
  }

  show(step) {
    this.groups.forEach((group, i) => group.classList.toggle("to-come", this.steps[i] > step));
  }

  play(step) {
    clearTimeout(this.timer);
    this.show(step);
    if (step < Math.max(...this.steps)) this.timer = setTimeout(() => this.play(step + 1), 500);
  }
});
