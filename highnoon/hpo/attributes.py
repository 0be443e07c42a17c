"""Names of the attributes that HighNoon keeps with studies and trials.

Each is an Optuna user attribute with a JSON value, so that `optuna` and optuna-dashboard show them.
"""

__all__ = [
    "ARCHIVED",
    "DIVERGED",
    "FAILURE",
    "GAVE_UP",
    "GOAL",
    "INFEASIBLE",
    "INTERRUPTED",
    "JOINS",
    "LEASE",
    "LOG",
    "NOTE",
    "PAUSED",
    "PEAK_MEMORY",
    "PREFIX",
    "RETRY_OF",
    "RUN",
    "RUN_OVER",
    "SEARCH_SPACE",
    "SERIES",
    "SETUP",
    "STAGES",
    "STOP",
    "STOPPED",
    "STOP_TRIAL",
]

PREFIX = "highnoon:"

SEARCH_SPACE = "highnoon:search_space"
"""Study: the search space, as `SearchSpace.to_json` writes it."""

JOINS = "highnoon:joins:"
"""Study, followed by a text of its own: a manager with a seed joined; see `highnoon.hpo.seeds`."""

SETUP = "highnoon:setup"
"""Study: how it draws and prunes, for those who join it without saying so themselves:
`{"sampler", "sampler_options", "pruner", "pruner_options"}`."""

GOAL = "highnoon:goal"
"""Study: how many finished trials its runs want in all; see `highnoon.hpo.run.goal`."""

PAUSED = "highnoon:paused"
"""Study: `{"by", "at"}` while no trial is to start, else null."""

STOP = "highnoon:stop"
"""Study: `{"id", "now", "by", "at"}`; a run ends when the id is another than at its start."""

GAVE_UP = "highnoon:gave_up"
"""Study: `{"why", "at"}` of the last run that ended itself, as after failures in a row."""

STOP_TRIAL = "highnoon:stop_trial:"
"""Study, followed by a trial's number: `{"by", "at"}` of who wants that trial to end."""

NOTE = "highnoon:note:"
"""Study, followed by a trial's number: what a person wrote about that trial, or null. Optuna takes
no attributes of trials that finished."""

ARCHIVED = "highnoon:archived"
"""Study: `{"by", "at"}` where lists are to leave it out, else null."""

RUN_OVER = "highnoon:run_over:"
"""Study, followed by a text of a run's own: true where that run ended before all of the tasks that
it had given to an engine; those that start later do nothing."""

RUN = "highnoon:run"
"""Trial: its seed, worker, package versions and git commit; in runs of many processes a `token`
of the task that ran it, by which a task that is run again finds it."""

SERIES = "highnoon:series:"
"""Trial, followed by a name: `{"steps": [...], "values": [...]}`, null where not finite."""

FAILURE = "highnoon:failure"
"""Trial: `{"type", "message", "traceback"}` of what the objective raised."""

DIVERGED = "highnoon:diverged"
"""Trial: the value that was not finite, as text."""

INFEASIBLE = "highnoon:infeasible"
"""Trial: why its parameters were never trained."""

INTERRUPTED = "highnoon:interrupted"
"""Trial: what ended it before its time (`"SIGINT"`, `"SIGTERM"`, `"stop"`, or `"lost"` with its
worker); it was given back."""

STOPPED = "highnoon:stopped"
"""Trial: `{"by", "at"}` of who ended it; it counts as pruned."""

LEASE = "highnoon:lease"
"""Trial: `[worker, renewals]`, a sign of life that its worker renews while the trial runs; at first
`[worker, 0, mark]`, where the mark tells starts of the same moment apart."""

PEAK_MEMORY = "highnoon:peak_memory"
"""Trial: the most bytes that its process had resident while it ran."""

LOG = "highnoon:log"
"""Trial: the end of what its worker process wrote to standard output and error."""

RETRY_OF = "highnoon:retry_of"
"""Trial: number of the interrupted trial whose parameters this one takes up."""

STAGES = "highnoon:stages"
"""Trial: the curriculum stages it was trained on."""
