"""The pages of a review, asked without a browser: each shows what the desk holds, and nothing of it is in an address."""

import re

import pytest
from asgi import ask, post
from doubtful import DAY, NUMBER, copied, made_once

from confide.console.app import Sitting, make_app
from confide.study.review import Person
from confide.study.reviewing import desk_of, opened
from confide.study.sample import draw_sample, open_sample
from confide.words import LANGUAGES


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, review="mask", language="zh")


@pytest.fixture(params=LANGUAGES)
def sitting(made, tmp_path, monkeypatch, request):
    folder = copied(made, tmp_path, monkeypatch)
    with opened(folder) as there, desk_of(there, Person("reviewer"), "a test") as desk:
        draw_sample(there.place, 3)
        samples = open_sample(there.place, person=desk.person, purpose="a test")
        yield Sitting(language=request.param, name="s", desk=desk, samples=samples, place=there.place)


def test_every_page_is_shown_in_both_languages_and_speaks_the_other_when_asked(sitting):
    app = make_app(sitting)
    for path in (
        "/",
        "/spans?at=3&all=1",
        "/sample",
        "/dossier",
        "/dossier?edition=outside",
        "/edition?edition=inside",
        "/edition?edition=outside",
    ):
        answer = ask(app, path)
        assert answer.status == 200, path
        tongue = re.search(r'lang="(..)', answer.body.decode())[1]
        assert tongue == sitting.language
    before = sitting.language
    assert post(app, "/language", b"page=sample&at=1")["location"] == "/sample?at=1"
    assert sitting.language != before


ODD_PATHS = ("/spans?at=99", "/spans?at=-1", "/spans?at=x", "/spans?at=²", "/sample?at=99", "/static/guard.py", "/nowhere", "/edition?edition=x")  # fmt: skip
ODD_FORMS = (
    b"",
    b"at=99&answer=accept",
    b"at=0&answer=x&start=a&end=2&kind=x&number=9",
    b"at=%00&kind=%ff&start=1e9",
)


def test_an_address_that_names_nothing_shows_nothing_wrong(sitting):
    app = make_app(sitting)
    assert {ask(app, path).status for path in ODD_PATHS} == {200, 404}


def test_a_form_that_makes_no_sense_is_answered_and_decides_nothing(sitting):
    app = make_app(sitting)
    for path in ("/decide", "/undo", "/mark", "/unmark", "/looked", "/dossier"):
        for fields in ODD_FORMS:
            assert post(app, path, fields).status in (200, 400, 422)
    assert sitting.desk.counts["undecided"] == 6


def test_a_fragment_is_the_work_alone(sitting):
    app = make_app(sitting)
    assert b"<html" in ask(app, "/spans").body
    assert b"<html" not in ask(app, "/spans", hx_request="true").body


def test_text_of_a_patient_is_escaped_and_in_no_address(sitting):
    body = ask(make_app(sitting), "/spans?at=0").body.decode()
    addresses = re.findall(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"', body)
    assert addresses
    assert not any(each in "".join(addresses) for each in (DAY, NUMBER, "n0"))
    assert f"<mark>{NUMBER}</mark>" in body


def test_the_dossier_runs_no_script_and_is_framed_by_us_alone(sitting):
    policy = ask(make_app(sitting), "/edition")["content-security-policy"]
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy


def test_a_lone_surrogate_is_shown_as_something_else(sitting):
    sitting.samples.sample.documents[0].text = "\ud800 <b> & \U0001f600"
    body = ask(make_app(sitting), "/sample?at=0").body.decode()
    assert "? &lt;b&gt; &amp; \U0001f600" in body


def test_a_review_without_a_study_a_queue_or_a_sample_says_so():
    for language in LANGUAGES:
        app = make_app(Sitting(language=language, name="q"))
        assert {ask(app, path).status for path in ("/", "/sample", "/dossier")} == {200}
