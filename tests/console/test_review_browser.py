"""The review in a real Chromium: one login, keys, decisions that last, Chinese, the sample, the dossier signed, no outside host."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from doubtful import DAY, NUMBER, at_desk, copied, made_once, records
from erasing import found_roles

from confide.ledger.home import home, open_ledger
from confide.study.officer import read_dossier, words_on
from confide.study.review import REVIEWED
from confide.study.sample import draw_sample
from confide.study.workplace import open_workplace

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium on this machine"),
]
COMMAND = [sys.executable, "-c", "from confide.cli.main import run; run()", "review"]
PASS = "a passphrase of the officer"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, review="mask", language="zh")


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


@contextmanager
def serving(study, *options):
    """Start the command, and yield its process and the address that it prints."""
    process = subprocess.Popen(
        [*COMMAND, str(study), *options], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield process, address
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@contextmanager
def page_of(browser, address):
    """Let a fresh browser in, and watch where its page asks."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    try:
        yield page
        host = address.partition("/login")[0]
        assert [url for url in asked if not url.startswith((host, "data:"))] == []
        assert complaints == []
    finally:
        context.close()


def press(page, key):
    """Press a key once the page hears it, and wait for the page to be there again."""
    settle(page)
    with page.expect_response(lambda response: "/static" not in response.url):
        page.keyboard.press(key)
    settle(page)


def settle(page):
    """Wait until what was swapped in is alive: before that, a button of it does what buttons do without a script."""
    page.wait_for_load_state()
    busy = ", ".join(f".htmx-{what}" for what in ("request", "swapping", "settling", "added"))
    page.wait_for_function(f"() => !document.querySelector('{busy}')")


def where(page):
    return page.inner_text("h1")


def test_the_address_lets_one_browser_in_once(study, browser):
    with serving(study) as (_, address), page_of(browser, address) as page:
        assert where(page) == "1 of 6"
        assert "token" not in page.url
        other = browser.new_context().new_page()
        assert other.goto(address).status == 403
        assert other.goto(address.partition("/login")[0] + "/spans").status == 403
        assert NUMBER not in other.content()


def test_the_whole_review_by_keyboard_lasts_and_is_told_to_the_ledger(study, browser):
    with serving(study, "--purpose", "ward round") as (process, address), page_of(browser, address) as page:
        assert page.inner_text("mark") == NUMBER
        press(page, "j")
        assert where(page) == "2 of 6"
        press(page, "k")
        press(page, "a")
        assert where(page) == "2 of 6"
        press(page, "r")
        press(page, "u")
        assert where(page) == "2 of 6"
        assert page.locator(".chip.state").inner_text() == "undecided, masked"
        page.select_option("select[name=kind]", "phone")
        page.locator("h1").click()
        press(page, "a")
        press(page, "w")
        assert page.inner_text("mark") == DAY
        press(page, "s")
        assert page.locator(".same li").count() == 3
        press(page, "r")
        assert "6 of 6 decided" in page.inner_text(".progress")
        page.keyboard.press("?")
        assert page.locator("details.keys").get_attribute("open") is not None
        page.keyboard.press("?")
        assert page.locator("details.keys").get_attribute("open") is None
        process.kill()  # nothing of it is lost
        process.wait()
    with at_desk(study) as desk:
        assert desk.counts == {"accept": 2, "reject": 3, "ask": 1, "undecided": 0}
        assert [desk.decision(at).type for at in range(2)] == ["resident-id", "phone"]
    assert records(REVIEWED) == [{"by": "", "accept": 2, "reject": 4, "ask": 1, "undo": 1}]
    with open_workplace(study) as place:
        assert place.vault.openings()[0].purpose == "ward round"


def test_the_page_speaks_chinese_and_changes_its_tongue_where_it_is(study, browser):
    with serving(study, "--language", "zh") as (_, address), page_of(browser, address) as page:
        assert page.get_attribute("html", "lang") == "zh-CN"
        assert where(page) == "第 1 处，共 6 处"
        press(page, "j")
        page.get_by_role("button", name="English").click()
        page.wait_for_url("**/spans?at=1")
        assert where(page) == "2 of 6"


def test_the_sample_is_looked_through_with_keyboard_and_mouse(study, browser):
    with open_workplace(study) as place:
        draw_sample(place, 2)
    with serving(study) as (_, address), page_of(browser, address) as page:
        with page.expect_navigation():  # with its scripts, which keep the text from being written into
            page.get_by_role("link", name="Sample").click()
        text = page.inner_text("#text")
        page.focus("#text")
        page.keyboard.press("Control+Home")
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.type("xyz")  # nothing can be written into it
        assert page.inner_text("#text") == text
        press(page, "m")
        assert page.inner_text("#text mark") == text[2:5]
        page.dblclick("#text", position={"x": 300, "y": 20})
        page.select_option("select[name=kind]", "staff")
        page.get_by_role("button", name="Mark as missed").click()
        page.locator("#text mark").nth(1).wait_for()
        press(page, "d")
        press(page, "d")
        assert "2 of 2 looked through" in page.inner_text(".progress")


def test_the_dossier_is_approved_and_revoked_with_the_officers_key(study, browser, tmp_path):
    with open_ledger(home()) as ledger:
        key = found_roles(ledger)[0]
    file = tmp_path / "officer.pem"
    file.write_bytes(key.to_pem(PASS))
    with serving(study) as (process, address):
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        page.get_by_role("link", name="Dossier").click()
        assert "readmission" in page.frame_locator("iframe").locator("h1").inner_text()

        def sign(name, passphrase):
            page.set_input_files("input[type=file]", file)
            page.fill("input[type=password]", passphrase)
            page.get_by_role("button", name=name).click()
            page.wait_for_load_state()

        sign("Approve", "another passphrase")
        assert page.locator("[role=alert]").is_visible()
        assert page.input_value("input[type=password]") == ""
        sign("Approve", PASS)
        assert "Approved by data protection officer" in page.inner_text(".words")
        sign("Revoke", PASS)
        assert "Revoked by data protection officer" in page.inner_text(".words")
        page.get_by_role("button", name="End").click()
        assert where(page) == "The review has ended"
        process.wait(timeout=60)
        assert process.returncode == 0
        context.close()
    with open_workplace(study) as place:
        assert [word.act for word in words_on(place, read_dossier(place))] == ["approve", "revoke"]
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each != file]
    assert not any(PASS.encode() in each.read_bytes() for each in kept)


def test_a_review_that_nobody_looks_at_ends_by_itself(study, browser):
    with serving(study, "--idle", "0.05") as (process, address):
        with page_of(browser, address):
            assert process.wait(timeout=60) == 0
        assert "6 undecided" in process.stdout.read()


def test_a_small_screen_needs_no_scrolling_to_the_side(study, browser):
    with serving(study) as (_, address), page_of(browser, address) as page:
        page.set_viewport_size({"width": 360, "height": 700})
        for path in ("/spans", "/sample", "/dossier"):
            page.goto(address.partition("/login")[0] + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
