"""MkDocs hook: the Markdown of each page beside it, all filled in, and llms.txt."""

from pathlib import Path

texts = {}


def on_page_markdown(markdown, page, config, files):
    texts[page.file.dest_uri.removesuffix("html") + "md"] = page, markdown


def on_post_build(config):
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    for path, (page, markdown) in texts.items():
        Path(config.site_dir, path).write_text(markdown.strip() + "\n", "utf-8")
        about = page.meta.get("description", "")
        lines.append(f"- [{page.title}]({path})" + (f": {about}" if about else ""))
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")
