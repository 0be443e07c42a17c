"""`EnqueuePanel`: a form for a configuration to try next."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["EnqueuePanel"]


class EnqueuePanel(View):
    """A form built from the search space, filled from the best or a selected trial.

    What it queues is the next that a free worker tries. A field that is left empty is drawn.

    Example:
        ```python
        EnqueuePanel(hpo)
        ```
    """

    _part = traitlets.Unicode("enqueue_panel").tag(sync=True)
