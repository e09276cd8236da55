# `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools/bin:$(HOME)/.cargo/bin:$(PATH)

TODO := target/release/todo
LISTEN ?= 127.0.0.1:3000

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: up
up: build ## Run the chatbot at http://127.0.0.1:3000 (LISTEN=host:port)
	@secret() { \
	  if [ ! -s .spin/$$1 ]; then mkdir -p .spin; (umask 077; head -c 48 /dev/urandom | base64 -w0 >.spin/$$1.new; mv .spin/$$1.new .spin/$$1); fi; \
	  cat .spin/$$1; }; \
	SPIN_VARIABLE_JWT_SECRET="$${SPIN_VARIABLE_JWT_SECRET:-$$(secret jwt_secret)}"; \
	SPIN_VARIABLE_GRIP_KEY="$${SPIN_VARIABLE_GRIP_KEY:-$$(secret grip_key)}"; \
	export SPIN_VARIABLE_JWT_SECRET SPIN_VARIABLE_GRIP_KEY; \
	exec $(TODO) up --listen $(LISTEN)

.PHONY: build
build: setup host ## Build the host, the components and the page
	@source .tools/wasm.env; $(TODO) build

.PHONY: host
host:
	@echo "==> Building the host (the longest step, the first time)"
	@# With the features of the whole workspace, as in the tests: Wasmtime is too large to build twice.
	@cargo build --locked --release --workspace --bin todo

.PHONY: spin-plugin
spin-plugin: host ## Pack the plugins that stock Spin needs, for this machine
	@scripts/spin-plugin $(TODO)

.PHONY: setup
setup:
	@scripts/setup build

.PHONY: test
test: build lint ## Run every test, on real processes
	@echo "==> Building what the tests run"
	@source .tools/wasm.env; $(TODO) build -f spin-dapr.toml; \
	cargo build --locked --release --target wasm32-wasip2 --package test-guest
	@echo "==> Running the tests"
	@# Three at a time on two cores: most of what they do is to wait.
	@failed=; \
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$$(( $$(nproc) * 3 / 2 ))} \
	cargo test --locked --release --workspace --no-fail-fast || failed=1; \
	npm run --silent --prefix frontend test || failed=1; \
	npm run --silent --prefix tests/browser test || failed=1; \
	[ -z "$$failed" ]

.PHONY: lint
lint: setup-test ## Check format, lints, types, licences and advisories
	@echo "==> cargo fmt"
	@cargo fmt --all --check
	@echo "==> cargo clippy"
	@cargo clippy --locked --release --workspace --all-targets --quiet -- -D warnings
	@echo "==> tsc"
	@npm run --silent --prefix frontend check
	@npm run --silent --prefix tests/browser check
	@echo "==> cargo deny"
	@cargo deny --log-level error check bans licenses sources
	@if timeout 60 cargo deny --log-level error fetch db >/dev/null 2>&1; then cargo deny --log-level error check advisories; \
	else echo "    advisories not checked: the advisory database cannot be reached from here"; fi

.PHONY: setup-test
setup-test:
	@scripts/setup test

.PHONY: bench
bench: build setup-test ## Measure it all, or parts of it (ONLY="mix kafka")
	@cargo build --locked --release --workspace --bin bench
	@target/release/bench $(ONLY)

.PHONY: clean
clean: ## Remove what was built (keeps .spin, your data)
	@rm -rf target .tools frontend/node_modules frontend/.next frontend/out
