// A term tells its sentence under it, where a mouse or the keyboard comes to it, or a finger;
// until they come to anything else, or Escape is pressed. The sentence itself can be pointed at.
{
  const note = document.createElement("div");
  note.className = "term";
  note.id = "__term";
  note.setAttribute("role", "tooltip");
  let term;

  const close = () => {
    if (!term) return;
    term.title = note.textContent;
    term.removeAttribute("aria-describedby");
    term = note.remove();
  };

  const open = (next) => {
    close();
    term = next;
    note.textContent = term.title;
    term.removeAttribute("title");  // or the browser would show it, too
    term.setAttribute("aria-describedby", note.id);
    document.body.append(note);
    const lines = [...term.getClientRects()];
    const { clientWidth, clientHeight } = document.documentElement;
    const below = lines.at(-1).bottom + note.offsetHeight < clientHeight;
    const { left, bottom, top } = lines.at(below ? -1 : 0);
    note.style.left = `${Math.max(0, Math.min(left, clientWidth - note.offsetWidth)) + scrollX}px`;
    note.style.top = `${(below ? bottom : top - note.offsetHeight) + scrollY}px`;
  };

  for (const each of document.querySelectorAll("article abbr")) each.tabIndex = 0;
  for (const type of ["pointerover", "focusin"])
    addEventListener(type, ({ target }) => {
      const next = target.closest("article abbr");
      if (next && next !== term) open(next);
      else if (!next && target !== note) close();
    });
  addEventListener("keydown", ({ key }) => key === "Escape" && close());
}
