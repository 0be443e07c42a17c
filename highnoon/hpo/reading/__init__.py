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
from highnoon.hpo.reading.summaries import study_summaries
from highnoon.hpo.reading.summary import StudySummary

__all__ = [
    "STATUSES",
    "ParameterColumn",
    "ReportColumns",
    "StudyChanges",
    "StudyFeed",
    "StudyState",
    "StudySummary",
    "TrialColumns",
    "study_summaries",
]
