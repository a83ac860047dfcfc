"""Who has the floor in a call. Pure: frames, keys and results with their times in, actions out."""
