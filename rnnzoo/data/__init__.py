"""TFDS, the user's files or arrays → padded batches."""

from rnnzoo.data.language import LanguageModeling as LanguageModeling
from rnnzoo.data.pairs import TextPairs as TextPairs
from rnnzoo.data.sequences import SequenceClassification as SequenceClassification
from rnnzoo.data.sequences import SequenceRegression as SequenceRegression
from rnnzoo.data.series import SeriesForecasting as SeriesForecasting
from rnnzoo.data.tags import Tagging as Tagging
from rnnzoo.data.text import TextClassification as TextClassification
