"""SVG: the document, the style that decides what is visible, and the outlines of its shapes."""
