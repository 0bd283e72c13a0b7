"""The answer that a stream is: each message straight to the line, and none to one whose token was revoked meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tocsin.api.streaming import Told

#: No proxy may keep or gather what must arrive now.
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class StreamResponse(Response):
    """Server-Sent Events for as long as the reader listens and may.

    What goes before the messages passes every layer of the application, as for any answer; the messages pass none, for
    there is nothing in them that a layer could add, and there are hundreds of readers.

    Parameters
    ----------
    batches
        Messages as they come; closed at the end.
    """

    def __init__(self, batches: AsyncGenerator[list[Told]]) -> None:
        super().__init__(status_code=200, headers=HEADERS, media_type="text/event-stream; charset=utf-8")
        del self.headers["content-length"]
        self._batches = batches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of both ends it."""
        state = scope.get("state", {})
        still: Callable[[], bool] = state.get("still", _always)
        line: Send = state.get("line", send)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        telling = asyncio.ensure_future(self._tell(line, still))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, gone):
                task.cancel()
            await asyncio.gather(telling, gone, return_exceptions=True)
            await self._batches.aclose()
        if not gone.done() or gone.cancelled():
            await line({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, line: Send, still: Callable[[], bool]) -> None:
        async for batch in self._batches:
            if not still():
                return
            body = batch[0].wire if len(batch) == 1 else b"".join(told.wire for told in batch)
            await line({"type": "http.response.body", "body": body, "more_body": True})


def _always() -> bool:
    return True


async def _gone(receive: Receive) -> None:
    """Wait until the reader has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
