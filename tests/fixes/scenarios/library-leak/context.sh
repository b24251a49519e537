. ../../common/django.sh
. ../../common/repository.sh
django library
printf 'Django==4.2.16\ngunicorn==23.0.0\n' > requirements.txt
printf 'pytest==8.3.3\nmypy==1.11.2\nisort==5.13.2\n' > requirements-dev.txt
mkdir -p checks/data docs .github/workflows
printf 'def test_nothing():\n    assert True\n' > checks/test_nothing.py
python3 ../../common/noise.py loans 1200000 | base64 > checks/data/loans.json
python3 ../../common/noise.py picture 800000 > docs/screen.png
printf '# Library\n' > README.md; printf 'on: push\n' > .github/workflows/test.yml
repository 3000000
