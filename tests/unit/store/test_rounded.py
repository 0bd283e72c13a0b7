"""Any number of values is asked for by one of few statements."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.store.topic import rounded


@given(st.lists(st.integers(), max_size=300))
def test_the_same_values_come_in_a_number_that_is_a_power_of_two(values: list[int]) -> None:
    padded = rounded(values)
    assert padded[: len(values)] == values
    assert set(padded) == set(values)
    assert len(padded) & (len(padded) - 1) == 0
    assert len(padded) < 2 * max(len(values), 1)


def test_a_thousand_lengths_need_eleven_statements() -> None:
    assert len({len(rounded(range(number))) for number in range(1, 1025)}) == 11
