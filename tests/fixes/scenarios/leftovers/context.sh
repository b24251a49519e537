seq 500000 -1 1 > words.txt
python3 ../../common/noise.py model 2000000 > model.bin
printf 'test -s /srv/index.txt && test -s /srv/head.txt && test -s /srv/models/model.bin && tail -n 1 /srv/settings.txt\n' > run.sh
