# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws SVG: boxes with text, arrows and bars on a white page, so that pictures
look the same on light and on dark backgrounds."""
from html import escape

INK, GREY, LINE = "#1f2328", "#57606a", "#8c959f"
BLUE, ORANGE, GREEN = "#0969da", "#bc4c00", "#1a7f37"
PALE_BLUE, PALE_ORANGE, PALE_GREEN = "#ddf4ff", "#fff1e5", "#dafbe1"
PALE_GREY, WHITE = "#f6f8fa", "#ffffff"
SANS = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"

MARKER = (f'<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" '
          f'markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
          f'<path d="M0,0 L10,5 L0,10 z" fill="{GREY}"/></marker>')


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def width_of(text, size=13, mono=False):
    """An upper estimate: fonts differ."""
    return len(text) * size * (0.61 if mono else 0.54)


class Picture:
    def __init__(self, title, width, height):
        self.title, self.width, self.height = title, width, height
        self.parts = []

    def _add(self, name, text=None, **attributes):
        pairs = " ".join(f'{key.replace("_", "-")}="{value}"' if
                         isinstance(value, str) else
                         f'{key.replace("_", "-")}="{number(value)}"'
                         for key, value in attributes.items())
        end = "/>" if text is None else f">{escape(text)}</{name}>"
        self.parts.append(f"<{name} {pairs}{end}")

    def rectangle(self, x, y, width, height, fill=WHITE, stroke=LINE, round=6):
        self._add("rect", x=x, y=y, width=width, height=height, rx=round,
                  fill=fill, stroke=stroke)

    def text(self, x, y, text, size=13, color=INK, anchor="start", bold=False,
             mono=False):
        """Text that must lie on the page."""
        width = width_of(text, size, mono)
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        if left < 0 or left + width > self.width or not 0 < y < self.height:
            raise ValueError(f"{self.title}: '{text}' leaves the page")
        style = {"font_weight": "bold"} if bold else {}
        self._add("text", text, x=x, y=y, fill=color, font_size=size,
                  text_anchor=anchor, font_family=MONO if mono else SANS,
                  **style)

    def box(self, x, y, width, height, *lines, fill=PALE_GREY, stroke=LINE):
        """A box with a bold first line; each line must fit into it."""
        self.rectangle(x, y, width, height, fill, stroke)
        top = y + height / 2 - 8.5 * (len(lines) - 1) + 4.5
        for index, line in enumerate(lines):
            if width_of(line, 12 if index else 13) > width - 4:
                raise ValueError(f"{self.title}: '{line}' leaves its box")
            self.text(x + width / 2, top + 17 * index, line, anchor="middle",
                      size=12 if index else 13, bold=not index,
                      color=INK if not index else GREY)

    def arrow(self, *points, dashed=False):
        path = "M" + " L".join(f"{number(x)},{number(y)}" for x, y in points)
        style = {"stroke_dasharray": "4 3"} if dashed else {}
        self._add("path", d=path, fill="none", stroke=GREY, stroke_width=1.5,
                  marker_end="url(#tip)", **style)

    def line(self, x1, y1, x2, y2, color=LINE, width=1.0):
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color,
                  stroke_width=width)

    def __str__(self):
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
            f'height="{self.height}" role="img" '
            f'viewBox="0 0 {self.width} {self.height}">',
            f"<title>{escape(self.title)}</title>", f"<defs>{MARKER}</defs>",
            f'<rect width="{self.width}" height="{self.height}" '
            f'fill="{WHITE}"/>', *self.parts, "</svg>", ""])
