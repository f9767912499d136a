"""Word and PDF: all text comes out, only the text that was meant is changed, and nothing else of a person is left."""

import io
import re
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papers import full_word, locked_pdf, pdf, repacked, word

from confide.errors import InvalidInput
from confide.records.docx import LARGEST, Edit, read_docx, write_docx
from confide.records.pdf import read_pdf

NAME, AUTHOR = "Zarnikowa", "Quendoline"


def edits_for(text, name, new):
    return [Edit(found.start(), found.end(), new) for found in re.finditer(name, text)]


@given(
    st.lists(st.text("ab 国\t", max_size=12), max_size=6),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9), st.text("xyz", max_size=4)), max_size=5),
)
@settings(max_examples=25, deadline=None)
def test_the_places_that_are_edited_change_and_no_other(lines, wanted):
    data = word(*lines)
    text = read_docx(data, "a.docx")
    edits, at = [], 0
    for start, length, new in sorted(wanted):
        start, end = max(start, at), max(start, at) + length
        if end <= len(text) and "\n" not in text[start:end] and "\t" not in text[start:end]:
            edits.append(Edit(start, end, new))
            at = end
    expected, at = "", 0
    for edit in edits:
        expected += text[at : edit.start] + edit.new
        at = edit.end
    assert read_docx(write_docx(data, "a.docx", edits)[0], "a.docx") == expected + text[at:]


def test_a_name_leaves_every_corner_of_a_document_and_so_does_who_wrote_it():
    data = full_word(NAME, AUTHOR)
    text = read_docx(data, "a.docx")
    assert text.count(NAME) == 9  # body twice, table, header, footer, comment, title, subject, keywords
    assert f"name\t{NAME}" in text
    made, pictures = write_docx(data, "a.docx", edits_for(text, NAME, "Birk"))
    assert pictures == 1
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        for name in archive.namelist():
            for secret in (NAME, AUTHOR, "portrait"):
                assert secret.encode() not in archive.read(name), name
                assert secret[:5].encode() not in archive.read(name), name
            assert archive.getinfo(name).date_time[0] == 1980
    assert write_docx(data, "a.docx", edits_for(text, NAME, "Birk"))[0] == made


def test_word_can_open_what_was_written_and_its_formatting_is_kept():
    data = full_word(NAME, AUTHOR)
    made, _ = write_docx(data, "a.docx", edits_for(read_docx(data, "a.docx"), NAME, "Birk"))
    opened = docx.Document(io.BytesIO(made))
    (seen,) = [each for each in opened.paragraphs if each.text.startswith("seen")]
    assert [(run.text, run.bold) for run in seen.runs if run.text] == [
        ("seen: ", None), ("Birk", True), (" today", None),
    ]  # fmt: skip
    assert [[cell.text for cell in row.cells] for row in opened.tables[0].rows] == [
        ["name", "Birk"], ["stay", "45"],
    ]  # fmt: skip
    assert opened.sections[0].header.paragraphs[0].text == "file of Birk"
    assert opened.core_properties.title == "report on Birk"
    assert opened.core_properties.author == ""
    assert len(opened.inline_shapes) == 1


def test_deleted_text_and_field_codes_are_searched_too():
    body = (
        b'<w:p><w:del w:author="Quendoline" w:date="2024-01-01T00:00:00Z" w:id="1"><w:r><w:delText>Zarnikowa</w:delText>'
        b'</w:r></w:del><w:r><w:instrText>HYPERLINK "mailto:Zarnikowa"</w:instrText></w:r></w:p></w:body>'
    )
    data = word("x")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        whole = archive.read("word/document.xml").replace(b"</w:body>", body)
    data = repacked(data, word__document_dot_xml=whole)
    text = read_docx(data, "a.docx")
    assert text.count(NAME) == 2
    made = write_docx(data, "a.docx", edits_for(text, NAME, ""))[0]
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        whole = archive.read("word/document.xml")
    assert not any(each in whole for each in (b"Zarni", b"Quendo", b"2024"))


