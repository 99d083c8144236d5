# Two commands: `make demo` shows a search on a bundled task, `make test` runs all tests. Both install
# what they need and are safe to repeat.

SWIFT ?= swift
FLAGS :=
# Everything that tests use is built with the same flags, so nothing is compiled twice.
TESTABLE := -Xswiftc -enable-testing
KNAS := .build/release/knas
ENCODER := multilingual-e5-small
# Damaged files for each reader.
CASES := 10000
SWIFT_SOURCES := Sources Tests Plugins Fuzz Benchmarks Serving Examples Package.swift
# The other packages of this repository build where this one does, with the same dependencies: most is built already.
BUILD_PACKAGE = cp Package.resolved $(1) && \
	$(SWIFT) build -c release $(FLAGS) --scratch-path .build --package-path $(1) --product $(2)

# Where `make install` puts the program; DESTDIR is put before it.
PREFIX ?= /usr/local

.PHONY: dist install uninstall deb test-install serving
.PHONY: help demo test test-python test-ray example docs check fuzz benchmarks kill-and-resume faults
.PHONY: build packages encoder lint imports

help:
	@echo "make demo     build, install the default encoder, search a bundled task, show the result"
	@echo "make test     build, install the default encoder, run all tests"
	@echo "make install  build and install the program in PREFIX ($(PREFIX)), with the Swift runtime in it"
	@echo "make deb      build a Debian package; make test-install tries it in a bare Debian"
	@echo "make test-python  run the tests of the Python package"
	@echo "make test-ray run the tests of searches on a Ray cluster, on this machine"
	@echo "make serving  build knas-serve, the server in Serving, and run its tests"
	@echo "make example  build and run a package that uses the search plugin"
	@echo "make docs     build the library's documentation"
	@echo "make lint     check format, style and imports"
	@echo "make check    all of the above, fuzzing, killed and resumed runs, faults: before a release"

packages:
	@Scripts/install-packages

build: packages
	@echo "building (release); the first time takes a few minutes"
	$(SWIFT) build -c release $(FLAGS) --product knas

encoder: build
	@$(KNAS) encoder list | grep -qx $(ENCODER) || \
		{ echo "installing the encoder $(ENCODER) (90 MB to download)"; $(KNAS) encoder install; }

demo: encoder
	@echo "searching for the best head for the bundled task front-desk"
	$(KNAS) search front-desk --candidates 200 --run runs/demo --overwrite
	@echo "try it:  echo 'More towels, please' | $(KNAS) predict runs/demo/model"
	@echo 'More towels, please' | $(KNAS) predict runs/demo/model

test: FLAGS = $(TESTABLE)
test: encoder
	@Scripts/install-packages --tests
	@echo "running all tests, including those on the default encoder's real weights"
	KNAS_PYTHON=$$(Scripts/python-environment tests) \
		KNAS_BROWSER=$$(Scripts/check-report --browser) KNAS_REQUIRE_ENCODER=1 \
		SWIFT="$(SWIFT)" FLAGS="$(FLAGS)" Scripts/run-tests

dist:
	@Scripts/install-packages --dist
	@echo "building the program with the Swift runtime in it; the first time takes some minutes"
	SWIFT="$(SWIFT)" Scripts/build-dist

install: dist
	DESTDIR="$(DESTDIR)" Scripts/install "$(PREFIX)"

uninstall:
	DESTDIR="$(DESTDIR)" Scripts/install --remove "$(PREFIX)"

deb: dist
	Scripts/debian-package

test-install: deb
	Scripts/test-install .build-static/knas_*.deb

example: encoder
	@echo "building and running the package in Examples/Triage"
	SWIFT="$(SWIFT)" FLAGS="$(FLAGS)" Scripts/example

docs: packages
	@echo "building the documentation of the library"
	SWIFT="$(SWIFT)" FLAGS="$(FLAGS)" Scripts/docs

test-python: encoder
	@echo "running the tests of integrations/python, with a program that only looks like knas and with the built one"
	Scripts/test-python

test-ray: encoder
	@echo "running the tests of integrations/ray on a Ray cluster of two nodes, on this machine"
	Scripts/test-ray

serving: FLAGS = $(TESTABLE)
serving: packages
	@echo "building knas-serve and its tests; the first time takes a few minutes"
	$(call BUILD_PACKAGE,Serving,knas-serve)
	$(call BUILD_PACKAGE,Serving,knas-servingPackageTests)
	$(SWIFT) test -c release $(FLAGS) --scratch-path .build --package-path Serving --skip-build --disable-xctest

check:
	.ci/run
	$(MAKE) fuzz kill-and-resume faults serving test-python test-ray FLAGS="$(TESTABLE)"

fuzz: build
	@echo "giving every reader $(CASES) damaged files"
	$(call BUILD_PACKAGE,Fuzz,fuzz)
	@# A case takes milliseconds, but a busy machine may stop a worker for seconds.
	.build/release/fuzz --cases $(CASES) --hang 10 --corpus .build/corpus

benchmarks: build
	@echo "running the benchmarks that need no data, once"
	$(call BUILD_PACKAGE,Benchmarks,Benchmarks)
	.build/release/Benchmarks kernels --repeats 1
	.build/release/Benchmarks scoring --repeats 1
	python3 Benchmarks/contest/check_report.py

kill-and-resume: encoder
	@echo "killing five runs and resuming them"
	Tests/kill-and-resume --trials 5

# FAULTS=--short for the main commands and fewer moments.
faults: build
	@echo "closed streams, signals, full disks and other faults for every command"
	Tests/fault-matrix $(FAULTS)

lint: packages imports
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	@ruff="$$(Scripts/python-environment lint) -m ruff" && set -x && \
		$$ruff check . && $$ruff format --check .

imports:
	@python3 Scripts/check-imports
	@python3 Scripts/check-streams
