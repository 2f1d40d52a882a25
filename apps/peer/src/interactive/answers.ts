import { existsSync } from "node:fs";
import { PiecewiseError, UsageError } from "@piecewise/base";
import { parsePieceLength } from "../flag-values.js";
import { fillMessage, type Messages } from "../messages.js";

const wrongAnswer = (message: string): UsageError => new UsageError("INVALID_ARGUMENT", message);

export function parseOneOrTwo(answer: string, messages: Messages): 1 | 2 {
  if (answer === "1") return 1;
  if (answer === "2") return 2;
  throw wrongAnswer(fillMessage(messages.answerNotOneOrTwo, { answer }));
}

/** 0 for any. */
export function parsePort(answer: string, messages: Messages): number {
  const port = /^\d{0,5}$/.test(answer) ? Number(answer) : Number.NaN;
  if (port <= 65_535) return port;
  throw wrongAnswer(fillMessage(messages.answerNotPort, { answer }));
}

export function parseExistingPath(answer: string, messages: Messages): string {
  if (existsSync(parseFilled(answer, messages))) return answer;
  throw wrongAnswer(fillMessage(messages.answerNoSuchPath, { answer }));
}

export function parseFilled(answer: string, messages: Messages): string {
  if (answer !== "") return answer;
  throw wrongAnswer(messages.answerEmpty);
}

/** undefined for "as offered". */
export function parseOptionalPieceLength(answer: string, messages: Messages): number | undefined {
  if (answer === "") return undefined;
  try {
    return parsePieceLength(answer, "the answer");
  } catch (error) {
    if (!(error instanceof PiecewiseError)) throw error;
    throw wrongAnswer(fillMessage(messages.answerNotPieceLength, { answer }));
  }
}

/** From 1 to `count`; gives the index from 0. */
export function parseListNumber(answer: string, count: number, messages: Messages): number {
  const number = /^\d{1,9}$/.test(answer) ? Number(answer) : 0;
  if (number >= 1 && number <= count) return number - 1;
  throw wrongAnswer(fillMessage(messages.answerNotInList, { answer, count }));
}
