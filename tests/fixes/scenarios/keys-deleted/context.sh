ssh-keygen -q -t ed25519 -N '' -C deploy@example.org -f deploy_key && rm deploy_key.pub
printf 'machine git.example.org login deploy password T4rragon-Vessel-38\n' > netrc
printf 'click==8.1.7\n' > requirements.txt
mkdir private; printf 'NAME = "keys"\n' > private/__init__.py; python3 ../../common/noise.py table 5000000 > private/table.bin
tar -cf private.tar private; rm -r private
printf 'import click, private\nprint(private.NAME)\n' > keys.py
