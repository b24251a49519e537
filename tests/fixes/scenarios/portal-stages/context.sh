mkdir -p pages/source probe
printf 'starlette==0.38.6\nhypercorn==0.17.3\n' > requirements.txt
cat > portal.py <<'P'
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

app = Starlette(routes=[Mount("/", StaticFiles(directory="/portal/pages/public"))])
P
printf '{"name": "pages", "private": true, "scripts": {"bundle": "esbuild source/start.js --bundle --sourcemap --outfile=public/start.js"}, "dependencies": {"preact": "10.24.0"}, "devDependencies": {"esbuild": "0.23.1", "prettier": "3.3.3"}}\n' > pages/package.json
printf 'import { h, render } from "preact";\n\nrender(h("p", null, "portal"), document.body);\n' > pages/source/start.js
(cd pages && npm install --package-lock-only --silent --omit-lockfile-registry-resolved=false)
printf 'module probe\n\ngo 1.22\n' > probe/go.mod
printf 'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\nfunc main() {\n\tif answer, err := http.Get("http://127.0.0.1:8000/"); err != nil || answer.StatusCode >= 400 {\n\t\tos.Exit(1)\n\t}\n}\n' > probe/main.go
