"""Sizes that the layers and the estimate of their memory share."""

__all__ = ["CHUNK_LENGTH", "EXPERT_EXPANSION", "block_rows", "head_width"]

CHUNK_LENGTH = 64
"""Positions of one chunk of a state-space mixer."""
EXPERT_EXPANSION = 2
"""Width of an expert, relative to the embedding's."""

BLOCK_ROWS = 64
SMALL_PRODUCT = 128 * 128


def block_rows(width: int) -> int:
    """Return the rows of one matrix product of an expert for inputs of that width.

    TensorFlow multiplies a single block of at most `SMALL_PRODUCT` multiplications by another
    kernel than several of them (`BatchMatMulV2` on a CPU), so that blocks have to be larger for
    their rounding not to depend on their number.
    """
    enough = SMALL_PRODUCT // (EXPERT_EXPANSION * width**2) + 1
    return -(-enough // BLOCK_ROWS) * BLOCK_ROWS


def head_width(inner_width: int) -> int:
    """Return the width of a state-space head: the largest divisor that is at most 64."""
    return max(width for width in range(1, 65) if inner_width % width == 0)
