import type { DescService } from "@bufbuild/protobuf";
import { GrpcCode } from "@piecewise/base";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@piecewise/contract";
import { implementService, type ServiceImplementation } from "./implement-service.js";
import { StandardStatusError } from "./status.js";

export interface HealthService {
  readonly implementation: ServiceImplementation;
  /** Tells everybody that the server is about to stop, and ends all watches. */
  stopServing(): void;
}

/** Creates `grpc.health.v1.Health`: the server (the empty name) and each of its services serve, until `stopServing`. */
export function createHealth(services: readonly DescService[]): HealthService {
  const names = new Set(["", Health.typeName, ...services.map((service) => service.typeName)]);
  const watches = new Set<() => void>();
  let stopped = false;
  const statusNow = (): ServingStatus => (stopped ? ServingStatus.NOT_SERVING : ServingStatus.SERVING);
  const stoppedOr = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        watches.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      watches.add(done);
      signal.addEventListener("abort", done);
      if (stopped || signal.aborted) done();
    });

  const implementation = implementService(Health, {
    check({ service }) {
      if (!names.has(service)) throw new StandardStatusError(GrpcCode.NOT_FOUND, `there is no service "${service}" here`);
      return { status: statusNow() };
    },
    async watch({ service }, { signal }, stream) {
      const isKnown = names.has(service);
      stream.write({ status: isKnown ? statusNow() : ServingStatus.SERVICE_UNKNOWN });
      await stoppedOr(signal);
      if (isKnown) stream.write({ status: ServingStatus.NOT_SERVING });
    },
  });
  return {
    implementation,
    stopServing() {
      stopped = true;
      for (const done of watches) done();
    },
  };
}
