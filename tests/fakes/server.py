"""PlayedServer: a real HTTP server on this computer, with the habits of bad ones."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class PlayedServer:
    """Serves one content under every path.

    Attributes:
        content: What it sends; may be replaced between requests.
        breaks_after: Bytes of one answer after which it hangs up; None: never.
        goes_on: Whether it honours ranges, as good servers do.
        code: An HTTP status to answer with instead; 0: none.
        asked: The Range header of every request, empty where there was none.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.breaks_after: int | None = None
        self.goes_on = True
        self.code = 0
        self.asked: list[str] = []
        played = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                played._answer(self)

            def log_message(self, *said: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where its one file lies."""
        return f"http://127.0.0.1:{self._server.server_port}/weights.pth"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        self.asked.append(wanted)
        if self.code:
            request.send_error(self.code)
            return
        start = int(wanted[6:].rstrip("-")) if wanted and self.goes_on else 0
        body = self.content[start:]
        if start:
            whole = len(self.content)
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        else:
            request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if self.breaks_after is not None:
            request.wfile.write(body[: self.breaks_after])
            request.wfile.flush()
            request.connection.close()
            return
        request.wfile.write(body)
