"""`ExportPanel`: the best configuration to paste or keep, and all trials as a table."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["ExportPanel"]


class ExportPanel(View):
    """The best configuration as a Python cell, JSON or YAML; all trials as CSV. All exact.

    The CSV is safe to open in a spreadsheet: no text in it is taken for a formula.

    Example:
        ```python
        ExportPanel(hpo)
        ```
    """

    _part = traitlets.Unicode("export_panel").tag(sync=True)
