import { openMemoryStore } from "./memory-store.js";
import { describePieceStore } from "./testing/index.js";

describePieceStore("memory store", async (content) => {
  const store = openMemoryStore(content);
  return { store, damage: async (piece) => store.damage(piece) };
});
