"""What somebody typed where nobody looks leaves no Word document: each place has a secret planted and sought again."""

import io
import re
import zipfile

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from lxml import etree
from papers import full_word, repacked, word

from confide.errors import InvalidInput
from confide.records.docx import Edit, read_docx, write_docx

SECRETS = (
    "Marigold Birkhoff",
    "marigoldBirkhoff",
    "marigold",
    "MARIGOLD",
    "13800138000",
    "玛丽戈",
    "2024-03-05",
)
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACES = " ".join(
    f'xmlns:{prefix}="{space}"'
    for prefix, space in {
        "w16du": "http://schemas.microsoft.com/office/word/2023/wordml/word16du",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
        "my": "urn:my",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    }.items()
)

# Elements of a body that hold SECRET; what of it Word shows is always `shown`.
HIDDEN = {
    "the day behind a date picker": '<w:p><w:sdt><w:sdtPr><w:date w:fullDate="SECRET"><w:dateFormat w:val="SECRET"/></w:date>'
    "</w:sdtPr><w:sdtContent><w:r><w:t>shown</w:t></w:r></w:sdtContent></w:sdt></w:p>",
    "a list to choose from": '<w:p><w:sdt><w:sdtPr><w:dropDownList w:lastValue="SECRET"><w:listItem w:displayText="SECRET" '
    'w:value="SECRET"/></w:dropDownList></w:sdtPr><w:sdtContent><w:r><w:t>shown</w:t></w:r></w:sdtContent></w:sdt></w:p>',
    "the data that fill a control": '<w:p><w:sdt><w:sdtPr><w:alias w:val="SECRET"/><w:tag w:val="SECRET"/><w:dataBinding '
    'w:xpath="SECRET" w:prefixMappings="SECRET" w:storeItemID="SECRET"/><w:placeholder><w:docPart w:val="SECRET"/>'
    "</w:placeholder></w:sdtPr><w:sdtContent><w:r><w:t>shown</w:t></w:r></w:sdtContent></w:sdt></w:p>",
    "a field of a form": '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="SECRET"/><w:helpText w:type="text" '
    'w:val="SECRET"/><w:statusText w:type="text" w:val="SECRET"/><w:entryMacro w:val="SECRET"/><w:textInput><w:default w:val="SECRET"/>'
    '</w:textInput></w:ffData></w:fldChar><w:t>shown</w:t></w:r></w:p>',
    "what a program keeps in a field": '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:fldData>SECRET</w:fldData></w:fldChar><w:t>shown</w:t>'
    "</w:r></w:p>",
    "a simple field": '<w:p><w:fldSimple w:instr=" INCLUDETEXT SECRET "><w:r><w:t>shown</w:t></w:r></w:fldSimple></w:p>',
    "a simple field with a page": '<w:p><w:fldSimple w:instr=" PAGE SECRET "><w:r><w:t>shown</w:t></w:r></w:fldSimple></w:p>',
    "the tip of a link": '<w:p><w:hyperlink w:tooltip="SECRET" w:anchor="SECRET" w:docLocation="SECRET" w:tgtFrame="SECRET"><w:r>'
    "<w:t>shown</w:t></w:r></w:hyperlink></w:p>",
    "a bookmark and its link": '<w:p><w:bookmarkStart w:id="7" w:name="SECRET"/><w:hyperlink w:anchor="SECRET"><w:r><w:t>shown</w:t>'
    '</w:r></w:hyperlink><w:bookmarkEnd w:id="7"/></w:p>',
    "who changed it and when": '<w:p><w:ins w:id="9" w:author="SECRET" w:date="SECRET" w16du:dateUtc="SECRET"><w:r><w:t>shown</w:t></w:r>'
    "</w:ins></w:p>",
    "a move": '<w:p><w:moveFromRangeStart w:id="5" w:name="SECRET" w:author="SECRET"/><w:r><w:t>shown</w:t></w:r>'
    '<w:moveFromRangeEnd w:id="5"/></w:p>',
    "a watermark": '<w:p><w:r><w:pict><v:shape id="SECRET" alt="SECRET" o:spid="SECRET" type="#SECRET" style="position:absolute;SECRET:1;'
    'width:SECRET" path="SECRET"><v:textpath string="SECRET" style="font-family:SECRET"/></v:shape></w:pict><w:t>shown</w:t></w:r></w:p>',
    "who may change it": '<w:p><w:permStart w:id="3" w:ed="SECRET"/><w:r><w:t>shown</w:t></w:r><w:permEnd w:id="3"/></w:p>',
    "the caption of a table": '<w:tbl><w:tblPr><w:tblCaption w:val="SECRET"/><w:tblDescription w:val="SECRET"/></w:tblPr><w:tblGrid>'
    "<w:gridCol/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>shown</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    "a smart tag": '<w:p><w:smartTag w:uri="SECRET" w:element="SECRET"><w:smartTagPr><w:attr w:name="SECRET" w:uri="SECRET" w:val="SECRET"/>'
    "</w:smartTagPr><w:r><w:t>shown</w:t></w:r></w:smartTag></w:p>",
    "XML around a paragraph": '<w:customXml w:uri="SECRET" w:element="SECRET"><w:customXmlPr><w:placeholder w:val="SECRET"/><w:attr '
    'w:name="SECRET" w:val="SECRET"/></w:customXmlPr><w:p><w:r><w:t>shown</w:t></w:r></w:p></w:customXml>',
    "a comment of XML": "<w:p><!--SECRET--><?my SECRET?><w:r><w:t>shown</w:t></w:r></w:p>",
    "an unknown attribute": '<w:p my:note="SECRET" w:note="SECRET" note="SECRET" w:rsidR="SECRET"><w:r><w:t>shown</w:t></w:r></w:p>',
    "an unknown element": '<w:p><my:note my:of="SECRET">SECRET</my:note><w:r><w:t>shown</w:t></w:r></w:p>',
    "an unknown namespace": '<w:p xmlns:other="urn:SECRET"><other:note/><w:r><w:t>shown</w:t></w:r></w:p>',
    "between two elements": "<w:p>SECRET<w:r>SECRET<w:t>shown</w:t>SECRET</w:r>SECRET</w:p>",
    "a font": '<w:p><w:r><w:rPr><w:rFonts w:ascii="SECRET" w:hAnsi="SECRET" w:eastAsia="SECRET"/><w:lang w:val="SECRET"/></w:rPr>'
    '<w:t>shown</w:t><w:sym w:font="SECRET" w:char="SECRET"/></w:r></w:p>',
    "a style that nobody made": '<w:p><w:pPr><w:pStyle w:val="SECRET"/></w:pPr><w:r><w:rPr><w:rStyle w:val="SECRET"/></w:rPr><w:t>shown</w:t>'
    "</w:r></w:p>",
    "the place of a drawing": '<w:p><w:r><w:t>shown</w:t><w:drawing><wp:anchor><wp:positionH relativeFrom="SECRET"><wp:align>SECRET</wp:align>'
    '</wp:positionH><wp:positionV relativeFrom="page"><wp:posOffset>SECRET</wp:posOffset></wp:positionV><wp:docPr id="1" name="SECRET" '
    'descr="SECRET" title="SECRET"/><a:graphic><a:graphicData uri="SECRET"><wps:wsp><wps:spPr><a:custGeom><a:avLst/><a:gdLst>'
    '<a:gd name="SECRET" fmla="val SECRET"/></a:gdLst><a:pathLst/></a:custGeom></wps:spPr></wps:wsp></a:graphicData></a:graphic>'
    "</wp:anchor></w:drawing></w:r></w:p>",
    "a way to draw it": '<w:p><w:r><mc:AlternateContent><mc:Choice xmlns:SECRETx="urn:x" Requires="SECRETx"><w:t>shown</w:t></mc:Choice>'
    "<mc:Fallback><w:t>shown</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>",
    "a prefix": '<SECRETx:p xmlns:SECRETx="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:r><w:t>shown</w:t></w:r></SECRETx:p>',
}  # fmt: skip


