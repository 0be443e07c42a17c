"""Tokens cut into windows and batches."""

import numpy as np
import pytest

from highnoon.data.windows import TrainingWindows, held_out_windows


def numbers(count: int, first: int = 0) -> np.ndarray:
    return np.arange(first, first + count, dtype=np.int32)


def epoch_of(windows: TrainingWindows, epoch: int = 0) -> np.ndarray:
    return np.stack(list(windows.batches(epoch)))


def test_batches_have_one_shape_and_a_target_more_than_the_window() -> None:
    windows = TrainingWindows([numbers(1000)], length=16, batch_size=4)
    batches = epoch_of(windows)
    assert batches.shape == (windows.batches_per_epoch, 4, 17)
    assert windows.batches_per_epoch == 16  # 63 windows


def test_a_window_is_consecutive_tokens_of_the_stream_as_a_ring() -> None:
    batches = epoch_of(TrainingWindows([numbers(1000)], length=16, batch_size=4))
    assert (np.diff(batches, axis=-1) % 1000 == 1).all()


def test_an_epoch_reads_every_token() -> None:
    windows = TrainingWindows([numbers(1003)], length=16, batch_size=4)
    for epoch in range(3):
        targets = epoch_of(windows, epoch)[..., 1:]
        assert set(targets.ravel().tolist()) == set(range(1003))


def test_the_seed_and_the_epoch_decide_the_order() -> None:
    def first_epoch(seed: int, epoch: int = 0) -> list:
        windows = TrainingWindows([numbers(1000)], length=16, batch_size=4, seed=(seed,))
        return epoch_of(windows, epoch).tolist()

    assert first_epoch(1) == first_epoch(1)
    assert first_epoch(1) != first_epoch(2)
    assert first_epoch(1) != first_epoch(1, epoch=1)


def test_an_epoch_can_be_read_from_its_middle_on() -> None:
    windows = TrainingWindows([numbers(1000)], length=16, batch_size=4)
    rest = np.stack(list(windows.batches(2, start=5)))
    assert (rest == epoch_of(windows, 2)[5:]).all()


@pytest.mark.parametrize("count", [2, 5, 17, 40])
def test_a_stream_shorter_than_a_batch_fills_one(count: int) -> None:
    batches = epoch_of(TrainingWindows([numbers(count)], length=16, batch_size=4))
    assert batches.shape == (1, 4, 17)
    assert (np.diff(batches, axis=-1) % count == 1 % count).all()


def test_streams_are_never_mixed_within_a_window() -> None:
    windows = TrainingWindows([numbers(300), numbers(500, 1000)], length=16, batch_size=4)
    rows = epoch_of(windows).reshape(-1, 17)
    assert ((rows < 300).all(axis=1) | (rows >= 1000).all(axis=1)).all()


@pytest.mark.parametrize("passes", [(1.0, 1.0), (2.0, 1.0), (0.5, 3.0), (1.5, 0.25)])
def test_passes_say_how_often_an_epoch_reads_a_stream(passes: tuple[float, float]) -> None:
    streams = [numbers(1600), numbers(3200, 10_000)]
    windows = TrainingWindows(streams, length=16, batch_size=1, passes=passes)
    rows = epoch_of(windows)[:, 0, 0]
    assert (rows < 10_000).sum() == passes[0] * 100
    assert (rows >= 10_000).sum() == passes[1] * 200


def test_half_a_pass_reads_another_half_each_time() -> None:
    windows = TrainingWindows([numbers(1600)], length=16, batch_size=1, passes=[0.5])
    first, second = (set(epoch_of(windows, epoch)[:, 0, 0].tolist()) for epoch in (0, 1))
    assert first != second


@pytest.mark.parametrize("count", [2, 16, 17, 18, 100])
def test_held_out_windows_predict_every_token_but_the_first_once(count: int) -> None:
    windows, weights = held_out_windows(numbers(count), 16)
    assert windows.shape == (len(weights), 17)
    assert weights.shape[1] == 16
    assert windows[:, 1:][weights == 1].tolist() == list(range(1, count))
    assert weights.sum() == count - 1
