"""Read studies that others run: what changed since the last look, as typed columns."""

from highnoon.hpo.reading.columns import (
    STATUSES,
    ParameterColumn,
    ReportColumns,
    StudyChanges,
    StudyState,
    TrialColumns,
)
from highnoon.hpo.reading.feed import StudyFeed

__all__ = [
    "STATUSES",
    "ParameterColumn",
    "ReportColumns",
    "StudyChanges",
    "StudyFeed",
    "StudyState",
    "TrialColumns",
]
