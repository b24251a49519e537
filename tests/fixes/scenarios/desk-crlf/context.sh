mkdir -p desk tests .vscode
printf 'flask==3.0.3\r\n' > requirements.txt
printf -- '-r requirements.txt\r\npytest==8.3.3\r\nblack==24.10.0\r\n' > requirements-dev.txt
: > desk/__init__.py; printf 'import flask\nprint("desk")\n' > desk/__main__.py
printf 'def test(): pass\n' > tests/test_desk.py
python3 ../../common/noise.py fixture 700000 > tests/fixture.bin
printf '{}' > .vscode/settings.json
printf 'venv\r\n' > Dockerfile.dockerignore
python3 ../../common/noise.py recorded 600000 > .coverage