def test_parts_that_are_hidden_leave_with_the_document_s_author():
    data = repacked(
        word("x"),
        customXml__item1_dot_xml=b"<a>Zarnikowa</a>",
        docProps__custom_dot_xml=b"<a>Zarnikowa</a>",
        word__people_dot_xml=b"<a>Zarnikowa</a>",
    )
    made = write_docx(data, "a.docx", [])[0]
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        names = archive.namelist()
        assert not any(b"Zarnikowa" in archive.read(name) for name in names)
    assert not any(name.startswith("customXml") or "custom" in name or "people" in name for name in names)
    docx.Document(io.BytesIO(made))


def bomb() -> bytes:
    return repacked(word("x"), word__media__a_dot_png=bytes(LARGEST))


def with_entities() -> bytes:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    return repacked(
        word("x"),
        word__document_dot_xml=f'<!DOCTYPE a [<!ENTITY a0 "lol">{lines}]><a>&a8;</a>'.encode(),
    )


BROKEN = {
    "a zip bomb": (bomb, "files.too-large"),
    "entities within entities": (with_entities, "files.unreadable"),
    "an embedded workbook": (lambda: repacked(word("x"), word__embeddings__a_dot_xlsx=b"PK"), "files.docx-part"),
    "a macro": (lambda: repacked(word("x"), word__vbaProject_dot_bin=b"x"), "files.docx-part"),
    "half a file": (lambda: word("x" * 3000)[:9000], "files.unreadable"),
    "no zip": (lambda: b"hello", "files.unreadable"),
    "a zip that is no document": (lambda: repacked(word("x"), word__document_dot_xml=b"<a"), "files.unreadable"),
    "an encrypted one": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000), "files.docx-encrypted"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "code"), BROKEN.values(), ids=BROKEN)
def test_a_broken_word_document_is_refused_in_one_sentence(made, code):
    with pytest.raises(InvalidInput) as refused:
        read_docx(made(), "a.docx")
    assert refused.value.code == code
    assert "a.docx" in str(refused.value)


@given(st.binary(max_size=300), st.integers(0, 3000))
@settings(max_examples=25, deadline=None)
def test_no_damage_to_a_document_ends_in_anything_but_a_text_or_a_refusal(noise, place):
    for data, read in ((word("hello"), read_docx), (pdf("hello"), read_pdf)):
        at = place % len(data)
        damaged = data[:at] + noise + data[at + len(noise) :]
        try:
            assert isinstance(read(damaged, "a"), str)
        except InvalidInput as refused:
            assert "a" in str(refused)  # noqa: PT017 -- either way is right


def test_the_text_of_a_pdf_comes_page_by_page():
    assert read_pdf(pdf("Seen by Dr Smith", "on Monday"), "a.pdf").split("\n") == [
        "Seen by Dr Smith",
        "on Monday",
    ]


PDFS = {
    "encrypted": (lambda: locked_pdf("x"), "files.pdf-encrypted"),
    "a scan": (lambda: pdf(""), "files.pdf-scan"),
    "one page of it a scan": (lambda: pdf("text", ""), "files.pdf-scan"),
    "cut": (lambda: pdf("x")[:200], "files.unreadable"),
    "none": (lambda: b"%PDF-1.4 and no more", "files.unreadable"),
}


@pytest.mark.parametrize(("made", "code"), PDFS.values(), ids=PDFS)
def test_a_pdf_that_cannot_be_searched_is_refused_in_one_sentence(made, code, capfd):
    with pytest.raises(InvalidInput) as refused:
        read_pdf(made(), "a.pdf")
    assert refused.value.code == code
    assert "a.pdf" in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_the_page_that_is_a_scan_is_named():
    with pytest.raises(InvalidInput, match="page 2 of"):
        read_pdf(pdf("text", ""), "a.pdf")
