# make train    trains on the corpus that ships
# make test     the same, then lint and tests
# Both first make a virtual environment in .venv, with PYTHON (python3 if not given).

PYTHON ?= python3

.PHONY: train test
train: .venv/installed
	.venv/bin/python ptb_word_lm.py --seed=1

test: train .venv/installed-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/python -m pytest tests

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $<
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $<
	touch $@
