"""Pickles of objectives: what a script or notebook defines itself goes along by value."""

import io
from types import CodeType
from typing import Any

import cloudpickle

__all__ = ["dumps"]

_WITHOUT_FILE = "<dynamic-code>"


def dumps(value: object) -> bytes:
    """Return the pickle of a value, functions with the file that they come from.

    cloudpickle leaves the file out, and with it the lines of the traceback of a trial that failed.
    """
    with io.BytesIO() as file:
        _Pickler(file).dump(value)
        return file.getvalue()


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    make, arguments, *rest = cloudpickle.CloudPickler.dispatch_table[CodeType](code)
    kept = (code.co_filename if argument == _WITHOUT_FILE else argument for argument in arguments)
    return make, tuple(kept), *rest


class _Pickler(cloudpickle.CloudPickler):
    def __init__(self, file: io.BytesIO) -> None:
        # Before the base class reads it.
        self.dispatch_table = {**cloudpickle.CloudPickler.dispatch_table, CodeType: _reduce_code}
        super().__init__(file)
