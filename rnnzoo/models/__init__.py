"""The bodies of the zoo: functions from a sequence of vectors to a sequence, or to one summary. One file per family."""
