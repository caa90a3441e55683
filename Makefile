# make train    trains on the corpus that ships
# make test     lint, a training of one epoch, and all tests but the longest, which tox runs too
# make bench    times a training step beside PyTorch, Keras 3 and TensorFlow 1.15; 10 to 15 minutes
# The first two make a virtual environment in .venv, with PYTHON (python3 if not given). The last
# one makes others, with PYTHON and PYTHON37; it leaves out what cannot be installed.

PYTHON ?= python3
PYTHON37 ?= python3.7

.PHONY: train test bench
train: .venv/installed
	.venv/bin/python ptb_word_lm.py --seed=1

test: .venv/installed-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/python ptb_word_lm.py --model=test
	.venv/bin/python -m pytest -n auto --maxprocesses=4 --dist loadfile --no-loadscope-reorder -m "not long" tests

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $<
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $<
	touch $@

bench: .venv-bench/installed .venv-bench/tf1
	.venv-bench/bin/python -m benchmarks.run $$(cat .venv-bench/tf1 2>/dev/null)
	.venv-bench/bin/python -m benchmarks.plot

# What cannot be installed is left out.
.venv-bench/installed: benchmarks/requirements.txt requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $<
	.venv-bench/bin/python -m pip install --disable-pip-version-check --progress-bar off \
	    "torch==2.13.0" || echo "No PyTorch for $(PYTHON)"
	touch $@

.venv-bench/tf1: .venv-bench/installed
	if $(PYTHON37) -m venv .venv-bench/tf1.15 && \
	    .venv-bench/tf1.15/bin/python -m pip install -q "tensorflow==1.15.*" "protobuf<3.21"; then \
	    echo --tf1_python=.venv-bench/tf1.15/bin/python > $@; \
	else echo "No TensorFlow 1.15 for $(PYTHON37)"; fi
