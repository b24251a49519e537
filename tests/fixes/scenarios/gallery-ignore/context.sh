. ../../common/repository.sh
cat > package.json <<'J'
{
  "name": "gallery",
  "version": "0.9.0",
  "private": true,
  "scripts": {"start": "node server.js", "test": "mocha test"},
  "dependencies": {"polka": "0.5.2"},
  "devDependencies": {"@types/mocha": "10.0.8", "mocha": "10.7.3", "prettier": "3.3.3"}
}
J
npm install --package-lock-only --silent --omit-lockfile-registry-resolved=false
printf 'const polka = require("polka");\npolka().get("/", (request, response) => response.end("gallery")).listen(8000);\n' > server.js
mkdir -p test coverage/lcov-report pictures
printf 'describe("gallery", () => {});\n' > test/gallery.js
python3 ../../common/noise.py coverage 400000 | base64 > coverage/lcov-report/server.js.html
printf 'TN:\nSF:server.js\nend_of_record\n' > coverage/lcov.info
python3 ../../common/noise.py first 500000 > pictures/first.jpg
printf '# Gallery\n' > README.md
printf '# What npm installs here is for another system.\nnode_modules\n*.log\n' > .dockerignore
repository 2000000
