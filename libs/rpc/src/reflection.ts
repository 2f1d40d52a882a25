import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GrpcCode } from "@piecewise/base";
import { file_google_rpc_error_details, file_google_rpc_status, reflectionV1, reflectionV1alpha } from "@piecewise/contract";
import { implementService, type ServiceImplementation } from "./implement-service.js";

/**
 * Creates the reflection services v1 and v1alpha for these services and themselves, from the descriptors that the generated code carries:
 * no .proto file is read at run time.
 */
export function createReflection(services: readonly DescService[]): readonly ServiceImplementation[] {
  const index = indexFiles([...services, reflectionV1.ServerReflection, reflectionV1alpha.ServerReflection]);
  return [
    implementService(reflectionV1.ServerReflection, {
      async serverReflectionInfo(requests, _context, stream) {
        for await (const request of requests) if (!stream.write(answer(index, request))) await stream.drained();
      },
    }),
    implementService(reflectionV1alpha.ServerReflection, {
      async serverReflectionInfo(requests, _context, stream) {
        for await (const request of requests) if (!stream.write(answer(index, request))) await stream.drained();
      },
    }),
  ];
}

interface FileIndex {
  readonly serviceNames: readonly string[];
  readonly byName: ReadonlyMap<string, DescFile>;
  /** Keyed by the full name of a service, method, message or enum. */
  readonly bySymbol: ReadonlyMap<string, DescFile>;
}

function indexFiles(services: readonly DescService[]): FileIndex {
  // Error details are in no method's signature, yet a client needs them to print an error.
  const roots = [...services.map((service) => service.file), file_google_rpc_status, file_google_rpc_error_details];
  const byName = new Map(roots.flatMap(withDependencies).map((file) => [fileName(file), file]));
  const bySymbol = new Map<string, DescFile>();
  for (const file of byName.values()) {
    for (const type of nestedTypes(file)) {
      bySymbol.set(type.typeName, file);
      if (type.kind === "service") for (const method of type.methods) bySymbol.set(`${type.typeName}.${method.name}`, file);
    }
  }
  return { serviceNames: services.map((service) => service.typeName).toSorted(), byName, bySymbol };
}

/** The file and all that it imports, directly or not; the imports come after. */
const withDependencies = (file: DescFile): DescFile[] => [...new Set([file, ...file.dependencies.flatMap(withDependencies)])];

const fileName = (file: DescFile): string => file.proto.name;

/** What both versions of the protocol have in common; only the names of their messages differ. */
interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest:
    | { readonly case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType" | "listServices"; readonly value: string }
    | { readonly case: "fileContainingExtension"; readonly value: { readonly containingType: string; readonly extensionNumber: number } }
    | { readonly case: undefined };
}

const answer = <Request extends ReflectionRequest>(index: FileIndex, request: Request) => ({
  validHost: request.host,
  originalRequest: request,
  messageResponse: answerTo(index, request.messageRequest),
});

function answerTo(index: FileIndex, question: ReflectionRequest["messageRequest"]) {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse" as const, value: { service: index.serviceNames.map((name) => ({ name })) } };
    case "fileByFilename":
      return files(index.byName.get(question.value), `file ${question.value}`);
    case "fileContainingSymbol":
      return files(index.bySymbol.get(question.value), `symbol ${question.value}`);
    case "allExtensionNumbersOfType":
      return index.bySymbol.has(question.value)
        ? { case: "allExtensionNumbersResponse" as const, value: { baseTypeName: question.value, extensionNumber: [] } }
        : failure(GrpcCode.NOT_FOUND, `there is no type ${question.value} here`);
    case "fileContainingExtension":
      return failure(GrpcCode.NOT_FOUND, "there are no extensions here");
    case undefined:
      return failure(GrpcCode.INVALID_ARGUMENT, "the request asks nothing");
  }
}

function files(file: DescFile | undefined, what: string) {
  if (file === undefined) return failure(GrpcCode.NOT_FOUND, `there is no ${what} here`);
  const fileDescriptorProto = withDependencies(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

const failure = (errorCode: GrpcCode, errorMessage: string) => ({ case: "errorResponse" as const, value: { errorCode, errorMessage } });
