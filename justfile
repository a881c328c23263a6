# `just` lists these; each works in the environment of the README's second command (.venv).

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

_list:
    @just --list

# run the tests, doctests included
test *arguments:
    pytest -n 2 {{arguments}}

# run the tests of timm: sources, in an environment of their own: timm needs a torchvision (5.6 GB, five minutes)
test-timm:
    python3 -m venv .venv-timm
    .venv-timm/bin/pip install --quiet -e '.[test,timm]'
    .venv-timm/bin/pytest tests/sources/test_timm.py

# what must be clean: style, types, layers, generated pages
lint:
    ruff check
    ruff format --check
    mypy
    lint-imports
    python docs/generate.py --check

# mend what can be mended by itself
fix:
    ruff check --fix
    ruff format

# write the generated pages again
docs:
    python docs/generate.py

# run the experiments that have no result yet (or those you name), then show all figures
bench *names:
    python -m bench run {{names}}
    python -m bench report