def parts_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def assert_gone(made, secret):
    for name, content in parts_of(made).items():
        whole = name + content.decode("utf-8", "replace")
        for piece in secret.split():
            assert piece.casefold() not in whole.casefold(), name
    docx.Document(io.BytesIO(made)).save(io.BytesIO())


def with_body(body):
    """Return a document that begins with this XML."""
    parts = parts_of(word("before"))
    whole = parts["word/document.xml"].decode().replace("<w:body>", f"<w:body>{body}", 1)
    missing = " ".join(
        each for each in SPACES.split() if f"{each.partition('=')[0]}=" not in whole.partition("<w:body>")[0]
    )
    parts["word/document.xml"] = whole.replace("<w:document ", f"<w:document {missing} ", 1).encode()
    return zipped(parts)


def lines(text):
    return [line for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_a_secret_beside_the_text_is_gone_and_the_text_stays(body, secret):
    if ("SECRETx" in body or "urn:SECRET" in body) and not (secret.isascii() and secret.isalpha()):
        secret = "Marigold"  # others are no names of XML
    data = with_body(body.replace("SECRET", secret))
    text = read_docx(data, "a.docx")
    edits = []
    if body == HIDDEN["between two elements"]:  # which is read, though no Word writes it
        edits = [Edit(found.start(), found.end(), "") for found in re.finditer(re.escape(secret), text)]
    made, _ = write_docx(data, "a.docx", edits)
    assert_gone(made, secret)
    assert "shown" in read_docx(made, "a.docx")
    assert "before" in read_docx(made, "a.docx")


def rich():
    """Return a document with everything that python-docx can make."""

    def fill(document):
        styles = document.styles
        own = styles.add_style("Of the ward", WD_STYLE_TYPE.PARAGRAPH)
        own.base_style, own.next_paragraph_style = styles["Heading 1"], styles["Normal"]
        own.font.name = "Arial"
        document.add_paragraph("in a style of the ward", style=own)
        document.add_heading("heading", 2)
        document.add_paragraph("one", style="List Bullet")
        document.add_paragraph("two", style="List Number")
        document.add_table(2, 2, style="Light Shading Accent 1").cell(1, 1).text = "cell"
        link = etree.SubElement(document.add_paragraph("link: ")._p, f"{W}hyperlink")
        link.set(
            LINK.replace("http", "{http").replace("/hyperlink", "}id"),
            document.part.relate_to("https://x.org", LINK, is_external=True),
        )
        etree.SubElement(etree.SubElement(link, f"{W}r"), f"{W}t").text = "there"

    plain = full_word("Zarnikowa", "Quendoline")
    document = docx.Document(io.BytesIO(plain))
    fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_every_attribute_of_every_part_may_hold_a_secret_and_none_of_them_leaves():
    parts = parts_of(rich())
    for secret in SECRETS:
        for much in ("{secret}", "{old}{secret}", "{old} {secret}"):
            planted = dict(parts)
            for name, content in parts.items():
                if name.endswith((".rels", "].xml")) or not name.endswith(".xml"):
                    continue
                root = etree.fromstring(content)
                for node in root.iter(etree.Element):
                    for key, old in node.attrib.items():
                        node.set(key, much.format(old=old, secret=secret))
                root.addprevious(etree.Comment(secret))
                root.append(etree.Comment(secret))
                root.append(etree.ProcessingInstruction("my", secret))
                planted[name] = etree.tostring(root.getroottree())
            assert_gone(write_docx(zipped(planted), "a.docx", [])[0], secret)


def test_each_attribute_by_itself_may_hold_a_secret_and_the_text_stays():
    parts = parts_of(rich())
    text, tried = lines(read_docx(zipped(parts), "a.docx")), set()
    for name, content in parts.items():
        if name.endswith((".rels", "].xml")) or not name.endswith(".xml"):
            continue
        root = etree.fromstring(content)
        for node in root.iter(etree.Element):
            for key, old in node.attrib.items():
                if (name, node.tag, key) in tried:
                    continue
                tried.add((name, node.tag, key))
                node.set(key, "Marigold")
                data = zipped({**parts, name: etree.tostring(root)})
                node.set(key, old)
                made, _ = write_docx(data, "a.docx", [])
                assert not any(b"Marigold" in each for each in parts_of(made).values()), (name, node.tag, key)
                assert lines(read_docx(made, "a.docx")) == text
    assert len(tried) > 300


def test_relations_and_names_of_parts_may_hold_a_secret_too():
    data = rich()
    parts = {
        name.replace("media/image1", "media/Marigold").replace(
            "theme1.xml.rels", "Marigold.xml.rels"
        ): content.replace(b"media/image1", b"media/Marigold")
        for name, content in parts_of(data).items()
    }
    rels, whole = parts["word/_rels/document.xml.rels"].decode(), parts["word/document.xml"].decode()
    for number in range(30, 0, -1):
        rels = rels.replace(f'"rId{number}"', f'"Marigold{number}"')
        whole = whole.replace(f'"rId{number}"', f'"Marigold{number}"')
    rels = rels.replace("</Relationships>", f'<Relationship Id="Marigold" Type="{LINK}" Target="https://Marigold.org" '
                        'TargetMode="External"/><Relationship Id="x" Type="urn:Marigold" Target="Marigold.xml"/></Relationships>')  # fmt: skip
    parts["word/_rels/document.xml.rels"], parts["word/document.xml"] = rels.encode(), whole.encode()
    parts["Marigold/_rels/Marigold.xml.rels"] = parts["_rels/.rels"]
    parts["word/fonts/Marigold.odttf"] = parts["word/theme/Marigold.bin"] = b"Marigold"
    types = parts["[Content_Types].xml"].decode()
    parts["[Content_Types].xml"] = types.replace(
        "</Types>", '<Default Extension="Marigold" ContentType="a/Marigold"/></Types>'
    ).encode()
    made, pictures = write_docx(zipped(parts), "a.docx", [])
    assert pictures == 1
    assert_gone(made, "Marigold")
    opened = docx.Document(io.BytesIO(made))
    assert opened.sections[0].header.paragraphs[0].text == "file of Zarnikowa"
    (shape,) = opened.inline_shapes
    picture = shape._inline.graphic.graphicData.pic.blipFill.blip.embed
    assert opened.part.related_parts[picture].content_type == "image/png"


def test_a_style_of_somebody_s_own_has_another_name_everywhere_and_looks_the_same():
    made, _ = write_docx(rich(), "a.docx", [])
    opened = docx.Document(io.BytesIO(made))
    (seen,) = [each for each in opened.paragraphs if each.text == "in a style of the ward"]
    assert re.fullmatch(r"style \d+", seen.style.name)
    assert seen.style.base_style.name == "Heading 1"
    assert seen.style.next_paragraph_style.name == "Normal"
    assert seen.style.font.name == "Arial"
    assert not any(
        b"ward" in content.replace(b"in a style of the ward", b"") for content in parts_of(made).values()
    )
    by_text = {each.text: each.style.name for each in opened.paragraphs}
    assert (by_text["one"], by_text["two"], by_text["heading"]) == ("List Bullet", "List Number", "Heading 2")
    assert opened.tables[-1].style.name == "Light Shading Accent 1"


def formatting(data):
    """Return all that styles, numbering, theme and body say, apart from names, ids and what parts Word adds."""
    left_out = {"rsid", "nsid", "tmpl", "brkBinSub"}
    found = []
    for name in ("word/styles.xml", "word/numbering.xml", "word/document.xml", "word/theme/theme1.xml"):
        for node in etree.fromstring(parts_of(data)[name]).iter(etree.Element):
            local = etree.QName(node).localname
            if local in left_out or local in ("t", "name", "rStyle"):
                continue
            kept = {
                key: value
                for key, value in node.attrib.items()
                if not re.search("rsid|[iI]d$|Ignorable|space$|name$|descr$|embed$", key)
            }
            found.append((name, node.tag, kept))
    return found


def test_the_formatting_of_a_document_of_usual_fonts_stays_whole():
    data = word("one", then=lambda document: document.add_table(2, 2, style="Medium Grid 3 Accent 5"))
    assert formatting(write_docx(data, "a.docx", [])[0]) == formatting(data)


def test_the_numbers_of_a_list_keep_their_signs_and_no_word():
    data = parts_of(word("x"))
    numbering = data["word/numbering.xml"].decode()
    seen = iter(["Marigold %1.%2)", "第%1章", "o", "\uf0b7", "7", "4477 %1 88", "(%1) 玛丽戈"])
    numbering = re.sub('(<w:lvlText w:val=")[^"]*', lambda found: found[1] + next(seen, "%1."), numbering)
    made = write_docx(zipped({**data, "word/numbering.xml": numbering.encode()}), "a.docx", [])[0]
    levels = etree.fromstring(parts_of(made)["word/numbering.xml"]).iter(f"{W}lvlText")
    assert [each.get(f"{W}val") for each in levels][:7] == [
        " %1.%2)",
        "第%1章",
        "o",
        "\uf0b7",
        "",
        " %1 ",
        "(%1) ",
    ]


def test_numbers_of_pages_go_on_counting():
    body = '<w:p><w:fldSimple w:instr=" PAGE \\* MERGEFORMAT "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p>'
    made = write_docx(with_body(body), "a.docx", [])[0]
    assert b'w:instr=" PAGE \\* MERGEFORMAT "' in parts_of(made)["word/document.xml"]


def test_a_link_within_the_document_still_leads_to_its_bookmark():
    data = with_body(HIDDEN["a bookmark and its link"].replace("SECRET", "Marigold"))
    root = etree.fromstring(parts_of(write_docx(data, "a.docx", [])[0])["word/document.xml"])
    assert (
        root.find(f".//{W}bookmarkStart").get(f"{W}name")
        == root.find(f".//{W}hyperlink").get(f"{W}anchor")
        == "b1"
    )


def test_a_shape_stays_where_it_stands_and_as_it_is_drawn():
    style = "position:absolute;margin-left:0;margin-top:-1.5pt;width:412.4pt;height:247.45pt;rotation:315;z-index:-251658752"
    path = "m@7,l@8,m@5,21600l@6,21600e"
    shape = f'<w:p><w:r><w:pict><v:shape type="#_x0000_t136" style="{style}" path="{path}" '
    shape += 'fillcolor="silver" stroked="f" coordsize="21600,21600" adj="10800"><v:f eqn="sum #0 0 10800"/></v:shape></w:pict></w:r></w:p>'
    root = etree.fromstring(parts_of(write_docx(with_body(shape), "a.docx", [])[0])["word/document.xml"])
    node = root.find(".//{urn:schemas-microsoft-com:vml}shape")
    assert dict(node.attrib) == {"type": "#_x0000_t136", "style": style, "path": path, "fillcolor": "silver", "stroked": "f",
                                 "coordsize": "21600,21600", "adj": "10800"}  # fmt: skip
    assert node[0].get("eqn") == "sum #0 0 10800"


@pytest.mark.parametrize("name", ["styles", "numbering", "theme__theme1", "settings"])
def test_a_part_of_styles_that_is_no_xml_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        read_docx(repacked(word("x"), **{f"word__{name}_dot_xml": b"Marigold"}), "a.docx")
    assert refused.value.code == "files.unreadable"


def test_a_document_of_the_strict_kind_is_refused_since_its_text_would_not_be_found():
    strict = b'<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body/></w:document>'
    with pytest.raises(InvalidInput) as refused:
        read_docx(repacked(word("x"), word__document_dot_xml=strict), "a.docx")
    assert refused.value.code == "files.unreadable"
