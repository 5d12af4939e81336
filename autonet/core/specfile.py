"""Files of specs: plain values as JSON and arrays as tensors in the safetensors format, with a checksum.

Reading returns plain values and arrays, and executes nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load

from autonet.core.errors import InvalidData, InvalidModelFile
from autonet.core.typing import Array

__all__ = ["DTYPES", "FORMAT", "iter_safetensors", "read_spec", "write_spec"]

# Version of the format; files of a later one are refused.  Those of format 1 hold every value of every array.
FORMAT = 2

# Tensors beside the numbered ones of arrays.
DOCUMENT, CHECKSUM = "document", "checksum"

# Keys of the JSON that stand for an array, for its distinct values, whose indices it then is, and for long lists.
ARRAY, VALUES, LISTS = "__tensor__", "values", {"__floats__": float, "__ints__": int, "__strings__": str}

# Dtypes of NumPy and their names in a header.
DTYPES: Mapping[str, str] = {
    "bool": "BOOL",
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
}

# Smaller dtypes that arrays are stored in where no value changes: indices, thresholds between integers.
NARROWER: Mapping[str, tuple[str, ...]] = {"int64": ("int8", "int16", "int32"), "float64": ("float32",)}

# Arrays from this size on whose distinct values, with an index for each value, take at most so much of their room are
# stored so; of others, this many values at most are looked at.
MIN_CODED, MAX_SHARE, N_SAMPLED = 64, 2 / 3, 4096

# Lists of numbers or strings from this length on are tensors, which take less memory than JSON to read.
MIN_LIST = 32
# Limits of the JSON: values, which take about 100 bytes each once read, and levels.
MAX_VALUES = 1_000_000
MAX_DEPTH = 100


def write_spec(spec: Mapping[str, Any], notes: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write a spec as parts of a safetensors file.

    Parameters
    ----------
    spec : mapping
        See `autonet.core.spec`.
    notes : mapping of str to str
        Metadata for whoever opens the file with other tools; `read_spec` ignores them.

    Yields
    ------
    bytes or memoryview

    Raises
    ------
    InvalidData
        If it has too many values other than numbers and strings for a file.
    """
    arrays: dict[str, Array] = {}
    content = {"format": FORMAT, "spec": _move_arrays(spec, arrays)}
    document = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    if _count_values(document) > MAX_VALUES:
        raise InvalidData(f"The model has more than {MAX_VALUES} values that are not arrays; it cannot be saved.")
    arrays[DOCUMENT] = np.frombuffer(document, np.uint8)
    arrays[CHECKSUM] = _checksum(arrays)
    return iter_safetensors(arrays, notes)


