# `make help` lists the targets. Building and running need Go and make alone.

PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=

PLUGINS := counter logger alert
# The wildcard does not reach into .ci.
PACKAGES := ./... ./.ci/gotest

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)'

# Each tool lives in a folder named after its version, so that raising the version builds it anew.
TOOLS              := $(CURDIR)/bin/tools
GOLANGCI_LINT      := $(TOOLS)/golangci-lint@v2.15.0/golangci-lint
BUF                := $(TOOLS)/buf@v1.75.0/buf
PROTOC_GEN_GO      := $(TOOLS)/protoc-gen-go@v1.36.12/protoc-gen-go
PROTOC_GEN_GO_GRPC := $(TOOLS)/protoc-gen-go-grpc@v1.6.2/protoc-gen-go-grpc

bindir    := $(DESTDIR)$(PREFIX)/bin
plugindir := $(DESTDIR)$(PREFIX)/libexec/probehost/plugins
sharedir  := $(DESTDIR)$(PREFIX)/share/probehost

.PHONY: build run test race bench bpf proto lint fmt clean install uninstall help

define BUILD
$(GOBUILD) -o bin/probehost ./host
$(GOBUILD) -o bin/plugins/ $(addprefix ./plugins/,$(PLUGINS))
endef

build: ## build bin/probehost and bin/plugins/*
	$(BUILD)

run: build ## build, then run probes.hcl (ARGS="other.hcl --for 10s")
	bin/probehost run $(ARGS)

test: ## run all tests (TESTFLAGS="-run TestX"); as root, those that load probes too
	go test $(TESTFLAGS) $(PACKAGES)

race: ## run all tests under the race detector (needs gcc)
	CGO_ENABLED=1 go test -race $(TESTFLAGS) $(PACKAGES)

bench: ## run the benchmarks (BENCH=regexp)
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem $(TESTFLAGS) ./...

bpf: ## regenerate the BPF objects (needs clang-19, llvm-19, libbpf-dev)
	@command -v clang-19 >/dev/null || { echo "make bpf: clang-19 not found: apt-get install clang-19" >&2; exit 1; }
	@command -v llvm-strip-19 >/dev/null || { echo "make bpf: llvm-strip-19 not found: apt-get install llvm-19" >&2; exit 1; }
	@test -e /usr/include/bpf/bpf_helpers.h || { echo "make bpf: bpf/bpf_helpers.h not found: apt-get install libbpf-dev" >&2; exit 1; }
	go generate ./...

proto: $(BUF) $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC) ## regenerate sdk/wire from its .proto
	cd sdk/wire && PATH="$(dir $(PROTOC_GEN_GO)):$(dir $(PROTOC_GEN_GO_GRPC)):$$PATH" $(BUF) generate

lint: $(GOLANGCI_LINT) $(BUF) ## check the format, and with go vet, golangci-lint and buf lint
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted, run make fmt:" $$unformatted >&2; exit 1; }
	go vet $(PACKAGES)
	$(GOLANGCI_LINT) run $(PACKAGES)
	cd sdk/wire && $(BUF) lint

fmt: ## format the Go code
	gofmt -w .

clean: ## remove what the other targets built
	rm -rf bin dist

# Builds only what is missing, so that `make build && sudo make install` needs no Go for root.
bin/probehost:
	$(BUILD)

install: | bin/probehost ## install below $(DESTDIR)$(PREFIX)
	install -D -m 0755 bin/probehost $(bindir)/probehost
	install -d -m 0755 $(plugindir)
	install -m 0755 $(addprefix bin/plugins/,$(PLUGINS)) $(plugindir)
	install -D -m 0644 probes.hcl $(sharedir)/probes.hcl

uninstall: ## remove what install put there
	rm -f $(bindir)/probehost $(addprefix $(plugindir)/,$(PLUGINS)) $(sharedir)/probes.hcl
	-rmdir $(plugindir) $(dir $(plugindir)) $(sharedir) 2>/dev/null

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(GOLANGCI_LINT): package := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(BUF): package := github.com/bufbuild/buf/cmd/buf
$(PROTOC_GEN_GO): package := google.golang.org/protobuf/cmd/protoc-gen-go
$(PROTOC_GEN_GO_GRPC): package := google.golang.org/grpc/cmd/protoc-gen-go-grpc
$(TOOLS)/%:
	GOBIN=$(@D) CGO_ENABLED=0 go install $(package)@$(lastword $(subst @, ,$(@D)))
