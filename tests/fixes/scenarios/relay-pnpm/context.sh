. ../../common/repository.sh
mkdir -p packages/api/src packages/shared/src packages/api/test
printf 'packages:\n  - "packages/*"\n' > pnpm-workspace.yaml
printf '{"name": "relay", "private": true, "packageManager": "pnpm@9.15.0", "devDependencies": {"prettier": "3.3.3"}}\n' > package.json
printf '{"name": "@relay/api", "version": "1.0.0", "private": true, "scripts": {"build": "tsc -p ."}, "dependencies": {"@relay/shared": "workspace:*", "fastify": "4.28.1"}, "devDependencies": {"@types/node": "20.16.5", "typescript": "5.6.2"}}\n' > packages/api/package.json
printf '{"name": "@relay/shared", "version": "1.0.0", "private": true, "main": "dist/index.js", "types": "dist/index.d.ts", "scripts": {"build": "tsc -p ."}, "devDependencies": {"typescript": "5.6.2"}}\n' > packages/shared/package.json
for one in api shared; do printf '{"compilerOptions": {"module": "commonjs", "target": "ES2022", "outDir": "dist", "rootDir": "src", "declaration": true, "esModuleInterop": true, "skipLibCheck": true}, "include": ["src"]}\n' > packages/$one/tsconfig.json; done
printf 'export const greeting = "relay";\n' > packages/shared/src/index.ts
printf 'import fastify from "fastify";\nimport { greeting } from "@relay/shared";\n\nconst server = fastify();\nserver.get("/", async () => greeting);\nserver.listen({ port: 8000 });\n' > packages/api/src/main.ts
printf 'test("nothing", () => {});\n' > packages/api/test/main.test.ts
printf 'node_modules\ndist\n' > .gitignore
cp .gitignore .dockerignore
npx --yes pnpm@9.15.0 install --lockfile-only --silent
repository 3000000
