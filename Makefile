# Two commands: `make demo` shows a search on a bundled task, `make test` runs all tests. Both install
# what they need and are safe to repeat.

SWIFT ?= swift
FLAGS :=
KNAS := .build/release/knas
ENCODER := multilingual-e5-small

.PHONY: help demo test test-ray example docs build packages encoder lint imports

help:
	@echo "make demo     build, install the default encoder, search a bundled task, show the result"
	@echo "make test     build, install the default encoder, run all tests"
	@echo "make test-ray the same for searches on a Ray cluster, which it makes on this machine"
	@echo "make example  build and run a package that searches a head with the plugin"
	@echo "make docs     build the library's documentation"
	@echo "make lint     check format and imports"

packages:
	@Scripts/install-packages

build: packages
	@echo "building (release); the first time takes some minutes"
	$(SWIFT) build -c release $(FLAGS) --product knas

encoder: build
	@$(KNAS) encoder list | grep -qx $(ENCODER) || \
		{ echo "installing the encoder $(ENCODER) (90 MB to download)"; $(KNAS) encoder install; }

demo: encoder
	@echo "searching a head for the bundled task front-desk"
	$(KNAS) search front-desk --candidates 200 --keep 6 --seeds 3 --run runs/demo --overwrite
	@echo "try it:  echo 'More towels, please' | $(KNAS) predict runs/demo/model"
	@echo 'More towels, please' | $(KNAS) predict runs/demo/model

# Tests look into some targets; the program is built the same way, so that nothing is built twice.
test: FLAGS = -Xswiftc -enable-testing
test: encoder
	@Scripts/install-packages --tests
	@echo "running all tests, those on the default encoder's real weights included"
	KNAS_PYTHON=$$(Scripts/check-onnx --python) KNAS_BROWSER=$$(Scripts/check-report --browser) \
		KNAS_REQUIRE_ENCODER=1 $(SWIFT) test -c release $(FLAGS)

example: encoder
	@echo "building and running the package in Examples/Triage"
	SWIFT="$(SWIFT)" FLAGS="$(FLAGS)" Scripts/example

docs: packages
	@echo "building the documentation of the library"
	SWIFT="$(SWIFT)" FLAGS="$(FLAGS)" Scripts/docs

test-ray: encoder
	@echo "running the tests of integrations/ray on a Ray cluster of two nodes, on this machine"
	Scripts/test-ray

lint: imports
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift

imports:
	@python3 Scripts/check-imports
