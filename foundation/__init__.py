"""What every part stands on and none owns: refusals, ids, the clock, JSON, input shapes, REST glue, limits."""
