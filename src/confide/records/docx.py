"""Read the text of a .docx document, and write the document again with other text in the same places.

Guarantee: `read_docx` returns every text that Word shows or keeps of a person: body, tables, text boxes, headers and
footers, notes, comments, deleted and field text, title and other properties. What `write_docx` returns holds no other
part of the original: of the rest it keeps numbers where Word measures, words of Word's own format and names of usual
fonts and built-in styles, nothing that somebody could have typed. Pictures are blank; authors, links, names, tips,
lists to choose from, custom properties and hidden parts are gone. A document with a part that cannot be searched, such
as an embedded workbook, is refused. Knows nothing of identifiers: who calls says which places of the text become what.
"""

# ruff: noqa: SIM905 -- the long lists of words read better as one string

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from confide.errors import InvalidInput
from confide.records.docx_words import (
    CSS,
    FONTS,
    MEASURED,
    MEASURED_VALUES,
    SCRIPTS,
    SETTINGS_OF_WORD,
    STYLE_WORDS,
    WORDS,
)

LARGEST = 256_000_000  # bytes of all parts, unpacked: a few kilobytes of zip can claim to be terabytes
_MOST_PARTS = 5_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PLACES = "/wordprocessingDrawing"  # namespaces whose elements hold coordinates, not words

# Elements and attributes of any other namespace are taken out; prefixes are these, whatever the document calls them.
_OF_WORD = {
    "w": _W[1:-1], "r": _R[1:-1], "mc": _MC[1:-1],
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "w10": "urn:schemas-microsoft-com:office:word",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "lc": "http://schemas.openxmlformats.org/drawingml/2006/lockedCanvas",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wp14": "http://schemas.microsoft.com/office/word/2010/wordprocessingDrawing",
    "wpc": "http://schemas.microsoft.com/office/word/2010/wordprocessingCanvas",
    "wpg": "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
}  # fmt: skip
_SPACES = frozenset((*_OF_WORD.values(), _XML[1:-1]))
_OF_CORE = {
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_MAY_BE_IGNORED = "w14 w15 wp14"

_TEXT = re.compile(r"word/(document|header\d{0,4}|footer\d{0,4}|footnotes|endnotes|comments)\.xml")
_STYLE = re.compile(r"word/(styles|numbering|theme/theme\d{0,2})\.xml")
_DROPPED = re.compile(
    r"customXml/.*|docProps/(?!core\.xml).*|_xmlsignatures/.*|.*/"
    r"|word/(glossary|printerSettings|webextensions|fonts|theme/(?!theme\d{0,2}\.xml).*)/.*|word/theme/(?!theme).*"
    r"|word/(people|comments(Extended|Ids|Extensible)|documenttasks.*|tasks|stylesWithEffects|fontTable|webSettings)\.xml"
)
_CORE, _SETTINGS, _TYPES = "docProps/core.xml", "word/settings.xml", "[Content_Types].xml"
_RELATIONS = re.compile(r"(.+/)?_rels/([^/]*)\.rels")
_WORDS_OF_CORE = ("title", "subject", "keywords", "description", "category", "contentStatus")

# What Word does without, and where people leave what no reader searches.
_REMOVED = frozenset(
    "ffData fldData binData smartTagPr customXmlPr permStart permEnd tblCaption tblDescription divId nsid tmpl rsid"
    " rsids aliases extLst docPartObj hlinkClick hlinkHover".split()
)
_UNWRAPPED = ("smartTag", "customXml")
_KEPT_OF_CONTROL = ("rPr", "lock", "id", "text", "richText", "picture", "checkbox")
_KEPT_OF_SETTINGS = frozenset(
    "zoom mirrorMargins alignBordersAndEdges bordersDoNotSurroundHeader bordersDoNotSurroundFooter gutterAtTop"
    " trackRevisions defaultTabStop autoHyphenation consecutiveHyphenLimit hyphenationZone doNotHyphenateCaps"
    " evenAndOddHeaders bookFoldRevPrinting bookFoldPrinting drawingGridHorizontalSpacing drawingGridVerticalSpacing"
    " displayHorizontalDrawingGridEvery displayVerticalDrawingGridEvery noPunctuationKerning characterSpacingControl"
    " strictFirstAndLastChars footnotePr endnotePr compat mathPr themeFontLang clrSchemeMapping decimalSymbol"
    " listSeparator".split()
)
_PLAIN_FIELD = re.compile(
    r"\s*(PAGE|NUMPAGES|SECTIONPAGES|SECTION)(\s+\\\*\s+(MERGEFORMAT|Arabic|roman|ROMAN|CHINESENUM[123]))*\s*"
)
_NAMES_OF_STYLES = ("pStyle", "rStyle", "tblStyle", "basedOn", "next", "link", "numStyleLink", "styleLink",
                    "defaultTableStyle", "clickAndTypeStyle")  # fmt: skip
_MARKS = ("bookmarkStart", "moveFromRangeStart", "moveToRangeStart")

_OF_PARTS = "application/vnd.openxmlformats-officedocument."
_OF_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_OF_CORE_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_WITHOUT_REFERENCE = ("hyperlink", "blip", "imagedata", "fill", "stroke")  # of use without what they point to
_NEEDED = {
    "name": "",
    "author": "-",
    "id": "0",
    "typeface": "",
    "uri": "",
}  # Word refuses elements without them

# Every value that stays is one of these forms, at one of these places.
_NUMBER = re.compile(r"[+-]?\d{0,10}(\.\d{1,8})?(pt|in|cm|mm|pc|pi|px|em|ex|%|f|fd)?")
_HEX = re.compile(r"[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}|#?[0-9A-Fa-f]{6}( \[\d{1,4}\])?")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z][a-z]{3})?-[A-Z]{2}|x-none")
_THEME_FONT = re.compile(r"\+m[nj]-(lt|ea|cs)|")
_FLAGS = re.compile(r"[01]{12}")
_SHAPE_ID = re.compile(r"#?_x0000_[a-z]\d{1,5}")
_PIECES = re.compile(r"[a-z]+|[A-Z][a-z]*|\d{1,3}")
_NOT_OF_OUTLINES = re.compile(r"[^-+a-zA-Z0-9.,;@#\s()%]|\d{8}|\d-")  # nothing like a day
_FORMULA = frozenset(
    "val sum prod mid abs min max if mod atan sin cos cosatan sinatan sqrt sumangle ellipse tan width height topLeft"
    " topRight bottomLeft bottomRight center xcenter ycenter pt in cm mm f fd".split()
)
_STROKES = re.compile(r"(x|e|nf|ns)*([mlctrv]|ae|al|at|ar|wa|wr|qx|qy|qb)?")
_GUIDE = re.compile(
    r"connsite[XY]\d{1,4}|adj\d{0,2}|[A-Za-z]\d{1,4}|[-+]?\d{1,10}|[lrtbwh]|hc|vc|ss|ls|(wd|hd|ssd|cd)\d{1,2}|[357]cd[248]"
    r"|\*/|\+-|\+/|\?:|abs|at2|cat2|cos|max|min|mod|pin|sat2|sin|sqrt|tan|val"
)
_COLOURS = frozenset("color fill lastClr themeTint themeShade themeFillTint themeFillShade char fillcolor strokecolor"
                     " color2".split())  # fmt: skip
