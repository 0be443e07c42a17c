"""The tables of an Optuna 5 database, and what Optuna stores in their columns.

They are descriptions for SQL statements; Optuna itself creates the tables. Enumerations are stored
by name, times as naive UTC (MySQL keeps whole seconds), attributes and distributions as JSON, and
numbers that are not finite as NULL beside a type that says which. Constraints are system
attributes.
"""

import datetime
import math

import sqlalchemy as sa
from optuna.study import StudyDirection
from optuna.trial import TrialState

__all__ = [
    "FINITE",
    "from_stored_datetime",
    "from_stored_number",
    "studies",
    "study_directions",
    "study_system_attributes",
    "study_user_attributes",
    "to_stored_datetime",
    "to_stored_number",
    "trial_intermediate_values",
    "trial_params",
    "trial_system_attributes",
    "trial_user_attributes",
    "trial_values",
    "trials",
]

FINITE = "FINITE"

_NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}

# The names are those of the types that Optuna creates on PostgreSQL.
_value_type = sa.Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")
_report_type = sa.Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype")

_number = sa.Float(precision=53)

studies = sa.table(
    "studies",
    sa.column("study_id", sa.Integer),
    sa.column("study_name", sa.String),
)

study_directions = sa.table(
    "study_directions",
    sa.column("study_direction_id", sa.Integer),
    sa.column("direction", sa.Enum(StudyDirection)),
    sa.column("study_id", sa.Integer),
    sa.column("objective", sa.Integer),
)

study_user_attributes = sa.table(
    "study_user_attributes",
    sa.column("study_user_attribute_id", sa.Integer),
    sa.column("study_id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("value_json", sa.Text),
)

study_system_attributes = sa.table(
    "study_system_attributes",
    sa.column("study_system_attribute_id", sa.Integer),
    sa.column("study_id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("value_json", sa.Text),
)

trials = sa.table(
    "trials",
    sa.column("trial_id", sa.Integer),
    sa.column("number", sa.Integer),
    sa.column("study_id", sa.Integer),
    sa.column("state", sa.Enum(TrialState)),
    sa.column("datetime_start", sa.DateTime),
    sa.column("datetime_complete", sa.DateTime),
)

trial_params = sa.table(
    "trial_params",
    sa.column("param_id", sa.Integer),
    sa.column("trial_id", sa.Integer),
    sa.column("param_name", sa.String),
    sa.column("param_value", _number),
    sa.column("distribution_json", sa.Text),
)

trial_values = sa.table(
    "trial_values",
    sa.column("trial_value_id", sa.Integer),
    sa.column("trial_id", sa.Integer),
    sa.column("objective", sa.Integer),
    sa.column("value", _number),
    sa.column("value_type", _value_type),
)

trial_intermediate_values = sa.table(
    "trial_intermediate_values",
    sa.column("trial_intermediate_value_id", sa.Integer),
    sa.column("trial_id", sa.Integer),
    sa.column("step", sa.Integer),
    sa.column("intermediate_value", _number),
    sa.column("intermediate_value_type", _report_type),
)

trial_user_attributes = sa.table(
    "trial_user_attributes",
    sa.column("trial_user_attribute_id", sa.Integer),
    sa.column("trial_id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("value_json", sa.Text),
)

trial_system_attributes = sa.table(
    "trial_system_attributes",
    sa.column("trial_system_attribute_id", sa.Integer),
    sa.column("trial_id", sa.Integer),
    sa.column("key", sa.String),
    sa.column("value_json", sa.Text),
)


def to_stored_number(value: float) -> tuple[float | None, str]:
    """Return how a value or report is stored: its finite number or None, and its type."""
    value = float(value)
    if math.isfinite(value):
        return value, FINITE
    if math.isnan(value):
        return None, "NAN"
    return None, "INF_POS" if value > 0 else "INF_NEG"


def from_stored_number(value: float | None, kind: str) -> float:
    """Return the number that is stored as a value and its type."""
    if kind == FINITE:
        assert value is not None
        return value
    return _NOT_FINITE[kind]


def to_stored_datetime(value: datetime.datetime | None) -> datetime.datetime | None:
    """Return a time, naive and local as Optuna shows it, as naive UTC."""
    if value is None:
        return None
    return value.astimezone(datetime.UTC).replace(tzinfo=None)


def from_stored_datetime(value: datetime.datetime | None) -> datetime.datetime | None:
    """Return a stored time as Optuna shows it: naive and local."""
    if value is None:
        return None
    return value.replace(tzinfo=datetime.UTC).astimezone().replace(tzinfo=None)
