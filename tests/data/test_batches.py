"""Batches: every example once, few shapes, an order that (seed, epoch) alone decide."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnzoo.data.batches import Batches, bucket_lengths, pad
from rnnzoo.data.splits import Splits

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=120)
BATCH_SIZES = st.integers(1, 17)
SEEDS = st.none() | st.integers(0, 2**31)


def examples(lengths, *, per_step=False):
    """Token sequences that name themselves: example i is the token i + 1, repeated; its answer is i."""
    x = [np.full(length, i + 1, "int32") for i, length in enumerate(lengths)]
    y = [np.full(length, i, "int32") for i, length in enumerate(lengths)] if per_step else np.arange(len(lengths))
    return x, y


def batches(lengths, batch_size, *, per_step=False, seed=None, buckets=None):
    x, y = examples(lengths, per_step=per_step)
    return Batches(x, y, buckets or bucket_lengths(lengths, batch_size), batch_size, 0, seed)


@given(LENGTHS, BATCH_SIZES, SEEDS, st.integers(0, 5))
def test_every_example_counts_exactly_once(lengths, batch_size, seed, epoch):
    weights = np.zeros(len(lengths))
    for _, y, weight in batches(lengths, batch_size, seed=seed).arrays(epoch):
        assert set(weight) <= {0.0, 1.0}
        np.add.at(weights, y, weight)
    np.testing.assert_array_equal(weights, 1)


@given(LENGTHS, BATCH_SIZES, SEEDS)
def test_batches_are_full_and_padded_on_the_right(lengths, batch_size, seed):
    for x, y, weight in batches(lengths, batch_size, seed=seed).arrays():
        assert len(x) == len(y) == len(weight) == min(batch_size, len(lengths))
        for row, i in zip(x, y, strict=True):
            np.testing.assert_array_equal(row, [i + 1] * lengths[i] + [0] * (len(row) - lengths[i]))


@given(LENGTHS, BATCH_SIZES, SEEDS)
def test_few_shapes(lengths, batch_size, seed):
    made = batches(lengths, batch_size, seed=seed)
    shapes = {x.shape for x, _, _ in made.arrays()}
    assert len(shapes) <= 4
    assert {time for _, time in shapes} <= set(made.buckets)


@given(LENGTHS, LENGTHS, BATCH_SIZES)
def test_longer_sequences_than_in_train_cost_one_more_shape(train, test, batch_size):
    made = batches(test, batch_size, buckets=bucket_lengths(train, batch_size))
    shapes = {x.shape for x, _, _ in made.arrays()}
    assert len(shapes) <= 5
    assert max(time for _, time in shapes) >= max(test)  # nothing is cut off


@given(LENGTHS, BATCH_SIZES, st.integers(0, 100), st.integers(0, 50))
def test_order_depends_on_seed_and_epoch_alone(lengths, batch_size, seed, epoch):
    made = batches(lengths, batch_size, seed=seed)
    before = [y.tolist() for _, y, _ in batches(lengths, batch_size, seed=seed).arrays(epoch)]
    list(made.arrays(epoch + 1))  # what was read earlier does not matter
    np.random.seed(epoch)  # nor does the global generator
    assert [y.tolist() for _, y, _ in made.arrays(epoch)] == before


def test_epochs_and_seeds_differ():
    def order(seed, epoch):
        return [int(i) for _, y, _ in batches([3] * 50, 5, seed=seed).arrays(epoch) for i in y]

    orders = [order(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert len({tuple(o) for o in orders}) == 9
    assert all(sorted(o) == list(range(50)) for o in orders)


def test_buckets_are_mixed_when_shuffled():
    """Long and short batches alternate; all short ones first would be a curriculum that nobody asked for."""
    plan = batches([2] * 200 + [30] * 200, 10, seed=0).plan()
    lengths = [length for _, _, length in plan]
    assert lengths not in (sorted(lengths), sorted(lengths, reverse=True))


def test_a_batch_holds_examples_of_like_length():
    """Else nearly every batch holds a long row, and the loop over time runs to its end for the sake of that one."""
    lengths = np.random.default_rng(0).integers(1, 101, 2000)
    real = lengths.sum() / 10
    looped = sum(lengths[rows].max() for rows, _, _ in batches(lengths, 10, seed=0, buckets=[100]).plan())
    assert looped < 1.2 * real  # 1.8 times without sorting


def test_every_epoch_makes_other_batches_of_few_examples_too():
    made = batches(np.arange(1, 41), 5, seed=0, buckets=[40])
    first, second = ({frozenset(rows) for rows, _, _ in made.plan(epoch)} for epoch in (0, 1))
    assert len(first & second) < 3  # of 8


def test_without_a_seed_the_order_is_the_examples_own():
    ys = [y.tolist() for _, y, _ in batches([4] * 7, 3).arrays()]
    assert ys[:2] == [[0, 1, 2], [3, 4, 5]]
    assert ys[2][0] == 6


def steps_of(lengths, buckets):
    return sum(min(b for b in buckets if b >= length) for length in lengths)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True), st.integers(1, 4))
def test_buckets_waste_the_least(distinct, batch_size):
    """Equally frequent lengths: against every choice of at most four of them."""
    lengths = distinct * (32 * batch_size)
    best = min(
        steps_of(lengths, [*shorter, max(distinct)])
        for k in range(4)
        for shorter in itertools.combinations(distinct, min(k, len(distinct)))
    )
    buckets = bucket_lengths(lengths, batch_size)
    assert steps_of(lengths, buckets) == best
    assert buckets == sorted(set(buckets))
    assert buckets[-1] == max(distinct)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 500), min_size=64, max_size=200))
def test_buckets_are_never_worse_than_the_quartiles(lengths):
    quartiles = [int(np.quantile(lengths, q, method="higher")) for q in (0.25, 0.5, 0.75)]
    assert steps_of(lengths, bucket_lengths(lengths, 2)) <= steps_of(lengths, [*quartiles, max(lengths)])


@given(LENGTHS, BATCH_SIZES)
def test_few_examples_get_few_buckets(lengths, batch_size):
    """Each length costs a compilation: at least eight full batches stand for every one of them."""
    buckets = bucket_lengths(lengths, batch_size)
    assert len(buckets) <= max(1, min(4, len(lengths) // (8 * batch_size)))


def test_one_length_is_one_bucket():
    assert bucket_lengths([8] * 10_000, 4) == [8]


def test_pad_keeps_features_and_type():
    padded = pad([np.ones((2, 3), "float32"), np.ones((0, 3), "float32")], 4, value=-7)
    assert padded.dtype == "float32"
    np.testing.assert_array_equal(padded[0], [[1] * 3] * 2 + [[-7] * 3] * 2)
    np.testing.assert_array_equal(padded[1], [[-7] * 3] * 4)


@given(LENGTHS, BATCH_SIZES)
def test_answers_per_step_weigh_as_much_as_there_are_steps(lengths, batch_size):
    seen = np.zeros(len(lengths))
    for x, y, weight in batches(lengths, batch_size, per_step=True, seed=1).arrays():
        assert x.shape == y.shape == weight.shape
        assert weight.dtype == "float32"
        real = weight > 0
        assert not (real & (x == 0)).any()  # padded steps never count
        np.testing.assert_array_equal(y[real], x[real] - 1)
        np.add.at(seen, y[real], weight[real])
    np.testing.assert_array_equal(seen, lengths)


FORMS = {
    "tokens": lambda i, n: (np.full(n, i + 1, "int32"), np.int32(i)),
    "features": lambda i, n: (np.full((n, 3), i, "float32"), np.float32([i, -i])),
    "per step": lambda i, n: (np.full(n, i + 1, "int32"), np.full(n, i, "int32")),
    "features per step": lambda i, n: (np.full((n, 2), i, "float32"), np.full((n, 4), i, "float32")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lengths", [[5] * 23, [2, 9, 4, 4, 7] * 8])
def test_pipeline_yields_what_arrays_does(form, lengths):
    x, y = zip(*(FORMS[form](i, n) for i, n in enumerate(lengths)), strict=True)
    made = Batches(x, list(y) if "step" in form else np.stack(y), bucket_lengths(lengths, 2), 4, 0, seed=3)
    dataset = made.dataset(first_epoch=5)
    assert int(dataset.cardinality()) == made.steps()
    for epoch in (5, 6):  # each pass is the next epoch
        pairs = itertools.zip_longest(dataset.as_numpy_iterator(), made.arrays(epoch))
        for found, expected in pairs:
            for a, b, spec in zip(found, expected, dataset.element_spec, strict=True):
                assert a.dtype == b.dtype == spec.dtype.as_numpy_dtype
                np.testing.assert_array_equal(a, b)
                assert spec.shape.is_compatible_with(a.shape)


def test_one_length_is_a_static_shape():
    """So that a fixed-length model compiles once, with a known time axis."""
    assert batches([5] * 9, 4).dataset().element_spec[0].shape == (4, 5)
    assert batches([5, 9] * 60, 4).dataset().element_spec[0].shape == (4, None)


def test_splits_are_datasets_or_nothing():
    splits = Splits({"train": batches([3, 5, 4], 2, seed=0)})
    assert splits.validation is None
    assert splits.test is None
    assert sum(int(w.sum()) for _, _, w in splits.train.as_numpy_iterator()) == 3


def test_passes_of_one_epoch_are_alike():
    x = [np.full(3, i, "int32") for i in range(10)]
    batches = Batches(x, np.arange(10, dtype="int32"), [3], 4, seed=0)

    def answers(dataset):
        return [np.concatenate([y for _, y, _ in dataset.as_numpy_iterator()]).tolist() for _ in range(2)]

    first, second = answers(batches.dataset(5, advance=False))
    assert first == second == answers(batches.dataset(5))[0]
    assert answers(batches.dataset(5))[1] != first


@pytest.mark.parametrize(("examples", "devices", "size"), [(10, 1, 4), (10, 3, 6), (3, 2, 4), (8, 4, 4)])
def test_every_device_count_divides_a_batch(examples, devices, size):
    batches = Batches([np.zeros(2, "int32")] * examples, np.arange(examples), [2], 4, devices=devices)
    found = list(batches.arrays())
    assert {len(x) for x, _, _ in found} == {batches.size} == {size}
    assert sum(weight.sum() for _, _, weight in found) == examples
    assert sorted(np.concatenate([y[w > 0] for _, y, w in found])) == list(range(examples))


def test_no_tuner_keeps_the_end_of_an_epoch_waiting():
    assert batches([3, 1, 4, 1, 5], 2).dataset().options().autotune.enabled is False
