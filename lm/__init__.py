"""The workshop trains and uses the model of `ptb_word_lm.py`; every further feature is here."""
