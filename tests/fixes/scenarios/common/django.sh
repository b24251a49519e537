# Writes a small Django project: django NAME
django() {
  mkdir -p "$1"
  : > "$1/__init__.py"
  cat > manage.py <<P
#!/usr/bin/env python3
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "$1.settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
P
  cat > "$1/settings.py" <<P
from pathlib import Path
ROOT = Path(__file__).parent.parent
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.messages",
    "django.contrib.sessions", "django.contrib.admin", "django.contrib.staticfiles"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]
ROOT_URLCONF = "$1.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ROOT / "data.sqlite3"}}
STATIC_URL = "static/"
STATIC_ROOT = ROOT / "static"
P
  printf 'from django.contrib import admin\nfrom django.urls import path\n\nurlpatterns = [path("", admin.site.urls)]\n' > "$1/urls.py"
  printf 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "%s.settings")\nfrom django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n' "$1" > "$1/wsgi.py"
}
