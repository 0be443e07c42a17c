"""The notebook that each viewer's kernel runs."""

from pathlib import Path

__all__ = ["dashboard_notebook"]


def dashboard_notebook() -> Path:
    """Return the path of `hpo.ipynb`: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    candidates = [package / "_notebooks" / "hpo.ipynb", package.parent / "notebooks" / "hpo.ipynb"]
    return next(path for path in candidates if path.is_file())
