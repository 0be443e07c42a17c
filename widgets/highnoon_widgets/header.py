"""`StudyHeader`: what a study is, how it stands, and its figures."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["StudyHeader"]


class StudyHeader(View):
    """Name, status, best value, finished trials, pace, and what pruning saved, live.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        controls: Whether it has buttons that pause and stop the study.

    Example:
        ```python
        StudyHeader(hpo)
        ```
    """

    _part = traitlets.Unicode("header").tag(sync=True)
    controls = traitlets.Bool(default_value=True).tag(sync=True)
