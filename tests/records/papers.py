"""Real documents for the tests: Word files by python-docx, PDFs by hand and by pypdf."""

import io
import zipfile
from collections.abc import Callable

import docx
import pypdf
from docx.shared import Inches

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def word(*lines: str, then: Callable[[object], None] | None = None) -> bytes:
    """Return a Word document of these paragraphs."""
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if then is not None:
        then(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def full_word(name: str, author: str) -> bytes:
    """Return a document that holds a name wherever a document can hold one."""

    def fill(document):
        paragraph = document.add_paragraph("seen: ")
        for piece in (name[:2], name[2:]):
            paragraph.add_run(piece).bold = piece == name[:2]
        paragraph.add_run(" today")
        table = document.add_table(2, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "name", name
        table.cell(1, 0).text, table.cell(1, 1).text = "stay", "45"
        section = document.sections[0]
        section.header.paragraphs[0].text = f"file of {name}"
        section.footer.paragraphs[0].text = f"page 1, {name}"
        document.add_comment(runs=paragraph.runs, text=f"ask {name}", author=author, initials="XY")
        document.add_picture(io.BytesIO(PICTURE), width=Inches(1))
        for each in document.element.iter():
            if each.tag.endswith("}docPr"):
                each.set("descr", f"portrait of {name}")
        core = document.core_properties
        core.author = core.last_modified_by = author
        core.title, core.subject, core.keywords = f"report on {name}", name, name
        relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
        document.part.relate_to(f"mailto:{name}@example.org", relation, is_external=True)

    return word("Discharge", f"Patient: {name}", then=fill)


def repacked(data: bytes, **changed: bytes) -> bytes:
    """Return a zip with parts added or changed; `__` in a name stands for `/`, `_dot_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name.replace("__", "/").replace("_dot_", "."): content for name, content in changed.items()}
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def pdf(*pages: str) -> bytes:
    """Return a PDF of one line of ASCII per page; an empty text is a page that only draws a box."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode() if text else b"50 50 100 100 re f"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources << /Font << /F1 "
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def locked_pdf(text: str) -> bytes:
    """Return an encrypted PDF."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(text)))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
