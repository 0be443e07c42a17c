"""A run in the background."""

import atexit
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from highnoon._notices import notice

if TYPE_CHECKING:
    from highnoon.hpo.run.control import StudyControl

__all__ = ["RunHandle"]

_SECONDS_AT_EXIT = 5.0


class RunHandle:
    """What `HPOTrialManager.start` returns: a run that goes on while the caller does other things.

    Example:
        ```python
        handle = hpo.start(objective, search_space)
        handle.running          # True
        handle.pause()          # the study: no trial starts until resume()
        handle.stop()           # after the running trial
        best_params = handle.wait()
        ```
    """

    def __init__(
        self,
        run: Callable[[], dict[str, Any]],
        stop: Callable[..., None],
        control: "StudyControl",
    ) -> None:
        self._run = run
        self._stop = stop
        self._control = control
        self._result: dict[str, Any] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="highnoon-run", daemon=True)
        atexit.register(self._at_exit)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether trials may still start."""
        return self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for the run's end and return the best parameters, as `optimize` does.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: The run goes on after `timeout` seconds.
            Exception: What `optimize` would have raised.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"The run goes on after {timeout} s. Call stop() to end it.")
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def stop(self, *, now: bool = False) -> None:
        """End the run after the running trial, or `now`, at that trial's next report.

        A trial that is stopped now is given back: its parameters are tried again by the next run.
        """
        self._stop(now=now)

    def pause(self) -> None:
        """Pause the study: all its runs finish their running trials and start none."""
        self._control.pause()

    def resume(self) -> None:
        """Resume the study: all its runs go on."""
        self._control.resume()

    def __repr__(self) -> str:
        state = "running" if self.running else "failed" if self._error else "finished"
        return f"<RunHandle {state}>"

    def _work(self) -> None:
        try:
            self._result = self._run()
        except BaseException as error:
            self._error = error
        finally:
            atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """Give the running trial back when the script ends before the run."""
        notice(
            "The script ended while a run was going on in the background, which ends it. Call "
            "wait() on its handle to let it finish."
        )
        self.stop(now=True)
        self._thread.join(_SECONDS_AT_EXIT)
