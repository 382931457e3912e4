"""The bodies of the zoo: functions from a sequence of vectors to a sequence, or to one summary. One file per family."""

from rnnzoo.models import attentive as attentive
from rnnzoo.models import baselines as baselines
from rnnzoo.models import classic as classic
from rnnzoo.models import convolutional as convolutional
from rnnzoo.models import feed_forward as feed_forward
from rnnzoo.models import forecasters as forecasters
from rnnzoo.models import language as language
from rnnzoo.models import layer_normalized as layer_normalized
from rnnzoo.models import parallel as parallel
from rnnzoo.models import sequence_to_sequence as sequence_to_sequence
from rnnzoo.models import stacked as stacked
