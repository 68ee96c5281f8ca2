# make test    what to run before and after a change
# make check   all that the gate runs; .ci/run says what that is
# make bench   the measures, in numbers
# make fmt     put the layout right
# make generate  write what derives from the rules again

# The race detector needs a C compiler; without one the tests run without it.
RACE := $(if $(shell command -v gcc || command -v clang),-race)
TESTFLAGS ?=

tool := go tool -modfile=tools.mod

.PHONY: build test check bench fmt generate

build:
	CGO_ENABLED=0 go build -trimpath -o bin/pldoctor ./cmd/pldoctor

test:
	go vet ./...
	go test $(RACE) -shuffle=on -timeout 20m $(TESTFLAGS) ./...

check:
	bash .ci/run

bench:
	go test -run '^$$' -bench . -benchmem ./...

fmt:
	$(tool) gofumpt -w cmd internal

generate:
	go generate ./...