_COLOUR_VALUES = ("color", "srgbClr", "sysClr", "tblLook")
_OUTLINES = frozenset(
    "adj path v eqn position xrange yrange coordsize coordorigin textboxrect limo connectlocs connectangles wrapcoords"
    " from to points inset offset offset2 matrix arcsize origin focusposition focussize size".split()
)
_CHARACTERS = ("chr", "begChr", "endChr", "sepChr", "decimalSymbol", "listSeparator")
_FONT_KEYS = ("ascii", "hAnsi", "eastAsia", "cs", "font", "typeface")
_OF_LANGUAGE = ("lang", "themeFontLang")


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
    _rename(package)
    for name, root in package.trees.items():
        if name == _CORE:
            for node in root.iter():
                node.attrib.clear()
        elif not name.endswith(".rels"):
            _strip(root, package, name, {value for value in found if _names(value)})
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
    """The parts of a document that are kept, as trees. Holds patient text: never printed."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self.trees: dict[str, Any] = {}
        self.pictures: dict[str, str] = {}  # name in the document -> name in what is written
        self.styles: dict[str, str] = {}  # the same of the ids of styles
        self.marks: dict[str, str] = {}  # the same of the names of bookmarks
        self.relations: dict[str, dict[str, str]] = {}  # part -> the same of the ids of its relations
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
        del self.trees[_TYPES]  # written anew

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
                self.pictures[name] = f"word/media/image{len(self.pictures) + 1}.png"
            elif _TEXT.fullmatch(name) or _STYLE.fullmatch(name) or name in (_CORE, _SETTINGS):
                self.trees[name] = _tree(archive.read(part), self.file)
                _simplify(self.trees[name], name, self.file)
            elif name == _TYPES or name.endswith(".rels"):
                self.trees[name] = _tree(archive.read(part), self.file)
            else:
                kind = posixpath.splitext(name)[1] or "-"
                raise InvalidInput("files.docx-part", file=self.file, kind=kind)

    def packed(self) -> tuple[bytes, int]:
        """Return the bytes of the document and the number of blank pictures."""
        from lxml import etree

        parts = {name: root for name, root in self.trees.items() if not name.endswith(".rels")}
        contents = {_TYPES: _types(parts), **dict.fromkeys(self.pictures.values(), _BLANK)}
        for name, root in self.trees.items():
            if name in parts:
                root = _declared(root)
            elif (owner := _owner(name)) in parts or owner == "":
                root = self._links(root, owner)
            else:
                continue
            contents[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(contents, key=lambda each: (each != _TYPES, each)):
                info = zipfile.ZipInfo(name)  # of 1980: when the original was written is nobody's business
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, contents[name])
        return out.getvalue(), len(self.pictures)

    def _links(self, old: Any, owner: str) -> Any:
        """Return the relations of a part, written anew; a link to the outside points nowhere."""
        from lxml import etree

        space = _RELATION.removesuffix("Relationship")
        root = etree.Element(f"{space}Relationships", nsmap={None: space[1:-1]})
        for relation in old.iter(_RELATION):
            if new := self.relations[owner].get(relation.get("Id")):
                target = self.target(relation, owner)
                made = etree.SubElement(root, _RELATION, Id=new, Type=_relation_to(target or ""))
                made.set(
                    "Target",
                    posixpath.relpath(target, f"./{posixpath.dirname(owner)}") if target else "about:blank",
                )
                if not target:
                    made.set("TargetMode", "External")
        return root

    def target(self, relation: Any, owner: str) -> str | None:
        """Return the part that a relation leads to, "" for a web page, None if it is gone."""
        if relation.get("TargetMode") == "External":
            return "" if relation.get("Type", "").endswith("/hyperlink") else None
        aim = relation.get("Target", "")
        path = aim if aim.startswith("/") else f"{posixpath.dirname(owner)}/{aim}"
        path = posixpath.normpath(path).lstrip("/")
        if path.endswith(".rels"):
            return None
        return path if path in self.trees else self.pictures.get(path)


def _owner(name: str) -> str | None:
    """Return the part whose relations these are, "" for the document as a whole, None if it is no such place."""
    found = _RELATIONS.fullmatch(name)
    return f"{found[1] or ''}{found[2]}" if found else None


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


def _simplify(root: Any, name: str, file: str) -> None:
    """Take out what Word does without; done on reading too, so that places of the text stay the same."""
    known = set((_OF_CORE if name == _CORE else _OF_WORD).values())
    if _space(root) not in {*known, _OF_CORE["cp"]}:  # such as a document of the strict kind
        raise InvalidInput("files.unreadable", file=file, kind="Word")
    for node in list(root.iter()):
        if node is root:
            continue
        parent, local = node.getparent(), _local(node)
        if (
            _space(node) not in known
            or local in _REMOVED
            or (local == "Choice" and not _requires(node))
            or (_local(parent) == "sdtPr" and local not in _KEPT_OF_CONTROL)
            or (name == _SETTINGS and parent is root and local not in _KEPT_OF_SETTINGS)
            or (name == _CORE and (parent is not root or local not in _WORDS_OF_CORE))
        ):
            parent.remove(node)
        elif local in _UNWRAPPED or (
            local == "fldSimple" and not _PLAIN_FIELD.fullmatch(node.get(f"{_W}instr", ""))
        ):
            at = parent.index(node)
            parent[at : at + 1] = list(node)
    for node in root.iter():
        if node.tail and node.tail.strip():
            node.tail = None  # text where no reader looks for any
        if node.text and node.text.strip() and (_STYLE.fullmatch(name) or name == _SETTINGS):
            node.text = None


def _requires(choice: Any) -> str:
    """Return the namespaces that one way to draw something needs, "" if one of them is not of Word."""
    prefixes = {space: prefix for prefix, space in _OF_WORD.items()}
    wanted = [prefixes.get(choice.nsmap.get(each, "")) for each in choice.get("Requires", "").split()]
    if not wanted or None in wanted:
        return ""
    choice.set("Requires", " ".join(map(str, wanted)))
    return str(choice.get("Requires"))


def _declared(root: Any) -> Any:
    """Return the part with the prefixes that namespaces have everywhere."""
    from lxml import etree

    spaces = _OF_CORE if _space(root) == _OF_CORE["cp"] else _OF_WORD
    new = etree.Element(root.tag, root.attrib, nsmap=spaces)
    if root.tag.startswith(_W):
        new.set(f"{_MC}Ignorable", _MAY_BE_IGNORED)
    new.text = root.text
    new.extend(list(root))
    etree.cleanup_namespaces(new, keep_ns_prefixes=list(spaces))
    return new


def _types(parts: Iterable[str]) -> bytes:
    """Return the list of the kinds of parts."""
    lines = [
        f'<Default Extension="{end}" ContentType="{kind}"/>'
        for end, kind in (
            ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
            ("xml", "application/xml"),
            ("png", "image/png"),
        )
    ]
    for name in sorted(parts):
        kind = _kind(name)
        form = f"{_OF_PARTS}wordprocessingml.{kind}"
        if kind == "document":
            form += ".main"
        elif kind == "theme":
            form = f"{_OF_PARTS}theme"
        elif kind == "core":
            form = "application/vnd.openxmlformats-package.core-properties"
        lines.append(f'<Override PartName="/{name}" ContentType="{form}+xml"/>')
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Types xmlns="{space}">{"".join(lines)}</Types>'.encode()


def _relation_to(target: str) -> str:
    """Return the type of a relation by the part that it leads to."""
    if target == _CORE:
        return _OF_CORE_RELATION
    kind = _kind(target) if target else "hyperlink"
    return _OF_RELATIONS + {"document": "officeDocument"}.get(kind, kind)


def _kind(name: str) -> str:
    """Return `header` for word/header1.xml."""
    return posixpath.basename(name).partition(".")[0].rstrip("0123456789")


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


def _rename(package: _Package) -> None:
    """Choose new names for styles of somebody's own, for bookmarks and for relations."""
    for name, root in package.trees.items():
        if name.endswith(".rels"):
            if (owner := _owner(name)) is None:
                continue
            ids = [each.get("Id") for each in root.iter(_RELATION) if package.target(each, owner) is not None]
            package.relations[owner] = {old: f"rId{n}" for n, old in enumerate(ids, start=1)}
            continue
        for node in root.iter():
            if _local(node) in _MARKS:
                package.marks.setdefault(node.get(f"{_W}name", ""), f"b{len(package.marks) + 1}")
    styles = package.trees.get("word/styles.xml")
    for node in () if styles is None else styles.iter(f"{_W}style"):
        old, number = node.get(f"{_W}styleId", ""), len(package.styles) + 1
        called = node.find(f"{_W}name")
        built_in = called is not None and _is_built_in(called.get(f"{_W}val", ""))
        if called is not None and not built_in:
            called.set(f"{_W}val", f"style {number}")
        pieces = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d", old)
        keeps = built_in and "".join(pieces) == old.replace("-", "") and _is_built_in(" ".join(pieces))
        package.styles[old] = old if keeps else f"style{number}"


