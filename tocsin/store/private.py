"""Folders that only their owner may enter: what is stored holds restricted notices, and digests of tokens."""

from pathlib import Path

OWNER_ALONE = 0o700


def private_folder(folder: Path) -> Path:
    """Make a folder for its owner alone; one that is there stays as its owner made it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    folder.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)
    return folder
