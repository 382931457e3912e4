"""TFDS, the user's files or arrays → padded batches."""

from rnnzoo.data.pairs.text_pairs import TextPairs as TextPairs
from rnnzoo.data.sequences.sequence_data import SequenceClassification as SequenceClassification
from rnnzoo.data.sequences.sequence_data import SequenceRegression as SequenceRegression
from rnnzoo.data.series.series_forecasting import SeriesForecasting as SeriesForecasting
from rnnzoo.data.tags.tagging import Tagging as Tagging
from rnnzoo.data.text.language_modeling import LanguageModeling as LanguageModeling
from rnnzoo.data.text.multilabel_texts import MultilabelTexts as MultilabelTexts
from rnnzoo.data.text.text_classification import TextClassification as TextClassification
from rnnzoo.data.text.text_classification import TextRegression as TextRegression
