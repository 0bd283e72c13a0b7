"""A browser for an application in this process: no socket, no server."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI


class Browser:
    """Asks an application as a person's browser does; keeps cookies, follows no redirect."""

    def __init__(self, app: FastAPI, *, headers: Mapping[str, str] | None = None) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        given = {"accept": "text/html"} if headers is None else headers
        self._client = httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=given)

    def request(self, method: str, url: str, **given: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, url, **given))

    def get(self, url: str, **given: Any) -> httpx.Response:
        return self.request("GET", url, **given)

    def head(self, url: str, **given: Any) -> httpx.Response:
        return self.request("HEAD", url, **given)

    def post(self, url: str, **given: Any) -> httpx.Response:
        return self.request("POST", url, **given)
