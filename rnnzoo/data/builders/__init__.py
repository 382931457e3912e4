"""The zoo's own TFDS data sets. Importing this package registers them: `tfds.load("ett/h1")`."""

from rnnzoo.data.builders.adding import adding_dataset_builder as adding
from rnnzoo.data.builders.dates import dates_dataset_builder as dates
from rnnzoo.data.builders.ett import ett_dataset_builder as ett
from rnnzoo.data.builders.exchange_rate import exchange_rate_dataset_builder as exchange_rate
from rnnzoo.data.builders.mackey_glass import mackey_glass_dataset_builder as mackey_glass
from rnnzoo.data.builders.memory import memory_dataset_builder as memory
from rnnzoo.data.builders.sine import sine_dataset_builder as sine

__all__ = ["adding", "dates", "ett", "exchange_rate", "mackey_glass", "memory", "sine"]
