"""Recipes, training runs, evaluation and reports. Imports Keras, TensorFlow and TFDS only when they are used."""
