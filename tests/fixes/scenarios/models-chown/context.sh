printf '{"name": "models", "version": "1.0.0", "private": true, "dependencies": {"koa": "2.15.3", "moment": "2.30.1"}}\n' > package.json
printf 'require("koa");\nsetInterval(() => {}, 1000);\n' > serve.js
printf '#!/bin/sh\nexec node /models/serve.js\n' > start.sh; chmod 755 start.sh
python3 ../../common/noise.py weights 9000000 > weights.bin
npm install --package-lock-only --silent --omit-lockfile-registry-resolved=false
