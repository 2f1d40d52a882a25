import { equal, ok } from "node:assert/strict";
import { fuzzAsync, joinParts, splitParts } from "@piecewise/base/testing";
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema, PeerService, reflectionV1 } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import * as fc from "fast-check";
import { createHealth } from "./health.js";
import { createReflection } from "./reflection.js";
import { answersOf, callMethod } from "./testing/index.js";

const REQUESTS_MAX = 4;
const name = fc.constantFrom("", PeerService.typeName, Health.typeName, "piecewise.v1.Caller", "piecewise/v1/peer.proto", "__proto__", "constructor", "\u{1b}");
const health = createHealth([PeerService]);
const [reflection] = createReflection([PeerService]);

const { ServerReflectionRequestSchema, ServerReflectionResponseSchema } = reflectionV1;
const questions = messageBytes(ServerReflectionRequestSchema, { fileByFilename: name, fileContainingSymbol: name, allExtensionNumbersOfType: name });

fuzzAsync({
  name: "questions to the reflection service",
  corpus: new URL("testdata/reflection.corpus.json", import.meta.url),
  valid: fc.array(questions, { maxLength: REQUESTS_MAX }).map(joinParts),
  async check(input) {
    const requests = splitParts(input, REQUESTS_MAX);
    const outcome = await callMethod(reflection!, "ServerReflectionInfo", requests);
    const answers = answersOf(ServerReflectionResponseSchema, outcome, ["INVALID_ARGUMENT"]);
    if (outcome.status === undefined && !outcome.isCancelled) equal(answers.length, requests.length);
    for (const { messageResponse } of answers) ok(messageResponse.case !== undefined);
  },
});

// Input: which method (a byte), then the request.
fuzzAsync({
  name: "questions about health",
  corpus: new URL("testdata/health.corpus.json", import.meta.url),
  valid: fc.tuple(fc.nat(1), messageBytes(HealthCheckRequestSchema, { service: name })).map(([method, request]) => Buffer.concat([Buffer.of(method), request])),
  async check(input) {
    const method = ((input[0] ?? 0) & 1) === 0 ? "Check" : "Watch";
    const outcome = await callMethod(health.implementation, method, [input.subarray(1)], { turnsMax: 2 });
    // What is unknown is NOT_FOUND, which is no code of ours.
    const answers = answersOf(HealthCheckResponseSchema, outcome, ["INVALID_ARGUMENT", "REMOTE_FAILED"]);
    equal(answers.length, outcome.status === undefined ? 1 : 0);
  },
});
