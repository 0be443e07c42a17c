"""`HPOTrialManager`: a study, its search space, and the runs that add trials to it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial

from highnoon._notices import notice
from highnoon.exceptions import (
    ConfigError,
    StudyError,
)
from highnoon.hpo._registry import remember
from highnoon.hpo.feasibility import check_feasible
from highnoon.hpo.forking import check_same_space, keep_first_space, trials_inside
from highnoon.hpo.names import generate_study_name
from highnoon.hpo.pruners import PrunerName, make_pruner
from highnoon.hpo.queueing import queue
from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reference import OpenStudy, StudyReference
from highnoon.hpo.reporting import TrialReporting
from highnoon.hpo.run import Budget, RunHandle, TrialLoop
from highnoon.hpo.run.announcement import announce
from highnoon.hpo.run.control import StudyControl
from highnoon.hpo.run.engines import Engine, chosen_engine
from highnoon.hpo.run.launch import Launch
from highnoon.hpo.run.loop import Callback, Objective
from highnoon.hpo.run.parallel import ParallelLoop
from highnoon.hpo.run.study_run import RunOptions, StudyRun, check_functions
from highnoon.hpo.run.tally import say_how_it_ended
from highnoon.hpo.run.watch import Watch
from highnoon.hpo.samplers import SamplerName, fresh_copy, make_grid_sampler, make_sampler
from highnoon.hpo.seeds import seed_of_fork, seed_of_joiner
from highnoon.hpo.setup import keep_setup
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.storage import PATIENCE, open_storage, storage_errors, storage_label
from highnoon.hpo.study import (
    Direction,
    HighNoonStudy,
    check_study_name,
    create_or_join,
    direction_of,
)
from highnoon.hpo.trial import LiveTrial

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

__all__ = ["HPOTrialManager"]


class HPOTrialManager(TrialReporting, StudyReader):
    """Tunes an objective: creates or joins an Optuna study, runs its trials, reads its results.

    Args:
        study_name: Name of the study; a readable one is made up, and shown, where none is given.
        n_trials: Trials that `optimize` runs unless told otherwise; None goes on until stopped.
        direction: `"minimize"` or `"maximize"`. Left out, it is minimize for a new study and the
            study's own for one that is joined.
        storage: Database URL (`sqlite:///hpo.db`, `postgresql://...`, `mysql://...`) or an Optuna
            storage; None keeps the study in memory.
        pruner: `"median"`, `"hyperband"`, `"percentile"`, `"none"`, or an Optuna pruner.
        sampler: `"tpe"`, `"cmaes"`, `"random"`, `"grid"`, or an Optuna sampler.
        load_if_exists: Whether a study of that name may be joined. Left out: where a storage was
            given. False insists on a new study.
        seed: Makes a run repeatable.
        sampler_options: Arguments of the Optuna sampler class; `{"levels": n}` for `"grid"`.
        pruner_options: Arguments of the Optuna pruner class.
        grace_period: Seconds after which a trial whose worker shows no life is given up and tried
            again, by whichever worker of the study notices.
        buffered: Whether a database is written to in few large steps, which is several times
            faster; False takes Optuna's own way. Either reads and writes the same studies.
        wait_for_server: Seconds for which a database server that restarts, is not up yet or has
            too many clients is waited for here. A wrong host name, user, password or database is an
            error at once. Runs wait for two minutes, whatever is said here.

    Raises:
        ConfigError: A value or name is wrong.
        StudyError: The study exists and must not, or its direction differs.
        StorageError: The storage cannot be used.
        MissingDependencyError: A sampler, pruner or database needs a package that is missing.

    Example:
        >>> hpo = HPOTrialManager(study_name="parabola", n_trials=20, seed=0)
        >>> best = hpo.optimize(lambda p: (p["x"] - 1) ** 2, {"x": ("uniform", -5, 5)},
        ...                     show_progress=False)
        >>> abs(best["x"] - 1) < 1
        True
    """

    def __init__(
        self,
        study_name: str | None = None,
        n_trials: int | None = 50,
        direction: Direction | None = None,
        storage: "str | BaseStorage | None" = None,
        pruner: "PrunerName | BasePruner" = "median",
        sampler: "SamplerName | BaseSampler" = "tpe",
        *,
        load_if_exists: bool | None = None,
        seed: int | None = None,
        sampler_options: Mapping[str, Any] | None = None,
        pruner_options: Mapping[str, Any] | None = None,
        grace_period: float = 60.0,
        buffered: bool = True,
        wait_for_server: float = PATIENCE,
    ) -> None:
        if direction not in (None, "minimize", "maximize"):
            raise ConfigError(f'direction must be "minimize" or "maximize", got {direction!r}.')
        Budget(n_trials=n_trials)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
            raise ConfigError(f"seed must be an integer of at least 0, got {seed!r}.")
        if not isinstance(grace_period, int | float) or not 0 < grace_period < float("inf"):
            raise ConfigError(
                f"grace_period must be a positive number of seconds, got {grace_period!r}."
            )
        if not isinstance(wait_for_server, int | float) or not wait_for_server >= 0:
            raise ConfigError(
                f"wait_for_server must be seconds, 0 or more of them, got {wait_for_server!r}."
            )
        name = generate_study_name() if study_name is None else check_study_name(study_name)
        make_sampler(sampler, seed=seed, options=sampler_options)
        components = {
            "pruner": fresh_copy(pruner),
            "sampler": fresh_copy(sampler),
            "seed": seed,
            "sampler_options": sampler_options,
            "pruner_options": pruner_options,
            "grace_period": grace_period,
        }
        label = storage_label(storage)
        opened = open_storage(storage, create=True, buffered=buffered, patience=wait_for_server)
        with storage_errors(label):
            study, joined = create_or_join(
                name,
                opened,
                direction=direction,
                join=storage is not None if load_if_exists is None else load_if_exists,
                sampler=make_sampler("random"),
                pruner=make_pruner(pruner, pruner_options),
            )
        watch = Watch(study, opened, grace_period=grace_period)
        self._set_up(OpenStudy(study, opened, watch, components), n_trials, label)
        self._joined = joined
        if seed is not None and joined:
            with self._storage_errors():
                self._sampler_seed = seed = seed_of_joiner(study, seed)
        if not joined:
            with self._storage_errors():
                keep_setup(study, components)
        self.study.sampler = make_sampler(sampler, seed=seed, options=sampler_options)
        if study_name is None:
            notice(f"The study is named {name!r}.")

    def _set_up(self, opened: OpenStudy, n_trials: int | None, label: str) -> None:
        super().__init__(opened.study, storage_label=label)
        self.study: HighNoonStudy = opened.study
        self.n_trials = n_trials
        self._storage = opened.storage
        self._watch = opened.watch
        self._control = StudyControl.of(opened.study, opened.storage, label=label)
        self._components = opened.components
        self._seed: int | None = opened.components["seed"]
        self._sampler_seed = self._seed
        self._joined = False
        self._shared: StudyReference | None = None
        options = opened.components["sampler_options"] or {}
        grid = opened.components["sampler"] == "grid"
        self._grid_levels: int | None = options.get("levels", 5) if grid else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle how another process opens the study, for objectives that refer to their manager.

        Raises:
            StudyError: The study is in memory, and no run sends it to other processes.
        """
        reference = self._shared
        if reference is None:
            if isinstance(self._storage, InMemoryStorage):
                raise StudyError(
                    f"The study {self.study_name!r} is in the memory of this process, which no "
                    "other process reaches. Give its manager a storage: storage='sqlite:///hpo.db'."
                )
            reference = StudyReference.of(self.study, self._storage, self._components)
        return _open_manager, (reference, self.n_trials, self._storage_label)

    # Running trials

    def optimize(
        self,
        objective: Objective,
        search_space: Mapping[str, Any] | SearchSpace,
        *,
        n_trials: int | None = None,
        total_trials: int | None = None,
        timeout: float | None = None,
        constraints: Sequence[str] = (),
        callbacks: Sequence[Callback] | None = None,
        show_progress: bool | None = None,
        n_jobs: int | None = None,
        executor: "Executor | None" = None,
        trial_timeout: float | None = None,
        trial_memory: int | None = None,
    ) -> dict[str, Any]:
        """Run trials and return the best parameters found so far, choices as objects.

        A trial whose objective raises is kept with its traceback and the study goes on; Ctrl-C
        gives the running trials back and returns the best so far.

        With `n_jobs` above 1 or an executor, trials run in other processes. The objective is sent
        there by value: closures, lambdas and functions of a notebook will do. Changes that it makes
        to objects of this process are not seen here.

        Args:
            objective: Called with a dict of parameters, returns the value.
            search_space: What to draw from, such as `{"lr": ("log_uniform", 1e-5, 1e-3)}`.
            n_trials: Trials to add in this call; the constructor's where not given.
            total_trials: Stop when the study has this many finished trials, over all workers.
            timeout: Seconds after which no new trial starts.
            constraints: Expressions that every trial must satisfy: `"top_k <= num_experts"`.
            callbacks: Called with the study and the trial after each trial of this call.
            show_progress: Whether to show progress; None shows it.
            n_jobs: Trials that run at once, each in a process of its own with its share of the
                cores; -1 is one per core. With an executor, how many it is given at once.
            executor: A `concurrent.futures.Executor` that runs the trials, such as Dask's
                `client.get_executor()`.
            trial_timeout: Seconds after which a trial is ended, as failed. It and `trial_memory`
                make trials run in processes of their own, even one at a time.
            trial_memory: Bytes of memory above which a trial's process is ended, as failed.

        Raises:
            ConfigError: An argument is out of range, or two of them do not go together.
            SearchSpaceError: The search space or a constraint is wrong.
            SearchSpaceMismatchError: The study was started with another search space.
            NoCompletedTrialError: No trial completed; the message holds the reasons.
            TooManyFailuresError: The objective failed five times in a row.
            WorkerDiedError: The executor broke; finished trials are kept.
            StudyError: The objective cannot be sent to another process.
            StorageError: The storage stopped answering.
        """
        options = RunOptions(
            n_trials=n_trials,
            total_trials=total_trials,
            timeout=timeout,
            constraints=constraints,
            callbacks=callbacks,
            show_progress=show_progress,
            n_jobs=n_jobs,
            executor=executor,
            trial_timeout=trial_timeout,
            trial_memory=trial_memory,
        )
        return self.prepare(objective, search_space, options)()

    def start(
        self,
        objective: Objective,
        search_space: Mapping[str, Any] | SearchSpace,
        **options: Unpack[RunOptions],
    ) -> RunHandle:
        """Run trials in the background, with the arguments of `optimize`.

        Wrong arguments raise here; what happens later is raised by the handle's `wait`. Progress is
        shown where `show_progress=True`.
        """
        for name in options.keys() - RunOptions.__annotations__.keys():
            raise TypeError(f"start() got an unexpected keyword argument {name!r}")
        options.setdefault("show_progress", False)
        run = self.prepare(objective, search_space, options)
        return RunHandle(run, run.stop, self._control)

    def ask(
        self,
        search_space: Mapping[str, Any] | SearchSpace | None = None,
        *,
        constraints: Sequence[str] = (),
    ) -> LiveTrial:
        """Start a trial of your own loop: its `params`, `report` and `should_prune`; then `tell`.

        Used as a context manager, it is the running trial of the block.

        Args:
            search_space: What to draw from; the study's own where it has one.
            constraints: As in `optimize`.

        Raises:
            StudyError: The last points of a grid violate the constraints.
        """
        space = self._adopt(search_space, constraints)
        self.study.stop_requested = False  # by the sampler, at the end of an earlier run
        with self._storage_errors():
            trial = TrialLoop(self.study, space, self._watch, seed=self._seed).draw()
        if trial is None:
            raise StudyError("The grid is exhausted: its last points violate the constraints.")
        return trial

    def tell(
        self,
        trial: LiveTrial,
        value: float | None = None,
        *,
        pruned: bool = False,
        error: BaseException | None = None,
    ) -> FrozenTrial:
        """Finish a trial of `ask`: with its value, as pruned, or with the error that ended it.

        Telling a trial again changes nothing.

        Raises:
            ConfigError: Not exactly one of the three was given, or the trial is another study's.
        """
        if not isinstance(trial, LiveTrial):
            raise ConfigError(f"tell() takes the trial that ask() returned, got {trial!r}.")
        if trial.optuna_trial.study is not self.study:
            raise ConfigError(f"Trial {trial.number} was asked of another manager; tell it there.")
        if (value is not None) + pruned + (error is not None) != 1:
            raise ConfigError("tell() takes a value, pruned=True or error=..., one of them.")
        if trial.told is not None:
            return trial.told
        loop = TrialLoop(self.study, self._adopt(None, ()), self._watch, seed=self._seed)
        with self._storage_errors():
            if error is not None:
                finished = loop.fail(trial, error)
            else:
                finished = loop.prune(trial) if pruned else loop.finish(trial, value)
        say_how_it_ended(finished)
        return finished

    def enqueue(
        self,
        params: Mapping[str, Any],
        search_space: Mapping[str, Any] | SearchSpace | None = None,
    ) -> int:
        """Queue a configuration, whole or in part, to be tried before anything else is drawn.

        Args:
            params: Values by parameter name; what is left out is drawn.
            search_space: The space to check against; the study's own where it has one.

        Returns:
            Number of the trial that will try it.

        Raises:
            SearchSpaceError: A name is unknown, a value out of range, or a constraint violated.
        """
        space = self._adopt(search_space, ())
        with self._storage_errors():
            return queue(self.study, space, params)

    # Orders, which all runs of the study obey; see `StudyControl`

    def pause(self) -> None:
        """Let running trials finish and start none until `resume`, in any process."""
        self._control.pause()
        with self._storage_errors():
            self._watch.read()

    def resume(self) -> None:
        """Let trials start again, in any process."""
        self._control.resume()
        with self._storage_errors():
            self._watch.read()

    def stop(self, *, now: bool = False) -> None:
        """End all runs of the study that are going on, in any process, after their running trials.

        Args:
            now: End the running trials at their next report, and give them back.
        """
        self._control.stop(now=now)
        with self._storage_errors():
            self._watch.read()

    def stop_trial(self, number: int) -> None:
        """End one running trial at its next report; it counts as pruned and is not tried again.

        Raises:
            StudyError: There is no such trial, or it is not running.
        """
        self._control.stop_trial(number)

    def fork(
        self,
        study_name: str,
        search_space: Mapping[str, Any] | SearchSpace,
        *,
        constraints: Sequence[str] = (),
    ) -> "HPOTrialManager":
        """Start a new study in the same storage with the trials that lie inside a new space.

        Raises:
            StudyExistsError: The name is taken.
            SearchSpaceError: The search space is wrong.
        """
        space = SearchSpace.parse(search_space, constraints)
        forked = HPOTrialManager(
            study_name,
            self.n_trials,
            direction_of(self.study),
            self._storage,
            load_if_exists=False,
            **{
                **{name: fresh_copy(component) for name, component in self._components.items()},
                "seed": None if self._seed is None else seed_of_fork(study_name, self._seed),
            },
        )
        forked._storage_label = self._storage_label
        forked._adopt(space, ())
        trials, old = self._peek(), self._known_space()
        inside = trials_inside(trials, space, refused_by=old.constraints if old else ())
        with self._storage_errors():
            forked.study.add_trials(inside)
        notice(
            f"{study_name!r} has {len(inside)} of the {len(trials)} trials of {self.study_name!r}."
        )
        return forked

    def prepare(
        self,
        objective: Objective,
        search_space: Mapping[str, Any] | SearchSpace,
        options: RunOptions,
    ) -> StudyRun:
        """Check everything that a run needs, and return the run, which starts when it is called.

        Args:
            objective: As for `optimize`.
            search_space: As for `optimize`.
            options: The keyword arguments of `optimize`.
        """
        callbacks = options.get("callbacks")
        check_functions(objective, callbacks)
        n_trials, total_trials = options.get("n_trials"), options.get("total_trials")
        if n_trials is None and total_trials is None:
            n_trials = self.n_trials
        budget = Budget(
            n_trials=n_trials, total_trials=total_trials, timeout=options.get("timeout")
        )
        engine = chosen_engine(
            options.get("n_jobs"),
            options.get("executor"),
            options.get("trial_timeout"),
            options.get("trial_memory"),
        )
        space = self._adopt(search_space, options.get("constraints", ()))
        points = None if self._grid_levels is None else space.grid_size(self._grid_levels)
        with self._storage_errors():
            announce(self.study, budget, space, joined=self._joined, points=points)
        self._joined = False
        return StudyRun(
            self,
            self._loop(space, engine),
            objective,
            budget,
            callbacks=list(callbacks or ()),
            points=points,
            show_progress=options.get("show_progress"),
            storage_label=self._storage_label,
        )

    def _loop(self, space: SearchSpace, engine: Engine | None) -> TrialLoop | ParallelLoop:
        if engine is None:
            return TrialLoop(self.study, space, self._watch, seed=self._seed)
        launch = Launch(
            engine,
            OpenStudy(self.study, self._storage, self._watch, self._components),
            self._storage_label,
            space,
            self._seed,
            self._sampler_seed,
            self._share,
        )
        return ParallelLoop(
            self.study, self._storage, self._watch, workers=engine.workers, start=launch
        )

    def _share(self, reference: StudyReference | None) -> None:
        """Note how other processes open the study while a run goes on in them."""
        self._shared = reference

    def _adopt(
        self, search_space: Mapping[str, Any] | SearchSpace | None, constraints: Sequence[str]
    ) -> SearchSpace:
        """Make a search space the study's own, or return the one that it has."""
        stored = self._known_space()
        space = stored if search_space is None else SearchSpace.parse(search_space, constraints)
        if space is None:
            raise StudyError(
                f"The study {self.study_name!r} has no search space yet; pass search_space=..."
            )
        check_same_space(self.study_name, stored, space)
        if self._space is None:
            if self._grid_levels is not None:
                self.study.sampler = make_grid_sampler(space, levels=self._grid_levels)
            if stored is None:
                if self._grid_levels is None:
                    check_feasible(space)
                with self._storage_errors():
                    first = keep_first_space(self.study, self._storage, space)
                check_same_space(self.study_name, first, space)
            remember(self.study, space)
        self._space = space
        return space


def _open_manager(reference: StudyReference, n_trials: int | None, label: str) -> HPOTrialManager:
    manager = HPOTrialManager.__new__(HPOTrialManager)
    with storage_errors(label):
        manager._set_up(reference.open(), n_trials, label)
    return manager
