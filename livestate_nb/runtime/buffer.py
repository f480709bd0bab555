"""Buffers, such as bytes and arrays, as the bytes that a binary frame carries.

It must not know events or frames.
"""

from typing import cast

from livestate_nb.errors import EncodeError


def bytes_of(value: object) -> bytes | None:
    """Return a copy of the bytes that a value holds; None where it is no buffer, or a lone number.

    What is not contiguous in memory comes in the order of its items (C order).

    Args:
        value: anything; bytes, bytearray, memoryview, array.array and numpy arrays are buffers.

    Raises:
        EncodeError: it is a buffer of Python objects, or of values that have no form outside
            of numpy (dates, for one).

    Example:
        >>> bytes_of(memoryview(b"PNG")), bytes_of({"n": 1})
        (b'PNG', None)
    """
    if isinstance(value, str):  # numpy's is a buffer as well
        return None
    try:
        view = memoryview(cast("bytes", value))  # what is no buffer raises
    except TypeError:
        return None
    except ValueError as error:
        raise _refused(value, str(error)) from error
    if view.ndim == 0:  # numpy's numbers are buffers: of eight bytes nobody would know what to make
        return None
    if "O" in view.format:
        raise _refused(value, "it holds Python objects")
    return view.tobytes()


def _refused(value: object, why: str) -> EncodeError:
    kind = type(value).__name__
    return EncodeError(
        f"expected a {kind} of plain numbers or bytes, got one that cannot be sent ({why}): "
        "convert it first, or send it as JSON inside of a dict",
        "",
        value,
    )
