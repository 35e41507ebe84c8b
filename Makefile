# make serve · make test · make build · make bench · make clean
# Each sets up .venv once. PYTHON, PORT and TORCH_INDEX can be given: see README.md.

PYTHON = python3
PORT = 8000
BIN = .venv/bin
export NO_MKDOCS_2_WARNING = 1
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

.PHONY: serve test build bench clean writable

serve: writable .venv/ready
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || \
		{ echo "Port $(PORT) is taken. Try another: make serve PORT=$$(($(PORT) + 1))"; exit 1; }
	@$(BIN)/mkdocs serve --livereload --dev-addr 127.0.0.1:$(PORT)

test: writable .venv/ready
	@$(BIN)/pytest

build: writable .venv/ready
	@$(BIN)/mkdocs build

bench: writable .venv/ready
	@PYTHONPATH=hooks $(BIN)/python tests/bench.py

clean:
	rm -rf .cache .venv site

writable:
	@mkdir -p .cache 2>/dev/null && test -w .cache || \
		{ echo "Cannot write to $(CURDIR). Copy the project to a disk that is not read-only."; exit 1; }

.venv/ready: requirements.txt | writable
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is older than Python 3.11, or missing. Name a newer one: make serve PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv: this takes a few minutes, once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	@touch $@
