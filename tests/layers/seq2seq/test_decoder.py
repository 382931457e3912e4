"""Decoders against NumPy written from the papers' equations; step by step against all at once."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import others_slow

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidValue

rng = np.random.default_rng(0)
OUTPUTS, EMBEDDING, UNITS, TIME = 7, 3, 4, 5
TARGET = np.array([[2, 3, 5, 6], [2, 4, 4, 0], [2, 6, 0, 0]], "int32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "bool")
SIZES = {"outputs": OUTPUTS, "embedding_dim": EMBEDDING, "units": UNITS}
DECODERS = [
    *(("Decoder", {"cell": cell, "num_layers": n}) for cell in ("rnn", "lstm", "gru") for n in (1, 2)),
    *(("LuongDecoder", {"cell": "lstm", "alignment": a}) for a in ("dot", "general", "concat", "scaled_dot")),
    *(("LuongDecoder", {"cell": "lstm", "num_layers": n, "input_feeding": True}) for n in (1, 2)),
    *(("BahdanauDecoder", {"cell": "gru", "num_layers": n}) for n in (1, 2)),
]
IDS = [f"{kind}-{'-'.join(map(str, options.values()))}" for kind, options in DECODERS]


def made(kind, width=UNITS, **options):
    """Return a decoder with large weights, and what an encoder would hand over."""
    decoder = getattr(layers, kind)(**SIZES, **options)
    memory = rng.normal(size=(3, TIME, width)).astype("float32")
    count = options.get("num_layers", 1) * (2 if options["cell"] == "lstm" else 1)
    states = [rng.normal(size=(3, width)).astype("float32") for _ in range(count)]
    decoder(TARGET, memory, states)
    decoder.set_weights([rng.normal(0, 0.7, w.shape).astype("float32") for w in decoder.get_weights()])
    return decoder, memory, states


def called(decoder, memory, states, target=TARGET, **options):
    """Return logits and weights (or None) as NumPy."""
    found = decoder(target, memory, states, memory_mask=MASK, **options)
    found = found if isinstance(found, (list, tuple)) else (found, None)
    return tuple(None if each is None else np.asarray(each) for each in found)


def weights_of(decoder):
    """Return a decoder's weights in float64 by the ends of their paths."""
    return {"/".join(w.path.split("/")[-2:]): np.asarray(w, "float64") for w in decoder.weights}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_step(w, x, h):
    """Cho et al. (2014), the reset gate after the product."""
    (z, r, n), (hz, hr, hn) = (np.split(a, 3) for a in (x @ w["gru_cell/kernel"], h @ w["gru_cell/recurrent_kernel"]))
    (bz, br, bn), (cz, cr, cn) = (np.split(b, 3) for b in w["gru_cell/bias"])
    z, r = sigmoid(z + bz + hz + cz), sigmoid(r + br + hr + cr)
    return z * h + (1 - z) * np.tanh(n + bn + r * (hn + cn))


