"""An SVG document: its elements with their line numbers, by id, and with the properties that apply to each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element as XmlElement
from xml.parsers import expat

import cssselect2
import tinycss2

from models.sketch_rnn.npz_files import FileError

LARGEST = 16 * 1024**2  # bytes; svgelements needs about 3 s for 1 MB of path data
DEEPEST = 200  # nested elements; renderers have such a limit, too
MOST_MATCHES = 20_000_000  # selectors of the style sheets times elements, each of which is compared with each
LONGEST = 1_000  # characters of an attribute other than path data, points and transforms
LONG = frozenset({"d", "points", "transform", "style"})


class Element(XmlElement):
    """An element named without its namespace prefix; `line` is where it begins in the file, from 1."""

    line = 0

    def __str__(self) -> str:
        name = self.get("id")
        return f"line {self.line}: <{self.tag}{f' id={name}' if name else ''}>"


class Document:
    """The tree of a file. Raises FileError if it is not XML, is too large, or has a root other than `svg`."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > LARGEST:
            raise FileError(f"larger than {LARGEST:,} bytes")
        self.root = _parse(path.read_bytes())
        self.by_id: dict[str, Element] = {}
        for element in self.root.iter():
            assert isinstance(element, Element)
            self.by_id.setdefault(element.get("id", ""), element)
        self._styled = _styled(self.root)
        self._declared: dict[Element, Mapping[str, str]] = {}  # cache, since a `use` reads an element many times

    def declared(self, element: Element) -> Mapping[str, str]:
        """The attributes and properties of an element: a style attribute wins over a style sheet, that over the rest.

        Source: CSS Cascading 4, with presentation attributes as SVG 2, 6.6 has them.
        """
        if element in self._declared:
            return self._declared[element]
        own = _declarations(element.get("style", ""))
        sheet = self._styled.get(element, [])
        ranked = [*sheet, *(((important, 1 << 30, 0), name, value) for important, name, value in own)]
        found = {name: value.strip() for name, value in element.attrib.items() if len(value) <= LONGEST or name in LONG}
        found.update((name, value) for _, name, value in sorted(ranked, key=lambda each: each[0]))
        self._declared[element] = found
        return found


def _parse(data: bytes) -> Element:
    """Reads XML without regard to undeclared prefixes, which drawing programs leave behind."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    root: list[Element] = []
    stack: list[Element] = []
    prefix = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal prefix
        if not root:
            prefix = tag.rpartition(":")[0]
        own, _, name = tag.rpartition(":")
        element = Element(name if own == prefix else tag, {_local(key): value for key, value in attributes.items()})
        element.line = parser.CurrentLineNumber
        (stack[-1] if stack else root).append(element)
        stack.append(element)
        if len(stack) > DEEPEST:
            raise FileError(f"line {element.line}: more than {DEEPEST} elements inside one another")

    def text(data: str) -> None:
        if stack[-1].tag == "style":
            stack[-1].text = (stack[-1].text or "") + data

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FileError(f"not a readable SVG file (line {error.lineno}: {expat.errors.messages[error.code]})") from None
    if root[0].tag != "svg":
        raise FileError(f"not an SVG file: its first element is <{root[0].tag}>")
    return root[0]


def _local(name: str) -> str:
    """`href` for `xlink:href`; other prefixes stay, so that `inkscape:label` is no `label`."""
    return "href" if name.endswith(":href") else name


Ranked = list[tuple[tuple[Any, ...], str, str]]  # (importance, specificity, order), property, value


def _styled(root: Element) -> dict[Any, Ranked]:
    """What the style sheets of a document declare for its elements. Sheets in other files are not read."""
    matcher = cssselect2.Matcher()
    order = 0
    for sheet in root.iter("style"):
        for rule in tinycss2.parse_stylesheet(sheet.text or "", skip_comments=True, skip_whitespace=True):
            if rule.type != "qualified-rule":
                continue
            declared = _declarations(rule.content)
            try:
                selectors = cssselect2.compile_selector_list(rule.prelude)
            except cssselect2.SelectorError:
                continue  # CSS requires that a rule with an unknown selector is ignored
            for selector in selectors:
                order += 1
                matcher.add_selector(selector, (order, declared))
    if not order:
        return {}
    elements = sum(1 for _ in root.iter())
    if order * elements > MOST_MATCHES:
        raise FileError(f"{order:,} selectors for {elements:,} elements; at most {MOST_MATCHES:,} pairs are compared")
    styled: dict[Any, Ranked] = {}
    for wrapper in cssselect2.ElementWrapper.from_xml_root(root).iter_subtree():
        ranked: Ranked = []
        for specificity, _, pseudo, (place, declared) in matcher.match(wrapper):
            if pseudo is None:
                ranked += [((important, 0, specificity, place), name, value) for important, name, value in declared]
        if ranked:
            styled[wrapper.etree_element] = ranked
    return styled


def _declarations(css: Any) -> list[tuple[bool, str, str]]:
    """(important, property, value) of each declaration in a text or in parsed tokens."""
    if not css:
        return []
    found = tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True)
    return [
        (each.important, each.lower_name, tinycss2.serialize(each.value).strip())
        for each in found
        if each.type == "declaration"
    ]
