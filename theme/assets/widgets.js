// A widget is a custom element around a figure: <build-a-stack markdown> ![…](…) … </build-a-stack>.
// Its script, widgets/build-a-stack.js, is loaded when the element comes near the screen, after the
// words of the page's language, which all widgets use. Scripts and not modules, because browsers load no module from file://.
function run(address) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = fail;
    document.head.append(script);
  });
}

{
  const folder = new URL("widgets/", document.currentScript.src);
  const words = `words.${document.documentElement.lang.slice(0, 2)}`;
  const asked = new Map();

  function load(name) {
    if (!asked.has(name)) asked.set(name, run(new URL(`${name}.js`, folder)));
    return asked.get(name);
  }

  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) {
        near.unobserve(target);
        load(words).then(() => load("widget")).then(() => load(target.localName))
          .catch(() => (target.style.height = "auto"));  // then the whole figure stands
      }
  }, { rootMargin: "1000px" });

  for (const element of document.querySelectorAll("article :not(:defined)"))
    if (element.localName.includes("-")) near.observe(element);
}
