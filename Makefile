# make test    what to run before and after a change
# make check   all that the gate runs; .ci/run says what that is
# make bench   the measures, in numbers
# make bench-lab  those of lab run, beside real servers (Linux; Debian's packages)
# make conformance  Azure's own clients and command line against the lab
# make fmt     put the layout right
# make generate  write what derives from the rules again

# The race detector needs a C compiler; without one the tests run without it. It
# looks at the packages that share anything between goroutines, and at those that
# drive them; the rest has nothing to race. internal/arch holds the list.
RACE := $(if $(shell command -v gcc || command -v clang),-race)
RACING := arm attach audit azure cli conform diagnose doctor edge keyvault lab live probe serve standin
TESTFLAGS ?=

tool := go tool -modfile=tools.mod

.PHONY: build test check bench bench-lab conformance clients fmt generate

build:
	CGO_ENABLED=0 go build -trimpath -o bin/pldoctor ./cmd/pldoctor

test: export PATH := $(PATH):/usr/sbin
test:
	bash .ci/tools
	go vet ./...
	go test -shuffle=on -timeout 20m $(TESTFLAGS) $$(go list ./... | grep -vE '/($(shell echo $(RACING) | tr ' ' '|'))$$')
	go test $(RACE) -shuffle=on -timeout 20m $(TESTFLAGS) $(addprefix ./internal/,$(RACING))

check:
	bash .ci/run

bench:
	go test -run '^$$' -bench . -benchmem ./...

bench-lab:
	bash .ci/bench-lab

conformance: clients
	cd conformance && go test -vet=off $(TESTFLAGS) ./...

clients:
	npm ci --prefix conformance/js --ignore-scripts --no-audit --no-fund

fmt:
	$(tool) gofumpt -w cmd internal

generate:
	go generate ./...
