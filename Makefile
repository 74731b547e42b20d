# Every target is a line. Always --workspace: with one set of features and one profile, RocksDB and librdkafka compile once.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ledgerline/target
export PATH := $(PATH):$(HOME)/.cargo/bin
BINARY := $(CARGO_TARGET_DIR)/debug/ledgerline
.PHONY: demo test check bench faults build bin

demo: build ## The main job in miniature, then explore it: make demo, or make demo ARGS=--once
	@$(BINARY) demo $(ARGS)

test: ## Every test, with real Kafka and the stock OpenLineage client
	@ops/bootstrap.sh test && cargo test --workspace --locked $(ARGS)

check: ## Formatting, lints, and the linters of everything under ops/
	@ops/bootstrap.sh check && ops/check.sh

bench: build ## The table of ratios in docs/performance.md; writes bench.json
	@ops/bootstrap.sh bench && $(CARGO_TARGET_DIR)/debug/ledgerline-bench $(ARGS)

faults: ## Every fault in its long form (hours); goes on where it stopped; writes its counts into docs/reliability.md
	@ops/faults.sh $(ARGS)

build: ## Everything, the way every other target wants it
	@ops/bootstrap.sh && cargo build --workspace --locked

bin: build ## Prints the path of the binary and nothing else
	@echo $(BINARY)
