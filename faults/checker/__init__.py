"""Checks a run: `history` parses its records, `final_state` reads the database, `properties` checks what must hold,
and `performance` measures. The checker does not know which faults were injected."""
