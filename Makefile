# `make` lists the targets. Each that compiles first makes sure that OpenBLAS is there. Those that need the training package
# fetch libtorch for it, and leave it out where libtorch cannot be had.

CARGO ?= cargo
FIGURES ?= figures
# Where the study of convergence keeps its points.
RESULTS ?= figures/asymptotics
PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
# One profile for everything that compiles, so that build, test, bench and lint share what they compile.
BUILD = --release --locked
# Where libtorch is, or nothing. The first recipe that needs it asks, and the answer holds for all, so that they agree.
libtorch = $(eval libtorch := $$(shell LIBTORCH='$(LIBTORCH)' WITH_CUDA='$(WITH_CUDA)' PYTHON='$(PYTHON)' \
	./scripts/install-libtorch.sh))$(libtorch)
# Every package that can be built here.
ALL = $(if $(libtorch),--workspace --exclude reward-collapse-python)
# Those and the Python extension, which is compiled by itself with the features that it needs.
LINTED = --workspace $(if $(libtorch),,--exclude reward-collapse-training)
ALL_CARGO = $(if $(libtorch),LIBTORCH='$(libtorch)') $(CARGO)

# Homebrew keeps OpenBLAS off pkg-config's own path.
ifeq ($(shell uname -s),Darwin)
export PKG_CONFIG_PATH := $(shell brew --prefix openblas 2>/dev/null)/lib/pkgconfig:$(PKG_CONFIG_PATH)
endif

# Where this machine trains runs and draws figures of its own, which git ignores; and the runs that come with the repository.
RUNS ?= runs
KEPT ?= $(FIGURES)/experiment
# Trains configurations of simulations/embedded, or goes on with them where they were stopped, and tells how far their rewards are from
# the kept ones.
train = $(if $(libtorch),for name in $(1); do \
	$(TARGET)/release/reward-collapse train simulations/embedded/$$name.yml --output-dir $(RUNS)/embedded/$$name --resume && \
	./scripts/run-distance.sh $(KEPT)/embedded/$$name/rewards.csv $(RUNS)/embedded/$$name/rewards.csv || exit 1; done && \
	$(TARGET)/release/reward-collapse figure experiment --out $(RUNS)/figures --runs $(RUNS)/embedded,\
	@echo "No training without libtorch: the figures show the kept runs.")

# The part of the study that `make study` runs, where machines share it: SHARD=2/8.
SHARD ?= 1/1

.DEFAULT_GOAL := help
.PHONY: help deps build training python programs reproduce experiment figures study test bench peers lint docs book clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

deps:
	@./scripts/install-deps.sh

build: deps ## compile the program: theory and figures
	$(CARGO) build $(BUILD)

training: deps ## compile the program and its commands dataset, train and score, which need libtorch (550 MB, fetched once)
	@test -n '$(libtorch)'
	$(ALL_CARGO) build $(BUILD) --workspace

python: deps ## build the Python package's wheel, and install it into a virtual environment
	./scripts/python-package.sh '$(PYTHON)' '$(TARGET)'

# What can be had of both.
programs: deps
	$(ALL_CARGO) build $(BUILD) $(ALL)

reproduce: programs ## train the prompt-aware reward model, tell how far it is from the kept run, and draw every figure into runs/
	$(TARGET)/release/reward-collapse figure all --out $(RUNS)/kept --results $(RESULTS) --runs $(KEPT)
	$(call train,x_adaptive)
	@echo "Figures (SVG, PNG), captions and numbers (CSV) are in $(RUNS)/kept/, those of runs trained here in $(RUNS)/figures/."

experiment: programs ## train the embedded default with each loss of the paper, under three minutes each, and draw the figure into runs/
	$(call train,x log x_inv logsigmoid x_adaptive)

# What the book and the README show; a run is kept by copying its rewards.csv, run.json and metrics.jsonl.
figures: build ## draw the figures of README and book again, from the kept runs and points
	$(TARGET)/release/reward-collapse figure all --out $(FIGURES) --results $(RESULTS) --runs $(KEPT)

study: build ## compute what is missing of the study of convergence; SHARD=I/K for a part
	$(TARGET)/release/reward-collapse asymptotics --study simulations/asymptotics.toml \
		--results $(RESULTS) --shard $(SHARD)
	@echo "Its points are in $(RESULTS)/; make reproduce draws them."

test: deps ## run every test
	$(ALL_CARGO) test $(BUILD) $(ALL)
	./scripts/python-tests.sh '$(PYTHON)' '$(TARGET)'
	@echo "All tests passed."

bench: deps ## measure the speed of the solvers
	$(CARGO) bench --locked

peers: build ## solve the same problems by SciPy and CVXPY, which takes long
	$(PYTHON) -m venv $(TARGET)/peers
	$(TARGET)/peers/bin/pip install --quiet --requirement benches/peers/requirements.txt
	$(TARGET)/peers/bin/python benches/peers/run.py --program $(TARGET)/release/reward-collapse
	$(TARGET)/peers/bin/python benches/peers/report.py

lint: deps ## check formatting, lints and documentation
	$(CARGO) fmt --check --all
	$(CARGO) clippy --no-default-features --lib $(BUILD) -- -D warnings
	$(ALL_CARGO) clippy --all-targets $(BUILD) $(LINTED) -- -D warnings
	RUSTDOCFLAGS="-D warnings -D rustdoc::broken_intra_doc_links" $(ALL_CARGO) doc --no-deps $(BUILD) $(LINTED)
	@echo "Formatting, lints and documentation are clean."

# What builds the book: compiled once, in four minutes on two cores.
BOOK_TOOLS := $(TARGET)/book-tools
$(BOOK_TOOLS)/bin/mdbook:
	$(CARGO) install --quiet --locked --root $(BOOK_TOOLS) --no-default-features --features search mdbook@0.5.3
$(BOOK_TOOLS)/bin/mdbook-katex:
	$(CARGO) install --quiet --locked --root $(BOOK_TOOLS) mdbook-katex@0.10.0

docs: deps book ## build the reference and the book, with its search
	$(ALL_CARGO) doc --no-deps $(BUILD) $(ALL)
	@echo "The reference is $(TARGET)/doc/reward_collapse/index.html."

# Pictures lie outside of the chapters' folder, so that the README shows them, too: the book gets its own copies.
book: $(BOOK_TOOLS)/bin/mdbook $(BOOK_TOOLS)/bin/mdbook-katex ## build the book alone
	PATH="$(abspath $(BOOK_TOOLS)/bin):$$PATH" mdbook build docs --dest-dir $(abspath $(TARGET)/book)
	@mkdir -p $(TARGET)/book/figures && cp figures/*.png $(TARGET)/book/figures/
	@sed -i.bak -E -f scripts/book.sed $(TARGET)/book/*.html $(TARGET)/book/notebooks/*.html
	@rm -f $(TARGET)/book/*.html.bak $(TARGET)/book/notebooks/*.html.bak
	@echo "The book is $(TARGET)/book/index.html."

clean: ## remove everything that was compiled
	$(CARGO) clean
