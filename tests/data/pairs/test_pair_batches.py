"""Batches of pairs: every pair once, few shapes."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnzoo.data.batches import bucket_shapes
from rnnzoo.data.pairs.pair_batches import PairBatches
from rnnzoo.data.text.vocabulary import END

SIZES = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=150)


def pairs_of(sizes, batch_size, seed=None, buckets=None):
    """Pairs that name themselves: source and target i are the token i + 3, repeated; the target ends with END."""
    x = [np.full(n, i + 3, "int32") for i, (n, _) in enumerate(sizes)]
    y = [np.append(np.full(n, i + 3, "int32"), np.int32(END)) for i, (_, n) in enumerate(sizes)]
    buckets = buckets or bucket_shapes(np.add(sizes, [0, 1]), batch_size)
    return PairBatches(x, y, buckets, batch_size, seed=seed)


@given(SIZES, st.integers(1, 17), st.none() | st.integers(0, 99), st.integers(0, 5))
def test_every_pair_once_in_few_shapes(sizes, batch_size, seed, epoch):
    made, seen, shapes = pairs_of(sizes, batch_size, seed), [], set()
    for (source, target_in), target, weight in made.arrays(epoch):
        shapes.add((source.shape, target.shape))
        assert target_in.shape == target.shape == weight.shape
        for row in range(len(source)):
            i = int(source[row, 0]) - 3
            n, m = sizes[i]
            np.testing.assert_array_equal(source[row], [i + 3] * n + [0] * (source.shape[1] - n))
            behind = [0] * (target.shape[1] - m - 1)
            np.testing.assert_array_equal(target[row], [i + 3] * m + [END] + behind)
            np.testing.assert_array_equal(target_in[row], [END] + [i + 3] * m + behind)  # one step later
            assert set(weight[row, : m + 1]) <= {0.0, 1.0}
            assert not weight[row, m + 1 :].any()
            if weight[row, 0]:
                seen.append(i)
    assert sorted(seen) == list(range(len(sizes)))
    assert len(shapes) <= max(1, min(4, len(sizes) // (8 * batch_size)))


@given(SIZES, SIZES)
def test_longer_pairs_than_in_train_cost_one_more_shape(train, test):
    made = pairs_of(test, 4, buckets=pairs_of(train, 4).buckets)
    shapes = {(source.shape, target.shape) for (source, _), target, _ in made.arrays()}
    assert len(shapes) <= len(pairs_of(train, 4).buckets) + 1
    assert sum(weight[:, 0].sum() for _, _, weight in made.arrays()) == len(test)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=80, max_size=200))
def test_buckets_of_pairs_nest_and_waste_less_than_one(sizes):
    lengths = np.array(sizes)
    buckets = bucket_shapes(lengths, 2)
    assert all(a <= c and b <= d for (a, b), (c, d) in itertools.pairwise(buckets))
    assert buckets[-1] == tuple(lengths.max(axis=0))
    padded = sum(min(sum(b) for b in buckets if b[0] >= n and b[1] >= m) for n, m in sizes)
    assert padded <= len(sizes) * sum(buckets[-1])


def test_the_pipeline_yields_what_arrays_does():
    made = pairs_of([(3, 5)] * 50 + [(3, 9)] * 50, 5, seed=1)
    dataset = made.dataset(2)
    ((source, target_in), target, weight) = dataset.element_spec
    assert source.shape == (5, 3)  # the same everywhere
    assert target_in.shape == target.shape == weight.shape == (5, None)
    for found, expected in zip(dataset.as_numpy_iterator(), made.arrays(2), strict=True):
        for a, b in zip((*found[0], *found[1:]), (*expected[0], *expected[1:]), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
