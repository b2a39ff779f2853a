# hashlease. "make" and "make help" list the targets.

GO          ?= go
DATA        ?= hashlease-data
FUZZTIME    ?= 10s
DIST        ?= linux/amd64 linux/arm64 darwin/arm64 windows/amd64
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Where git does not trust the directory's owner, the build goes without the
# commit in it.
VCS   := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(VCS) -ldflags '-s -w'

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: verifier ## build ./bin/hashlease
	$(BUILD) -o bin/hashlease ./cmd/hashlease

# The verifier for browsers, which the program serves. Its size is what a page
# has to load, so it is kept compressed.
VERIFIER := lease/portal/verifier/dist

.PHONY: verifier
verifier: ## build the verifier for browsers, which the program serves
	GOOS=js GOARCH=wasm $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o $(VERIFIER)/verifier.wasm ./cmd/verifier
	gzip -9nf $(VERIFIER)/verifier.wasm
	cp "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" $(VERIFIER)/

.PHONY: run
run: build ## run a node on the sandbox coin, in DATA (./hashlease-data)
	@echo ./bin/hashlease node --data $(DATA); trap : INT; ./bin/hashlease node --data $(DATA) || test $$? -eq 130

.PHONY: test
test: ## run the quick tests: needs Go, git, gcc and make
	$(GO) test ./...

.PHONY: test-all
test-all: race purego cross emulated peers slow ## everything: test under the race detector, with real peers, on other builds, and fuzz
	@echo "a month of everything, beside the browser and fuzzing"; \
	$(MAKE) month >month.log 2>&1 & month=$$!; \
	$(MAKE) browser; browser=$$?; \
	$(MAKE) fuzz FUZZTIME=1s; fuzz=$$?; \
	wait $$month; month=$$?; cat month.log; rm -f month.log; test $$browser = 0 && test $$fuzz = 0 && test $$month = 0

# Tests that do very much, one thing after the other, with what other tests do a
# little of. Under the race detector they would take minutes and tell nothing.
SEQUENTIAL := FilledMemory|EveryFile|MoneyEveryField|PeriodsAddUp|HoldsAfterEveryStep|Finds|SealedAnyOrder|LogOfEverything

.PHONY: race
# Of the stories in scripts, those of a running node but the longest: the others'
# commands are sequential too. All are among the quick tests, and properties are tried more
# often there.
race: export RAPID_CHECKS := 25
race: ## run the tests under the race detector, in random order
	$(GO) test -race -shuffle=on -skip '^TestScript$$/^([^n]|node_models)|^Test($(SEQUENTIAL))$$' ./...

.PHONY: purego
purego: ## test the build without assembly
	$(GO) test -tags purego ./miner/... ./bench/...

.PHONY: cross
cross: ## vet and build for the other processors and systems
	GOARCH=arm64 $(GO) vet ./...
	@for target in $(DIST); do \
		echo "build for $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -o /dev/null ./cmd/hashlease || exit 1; \
	done

# tagged runs just the tests in files that have the build tag $(1), one package
# after the other: some hash in earnest and want the processors to themselves.
define tagged
	@files=$$(grep -rlE --include='*_test.go' '^//go:build .*\b$(1)\b' .); \
	names=$$(grep -hoE '^func Test[A-Za-z0-9_]+' $$files | sed 's/^func //' | paste -sd '|'); \
	folders=$$(dirname $$files | sort -u); \
	echo "go test -tags $(1) -run '^($$names)$$'" $$folders; \
	$(GO) test -tags $(1) -p 1 -timeout 15m -run "^($$names)\$$" $$folders
endef

