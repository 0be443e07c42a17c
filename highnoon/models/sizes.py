"""Sizes that the layers and the estimate of their memory share."""

__all__ = ["BLOCK_ROWS", "CHUNK_LENGTH", "EXPERT_EXPANSION", "head_width"]

CHUNK_LENGTH = 64
"""Positions of one chunk of a state-space mixer."""
BLOCK_ROWS = 64
"""Rows of one matrix product of an expert."""
EXPERT_EXPANSION = 2
"""Width of an expert, relative to the embedding's."""


def head_width(inner_width: int) -> int:
    """Return the width of a state-space head: the largest divisor that is at most 64."""
    return max(width for width in range(1, 65) if inner_width % width == 0)
