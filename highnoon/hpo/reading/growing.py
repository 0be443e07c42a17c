"""Arrays of equal length that grow together; appending costs the same however long they are."""

from typing import Any

import numpy as np

__all__ = ["GrowingColumns"]

_FIRST_CAPACITY = 64


class GrowingColumns:
    """Named columns of numbers.

    Args:
        columns: The type of each column and what new rows are filled with.

    Example:
        >>> columns = GrowingColumns(step=(np.int64, -1))
        >>> columns.extend(2)
        >>> columns["step"][1] = 7
        >>> columns.copy("step")
        array([-1,  7])
    """

    def __init__(self, **columns: tuple[Any, Any]) -> None:
        self._length = 0
        self._capacity = _FIRST_CAPACITY
        self._fills: dict[str, Any] = {}
        self._arrays: dict[str, np.ndarray] = {}
        for name, (dtype, fill) in columns.items():
            self.add(name, dtype, fill)

    def __len__(self) -> int:
        return self._length

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the column itself: what is written into it stays."""
        return self._arrays[name][: self._length]

    def copy(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Return a copy of a column, or of some of its rows."""
        return self[name].copy() if rows is None else self[name][rows]

    def add(self, name: str, dtype: Any, fill: Any) -> None:
        """Add a column."""
        self._fills[name] = fill
        self._arrays[name] = np.full(self._capacity, fill, dtype=dtype)

    def extend(self, count: int) -> None:
        """Add rows."""
        self._length += count
        if self._length <= self._capacity:
            return
        self._capacity = max(self._length, 2 * self._capacity)
        for name, array in self._arrays.items():
            grown = np.full(self._capacity, self._fills[name], dtype=array.dtype)
            grown[: len(array)] = array
            self._arrays[name] = grown
