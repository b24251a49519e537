. ../../common/django.sh
django library
printf 'Django==4.2.16\ngunicorn==23.0.0\n' > requirements.txt
