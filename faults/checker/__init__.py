"""Judges a run: `history` parses its records, `final_state` reads the database, `properties` says what has to hold, and
`performance` measures. It knows nothing of the faults that were injected."""
