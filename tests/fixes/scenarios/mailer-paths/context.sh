mkdir -p mailer requirements
printf 'flask==3.0.3\ngunicorn==23.0.0\n' > requirements/base.txt
printf -- '-r base.txt\nmypy==1.11.2\npytest==8.3.3\n' > requirements/dev.txt
printf 'from flask import Flask\n\napp = Flask(__name__)\n' > mailer/__init__.py