def _is_built_in(name: str) -> bool:
    """Say whether a style is called by words and single digits of Word's own styles only."""
    words = re.split(r"[\s()/-]+", name.casefold().strip())
    return len(words) < 9 and all(
        not word or word in STYLE_WORDS or re.fullmatch(r"[0-9](\.1){0,2}", word) for word in words
    )


def _strip(root: Any, package: _Package, part: str, found: set[str]) -> None:
    """Leave no value in an attribute that somebody could have typed, nor one that holds a found value.

    1. Give each attribute the value that may stay, or take it off.
    2. Take out elements that lost what they were there for; Word would stumble over them.
    """
    for node in list(root.iter()):
        had = dict(node.attrib)
        for key, value in had.items():  # step 1
            new = _value(node, key, value, package, part)
            if new == value and any(each in value for each in found):
                new = None
            if new is None and not _space(node).startswith("urn:"):
                new = _NEEDED.get(key.rpartition("}")[2])
            if new is None:
                del node.attrib[key]
            else:
                node.set(key, new)
        if _PLACES in node.tag and node.text and not (_NUMBER.fullmatch(node.text) or _is_word(node.text)):
            node.text = "0"
        if node is not root and node.getparent() is not None and _is_void(node, had):  # step 2
            node.getparent().remove(node)
    for node in list(root.iter(f"{{{_OF_WORD['a']}}}custGeom")):
        if any(not _is_guide(value) for each in node.iter() for value in each.attrib.values()):
            node.tag = node.tag.replace("custGeom", "prstGeom")
            node[:] = []
            node.set("prst", "rect")


