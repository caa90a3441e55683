"""The workshop: trains and uses the model of `ptb_word_lm.py`, with every feature it lacks."""
