"""The shape of the pipeline."""

import pytest

from core.domain.stage import Preset, Stage, Step
from core.pipeline.presets import depth, steps


@pytest.mark.parametrize(
    ("preset", "rounds", "calls", "chain"),
    [
        (Preset.QUICK, 2, 1, 1),
        (Preset.STANDARD, 2, 12, 6),
        (Preset.STANDARD, 5, 12, 6),
        (Preset.DEEP, 2, 17, 8),
        (Preset.DEEP, 3, 22, 10),
    ],
)
def test_each_preset_has_its_calls_and_depth(preset: Preset, rounds: int, calls: int, chain: int) -> None:
    graph = steps(preset, rounds)
    assert len(graph) == calls
    assert depth(graph) == chain


def test_the_standard_preset_has_all_twelve_stages_once() -> None:
    assert sorted(step.stage for step in steps(Preset.STANDARD)) == sorted(Stage)


def test_a_step_comes_after_all_that_it_waits_for() -> None:
    seen: set[Step] = set()
    for step, needs in steps(Preset.DEEP, 4).items():
        assert set(needs) <= seen
        seen.add(step)
