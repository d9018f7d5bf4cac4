PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 \
	--no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet

.PHONY: demo demo-buy test check bench format lock messages docs screenshots clean

demo: .venv/ready  ## Start the whole shop on this machine
	$(BIN)/wgshop demo

demo-buy: .venv/ready  ## The same start, then one scripted customer buys
	$(BIN)/wgshop demo --buy

test: .venv/ready  ## Every test; three processes keep two processors busy, since many tests wait
	$(BIN)/pytest -n 3 --dist loadgroup

check: .venv/ready  ## Style, types, import rules, catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/bot/test_catalogues.py

bench: .venv/ready  ## Measure; the results go into docs/BENCHMARKS.md by hand, with the method
	$(BIN)/python -m bench

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Refresh both lock files from pyproject.toml (needs uv); the image takes the second
	$(LOCK) --all-extras --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file requirements-prod.lock

messages: .venv/ready  ## Bring the catalogues up to date with the bot's texts; translate, then check
	$(BIN)/pybabel -q extract -k say -k label -k N_ -k count:1,1 --omit-header --no-location \
		--sort-output -o bot/locales/messages.pot bot
	$(BIN)/pybabel -q update -i bot/locales/messages.pot -d bot/locales -N --ignore-obsolete \
		--ignore-pot-creation-date -w 100

docs: .venv/ready  ## Write the table of settings into README.md
	$(BIN)/python -m docs.settings

screenshots: .venv/ready  ## Take the pictures in docs/pictures from the running shop (needs chromium)
	$(BIN)/python -m docs.screenshots

clean:
	rm -rf .venv .demo build dist

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("wgshop needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
