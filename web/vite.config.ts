import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// Where `npm run dev` sends API calls: the address that `postgate up` prints.
const gateway = process.env["POSTGATE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: "../gateway/assets",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL would need an exception in the page's content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: gateway, ws: true } } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
