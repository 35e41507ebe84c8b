"""The colours of the site, each defined once: those of figures in style.py, the rest here."""

import ast

# Of black and each colour of style.py: for text on the light palette; lines and text on the dark one.
VARIANTS = {
    "black": ("#000000", "#e4e7eb", "#e4e7eb"),
    "convolution": ("#00639b", "#4ba6e0", "#6dbbec"),
    "attention": ("#ad4b00", "#f5853b", "#ff9d5c"),
    "hybrid": ("#9c4a77", "#dd92bd", "#e9a9cd"),
    "gray": ("#5c646d", "#8c959f", "#a5aeb8"),
    "faint": ("#5c646d", "#3b434d", "#a5aeb8"),
}


def colours(style):
    """The colours that style.py names.

    >>> colours('A, GRAY = "#0072B2", "#7A828B"\\nN = 3\\n')
    {'a': '#0072b2', 'gray': '#7a828b'}
    """
    found, assigned = {}, [node for node in ast.parse(style).body if isinstance(node, ast.Assign)]
    exec(compile(ast.Module(assigned, []), "style.py", "exec"), {}, found)
    return {name.lower(): value.lower() for name, value in found.items() if str(value).startswith("#")}


def dressing(style, dark):
    """What the colours of a figure become on the light or on the dark page: {colour: (of lines, of text)}.

    >>> dressing('GRAY = "#7A828B"', dark=True)
    {'#7a828b': ('#8c959f', '#a5aeb8'), '#000000': ('#e4e7eb', '#e4e7eb')}
    """
    named = colours(style) | {"black": "#000000"}
    return {colour: VARIANTS[name][1:] if dark else (colour, VARIANTS[name][0]) for name, colour in named.items()}


def css(style):
    """The stylesheet that gives each colour to the pages, as --name and --name-text."""
    schemes = {"default": "", "slate": ""}
    for name, colour in colours(style).items():
        text, dark, dark_text = VARIANTS[name]
        schemes["default"] += f"  --{name}: {colour};\n  --{name}-text: {text};\n"
        schemes["slate"] += f"  --{name}: {dark};\n  --{name}-text: {dark_text};\n"
    return "\n".join(f'[data-md-color-scheme="{name}"] {{\n{lines}}}\n' for name, lines in schemes.items())
