"""People's files, read or refused with a reason: tables of texts and of numbers, sentences with tags."""
