"""Beam search: the likeliest target, token by token, for a batch of sources at once."""

import keras
from keras import ops

NEVER = -1e9
"""The log-probability of what cannot be; finite, so that sums and quotients of it stay numbers."""


class BeamSearch(keras.Model):
    """Encode the source once, then keep the `beam` best beginnings of the target until they are whole.

    A whole target keeps its place among them, so a beam of 1 is greedy search, and a beam of all possible targets finds
    the best one. Beginnings are ranked by log p / lp, lp = ((5 + |Y|) / 6)^α, with |Y| tokens, the end included:
    https://arxiv.org/abs/1609.08144, equation 14.

    In: source ids `(batch, time)`. Out, by step and place in the beam: tokens and parents (the place of the beginning
    that the token was added to) `(max_length, batch, beam)`, log p `(batch, beam)`, best first, the number of steps,
    and with attention its weights by parent `(max_length, batch, beam, time)`.

    Args:
        embedding: Of the source.
        encoder: An `Encoder`.
        decoder: A `Decoder`.
        beam: Beginnings to keep.
        length_penalty: α.
        max_length: Tokens of the longest target, the end included.
        end: The id that ends a target and stands before its first token.
    """

    def __init__(self, embedding, encoder, decoder, beam, length_penalty, max_length, end):
        super().__init__()
        self.embedding, self.encoder, self.decoder = embedding, encoder, decoder
        self.beam, self.length_penalty, self.max_length = beam, length_penalty, max_length
        self.end = end

    def call(self, source):
        mask = self.embedding.compute_mask(source)
        memory, *states = self.encoder(self.embedding(source), mask=mask)
        rows, places = ops.shape(source)[0], self.beam
        memory, mask, *states = (ops.repeat(each, places, axis=0) for each in (memory, mask, *states))
        state, memory = self.decoder.start(memory, states, mask)

        # One beginning, of no token, in the first place.
        log_p = ops.where(ops.arange(places) == 0, 0.0, NEVER) + ops.zeros((rows, 1))
        last = ops.full((rows, places), self.end, "int32")
        length = ops.zeros((rows, places), "int32")
        done = ops.zeros((rows, places), "bool")
        written = [ops.zeros((self.max_length, rows, places), "int32")] * 2
        if self.decoder.attention is not None:
            written.append(ops.zeros((self.max_length, rows, places, ops.shape(source)[1]), self.compute_dtype))

        def goes_on(t, last, log_p, length, done, state, written):
            """Stop when in every row no unfinished beginning can still overtake the best whole target."""
            score = log_p / self.penalty(length)
            best = ops.max(ops.where(done, score, NEVER), axis=1)
            hope = ops.max(ops.where(done, NEVER, log_p), axis=1) / self.penalty(self.max_length)
            return ops.logical_and(t < self.max_length, ops.any(best < hope))

        def step(t, last, log_p, length, done, state, written):
            logits, state, weights = self.decoder.step(ops.reshape(last, (-1,)), state, memory)
            parent, token, log_p, length = self.choose(ops.reshape(logits, (rows, places, -1)), log_p, length, done)
            done = ops.logical_or(ops.take_along_axis(done, parent, axis=1), token == self.end)
            row = ops.reshape(ops.arange(rows)[:, None] * places + parent, (-1,))
            state = [ops.take(each, row, axis=0) for each in state]
            new = [token, parent] + [ops.reshape(w, (rows, places, -1)) for w in weights]
            written = [
                ops.slice_update(all_, (t, *[0] * (len(all_.shape) - 1)), ops.cast(each, all_.dtype)[None])
                for all_, each in zip(written, new, strict=True)
            ]
            return t + 1, token, log_p, length, done, state, written

        steps, _, log_p, _, _, _, written = ops.while_loop(
            goes_on, step, (0, last, log_p, length, done, state, written)
        )
        return log_p, steps, *written

    def penalty(self, length):
        """Return lp of so many tokens."""
        return ((5.0 + ops.cast(length, "float32")) / 6.0) ** self.length_penalty

    def choose(self, logits, log_p, length, done):
        """Choose the best continuations. Returns their parents, tokens, log p and lengths, `(batch, beam)`, best first.

        Of one beginning's continuations no more than `beam` can be among them, so only these are compared.
        """
        count = min(self.beam, self.decoder.outputs - 1)
        likeliest, token = ops.top_k(logits[..., 1:], count)  # padding, id 0, is never written
        next_ = likeliest - ops.logsumexp(logits, axis=-1, keepdims=True)
        token = ops.where(done[..., None], self.end, ops.cast(token, "int32") + 1)
        next_ = ops.where(done[..., None], ops.where(ops.arange(count) == 0, 0.0, NEVER), next_)  # the whole stay so

        length = length + ops.cast(ops.logical_not(done), "int32")
        log_p = log_p[..., None] + next_
        score = log_p / self.penalty(length)[..., None]
        log_p, score, token = (ops.reshape(each, (-1, self.beam * count)) for each in (log_p, score, token))
        _, best = ops.top_k(score, self.beam)
        parent = ops.cast(best // count, "int32")
        token, log_p = ops.take_along_axis(token, best, axis=1), ops.take_along_axis(log_p, best, axis=1)
        return parent, token, log_p, ops.take_along_axis(length, parent, axis=1)
