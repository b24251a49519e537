. ../../common/repository.sh
printf 'flask==3.0.3\n' > requirements.txt
printf 'from flask import Flask\n\napp = Flask(__name__)\n' > forms.py
mkdir -p templates assets tests docs .idea .github/workflows htmlcov logs .pytest_cache .mypy_cache/3.11
printf '<p>' > templates/form.html; printf 'p {}' > assets/form.css; printf 'def test(): pass\n' > tests/test_forms.py
python3 ../../common/noise.py manual 700000 > docs/manual.pdf
for page in 1 2 3 4 5 6 7 8; do python3 ../../common/noise.py "page$page" 60000 | base64 > "htmlcov/page$page.html"; done
printf '<project/>' > .idea/forms.xml; printf 'on: push\n' > .github/workflows/test.yml
python3 ../../common/noise.py log 500000 | base64 > logs/forms.log
printf '{}' > .mypy_cache/3.11/cache.json; printf '[]' > .pytest_cache/lastfailed
python3 -c 'import sqlite3
base = sqlite3.connect("forms.sqlite3")
base.execute("create table answers (id integer, text text)")
base.executemany("insert into answers values (?, ?)", [(n, str(n) * 60) for n in range(9000)])
base.commit()'
printf 'SESSION_KEY=b83f6d0c5a914e27f1aa\nDATABASE_PASSWORD=9Tulip-Harbor-77\n' > .env
printf 'services:\n  forms:\n    build: .\n' > compose.yaml
cp ../Dockerfile Dockerfile
printf 'venv\n.env\n' > .gitignore
python3 -m venv venv && venv/bin/pip install -q -r requirements.txt
repository 4000000