def _is_void(node: Any, had: dict[str, str]) -> bool:
    """Say whether an element lost what it was there for."""
    local = _local(node)
    if local in ("lsdException", "compatSetting"):
        return not node.get(f"{_W}name")
    if local == "font":  # of a theme, for one script
        return "script" not in node.attrib
    if local in ("gd", "prstTxWarp", "prstGeom"):
        return any(key not in node.attrib for key in had)
    if local not in _WITHOUT_REFERENCE and any(key.startswith(_R) for key in had):
        return not any(key.startswith(_R) for key in node.attrib)
    return any(key.rpartition("}")[2] == "val" and key not in node.attrib for key in had)


def _value(node: Any, key: str, value: str, package: _Package, part: str) -> str | None:
    """Return what an attribute may hold in what is written, None if nothing."""
    space, name = key[1:].partition("}")[::2] if key.startswith("{") else ("", key)
    local, of_word = _local(node), node.tag.startswith(_W)
    if space == _R[1:-1]:
        return package.relations.get(part, {}).get(value)
    if space == _MC[1:-1] or (space and space not in _SPACES):
        return None
    if local == "Choice":
        return value if name == "Requires" else None  # its prefixes are renamed by now
    if (local == "style" and of_word and name == "styleId") or (local in _NAMES_OF_STYLES and name == "val"):
        return package.styles.get(value)
    if (local in _MARKS and name == "name") or (local == "hyperlink" and name == "anchor"):
        return package.marks.get(value)
    if local == "lvlText" and name == "val":
        return _level(value)
    if local == "fldSimple" and name == "instr":
        return value  # one of the plain fields, or it would not be here
    if name == "style" and not space:
        return _css(value)
    return value if _may_stay(node, name, value) else None


