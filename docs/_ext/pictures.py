"""Show pictures as GitHub does: `<picture>` by the theme, and every image in its own colours."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="(?P<dark>[^"]+)">\s*'
    r'<img alt="(?P<alt>[^"]+)" src="(?P<light>[^"]+)" width="(?P<width>\d+)">\s*</picture>\s*'
)


class Pictures(SphinxTransform):
    """Make images of what pages have as `<picture>`, one for each theme."""

    default_priority = 210  # before images are collected

    def apply(self, **_kwargs: Any) -> None:
        """Put two images, a light and a dark one, in the place of each `<picture>`."""
        for raw in list(self.document.findall(nodes.raw)):
            text = raw.astext()
            if not text.startswith("<picture>"):
                continue
            found = _PICTURE.fullmatch(text)
            if found is None:
                raise ExtensionError(f"expected a <picture> as other pages have it, got {text!r}")
            raw.replace_self([_image(found, theme, f"only-{theme}") for theme in ("light", "dark")])
        for image in self.document.findall(nodes.image):
            image["classes"].append("dark-light")  # the theme dims all others when it is dark


def _image(found: re.Match[str], theme: str, css: str) -> nodes.image:
    width = f"{found['width']}px"
    return nodes.image(uri=found[theme], alt=found["alt"], width=width, classes=[css])


def setup(app: Sphinx) -> dict[str, Any]:
    """Add it to Sphinx."""
    app.add_transform(Pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
