"""Kernels of tested notebooks: warnings are errors, and no progress bars stand among outputs."""

from collections.abc import Generator

import pytest

KERNEL_ENVIRONMENT = {
    "PYTHONWARNINGS": "error,default::PendingDeprecationWarning",
    "HIGHNOON_PROGRESS": "0",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Set the environment of the kernel that a notebook's first cell starts."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KERNEL_ENVIRONMENT.items():
            environment.setenv(name, value)
        return (yield)
