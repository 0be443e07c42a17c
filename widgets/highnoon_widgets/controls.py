"""`ControlPanel`: pause, resume and stop a study or one of its trials, wherever they run."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["ControlPanel"]


class ControlPanel(View):
    """Buttons that pause, resume and stop a study or one trial; progress and the time left.

    Each sets a flag in the study's storage, which all its runs obey within about a second, on
    whatever machine they are, and says beside itself what it did.

    Example:
        ```python
        handle = hpo.start(objective, search_space, n_trials=50)
        ControlPanel(hpo)
        ```
    """

    _part = traitlets.Unicode("control_panel").tag(sync=True)
