"""Parts of a model: `body` and `head` are models inside the model."""

import keras


@keras.saving.register_keras_serializable("rnnzoo")
class Part(keras.Model):
    """A functional model to be nested in another one: it lets the mask through while there is a time axis.

    A plain `keras.Model` would destroy the mask. Constructor: that of `keras.Model`.
    """

    def __init__(self, *args, **kwargs):  # exactly so: Keras's functional models ask for it
        super().__init__(*args, **kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs, previous_mask):
        outputs = self.outputs[0] if len(self.outputs) == 1 else None  # several: none of them is a sequence
        return previous_mask if outputs is not None and len(outputs.shape) == 3 else None


@keras.saving.register_keras_serializable("rnnzoo")
class Answer(Part):
    """A body that gives the answer itself: its time axis, if it has one, is not the input's, so the mask ends here."""

    def compute_mask(self, inputs, previous_mask):
        return None
