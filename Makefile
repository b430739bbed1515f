# Every target does its own set-up and says nothing when there is nothing to do. 'make help' lists them.
CONFIGURATION ?= Release
# 'dotnet build' would ask for a summary, and gets it: "Build succeeded" in the middle of an answer.
BUILD = dotnet msbuild -restore -m -nologo -verbosity:quiet '-clp:ErrorsOnly;NoSummary' -p:Configuration=$(CONFIGURATION)
SERVER = artifacts/bin/VibeVoice.Server/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/VibeVoice.Server
AUDIO ?= speech.mp3
# Test programs beside each other; 1 runs them one after another.
LANES ?= 2

.PHONY: help run test image soak bench parity publish pack build docs format lint ci setup clean

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: ## Speaks test_input.json with the preview voice into speech.mp3 and prints the answer.
	@eng/setup.sh run
	@$(BUILD) src/VibeVoice.Server
	@VIBEVOICE_ENGINE=preview $(SERVER) worker --audio-file $(AUDIO)

test: ## Sets up the tools and runs all tests that take less than 15 minutes together.
	@eng/setup.sh test
	@$(BUILD)
	@eng/publish.sh
	@LANES=$(LANES) eng/test.sh $(CONFIGURATION) --filter-not-trait Category=Soak --filter-not-trait Category=Parity --filter-not-trait Category=Image

image: ## Builds Dockerfile.cpu line by line without Docker and speaks in it (root, debootstrap, minutes).
	@eng/setup.sh image
	@$(BUILD)
	@eng/test.sh $(CONFIGURATION) --filter-trait Category=Image

soak: ## Long faults: many jobs, killed tools, memory over time.
	@eng/setup.sh test
	@$(BUILD)
	@eng/publish.sh
	@eng/test.sh $(CONFIGURATION) --filter-trait Category=Soak

bench: ## Measures overhead, memory, start-up and the engine (2 GB of disk, made once); writes docs/benchmarks/.
	@eng/setup.sh bench
	@$(BUILD) bench/VibeVoice.Benchmarks
	@eng/publish.sh
	@artifacts/bin/VibeVoice.Benchmarks/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/VibeVoice.Benchmarks

parity: ## Compares the engine with the reference's recorded numbers: parts, runs, the real size (9 GB of memory), float16, laws, tokens.
	@eng/setup.sh run
	@$(BUILD)
	@eng/test.sh $(CONFIGURATION) --filter-trait Category=Reference --filter-trait Category=Parity

publish: ## Leaves the programs in artifacts/publish/: vibevoice/ and echo-worker/.
	@eng/setup.sh run
	@eng/publish.sh
	@echo artifacts/publish/vibevoice/vibevoice artifacts/publish/echo-worker/EchoWorker

pack: ## Leaves the packages of the libraries in artifacts/packages/.
	@eng/setup.sh run
	@eng/pack.sh
	@ls artifacts/packages/*.nupkg

build: ## Builds everything, warnings as errors.
	@eng/setup.sh run
	@$(BUILD)

docs: ## Writes docs/configuration.md from the options.
	@$(BUILD) tests/VibeVoice.Server.Tests
	@WRITE_DOCS=1 artifacts/bin/VibeVoice.Server.Tests/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/VibeVoice.Server.Tests \
		--filter-class '*ConfigurationDocumentTests' --ansi off --progress off

format: ## Lays out all files.
	@dotnet tool restore >/dev/null
	@dotnet csharpier format .

lint: ## Checks the layout of code and the shell scripts.
	@dotnet tool restore >/dev/null
	@dotnet csharpier check .
	@if command -v shellcheck >/dev/null; then shellcheck eng/*.sh runpod_bootstrap.sh .ci/run .githooks/*; fi

setup: ## Installs the tools that the tests need.
	@eng/setup.sh test

ci: lint test ## Checks the layout, then tests.

clean: ## Removes what was built.
	@rm -rf artifacts
