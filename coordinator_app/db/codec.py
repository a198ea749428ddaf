"""JSON of our SQL functions to frozen dataclasses and back, by their annotations.

Strict about what is missing or of another type (our bug: the crash path), tolerant of keys it
does not know (a newer server may say more). Dates and times are ISO 8601; times come back aware,
in UTC.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

T = TypeVar("T")


class DecodeError(ValueError):
    """The server's answer does not have the agreed shape. Holds the path, never the value."""


def decode(kind: type[T], value: object) -> T:
    """Return ``value`` (as ``json`` gives it) as a ``kind``.

    Raises DecodeError with the path of the field that is missing or of another type.
    """
    return cast("T", _decode(kind, value, kind.__name__))


def decode_rows(kind: type[T], value: object) -> tuple[T, ...]:
    """Return a JSON array as a tuple of ``kind``."""
    if not isinstance(value, list):
        raise DecodeError(f"{kind.__name__}: an array was expected")
    return tuple(
        cast("T", _decode(kind, item, f"{kind.__name__}[{index}]"))
        for index, item in enumerate(value)
    )


def encode(value: object) -> Any:  # noqa: ANN401 - JSON has no better type
    """Return a dataclass, or anything inside one, as ``json.dumps`` takes it.

    Raises TypeError for something that has no agreed form, and ValueError for a naive time.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    return _encode_scalar(value)


def _encode_scalar(value: object) -> Any:  # noqa: ANN401 - JSON has no better type
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be sent")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):  # bool is an int
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form here")


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, Any, bool], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    )


def _decode(kind: Any, value: object, path: str) -> object:  # noqa: ANN401 - any annotation
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return _decode_union(typing.get_args(kind), value, path)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), value, path)
    if dataclasses.is_dataclass(kind):
        return _decode_object(cast("type", kind), value, path)
    if not isinstance(kind, type):
        raise TypeError(f"{path}: the annotation {kind} is not supported")
    return _decode_scalar(kind, value, path)


def _decode_union(kinds: tuple[Any, ...], value: object, path: str) -> object:
    if value is None and types.NoneType in kinds:
        return None
    rest = [kind for kind in kinds if kind is not types.NoneType]
    if len(rest) != 1:
        raise TypeError(f"{path}: only X | None is supported")
    return _decode(rest[0], value, path)


def _decode_tuple(kinds: tuple[Any, ...], value: object, path: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise DecodeError(f"{path}: an array was expected")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise DecodeError(f"{path}: {len(kinds)} items were expected")
    return tuple(
        _decode(kind, item, f"{path}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _decode_object(kind: type, value: object, path: str) -> object:
    if not isinstance(value, dict):
        raise DecodeError(f"{path}: an object was expected")
    content: dict[str, object] = {}
    for name, hint, required in _fields(kind):
        if name in value:
            content[name] = _decode(hint, value[name], f"{path}.{name}")
        elif required:
            raise DecodeError(f"{path}.{name} is missing")
    return kind(**content)


def _decode_scalar(kind: type, value: object, path: str) -> object:
    try:
        if kind in _FROM_TEXT:
            if isinstance(value, str):
                return _FROM_TEXT[kind](value)
        elif issubclass(kind, enum.Enum):
            return kind(value)
        elif kind is float:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        elif type(value) is kind:  # exactly: True is no int, and no number is a text
            return value
    except ValueError:  # what it was stays out of the message: it may be a patient's
        raise DecodeError(f"{path}: not a {kind.__name__}") from None
    raise DecodeError(f"{path}: a {kind.__name__} was expected")


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found.astimezone(UTC)


_FROM_TEXT: dict[type, typing.Callable[[str], object]] = {
    UUID: UUID,
    datetime: _time,
    date: date.fromisoformat,
}
