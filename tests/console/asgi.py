"""Ask an ASGI application without a network: one request, its whole answer."""

import asyncio


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __getitem__(self, name):
        return self.headers.get(name)


def ask(app, path, *, method="GET", host="127.0.0.1:8000", body=b"", **headers):
    """Return the answer; a header `set-cookie` is under that name, `_` in names of headers stands for `-`."""
    path, _, query = path.partition("?")
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "root_path": "", "query_string": query.encode(), "scheme": "http",
        "headers": [(b"host", host.encode()), *given], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = next(each for each in sent if each["type"] == "http.response.start")
    found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(each.get("body", b"") for each in sent))


def post(app, path, fields=b"", **headers):
    """Send a form, as a page of ours would."""
    given = {
        "origin": "http://127.0.0.1:8000",
        "content_type": "application/x-www-form-urlencoded",
        "content_length": str(len(fields)),
        **headers,
    }
    return ask(app, path, method="POST", body=fields, **given)
