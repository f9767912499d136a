"""The pages of a review: doubtful spans, the sample, the dossier. Each handler reads a form, makes one call, shows.

Guarantee: nothing of a patient is in an address; what a page asks for is named by its place in a list.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from confide.deid.classes import CLASSES
from confide.deid.review import risk
from confide.errors import ConfideError
from confide.study import officer
from confide.study.dossier import render
from confide.study.review import Desk
from confide.study.sample import SampleDesk
from confide.study.workplace import Workplace
from confide.words import LANGUAGES, say, speaking

SHOWN = 12  # neighbours in the list beside an item
STATIC = {"style.css": "text/css", "keys.js": "text/javascript", "htmx.min.js": "text/javascript"}
_DOSSIER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Sitting:
    """What one review has open, and the language that it speaks."""

    language: str
    name: str
    desk: Desk | None = None
    samples: SampleDesk | None = None
    place: Workplace | None = None
    end: Callable[[], None] = lambda: None


def make_app(sitting: Sitting) -> Starlette:
    """Return the application; `confide.console.guard` stands before it."""
    pages = Pages(sitting)
    routes: list[tuple[str, str, Handler]] = [
        ("/", "GET", pages.spans),
        ("/spans", "GET", pages.spans),
        ("/decide", "POST", pages.decide),
        ("/undo", "POST", pages.undo),
        ("/sample", "GET", pages.sample),
        ("/mark", "POST", pages.mark),
        ("/unmark", "POST", pages.unmark),
        ("/looked", "POST", pages.looked),
        ("/dossier", "GET", pages.dossier),
        ("/dossier", "POST", pages.sign),
        ("/edition", "GET", pages.edition),
        ("/language", "POST", pages.language),
        ("/end", "POST", pages.end),
        ("/static/{name}", "GET", static),
    ]
    return Starlette(routes=[Route(path, handler, methods=[method]) for path, method, handler in routes])


def message_page(language: str, what: str, status: int = 200) -> Response:
    """Return a page that says one thing: "refused" or "ended"."""
    return _page("message.html", language, status, what=what, fragment=False)


class Pages:
    """The handlers, around one sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting

    # Doubtful spans

    async def spans(self, request: Request) -> Response:
        """Show an item; the first undecided one where none is named."""
        at = _number(request.query_params.get("at"))
        return self._spans(request, at, everywhere=request.query_params.get("all") == "1")

    async def decide(self, request: Request) -> Response:
        """Take a decision, and show the next item when it is durable."""
        form, desk = await _form(request), self._sitting.desk
        at, everywhere = _number(form.get("at")) or 0, form.get("all") == "1"
        try:
            if desk is not None:
                kind = str(form.get("kind") or "") or None
                desk.decide(at, str(form.get("answer")), kind=kind, everywhere=everywhere)
        except ConfideError as error:
            return self._spans(request, at, everywhere=everywhere, problem=error)
        return self._spans(request, None if desk is None else desk.next_open(at))

    async def undo(self, request: Request) -> Response:
        """Take the last act back, and show its item."""
        form, desk = await _form(request), self._sitting.desk
        at = None if desk is None else desk.undo()
        return self._spans(request, _number(form.get("at")) if at is None else at)

    def _spans(
        self,
        request: Request,
        at: int | None,
        *,
        everywhere: bool = False,
        problem: ConfideError | None = None,
    ) -> Response:
        desk = self._sitting.desk
        count = len(desk.items) if desk else 0
        if desk is None or count == 0:
            return self._show(request, "nothing.html", "spans", problem=problem)
        at = desk.next_open(0) if at is None or not 0 <= at < count else at
        low = max(0, min(at - SHOWN // 2, count - SHOWN))
        return self._show(
            request, "spans.html", "spans", problem=problem, desk=desk, at=at, item=desk.items[at],
            near=range(low, min(low + SHOWN, count)), same=desk.same(at), everywhere=everywhere, classes=CLASSES,
        )  # fmt: skip

    # The sample

    async def sample(self, request: Request) -> Response:
        """Show a document of the sample; the first that nobody looked through where none is named."""
        return self._sample(request, _number(request.query_params.get("at")))

    async def mark(self, request: Request) -> Response:
        """Mark what was missed."""
        form = await _form(request)
        start, end = (-1 if (n := _number(form.get(name))) is None else n for name in ("start", "end"))
        return self._on_sample(
            request, form, lambda desk, at: desk.mark(at, start, end, str(form.get("kind")))
        )

    async def unmark(self, request: Request) -> Response:
        """Take a mark back."""
        form = await _form(request)
        number = _number(form.get("number"))
        return self._on_sample(
            request, form, lambda desk, at: desk.unmark(at, -1 if number is None else number)
        )

    async def looked(self, request: Request) -> Response:
        """Say that a document was looked through, or not, and show the next one."""
        form = await _form(request)
        through = form.get("through") == "1"
        return self._on_sample(
            request, form, lambda desk, at: desk.look(at, through=through), to_next=through
        )

    def _on_sample(
        self,
        request: Request,
        form: FormData,
        act: Callable[[SampleDesk, int], None],
        *,
        to_next: bool = False,
    ) -> Response:
        at, desk = _number(form.get("at")) or 0, self._sitting.samples
        try:
            if desk is not None:
                act(desk, at)
        except ConfideError as error:
            return self._sample(request, at, problem=error)
        return self._sample(request, None if to_next else at)

    def _sample(self, request: Request, at: int | None, *, problem: ConfideError | None = None) -> Response:
        desk = self._sitting.samples
        if desk is None:
            return self._show(request, "nothing.html", "sample", problem=problem)
        documents = desk.sample.documents
        if at is None or not 0 <= at < len(documents):
            at = next((n for n, each in enumerate(documents) if each.by is None), 0)
        return self._show(
            request, "sample.html", "sample", problem=problem, sample=desk.sample, at=at, one=documents[at],
            classes=CLASSES,
        )  # fmt: skip

    # The dossier

    async def dossier(self, request: Request) -> Response:
        """Show an edition of the dossier, and what officers said of it."""
        return self._dossier(request, request.query_params.get("edition", "inside"))

    async def sign(self, request: Request) -> Response:
        """Sign an approval or a revocation with the key and passphrase of the form, which are kept nowhere."""
        place = self._sitting.place
        async with request.form(max_files=1, max_fields=4) as form:
            key = form.get("key")
            pem = await key.read(officer.LARGEST_KEY + 1) if isinstance(key, UploadFile) else b""
            act, seen, passphrase = (str(form.get(name) or "") for name in ("act", "seen", "passphrase"))
        try:
            if place is not None:
                officer.give_word(place, act, seen, pem=pem, passphrase=passphrase)
        except ConfideError as error:
            return self._dossier(request, "inside", problem=error)
        return RedirectResponse("/dossier", 303)

    def _dossier(self, request: Request, edition: str, *, problem: ConfideError | None = None) -> Response:
        place = self._sitting.place
        try:
            found = None if place is None else officer.read_dossier(place)
            words = [] if place is None or found is None else officer.words_on(place, found)
        except ConfideError as error:
            found, words, problem = None, [], problem or error
        if found is None:
            return self._show(request, "nothing.html", "dossier", problem=problem)
        return self._show(
            request, "dossier.html", "dossier", problem=problem, found=found, words=words,
            approved=officer.is_approved(words), edition="outside" if edition == "outside" else "inside",
        )  # fmt: skip

    async def edition(self, request: Request) -> Response:
        """Return the dossier's own page, which the view shows in a frame."""
        found = None if self._sitting.place is None else officer.read_dossier(self._sitting.place)
        if found is None:
            return Response(status_code=404)
        document = found.outside if request.query_params.get("edition") == "outside" else found.inside
        headers = {"content-security-policy": _DOSSIER_POLICY, "x-frame-options": "SAMEORIGIN"}
        return HTMLResponse(
            render(document, self._sitting.language).encode(errors="replace"), headers=headers
        )

    # The sitting

    async def language(self, request: Request) -> Response:
        """Speak the other language, on the page where it was asked for."""
        form = await _form(request)
        self._sitting.language = next(each for each in LANGUAGES if each != self._sitting.language)
        at, page = _number(form.get("at")), form.get("page")
        where = page if page in ("sample", "dossier") else "spans"
        return RedirectResponse(f"/{where}" if at is None else f"/{where}?at={at}", 303)

    async def end(self, request: Request) -> Response:
        """End the sitting; the server stops."""
        self._sitting.end()
        return message_page(self._sitting.language, "ended")

    def _show(
        self, request: Request, name: str, page: str, *, problem: ConfideError | None, **facts: Any
    ) -> Response:
        return _page(
            name, self._sitting.language, 200 if problem is None else 422, page=page, sitting=self._sitting,
            problem=problem, fragment="hx-request" in request.headers, **facts,
        )  # fmt: skip


async def static(request: Request) -> Response:
    """Return a file of ours; there are three."""
    name = request.path_params["name"]
    if name not in STATIC:
        return Response(status_code=404)
    return Response(_file("static", name), media_type=STATIC[name])


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=8)


def _number(value: object) -> int | None:
    """Read a place in a list; None for what is none."""
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10
        else None
    )


def _page(name: str, language: str, status: int = 200, **facts: Any) -> Response:
    with speaking(language):
        html = _pages().get_template(name).render(**facts)
    return HTMLResponse(html.encode("utf-8", "replace"), status_code=status)


@cache
def _file(folder: str, name: str) -> bytes:
    return files(__package__).joinpath(folder, name).read_bytes()


@cache
def _pages() -> jinja2.Environment:
    folder = files(__package__).joinpath("pages")
    texts = {
        each.name: each.read_text(encoding="utf-8")
        for each in folder.iterdir()
        if each.name.endswith(".html")
    }
    made = jinja2.Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=say, class_name=_class_name, level=_level, risk=risk, when=_when)
    return made


def _class_name(kind: str) -> str:
    """Name a class of identifier; one that no word is known for is shown as it is."""
    try:
        return say(f"dossier.class.{kind}")
    except KeyError:
        return kind


def _when(time: str) -> str:
    """Return a time of the ledger as people read it.

    >>> _when("2026-01-31T09:30:00Z")
    '2026-01-31 09:30 UTC'
    """
    return f"{time[:10]} {time[11:16]} UTC"


def _level(risk: float) -> str:
    return "high" if risk >= 0.4 else "middle" if risk >= 0.25 else "low"