def _may_stay(node: Any, name: str, value: str) -> bool:
    """Say whether a value is of a form, at a place, where nothing of a person can stand."""
    local, above = _local(node), _local(node.getparent())
    if value == "" or _is_word(value):
        return True
    if name == "val" and local == "name":
        return above == "style"  # renamed by now
    if local == "compatSetting" and name in ("name", "uri"):
        return value in SETTINGS_OF_WORD
    if local == "lsdException" and name == "name":
        return _is_built_in(value)
    if local == "graphicData":
        return value in _SPACES
    if name == "lang" or local in _OF_LANGUAGE:
        return _LANGUAGE.fullmatch(value) is not None
    if name in _FONT_KEYS or local == "mathFont":
        return value.casefold() in FONTS or _THEME_FONT.fullmatch(value) is not None
    if name == "script":
        return value in SCRIPTS
    if local == "brkBinSub":
        return value in ("--", "-+", "+-")
    if local in _CHARACTERS:
        return len(value) == 1
    if local == "cnfStyle":
        return _FLAGS.fullmatch(value) is not None
    if name in ("id", "type", "spid") and _SHAPE_ID.fullmatch(value):
        return True
    if above in ("avLst", "gdLst") or next(node.iterancestors("{*}custGeom"), None) is not None:
        return _is_guide(value)
    if (name in _COLOURS or (name == "val" and local in _COLOUR_VALUES)) and _HEX.fullmatch(value):
        return True
    if name in _OUTLINES and _space(node) == _OF_WORD["v"]:
        return _is_outline(value)
    measured = local in MEASURED_VALUES if name == "val" else name in MEASURED
    return measured and _NUMBER.fullmatch(value) is not None


