// Paper is white: while a page prints, it has the light palette.
{
  const { dataset } = document.body;
  let chosen;

  addEventListener("beforeprint", () => {
    chosen = dataset.mdColorScheme;
    dataset.mdColorScheme = "default";
  });

  addEventListener("afterprint", () => {
    dataset.mdColorScheme = chosen;
  });
}
