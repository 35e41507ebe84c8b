// Material puts each copy button into a <nav> of its own, without a name. It is no
// landmark: a screen reader should not list one for each block of code.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])"))
    nav.setAttribute("role", "none");
}).observe(document.documentElement, { childList: true, subtree: true });
