// The code that drew a figure is loaded when its fold is opened, until when a link to it stands there.
// It comes as a script that calls code(), because browsers read no text from file://.
{
  const { translations } = JSON.parse(document.getElementById("__config").textContent);
  let blocks = 0;

  window.code = (html) => {
    const id = `__figure_${(blocks += 1)}`;
    const block = document.createElement("div");
    block.className = "language-python highlight";
    block.innerHTML = `<pre id="${id}"><nav class="md-code__nav"><button class="md-code__button"
      title="${translations["clipboard.copy"]}" data-clipboard-target="#${id} > code" data-md-type="copy"></button></nav
      ><code tabindex="0">${html}</code></pre>`;
    document.currentScript.replaceWith(block);
  };

  addEventListener("toggle", ({ target }) => {
    const link = target.matches(".drawing-source details") && target.querySelector("p > a");
    if (!link) return;
    const script = document.createElement("script");
    script.src = link.href.replace(/py$/, "js");
    script.onerror = () => script.replaceWith(link);
    link.parentElement.replaceWith(script);
  }, true);
}

// Material puts each copy button into a <nav> of its own, without a name. It is no
// landmark: a screen reader should not list one for each block of code.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])"))
    nav.setAttribute("role", "none");
}).observe(document.documentElement, { childList: true, subtree: true });
