"""Uploaded files: kept on disk under a file_id, and given back byte for byte."""

import mimetypes
import re
import secrets
import struct
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.objects import Document, File, PhotoSize

LARGEST_UPLOAD = 50 * 1024 * 1024
LARGEST_PHOTO = 10 * 1024 * 1024
LARGEST_DOWNLOAD = 20 * 1024 * 1024
"""`getFile` serves no more than this; clients and the control room may take larger ones."""

_UNSAFE = re.compile(r"[^\w.\- ()]+")
_LONGEST_SIDES = 10_000
"""A photo's width and height together."""
_STEEPEST = 20
"""A photo's longer side, measured in the shorter one."""
_PNG_HEADER = 24
_JPEG_MARKER = 0xFF
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Upload:
    """A file part of a request."""

    name: str
    content: bytes = field(repr=False)
    mime_type: str | None = None


@dataclass(frozen=True)
class StoredFile:
    """A file on the shelf."""

    file_id: str
    unique_id: str
    name: str
    mime_type: str
    size: int
    path: str
    width: int = 0
    height: int = 0

    @property
    def document(self) -> Document:
        """The file as a message's document."""
        return Document(
            file_id=self.file_id,
            file_unique_id=self.unique_id,
            file_name=self.name,
            mime_type=self.mime_type,
            file_size=self.size,
        )

    @property
    def photo(self) -> tuple[PhotoSize, ...]:
        """The file as a message's photo, in its one size."""
        size = PhotoSize(
            file_id=self.file_id,
            file_unique_id=self.unique_id,
            width=self.width,
            height=self.height,
            file_size=self.size,
        )
        return (size,)


class FileShelf:
    """The files of one sandbox, in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def store_document(self, upload: Upload) -> StoredFile:
        """Keep a file as it is.

        Raises:
            ApiError: 413 past 50 MB, 400 for an empty file.
        """
        if len(upload.content) > LARGEST_UPLOAD:
            raise ApiError(413, "Request Entity Too Large")
        return self._store("documents", "BQAC", upload)

    def store_photo(self, upload: Upload) -> StoredFile:
        """Keep a picture; only PNG and JPEG are understood.

        Raises:
            ApiError: 400 for no picture, or one past 10 MB.
        """
        if len(upload.content) > LARGEST_PHOTO:
            raise bad_request("too big file for a photo")
        width, height = _picture_size(upload.content)
        return self._store("photos", "AgAC", upload, width, height)

    def _store(
        self, folder: str, prefix: str, upload: Upload, width: int = 0, height: int = 0
    ) -> StoredFile:
        if not upload.content:
            raise bad_request("file must be non-empty")
        name = _UNSAFE.sub("_", upload.name) or "file"
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        path = f"{folder}/file_{len(self._files)}{Path(name).suffix}"
        stored = StoredFile(
            file_id=prefix + secrets.token_urlsafe(36),
            unique_id=secrets.token_urlsafe(11),
            name=name,
            mime_type=upload.mime_type or guessed,
            size=len(upload.content),
            path=path,
            width=width,
            height=height,
        )
        (self._directory / folder).mkdir(parents=True, exist_ok=True)
        (self._directory / path).write_bytes(upload.content)
        self._files[stored.file_id] = self._by_path[path] = stored
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        """The file of this id, if there is one."""
        return self._files.get(file_id)

    def to_download(self, file_id: str) -> File:
        """What `getFile` answers.

        Raises:
            ApiError: 400 for an unknown id or a file past 20 MB.
        """
        if not file_id:
            raise bad_request("file_id not specified")
        stored = self.find(file_id)
        if stored is None:
            raise bad_request("invalid file_id")
        if stored.size > LARGEST_DOWNLOAD:
            raise bad_request("file is too big")
        return File(
            file_id=stored.file_id,
            file_unique_id=stored.unique_id,
            file_size=stored.size,
            file_path=stored.path,
        )

    def at_path(self, path: str) -> tuple[StoredFile, bytes] | None:
        """The file and its bytes at a `file_path`, if there is one."""
        stored = self._by_path.get(path)
        return (stored, self.read(stored)) if stored else None

    def read(self, stored: StoredFile) -> bytes:
        """The bytes of a file."""
        return (self._directory / stored.path).read_bytes()

    def clear(self) -> None:
        """Throw all files away."""
        for stored in self._files.values():
            (self._directory / stored.path).unlink(missing_ok=True)
        self._files.clear()
        self._by_path.clear()


def _picture_size(content: bytes) -> tuple[int, int]:
    size = _png_size(content) or _jpeg_size(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > _LONGEST_SIDES or max(size) > _STEEPEST * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size


def _png_size(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or len(content) < _PNG_HEADER:
        return None
    width, height = struct.unpack(">II", content[16:_PNG_HEADER])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(content) and content[at] == _JPEG_MARKER:
        if content[at + 1] in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
