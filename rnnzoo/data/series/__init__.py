"""Series in time: tables, windows, the calendar."""
