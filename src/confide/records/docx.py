"""Read the text of a .docx document, and write the document again with other text in the same places.

Guarantee: `read_docx` returns every text that Word shows or keeps of a person: body, tables, text boxes, headers and
footers, notes, comments, deleted and field text, title and other properties. What `write_docx` returns holds no other
part of the original: pictures are blank, names of authors, links, custom properties and hidden parts are gone, and a
document with a part that cannot be searched, such as an embedded workbook, is refused. Knows nothing of
identifiers: who calls says which places of the text become what.
"""

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from confide.errors import InvalidInput

LARGEST = 256_000_000  # bytes of all parts, unpacked: a few kilobytes of zip can claim to be terabytes
_MOST_PARTS = 5_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PLACES = "/wordprocessingDrawing"  # namespaces whose elements hold coordinates, not words

_TEXT = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_STYLE = re.compile(
    r"word/(styles|stylesWithEffects|numbering|fontTable|webSettings)\.xml|word/(theme|fonts)/[^/]+"
)
_DROPPED = re.compile(
    r"customXml/.*|docProps/(?!core\.xml).*|_xmlsignatures/.*|word/(glossary|printerSettings|webextensions)/.*"
    r"|word/(people|comments(Extended|Ids|Extensible)|documenttasks.*|tasks)\.xml|.*/"
)
_CORE, _SETTINGS, _TYPES = "docProps/core.xml", "word/settings.xml", "[Content_Types].xml"
_DROPPED_SETTINGS = (
    "docVars",
    "mailMerge",
    "attachedTemplate",
    "rsids",
    "documentProtection",
    "writeProtection",
)
_WORDS_OF_CORE = ("title", "subject", "keywords", "description", "category", "contentStatus")
_AUTHORS = ("author", "initials", "userId", "providerId")
_EMPTIED = {
    "docPr": ("descr", "title", "name"),
    "cNvPr": ("descr", "title", "name"),
    "shape": ("alt", "title"),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """Places `start` to `end` of the text become `new`."""

    start: int
    end: int
    new: str = field(repr=False)


def read_docx(data: bytes, file: str) -> str:
    """Return all text of a document: a line per paragraph, the cells of a row apart by tabs.

    Raises:
        InvalidInput: it is no .docx, is broken, encrypted or unpacks to more than 256 MB, or has a part that
            cannot be searched.
    """
    return "".join(text for _, text in _pieces(_Package(data, file)))


def write_docx(data: bytes, file: str, edits: Sequence[Edit]) -> tuple[bytes, int]:
    """Return the document with the edits made, and how many pictures were made blank.

    Guarantee: a place that is not edited keeps its text and its formatting; a replacement has the formatting of
    the first character that it replaces. The same arguments give the same bytes.

    Args:
        data: the document that `read_docx` read.
        file: its name, for refusals.
        edits: in the order of their places, none over another.

    Raises:
        InvalidInput: as `read_docx`.
    """
    package = _Package(data, file)
    pieces = list(_pieces(package))
    found = {"".join(text for _, text in pieces)[edit.start : edit.end].strip() for edit in edits}
    at = 0
    waiting = list(edits)
    for node, text in pieces:
        if node is not None:
            node.text = _edited(text, at, waiting)
            if node.tag in (f"{_W}t", f"{_W}delText", f"{_W}instrText"):
                node.set(f"{_XML}space", "preserve")
        at += len(text)
    for name, root in package.trees.items():
        _strip(root, name, {value for value in found if _names(value)})
    return package.packed()


def _edited(text: str, at: int, waiting: list[Edit]) -> str:
    """Return the new text of the node that stands at `at`; edits that it ends are taken off `waiting`."""
    out, done, end = "", at, at + len(text)
    while waiting and waiting[0].start < end:
        edit = waiting[0]
        out += text[done - at : max(edit.start, done) - at] + edit.new
        done = max(done, min(edit.end, end))
        if edit.end > end:
            waiting[0] = Edit(end, edit.end, "")  # the rest of it stands in later nodes
            break
        waiting.pop(0)
    return out + text[done - at :]


def _names(value: str) -> bool:
    """Say whether a found value is one that an attribute cannot hold by chance, as `45` in a width of 4500."""
    return len(value) > 1 if not value.isascii() else len(value) > (3 if not value.isdigit() else 5)


class _Package:
    """The parts of a document, those of XML as trees. Holds patient text: never printed."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self.trees: dict[str, Any] = {}
        self.raw: dict[str, bytes] = {}
        self.blank = 0
        if data.startswith(b"\xd0\xcf\x11\xe0"):  # how Word keeps encrypted and old documents
            raise InvalidInput("files.docx-encrypted", file=file)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._read(archive)
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError,
                UnicodeError, ValueError, OverflowError):  # fmt: skip
            raise InvalidInput("files.unreadable", file=file, kind="Word") from None
        if "word/document.xml" not in self.trees or _TYPES not in self.trees:
            raise InvalidInput("files.unreadable", file=file, kind="Word")

    def _read(self, archive: zipfile.ZipFile) -> None:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > LARGEST or len(parts) > _MOST_PARTS:
            raise InvalidInput("files.too-large", file=self.file, most=LARGEST // 1_000_000)
        if len({part.filename.casefold() for part in parts}) != len(parts):
            raise ValueError("a part stands twice")
        for part in parts:
            name = part.filename
            if _DROPPED.fullmatch(name):
                continue
            if name.startswith("word/media/"):
                self.raw[name] = _BLANK
                self.blank += 1
            elif _STYLE.fullmatch(name):
                self.raw[name] = archive.read(part)
            elif _TEXT.fullmatch(name) or name in (_CORE, _SETTINGS, _TYPES) or name.endswith(".rels"):
                self.trees[name] = _tree(archive.read(part), self.file)
            else:
                kind = posixpath.splitext(name)[1] or "-"
                raise InvalidInput("files.docx-part", file=self.file, kind=kind)

    def packed(self) -> tuple[bytes, int]:
        """Return the bytes of the document and the number of blank pictures."""
        from lxml import etree

        known = {*self.raw, *self.trees}
        for name, root in self.trees.items():
            if name.endswith(".rels"):
                _strip_relations(root, name, known)
        for override in list(self.trees[_TYPES]):
            if (name := override.get("PartName", "").lstrip("/")) and name not in known:
                self.trees[_TYPES].remove(override)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(known, key=lambda each: (each != _TYPES, each)):
                content = self.raw.get(name)
                if content is None:
                    content = etree.tostring(
                        self.trees[name], xml_declaration=True, encoding="UTF-8", standalone=True
                    )
                info = zipfile.ZipInfo(name)  # of 1980: when the original was written is nobody's business
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        return out.getvalue(), self.blank


def _tree(content: bytes, file: str) -> Any:
    """Parse one part; entities are never resolved, and nobody needs a document type here."""
    try:
        from lxml import etree
    except ImportError:
        raise InvalidInput("files.extra", extra="documents") from None
    try:
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise InvalidInput("files.unreadable", file=file, kind="Word") from None
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("files.unreadable", file=file, kind="Word")
    return root


def _pieces(package: _Package) -> Iterator[tuple[Any, str]]:
    """Yield (node, its text) in the order of reading, and (None, what stands between two nodes)."""
    for name in sorted(package.trees, key=lambda each: (each != _CORE, each != "word/document.xml", each)):
        root = package.trees[name]
        if name == _CORE:
            for node in root:
                if _local(node) in _WORDS_OF_CORE and node.text:
                    yield node, node.text
                    yield None, "\n"
        elif _TEXT.fullmatch(name):
            for node in root.iter():
                if isinstance(node.tag, str):
                    yield from _piece(node)
            yield None, "\n"


def _piece(node: Any) -> Iterator[tuple[Any, str]]:
    """Yield what one element adds to the text."""
    parent = node.getparent()
    if node.tag == f"{_W}p":
        cell = parent if parent is not None and parent.tag == f"{_W}tc" else None
        within_row = cell is not None and node.getprevious() in (None, *cell.findall(f"{_W}tcPr"))
        first = cell is None or cell.getprevious() is None or cell.getprevious().tag != f"{_W}tc"
        yield None, "\t" if within_row and not first else "\n"
    elif parent is not None and parent.tag == f"{_W}r" and node.tag in _BETWEEN:
        yield None, _BETWEEN[node.tag]
    if node.text and node.text.strip() and _PLACES not in node.tag:
        apart = node.tag == f"{_W}instrText"
        if apart:
            yield None, "\n"
        yield node, node.text
        if apart:
            yield None, "\n"
    elif node.text and node.tag in (f"{_W}t", f"{_W}delText"):
        yield node, node.text


_BETWEEN = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def _strip(root: Any, name: str, found: set[str]) -> None:
    """Take out of a part what names people beside its text: authors, descriptions, found values in attributes."""
    if name == _CORE:
        for node in list(root):
            if _local(node) not in _WORDS_OF_CORE:
                root.remove(node)
    if name == _SETTINGS:
        for node in list(root):
            if _local(node) in _DROPPED_SETTINGS:
                root.remove(node)
    if name.endswith(".rels") or name == _TYPES:
        return
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        for key in _EMPTIED.get(_local(node), ()):
            if key in node.attrib:
                node.set(key, "")
        if _local(node) in ("alias", "tag") and node.tag.startswith(_W):
            node.set(f"{_W}val", "")
        if _local(node) == "bookmarkStart":
            node.set(f"{_W}name", f"b{node.get(f'{_W}id', '')}")
        for key, value in node.attrib.items():
            if key.rpartition("}")[2] in _AUTHORS:
                node.set(key, "-")
            elif key == f"{_W}date":
                del node.attrib[key]
            elif any(each in value for each in found):
                node.set(key, "")
        if node.tail and node.tail.strip():
            node.tail = None  # text where no reader looks for any


def _strip_relations(root: Any, name: str, known: set[str]) -> None:
    """Drop relations to parts that are gone, and make links to the outside point nowhere."""
    folder = posixpath.dirname(posixpath.dirname(name))
    for relation in root.findall(_RELATION):
        if relation.get("TargetMode") == "External":
            if relation.get("Type", "").endswith("/hyperlink"):
                relation.set("Target", "about:blank")
            else:
                root.remove(relation)
            continue
        target = relation.get("Target", "")
        path = posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"{folder}/{target}")
        if path.lstrip("/") not in known:
            root.remove(relation)


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else ""


_BLANK = bytes.fromhex(  # a PNG picture of one white point
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f8"
    "0f0001010100b138f6140000000049454e44ae426082"
)
