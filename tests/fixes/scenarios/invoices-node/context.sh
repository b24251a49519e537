cat > package.json <<'J'
{
  "name": "invoices",
  "version": "2.1.0",
  "private": true,
  "scripts": {"compile": "tsc", "start": "node out/main.js"},
  "dependencies": {"fastify": "4.28.1"},
  "devDependencies": {"@types/node": "20.16.5", "eslint": "8.57.1", "typescript": "5.6.2"}
}
J
printf '{"compilerOptions": {"module": "commonjs", "target": "ES2022", "outDir": "out", "rootDir": "src", "sourceMap": true, "esModuleInterop": true, "skipLibCheck": true}}\n' > tsconfig.json
mkdir src
cat > src/main.ts <<'T'
import fastify from "fastify";

const server = fastify({ logger: true });
server.get("/health", async () => ({ healthy: true }));
server.listen({ port: 8080 });
T
npm install --package-lock-only --silent --omit-lockfile-registry-resolved=false
