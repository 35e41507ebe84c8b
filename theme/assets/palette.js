// A button of the header shows the other palette, and keeps it for both languages. What was kept is
// shown before a page is painted: see partials/javascripts/palette.html.
addEventListener("click", ({ target }) => {
  const button = target.closest(".palette");
  if (!button) return;
  document.body.dataset.mdColorScheme = button.value;
  document.querySelector(`.palette:not([value=${button.value}])`).focus();
  __md_set("palette", button.value, localStorage, new URL("..", __md_scope));
});