def read_spec(data: bytes) -> Any:
    """Read what `write_spec` wrote.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    object
        The spec; its arrays can be written to.

    Raises
    ------
    InvalidModelFile
        If the file is damaged, or not such a file, or of a later format.
    """
    try:
        arrays = load(data)
        text = arrays[DOCUMENT].tobytes()
    except Exception as error:
        raise InvalidModelFile(f"it is not a model file of autonet ({type(error).__name__}: {error!s:.80})") from error
    if _count_values(text) > MAX_VALUES:
        raise InvalidModelFile(f"it has more than {MAX_VALUES} values")
    try:
        document = json.loads(text)
        version = document["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidModelFile("its description is damaged") from error
    if isinstance(version, int) and version > FORMAT:
        raise InvalidModelFile(
            f"it has format {version}, of a later version of autonet; this one reads up to format {FORMAT}: "
            "upgrade autonet"
        )
    checksum = arrays.pop(CHECKSUM, None)
    if checksum is None or checksum.tobytes() != _checksum(arrays).tobytes():
        raise InvalidModelFile("its checksum is wrong: it was damaged after it had been written")
    del arrays[DOCUMENT]
    try:
        spec = _put_arrays(document["spec"], arrays, 0)
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidModelFile(f"its description is damaged ({type(error).__name__}: {error!s:.80})") from error
    if arrays:
        raise InvalidModelFile(f"it has tensors that belong to no part: {', '.join(sorted(arrays)[:5])}")
    return spec


def iter_safetensors(arrays: Mapping[str, Array], notes: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Yield the parts of a safetensors file.

    The package's `save_file` leaves a temporary file behind when the process is killed, and its `save` copies all
    arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Contiguous, any shape (n, ...), of the dtypes in `DTYPES`.
    notes : mapping of str to str
    """
    ordered = sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize)  # each is aligned
    header: dict[str, Any] = {"__metadata__": dict(notes)} if notes else {}
    end = 0
    for name, array in ordered:
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": array.shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for _, array in ordered:
        yield array.reshape(-1).view(np.uint8).data


def _move_arrays(value: Any, arrays: dict[str, Array]) -> Any:
    """Replace arrays and long lists by references to tensors."""
    if isinstance(value, dict):
        return {key: _move_arrays(part, arrays) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise InvalidData(f"An array of dtype {value.dtype} cannot be stored in a model file.")
        return _move_array(np.ascontiguousarray(value, value.dtype.newbyteorder("<")).reshape(value.shape), arrays)
    if not isinstance(value, list):
        return value
    for key, kind in LISTS.items():
        if len(value) >= MIN_LIST and all(type(part) is kind for part in value):
            packed = _pack_list(value, kind)
            if packed is not None:
                return {key: [_add(array, arrays) for array in packed]}
    return [_move_arrays(part, arrays) for part in value]


def _move_array(array: Array, arrays: dict[str, Array]) -> dict[str, str]:
    """Store an array in the smallest dtype that holds its values exactly, or as indices of its distinct values."""
    reference = {}
    for dtype in NARROWER.get(array.dtype.name, ()):
        with np.errstate(over="ignore"):
            narrow = array.astype(dtype)
        if (narrow == array).all():
            reference["dtype"], array = array.dtype.name, narrow
            break
    codes, values = _find_codes(array)
    if values is not None:
        reference[VALUES] = _add(values, arrays)
    return {ARRAY: _add(codes, arrays), **reference}


def _find_codes(array: Array) -> tuple[Array, Array | None]:
    """Return indices, in the shape of an array, and its distinct values; or the array itself, if it has too many."""
    if array.itemsize == 1 or array.size < MIN_CODED:
        return array, None
    bits = array.reshape(-1).view(f"u{array.itemsize}")  # -0.0 is not 0.0
    sample = bits[:: max(len(bits) // N_SAMPLED, 1)]
    if len(np.unique(sample)) > MAX_SHARE * len(sample):
        return array, None
    values, codes = np.unique(bits, return_inverse=True)
    codes = codes.astype(np.min_scalar_type(len(values) - 1)).reshape(array.shape)
    if codes.nbytes + values.nbytes > MAX_SHARE * array.nbytes:
        return array, None
    return codes, values.view(array.dtype)


def _pack_list(values: list[Any], kind: type) -> list[Array] | None:
    """Return the arrays of a list; None for integers beyond int64."""
    if kind is str:
        encoded = [value.encode("utf-8", "surrogatepass") for value in values]
        return [np.frombuffer(b"".join(encoded), np.uint8), np.array([len(part) for part in encoded], np.int64)]
    try:
        return [np.array(values, np.float64 if kind is float else np.int64)]
    except OverflowError:
        return None


def _add(array: Array, arrays: dict[str, Array]) -> str:
    name = str(len(arrays))
    arrays[name] = array
    return name


def _put_arrays(value: Any, arrays: dict[str, Array], depth: int) -> Any:
    """Replace references by their arrays and lists; each tensor is used once, so that none is multiplied."""
    if depth > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} levels")
    if isinstance(value, list):
        return [_put_arrays(part, arrays, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    if ARRAY in value:
        array = arrays.pop(value[ARRAY])
        if VALUES in value:
            values = arrays.pop(value[VALUES])
            if values.ndim != 1:
                raise ValueError(f"the values of an array have shape {values.shape}")
            array = values[array]
        return array.astype(_wide_dtype(value["dtype"])) if "dtype" in value else array
    for key, kind in LISTS.items():
        if key in value:
            return _unpack_list([arrays.pop(name) for name in value[key]], kind)
    return {key: _put_arrays(part, arrays, depth + 1) for key, part in value.items()}


def _wide_dtype(name: str) -> str:
    if name not in NARROWER:
        raise ValueError(f"an array has dtype {name!r:.20}")
    return name


def _unpack_list(packed: list[Array], kind: type) -> list[Any]:
    if kind is not str:
        (numbers,) = packed
        return list(map(kind, numbers.ravel().tolist()))
    data, lengths = packed
    text, ends = data.tobytes(), np.cumsum(lengths).tolist()
    if (lengths < 0).any() or (ends[-1] if ends else 0) != len(text):
        raise ValueError("the lengths of strings do not add up")
    return [text[start:end].decode("utf-8", "surrogatepass") for start, end in zip([0, *ends], ends, strict=False)]


def _count_values(text: bytes) -> int:
    """Bound the number of values of a JSON text."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _checksum(arrays: Mapping[str, Array]) -> Array:
    """Return the SHA-256 of the names, dtypes, shapes and values of arrays, shape (32,), uint8."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return np.frombuffer(digest.digest(), np.uint8)
