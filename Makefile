# make serve · make build · make offline · make pdf · make test · make peers · make mutants · make sync · make version · make release · make expand · make processors · make test-matrix · make bench · make bench-peers · make lock · make clean
# Each sets up .venv once. PYTHON, PORT, TORCH_INDEX, K, ALL and PAGE can be given: see README.md.

PYTHON = python3
PORT = 8000
BIN = .venv/bin
export NO_MKDOCS_2_WARNING = 1
# A copy without .git has no commit; where there is one and git fails, git says why.
export SOURCE_DATE_EPOCH ?= $(shell test -e .git && git log -1 --format=%ct || echo 0)
export SOURCE_COMMIT ?= $(shell test -e .git && git rev-parse --short=10 HEAD)
export PYTHONPATH = hooks
unexport PYTHONDONTWRITEBYTECODE  # or each process compiles torch anew

.PHONY: serve build offline pdf test peers mutants sync version release expand expanded processors test-matrix bench bench-peers lock clean writable

serve: writable .venv/ready
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || \
		{ echo "Port $(PORT) is taken. Try another: make serve PORT=$$(($(PORT) + 1))"; exit 1; }
	@$(BIN)/mkdocs serve --livereload --dirty --dev-addr 127.0.0.1:$(PORT)

build: writable .venv/ready
	@for config in mkdocs*.yml; do $(BIN)/mkdocs build --dirty --config-file $$config || exit; done

# The site in one file.
offline: build
	@$(BIN)/python -m offline site.zip
	@echo "site.zip, unpacked anywhere, works without a server: open site/index.html."

# A test that passed runs again only if something changed that it depends on, or with ALL=1.
test: writable .venv/ready-to-test
	@$(BIN)/ruff check
	@$(BIN)/deptry . --no-ansi 2>&1
	@$(BIN)/pytest $(if $(K),-k "$(K)")

# Other libraries judge what the pages show, in an environment of their own.
peers .cache/peers/ready: BIN = .cache/peers/bin
peers: writable .cache/peers/ready
	@$(BIN)/pytest --confcutdir=tests/peers --dist=loadfile -W ignore::DeprecationWarning $(if $(K),-k "$(K)") tests/peers

# The tests judged by what they let pass; with K="text.terms.*", in these functions. It takes more than an hour.
mutants: writable .venv/ready-to-test .cache/mutants/mutmut
	@$(BIN)/python tests/mutants.py $(if $(K),"$(K)")

expand: build
	@$(MAKE) --no-print-directory expanded

# The expansion that a build leaves, beside the theme and the settings, less what MkDocs needs of ours.
expanded:
	@rm -rf expanded && mkdir expanded && cp -R .cache/expanded expanded/docs && cp -RL theme expanded
	@for config in *.yml; do sed -e '/^hooks:/d' -e '/^watch:/d' $$config > expanded/$$config; done
	@echo "In expanded/, mkdocs build makes the site without any code of ours."

# Where the Chinese edition is not in step; with PAGE=operations/convolution.md, that this page now is.
sync: .venv/ready-to-test
	@$(BIN)/python tests/sync.py $(PAGE)

pdf: build .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(BIN)/python tests/book.py

# Gives all that names a version the newest of CHANGELOG.md.
version: .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(BIN)/python tests/version.py

release: writable
	@test -z "$$(git status --porcelain)" || { echo "Commit first: a release names the commit that it is made of."; exit 1; }
	@$(MAKE) --no-print-directory pdf
	@$(MAKE) --no-print-directory offline
	@mkdir -p release && cp site.zip site/book*.pdf CITATION.cff release/
	@echo "release/ holds site.zip, book.pdf, book.zh.pdf and CITATION.cff of $(SOURCE_COMMIT)."

processors: writable .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(BIN)/python tests/processors.py

# With TORCH_INDEX, the builds of torch for CPUs.
test-matrix: build .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(if $(TORCH_INDEX),PIP_EXTRA_INDEX_URL=$(TORCH_INDEX)) $(BIN)/python tests/matrix.py

bench-peers: writable .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(BIN)/python tests/bench_peers.py

bench: writable .venv/ready-to-test
	@PYTHONPATH=hooks:tests $(BIN)/python tests/bench.py

# Needs uv; requirements.txt is what a build needs, requirements-test.txt what the tests add.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --constraint requirements-torch.txt --no-emit-package torch pyproject.toml
lock:
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group test --constraint requirements.txt --output-file requirements-test.txt
	@$(MAKE) --no-print-directory LICENCES.md

define LICENCES
# Licences of what is installed

For a build and for the tests, by `make lock`. UNKNOWN: named in a file of the package alone; both are MIT. With the site itself go parts of Material for MkDocs
(MIT), STIX Two Math and Noto Sans CJK SC (SIL Open Font License 1.1).

endef
export LICENCES
LICENCES.md: .venv/ready-to-test
	@{ echo "$$LICENCES"; $(BIN)/pip-licenses --format=markdown --with-urls --with-system --ignore-packages pip --from=mixed; } > $@

clean:
	rm -rf .cache .venv tests/node_modules site site.zip release expanded

writable:
	@mkdir -p .cache 2>/dev/null && test -w .cache || \
		{ echo "Cannot write to $(CURDIR). Copy the project to a disk that is not read-only."; exit 1; }

# Not compiled: Python compiles what is imported, which is a small part.
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

.venv/ready: requirements.txt requirements-torch.txt | writable
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is older than Python 3.11, or missing. Name a newer one: make serve PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv: this takes a minute or more, once."
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) -r requirements-torch.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	@$(BIN)/python -W ignore -c 'import jieba'  # compiles it, about which Python warns
	@touch $@

.venv/ready-to-test: requirements-test.txt tests/package-lock.json .venv/ready
	@$(PIP) --require-hashes -r requirements-test.txt
	@! command -v npm >/dev/null || npm ci --prefix tests --silent --no-audit --no-fund
	@touch $@

.cache/peers/ready: tests/peers/requirements.txt requirements.txt requirements-test.txt requirements-torch.txt | writable
	@echo "Setting up .cache/peers: this takes some minutes, once."
	@$(PYTHON) -m venv --clear .cache/peers
	@sed -n 's/^\([a-z][^ ]*==[^\]*\).*/\1/p' requirements*.txt > .cache/peers/lock.txt
	@$(if $(TORCH_INDEX),PIP_EXTRA_INDEX_URL=$(TORCH_INDEX)) $(PIP) -r requirements-torch.txt -r $< -c .cache/peers/lock.txt
	@touch $@

.cache/mutants/mutmut: | .venv/ready-to-test
	@mkdir -p $(@D)
	@$(BIN)/pip freeze > $(@D)/lock.txt
	@$(PIP) --target $@ --constraint $(@D)/lock.txt mutmut==3.8.1
