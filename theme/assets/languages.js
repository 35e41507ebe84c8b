// The link to another language leads to the section that is read.
addEventListener("click", ({ target }) => {
  if (target.matches(".language"))
    target.hash = document.querySelector(".md-nav--secondary .md-nav__link--active")?.hash ?? location.hash;
});
