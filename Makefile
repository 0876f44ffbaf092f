# `make` lists the targets. Each that compiles first makes sure that OpenBLAS is there, and libtorch if it can be had: the
# training module (feature `train`) is compiled with it, and left out without it.

CARGO ?= cargo
FIGURES ?= figures
# Where the study of convergence keeps its points.
RESULTS ?= figures/asymptotics
PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
# One profile for everything that compiles, so that build, test, bench and lint share what they compile.
BUILD = --release --locked $(FEATURES)
FEATURES = $(if $(libtorch),--features train)
# Where libtorch is, or nothing. The first recipe that compiles asks, and the answer holds for all, so that they agree.
libtorch = $(eval libtorch := $$(shell LIBTORCH='$(LIBTORCH)' WITH_CUDA='$(WITH_CUDA)' PYTHON='$(PYTHON)' \
	./scripts/install-libtorch.sh))$(libtorch)
BUILD_CARGO = $(if $(libtorch),LIBTORCH='$(libtorch)') $(CARGO)

# Homebrew keeps OpenBLAS off pkg-config's own path.
ifeq ($(shell uname -s),Darwin)
export PKG_CONFIG_PATH := $(shell brew --prefix openblas 2>/dev/null)/lib/pkgconfig:$(PKG_CONFIG_PATH)
endif

# Where runs are trained, and where the figures find what is kept of them.
RUNS ?= runs
KEPT ?= $(FIGURES)/experiment
# Trains configurations of simulations/embedded, or goes on with them where they were stopped, and keeps their rewards.
train = $(if $(libtorch),for name in $(1); do \
	$(TARGET)/release/reward-collapse train simulations/embedded/$$name.yml --output-dir $(RUNS)/embedded/$$name --resume && \
	mkdir -p $(KEPT)/embedded/$$name && \
	cp $(RUNS)/embedded/$$name/rewards.csv $(RUNS)/embedded/$$name/run.json $(RUNS)/embedded/$$name/metrics.jsonl \
		$(KEPT)/embedded/$$name/ || exit 1; done,\
	@echo "No training without libtorch: the figures show the kept runs.")

# The part of the study that `make study` runs, where machines share it: SHARD=2/8.
SHARD ?= 1/1

.DEFAULT_GOAL := help
.PHONY: help deps build reproduce experiment study test bench peers lint docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

deps:
	@./scripts/install-deps.sh

build: deps ## compile the program
	$(BUILD_CARGO) build $(BUILD)

reproduce: build ## train the prompt-aware reward model, and draw every figure with it and the kept runs and points
	$(call train,x_adaptive)
	$(TARGET)/release/reward-collapse figure all --out $(FIGURES) --results $(RESULTS) --runs $(KEPT)
	@echo "The figures (SVG, PNG) and their numbers (CSV) are in $(FIGURES)/."

experiment: build ## train the embedded default with each loss of the paper, under three minutes each, and draw the figure
	$(call train,x log x_inv logsigmoid x_adaptive)
	$(TARGET)/release/reward-collapse figure experiment --out $(FIGURES) --runs $(KEPT)

study: build ## compute what is missing of the study of convergence; SHARD=I/K for a part
	$(TARGET)/release/reward-collapse asymptotics --study simulations/asymptotics.toml \
		--results $(RESULTS) --shard $(SHARD)
	@echo "Its points are in $(RESULTS)/; make reproduce draws them."

test: deps ## run every test
	$(BUILD_CARGO) test $(BUILD)
	@echo "All tests passed."

bench: deps ## measure the speed of the solvers
	$(BUILD_CARGO) bench --locked $(FEATURES)

peers: build ## solve the same problems by SciPy and CVXPY, which takes long
	$(PYTHON) -m venv $(TARGET)/peers
	$(TARGET)/peers/bin/pip install --quiet --requirement benches/peers/requirements.txt
	$(TARGET)/peers/bin/python benches/peers/run.py --program $(TARGET)/release/reward-collapse
	$(TARGET)/peers/bin/python benches/peers/report.py

lint: deps ## check formatting, lints and documentation
	$(CARGO) fmt --check
	$(BUILD_CARGO) clippy --all-targets $(BUILD) -- -D warnings
	RUSTDOCFLAGS="-D warnings -D rustdoc::broken_intra_doc_links" $(BUILD_CARGO) doc --no-deps $(BUILD)
	@echo "Formatting, lints and documentation are clean."

docs: deps ## build the reference, and the book where mdbook is installed
	$(BUILD_CARGO) doc --no-deps $(BUILD)
	@echo "The reference is $(TARGET)/doc/reward_collapse/index.html."
	@if command -v mdbook >/dev/null 2>&1; then \
		mdbook build docs && echo "The book is target/book/index.html."; \
	else \
		echo "mdbook is not installed: the book was not built. Its chapters are plain Markdown in docs/src/."; \
	fi

clean: ## remove everything that was compiled
	$(CARGO) clean
