// The package brings no types; these are the parts in use.
declare module "cli-progress" {
  interface BarOptions {
    readonly stream: { write(text: string): unknown };
    /** Builds the line; `params.maxWidth` is the width of the terminal at this moment. */
    readonly format: (options: object, params: { readonly maxWidth: number }, payload: object) => string;
    /** Leave line wrapping of the terminal as it is, and cut the line to its width instead. */
    readonly linewrap: boolean;
    /** Draw at every redraw, also when the line is the same: the terminal may have changed. */
    readonly forceRedraw: boolean;
    /** Redraws a second. */
    readonly fps: number;
    /** Take the bars away at the end. */
    readonly clearOnComplete: boolean;
  }

  export class MultiBar {
    constructor(options: BarOptions);
    create(total: number, startValue: number, payload: object): unknown;
    /** Prints whole lines above the bars, at the next redraw. */
    log(text: string): void;
    /** Redraws now. */
    update(): void;
    stop(): void;
  }
}
