// What is too wide for the screen can be scrolled with the keyboard, and a table then tells its name, its heads.
{
  const sizes = new ResizeObserver((entries) => {
    for (const { target: box } of entries) {
      const heads = [...box.querySelectorAll("th")].map((head) => head.textContent).join(", ");
      const attributes = { tabindex: 0, ...(heads && { role: "region", "aria-label": heads }) };
      for (const [name, value] of Object.entries(attributes))
        if (box.scrollWidth > box.clientWidth) box.setAttribute(name, value);
        else box.removeAttribute(name);
    }
  });
  // To ask the width of what is far from the screen would lay it out.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target: box } of entries)
      if (isIntersecting) { near.unobserve(box); sizes.observe(box); }
  }, { rootMargin: "100%" });
  // By now Material has put each table into a box.
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap, math[display=block]")) near.observe(box);
}
