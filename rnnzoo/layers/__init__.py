"""The Keras layers the zoo adds. Importing this package registers them, so that saved models load."""

from rnnzoo.layers.attention import BahdanauAttention as BahdanauAttention
from rnnzoo.layers.attention import LuongAttention as LuongAttention
from rnnzoo.layers.attention import ScaledDotAttention as ScaledDotAttention
from rnnzoo.layers.bidirectional import Bidirectional as Bidirectional
from rnnzoo.layers.convolution import Conv1D as Conv1D
from rnnzoo.layers.hierarchy import HierarchicalAttention as HierarchicalAttention
from rnnzoo.layers.layernorm_lstm import LayerNormLSTMCell as LayerNormLSTMCell
from rnnzoo.layers.padding import Embedding as Embedding
from rnnzoo.layers.padding import Padding as Padding
from rnnzoo.layers.padding import TrailingMask as TrailingMask
from rnnzoo.layers.padding import lengths as lengths
from rnnzoo.layers.part import Part as Part
from rnnzoo.layers.paths import use as use
from rnnzoo.layers.perplexity import Perplexity as Perplexity
from rnnzoo.layers.pooling import Pooling as Pooling
from rnnzoo.layers.recurrent import GRU as GRU
from rnnzoo.layers.recurrent import LSTM as LSTM
from rnnzoo.layers.recurrent import RNN as RNN
from rnnzoo.layers.recurrent import SimpleRNN as SimpleRNN
from rnnzoo.layers.word_dropout import WordDropout as WordDropout