def _is_word(value: str) -> bool:
    """Say whether a value is put together of words of Word's format, as `thinThickSmallGap` or `accent1`."""
    pieces = _PIECES.findall(value)
    if not pieces or "".join(pieces) != value or value[0].isupper():
        return False
    words = [piece.lower() for piece in pieces if not piece.isdigit()]
    few = len(pieces) - len(words) < 2 and bool(words)  # digits
    return value in ("0", "1") or (few and WORDS.issuperset(words))


def _is_outline(value: str) -> bool:
    """Say whether a value of VML is made of numbers and commands of drawing only."""
    return not _NOT_OF_OUTLINES.search(value) and all(
        run in _FORMULA or _STROKES.fullmatch(run) for run in re.findall("[a-zA-Z]+", value)
    )


def _is_guide(value: str) -> bool:
    """Say whether a value of a drawn shape is made of numbers and of names that programs give."""
    return _is_word(value) or all(_GUIDE.fullmatch(each) for each in value.split())


def _css(value: str) -> str:
    """Keep of the style of a shape where it stands and how large it is."""
    kept = []
    for each in value.split(";"):
        name, _, what = (side.strip() for side in each.partition(":"))
        if name in CSS and (_NUMBER.fullmatch(what) or WORDS.issuperset(what.split("-"))):
            kept.append(f"{name}:{what}")
    return ";".join(kept)


def _level(value: str) -> str:
    """Keep of the text before the items of a list the numbers, the signs and what counts chapters."""
    if len(value) == 1 and not value.isdigit():
        return value  # a bullet, such as the `o` of Courier New
    return "".join(re.findall(r"%[1-9]| |[^\w%\s]|[第章节節條条款项項部分篇卷]", value))


def _space(node: Any) -> str:
    """Return the namespace of an element."""
    return str(node.tag)[1:].partition("}")[0] if str(node.tag).startswith("{") else ""


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if node is not None and isinstance(node.tag, str) else ""


_BLANK = bytes.fromhex(  # a PNG picture of one white point
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f8"
    "0f0001010100b138f6140000000049454e44ae426082"
)
