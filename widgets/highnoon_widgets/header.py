"""`StudyHeader`: what a study is, how it stands, and its figures."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["StudyHeader"]


class StudyHeader(View):
    """Name, status, best value, finished trials, pace, and what pruning saved, live.

    Example:
        ```python
        StudyHeader(hpo)
        ```
    """

    _part = traitlets.Unicode("header").tag(sync=True)
