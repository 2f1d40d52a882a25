export * from "./gen/google/rpc/error_details_pb.js";
export * from "./gen/google/rpc/status_pb.js";
export * from "./gen/grpc/health/v1/health_pb.js";
export * from "./gen/piecewise/v1/manifest_pb.js";
export * from "./gen/piecewise/v1/peer_pb.js";
export * from "./gen/piecewise/v1/swarm_peer_pb.js";
export * from "./gen/piecewise/v1/tracker_pb.js";
export * as reflectionV1 from "./gen/grpc/reflection/v1/reflection_pb.js";
export * as reflectionV1alpha from "./gen/grpc/reflection/v1alpha/reflection_pb.js";
