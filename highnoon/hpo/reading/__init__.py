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
from highnoon.hpo.reading.messages import StudyMessages
from highnoon.hpo.reading.overview import StudyOverview, study_overview
from highnoon.hpo.reading.summaries import study_names, study_summaries, summary_of
from highnoon.hpo.reading.summary import StudySummary
from highnoon.hpo.reading.summary_rows import SummaryRow, summary_row

__all__ = [
    "STATUSES",
    "ParameterColumn",
    "ReportColumns",
    "StudyChanges",
    "StudyFeed",
    "StudyMessages",
    "StudyOverview",
    "StudyState",
    "StudySummary",
    "SummaryRow",
    "TrialColumns",
    "study_names",
    "study_overview",
    "study_summaries",
    "summary_of",
    "summary_row",
]