define noaccounting
There is no hledger or no beancount here to test the exported books with. Get
them in one of these ways:
  make accounting                          fetches them into ./bin/accounting, as any user (Debian and its like)
  apt-get install hledger beancount        installs them, as root (elsewhere your distribution's packages)
endef

.PHONY: accounting
accounting: bin/accounting/hledger ## fetch hledger and beancount for the peers' tests into ./bin/accounting, as any user

bin/accounting/hledger: lease/ledger/_tools/fetch.sh
	$< $(@D)

.PHONY: peers
peers: export BTCD := $(CURDIR)/bin/peers/btcd
peers: export BCHD := $(CURDIR)/bin/peers/bchd
peers: export ACCOUNTING := $(CURDIR)/bin/accounting
peers: export noaccounting := $(noaccounting)
peers: bin/peers/btcd bin/peers/bchd ## test against a real btcd and bchd on regtest, hledger and beancount
	@for tool in hledger bean-check bean-query; do \
		test -x $(ACCOUNTING)/$$tool || command -v $$tool >/dev/null || { echo "$$noaccounting" >&2; exit 1; }; \
	done
	$(call tagged,peers)

bin/peers/btcd: stratum/solo/rpc/_btcd/go.mod
	$(GO) build -C stratum/solo/rpc/_btcd -o $(CURDIR)/$@ github.com/btcsuite/btcd

bin/peers/bchd: stratum/solo/rpc/_bchd/go.mod
	$(GO) build -C stratum/solo/rpc/_bchd -o $(CURDIR)/$@ github.com/gcash/bchd

.PHONY: peers-core
peers-core: export BITCOIND := $(CURDIR)/bin/peers/core/bitcoind
peers-core: bin/peers/core/bitcoind ## test against a real bitcoind where Debian sid's package can be fetched
	$(call tagged,core)

bin/peers/core/bitcoind: stratum/solo/rpc/_bitcoind/fetch.sh
	$< $(@D)

# Nothing is fetched unasked, but nobody should have to guess what is missing.
define noqemu
There is no qemu-aarch64 or no qemu-x86_64 here to test on other processors.
Get them in one of these ways, on Linux:
  make qemu                     fetches them into ./bin/qemu, as any user (Debian and its like)
  apt-get install qemu-user     installs them, as root (elsewhere your distribution's package)
Or leave out these tests alone: make race purego cross peers slow fuzz
endef

.PHONY: emulated
emulated: export PATH := $(CURDIR)/bin/qemu:$(PATH)
emulated: export noqemu := $(noqemu)
emulated: ## test under qemu on other processors: arm64, and x86 without SHA-NI and AVX-512
	@command -v qemu-aarch64 >/dev/null && command -v qemu-x86_64 >/dev/null || { echo "$$noqemu" >&2; exit 1; }
	$(call tagged,emulated)

.PHONY: qemu
qemu: bin/qemu/qemu-x86_64 ## fetch the qemu for these tests into ./bin/qemu, as any user

bin/qemu/qemu-x86_64: miner/_qemu/fetch.sh
	$< $(@D)

.PHONY: browser
browser: export HASHLEASE := $(CURDIR)/bin/hashlease
browser: export CHROMIUM := $(or $(shell command -v chromium 2>/dev/null),$(CURDIR)/bin/chromium/chromium)
browser: build $(if $(shell command -v chromium 2>/dev/null),,bin/chromium/chromium) ## test the verifier's page in a headless Chromium, which is fetched where there is none
	$(GO) test -C lease/portal/verifier/_browser -count 1 .

bin/chromium/chromium: lease/portal/verifier/_browser/fetch.sh
	$< $(@D)

.PHONY: slow
slow: ## run the tests that take minutes
	$(call tagged,slow)

.PHONY: month
month: ## play a month of contracts and many random histories
	$(call tagged,month)

.PHONY: fuzz
# Go 1.26 now and then ends a fuzz run at its time limit with a bare "context
# deadline exceeded" (go.dev/issue/75804); only what an input made fail counts.
# A folder is built once, for all of its targets.
fuzz: ## fuzz every target for FUZZTIME (10s)
	@cache=$$($(GO) env GOCACHE)/fuzz/$$($(GO) list -m); \
	for folder in $$(grep -rlE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | xargs -n 1 dirname | sort -u); do \
		$(GO) test -c -fuzz . -o fuzz.test $$folder || exit 1; \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$folder/*_test.go | sed 's/^func //' | sort -u); do \
			echo "fuzz $$folder $$target"; \
			(cd $$folder && $(CURDIR)/fuzz.test -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(FUZZTIME) \
				-test.fuzzminimizetime 20x -test.fuzzcachedir "$$cache/$${folder#./}") >fuzz.log 2>&1 && continue; \
			grep -qx '    context deadline exceeded' fuzz.log && ! grep -qE 'panic:|Failing input|hung or terminated' fuzz.log && continue; \
			cat fuzz.log; exit 1; \
		done; \
	done
	@rm -f fuzz.log fuzz.test

.PHONY: lint
lint: ## check formatting, go vet and staticcheck
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "not formatted:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags 'emulated peers core slow month' ./...
	$(GO) vet -C miner/_asm .
	$(GO) vet -C lease/portal/verifier/_browser .
	GOOS=js GOARCH=wasm $(GO) vet ./cmd/verifier
	$(GO) run $(STATICCHECK) ./...

.PHONY: generate
generate: ## write the generated files anew
	$(GO) generate ./...

.PHONY: generate-check
generate-check: ## check that the generated files are what their generators write
	@before=$$(git diff | sha256sum); $(GO) generate ./... && \
	after=$$(git diff | sha256sum); \
	if [ "$$before" != "$$after" ]; then git diff --stat; echo "generated files were not up to date: commit what make generate wrote"; exit 1; fi

.PHONY: bench
bench: build ## measure the kernels
	./bin/hashlease bench

.PHONY: dist
dist: verifier ## build static binaries with checksums in ./dist
	@rm -rf dist && mkdir dist
	@for target in $(DIST); do \
		os=$${target%/*}; arch=$${target#*/}; name=hashlease-$$os-$$arch; \
		if [ $$os = windows ]; then name=$$name.exe; fi; \
		echo "dist/$$name"; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o dist/$$name ./cmd/hashlease || exit 1; \
	done
	@cd dist && sha256sum hashlease-* >SHA256SUMS && cat SHA256SUMS

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist fuzz.log fuzz.test $(VERIFIER)/verifier.wasm.gz $(VERIFIER)/wasm_exec.js
