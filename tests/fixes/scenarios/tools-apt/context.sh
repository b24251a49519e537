printf 'bottle==0.13.1\nMarkupSafe==3.0.1\n' > requirements.txt
printf 'import bottle, markupsafe\nbottle.run(port=8080)\n' > service.py
mkdir fonts; for name in one two three; do python3 ../../common/noise.py "$name" 1500000 > "fonts/$name.ttf"; done
tar -czf fonts.tar.gz fonts; rm -r fonts
