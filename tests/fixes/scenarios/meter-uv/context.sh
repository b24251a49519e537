mkdir -p src/meter tests docs
cat > pyproject.toml <<'T'
[project]
name = "meter"
version = "0.2.0"
requires-python = ">=3.11"
dependencies = ["click==8.1.7"]

[project.scripts]
meter = "meter.main:main"

[dependency-groups]
dev = ["pytest==8.3.3", "ruff==0.7.1"]

[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"
T
: > src/meter/__init__.py
printf 'import click\n\n\n@click.command()\ndef main():\n    click.echo("meter")\n' > src/meter/main.py
printf 'def test():\n    assert True\n' > tests/test_main.py
python3 ../../common/noise.py guide 900000 > docs/guide.pdf
printf '.venv\n__pycache__\n' > .dockerignore
python3 -m venv /tmp/uv-$$ && /tmp/uv-$$/bin/pip install -q uv==0.4.30 && /tmp/uv-$$/bin/uv lock --quiet
rm -rf /tmp/uv-$$
