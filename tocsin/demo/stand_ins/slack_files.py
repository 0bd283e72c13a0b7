"""Files of the stand-in Slack: asked for, uploaded, then shared; three steps, as Slack has it since 2024."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file: what was promised of it, and what came."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    content: bytes | None = None


class Files:
    """Uploads, from the first step to the last."""

    def __init__(self) -> None:
        self._kept: dict[str, StoredFile] = {}
        self._lock = threading.Lock()

    def begin(self, arguments: Mapping[str, Any], url: str) -> Mapping[str, Any]:
        """Step one: where to upload."""
        if not arguments.get("filename") or not str(arguments.get("length", "")).isdigit():
            return {"ok": False, "error": "invalid_arguments"}
        with self._lock:
            file = StoredFile(
                id=f"F{len(self._kept) + 1:06d}",
                name=str(arguments["filename"]),
                length=int(arguments["length"]),
                alt_text=str(arguments.get("alt_txt") or ""),
            )
            self._kept[file.id] = file
        return {"ok": True, "file_id": file.id, "upload_url": f"{url}/upload/{file.id}"}

    def take(self, file_id: str, body: bytes) -> bool:
        """Step two: the bytes; False where nobody asked, or their number is not the one promised."""
        with self._lock:
            file = self._kept.get(file_id)
            if file is None or file.length != len(body):
                return False
            self._kept[file_id] = replace(file, content=body)
            return True

    def shared(self, arguments: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Step three: the files as a message carries them; None where one is unknown or never came."""
        shown = []
        for one in arguments.get("files") or []:
            file = self._kept.get(str(one.get("id")))
            if file is None or file.content is None:
                return None
            shown.append({"id": file.id, "name": file.name, "title": one.get("title"), "alt_txt": file.alt_text})
        return shown

    def content(self, file_id: str) -> bytes | None:
        """Bytes of a file."""
        file = self._kept.get(file_id)
        return None if file is None else file.content
