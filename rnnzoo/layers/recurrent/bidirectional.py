"""Bidirectional: one layer from the start, one from the end."""

import keras


@keras.saving.register_keras_serializable("rnnzoo")
class Bidirectional(keras.layers.Bidirectional):
    """Two recurrent layers, one in each direction of time. Arguments and weights: `keras.layers.Bidirectional`'s.

    Padding stays at the end of both directions' rows: the backward layer begins at the last real step. With
    `return_sequences` the outputs at padded steps are zero.

    Reference: Schuster and Paliwal (1997), https://doi.org/10.1109/78.650093
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for layer in (self.forward_layer, self.backward_layer):
            layer.alone = False
