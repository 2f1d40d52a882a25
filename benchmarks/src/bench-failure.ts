/** A failure that a sentence explains; no stack is printed for it. */
export class BenchFailure extends Error {
  override readonly name = "BenchFailure";
}