def lstm_step(w, x, h, c):
    i, f, g, o = np.split(x @ w["lstm_cell/kernel"] + h @ w["lstm_cell/recurrent_kernel"] + w["lstm_cell/bias"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def softmax(e):
    e = np.exp(e - e.max())
    return e / e.sum()


def test_bahdanau_equals_the_papers_equations():
    """Appendix A: row by row and step by step, with the encoder's states (annotations) given."""
    decoder, memory, (last,) = made("BahdanauDecoder", width=6, cell="gru")
    logits, weights = called(decoder, memory, [last])
    w = weights_of(decoder)
    for row, (h, real) in enumerate(zip(memory.astype("float64"), MASK.sum(1), strict=True)):
        s = np.tanh(last[row, 3:] @ w["bridge_0/kernel"] + w["bridge_0/bias"])  # the backward half
        for i, token in enumerate(TARGET[row]):
            y = w["embedding/embeddings"][token]
            e = [np.tanh(s @ w["attention/w"] + h_j @ w["attention/u"]) @ w["attention/v"][:, 0] for h_j in h[:real]]
            alpha = softmax(np.array(e))
            c = alpha @ h[:real]
            t = np.concatenate([y, s, c]) @ w["deep_output/kernel"] + w["deep_output/bias"]
            t = np.maximum(t[0::2], t[1::2])
            s = gru_step(w, np.concatenate([y, c]), s)
            np.testing.assert_allclose(weights[row, i, :real], alpha, atol=1e-5)
            np.testing.assert_allclose(logits[row, i], t @ w["logits/kernel"] + w["logits/bias"], atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("feeding", [False, True], ids=["", "input feeding"])
@pytest.mark.parametrize("alignment", ["dot", "general", "concat", "scaled_dot"])
def test_luong_equals_the_papers_equations(alignment, feeding):
    """Sections 3.1 and 3.3: h_t, then a_t, c_t and h~_t = tanh(W_c [c_t; h_t])."""
    decoder, memory, states = made("LuongDecoder", cell="lstm", alignment=alignment, input_feeding=feeding)
    logits, weights = called(decoder, memory, states)
    w = weights_of(decoder)

    def score(h, h_s):
        if alignment == "dot":
            return h @ h_s
        if alignment == "general":
            return h @ w["attention/w"] @ h_s
        if alignment == "concat":
            return np.tanh(np.concatenate([h, h_s]) @ w["attention/w"]) @ w["attention/v"][:, 0]
        return (h @ w["attention/w_q"]) @ (h_s @ w["attention/w_k"]) / np.sqrt(UNITS)

    for row, (memory_, real) in enumerate(zip(memory.astype("float64"), MASK.sum(1), strict=True)):
        h, c = (s[row].astype("float64") for s in states)
        attentional = np.zeros(UNITS)
        for i, token in enumerate(TARGET[row]):
            x = w["embedding/embeddings"][token]
            h, c = lstm_step(w, np.concatenate([x, attentional]) if feeding else x, h, c)
            a = softmax(np.array([score(h, h_s) for h_s in memory_[:real]]))
            attentional = np.tanh(np.concatenate([a @ memory_[:real], h]) @ w["attentional_state/kernel"])
            np.testing.assert_allclose(weights[row, i, :real], a, atol=1e-5)
            expected = attentional @ w["logits/kernel"] + w["logits/bias"]
            np.testing.assert_allclose(logits[row, i], expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize(("kind", "options"), DECODERS, ids=IDS)
def test_step_by_step_is_all_at_once(kind, options):
    decoder, memory, states = made(kind, **options)
    logits, weights = called(decoder, memory, states)
    state, remembered = decoder.start(memory, states, MASK)
    for i in range(TARGET.shape[1]):
        now, state, looks = decoder.step(TARGET[:, i], state, remembered)
        np.testing.assert_allclose(now, logits[:, i], atol=2e-5)
        if weights is not None:
            np.testing.assert_allclose(looks[0], weights[:, i], atol=1e-5)
    assert (weights is None) is (kind == "Decoder")


@pytest.mark.parametrize(("kind", "options"), DECODERS, ids=IDS)
def test_no_weight_on_padding_and_no_look_ahead(kind, options):
    decoder, memory, states = made(kind, **options)
    logits, weights = called(decoder, memory, states)
    later = TARGET.copy()
    later[:, 2:] = 1
    np.testing.assert_array_equal(called(decoder, memory, states, later)[0][:, :2], logits[:, :2])
    if weights is not None:
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        assert (weights[~np.repeat(MASK[:, None], TARGET.shape[1], axis=1)] == 0).all()
        other = np.where(MASK[..., None], memory, 99).astype("float32")
        np.testing.assert_allclose(called(decoder, other, states)[0], logits, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "options"), [DECODERS[i] for i in (0, 3, 7, 10, 12, 13)], ids=[IDS[i] for i in (0, 3, 7, 10, 12, 13)]
)
def test_scheduled_sampling_feeds_own_answers(kind, options):
    """With a share of almost 1 every step but the first reads the likeliest token of the step before."""
    decoder, memory, states = made(kind, **options, scheduled_sampling=1 - 1e-12, seed=0)
    sampled, weights = called(decoder, memory, states, training=True)
    fed = TARGET.copy()
    fed[:, 1:] = sampled.argmax(-1)[:, :-1]
    expected, expected_weights = called(decoder, memory, states, fed)
    np.testing.assert_allclose(sampled, expected, atol=2e-5)
    if weights is not None:
        np.testing.assert_allclose(weights, expected_weights, atol=1e-5)
    np.testing.assert_array_equal(
        called(decoder, memory, states)[0], called(decoder, memory, states, training=False)[0]
    )


@pytest.mark.parametrize("name", others_slow(["seq2seq_gru", "seq2seq_bahdanau"], ["seq2seq_bahdanau"]))
def test_scheduled_sampling_trains_on_batches_of_any_length(name):
    """As a recipe's data are: the length is unknown to the graph."""
    sizes = {"vocabulary_size": 9, "outputs": OUTPUTS, "units": 4, "embedding_dim": 3}
    model = rnnzoo.build(name, "translation", scheduled_sampling=0.5, seed=0, **sizes)
    source = np.array([[3, 4, 5], [6, 7, 8]], "int32")
    batches = [((source, np.full((2, n), 3, "int32")), np.full((2, n), 4, "int32")) for n in (2, 5)]
    tokens = tf.TensorSpec((2, None), tf.int32)
    data = tf.data.Dataset.from_generator(lambda: batches, output_signature=((tokens, tokens), tokens))
    losses = model.fit(data.repeat(), steps_per_epoch=2, epochs=5, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_scheduled_sampling_takes_its_share():
    decoder, memory, states = made("Decoder", cell="gru", scheduled_sampling=0.25, seed=1)
    rows = 2000
    target = np.full((rows, 4), 2, "int32")
    many = [np.repeat(a[:1], rows, axis=0) for a in (memory, *states)]
    found = np.asarray(decoder(target, many[0], many[1:], training=True))
    different = np.abs(found - found[0]).max(-1) > 1e-6
    assert not different[:, 0].any()
    own = found[0, 0].argmax()
    assert own != 2, "choose other weights: the own answer is the true token"
    share = different[:, 1].mean()
    assert min(share, 1 - share) == pytest.approx(0.25, abs=0.04)


def test_a_mask_leaves_padded_steps_out_of_the_loss():
    model = rnnzoo.build(
        "seq2seq_bahdanau", "translation", vocabulary_size=9, outputs=OUTPUTS, units=4, embedding_dim=3, seed=0
    )
    model.run_eagerly = True
    source = np.array([[3, 4, 5], [6, 0, 0], [7, 8, 0]], "int32")
    labels = np.array([[3, 5, 6, 2], [4, 4, 2, 0], [6, 2, 0, 0]])
    loss, accuracy = model.evaluate((source, TARGET), labels, verbose=0)
    logits = np.asarray(model((source, TARGET)), "float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    real = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]], "bool")
    picked = np.take_along_axis(log_p, labels[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(loss, -picked[real].mean(), rtol=1e-5)
    np.testing.assert_allclose(accuracy, (logits.argmax(-1) == labels)[real].mean(), rtol=1e-5)
    weighted = model.evaluate((source, TARGET), labels, sample_weight=real.astype("float32"), verbose=0)
    np.testing.assert_allclose(weighted, [loss, accuracy], rtol=1e-5)


@pytest.mark.parametrize("case", others_slow([11, 12, 13], [12], IDS.__getitem__))
def test_the_compiled_loop_has_the_gradients_of_the_general_one(case):
    import tensorflow as tf

    kind, options = DECODERS[case]
    rows = 1 if case == 12 else 3
    decoder, memory, states = made(kind, **options)
    memory, states = tf.constant(memory[:rows]), [tf.constant(s[:rows]) for s in states]

    @tf.function(autograph=False)
    def loss_and_gradients():
        with tf.GradientTape() as tape:
            tape.watch([memory, *states])
            logits, weights = decoder(TARGET[:rows], memory, states, memory_mask=MASK[:rows], training=True)
            loss = tf.reduce_sum(logits**2) + tf.reduce_sum(weights * tf.range(5.0))
        sources = [memory, *states, *(v.value for v in decoder.trainable_variables)]
        return loss, [tf.convert_to_tensor(g) for g in tape.gradient(loss, sources)]

    found = tf.function(loss_and_gradients.python_function, autograph=False)()
    with layers.use("general"):
        expected = loss_and_gradients()
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    for mine, theirs in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4, rtol=2e-4)


def test_the_bridge_stands_only_where_widths_differ():
    for bidirectional, names in ((False, []), (True, ["bridge_0", "bridge_1"])):
        model = rnnzoo.build(
            "seq2seq_lstm", "translation", vocabulary_size=9, outputs=6, units=4, bidirectional=bidirectional
        )
        decoder = model.get_layer("body").get_layer("decoder")
        assert [layer.name for layer in decoder.bridge] == names


def test_dot_needs_one_width():
    with pytest.raises(
        InvalidValue, match=r"^dot compares states of one width.*Received: alignment='dot', bid.*=True$"
    ):
        rnnzoo.build(
            "seq2seq_luong", "translation", vocabulary_size=9, outputs=6, units=4, alignment="dot", bidirectional=True
        )


def test_attention_of_a_translation_model():
    for name, options in (("seq2seq_bahdanau", {}), ("seq2seq_luong", {"input_feeding": True}), ("seq2seq_dot", {})):
        model = rnnzoo.build(name, "translation", vocabulary_size=9, outputs=OUTPUTS, units=4, seed=0, **options)
        source = np.array([[3, 4, 0, 5, 0], [6, 0, 0, 0, 0], [7, 8, 1, 2, 3]], "int32")
        logits, weights = rnnzoo.attention(model)((source, TARGET))
        np.testing.assert_allclose(logits, model((source, TARGET)), atol=1e-6)
        weights = np.asarray(weights)
        assert weights.shape == (3, 4, 5)
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        assert (weights[0, :, 4] == 0).all()
        assert (weights[0, :, 2] > 0).all(), "an interior 0 is a token"
        assert (weights[1, :, 1:] == 0).all()
    with pytest.raises(ValueError, match=r"has no attention.*Received: seq2seq_gru"):
        rnnzoo.attention(rnnzoo.build("seq2seq_gru", "translation", vocabulary_size=9, outputs=6, units=4))


def test_every_pair_of_directions_and_layers_is_built():
    for n, bidirectional in itertools.product((1, 3), (False, True)):
        model = rnnzoo.build(
            "seq2seq_luong",
            "translation",
            vocabulary_size=9,
            outputs=6,
            units=4,
            num_layers=n,
            bidirectional=bidirectional,
        )
        assert model((np.array([[3, 4]], "int32"), np.array([[2, 3, 3]], "int32"))).shape == (1, 3, 6)


@pytest.mark.parametrize("name", ["seq2seq_bahdanau", "seq2seq_gru"])
def test_a_frozen_decoder_stays_as_it_is(name):
    model = rnnzoo.build(name, "translation", vocabulary_size=9, outputs=8, units=4, embedding_dim=3, seed=0)
    decoder = next(layer for layer in model._flatten_layers() if isinstance(layer, layers.Decoder))
    decoder.trainable = False
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before, everything = [np.asarray(w) for w in decoder.weights], model.get_weights()
    ids = np.ones((4, 5), "int32")
    model.train_on_batch([ids, ids], ids)
    for w, old in zip(decoder.weights, before, strict=True):
        np.testing.assert_array_equal(w, old)
    assert any((a != b).any() for a, b in zip(model.get_weights(), everything, strict=True))
