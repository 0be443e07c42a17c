import assert from "node:assert/strict";
import test from "node:test";
import { Addresses, type Boot } from "../src/site/boot.ts";

const mine = { alias: "mine", address: "sqlite:///mine.db" };
const team = { alias: "team", address: "postgresql://host/hpo" };

function addresses(boot: Partial<Boot>): Addresses {
  return new Addresses({ base: "/hpo", page: "study", places: [], ...boot } as Boot);
}

test("a study's page knows its storage where there is one, and by the alias where there are several", () => {
  assert.equal(addresses({ places: [mine], alias: null }).place, mine);
  assert.equal(addresses({ places: [mine, team], alias: "team" }).place, team);
  assert.equal(addresses({ places: [mine, team], alias: null }).place, undefined);
});

test("an address names the storage only where there are several, and each name as one segment", () => {
  const key = { storage: "team", name: "a/b" };
  assert.equal(addresses({ places: [team] }).study(key), "/hpo/study/a%2Fb");
  assert.equal(addresses({ places: [mine, team] }).study(key), "/hpo/team/study/a%2Fb");
  assert.equal(addresses({ places: [team] }).of(key, "best"), "/hpo/api/study/a%2Fb/best");
});
