/**
 * The Container Runtime Interface, version 1 as of cri-api v0.37.2: what the kubelet and crictl
 * speak to Hearth. Everything here is generated from {@code src/main/proto/hearth/cri/v1}.
 *
 * <p><b>Messages that may carry credentials are never printed by {@code toString()}.</b> These are
 * {@link dev.hearth.proto.cri.v1.AuthConfig} and {@link dev.hearth.proto.cri.v1.PullImageRequest};
 * the environment in {@link dev.hearth.proto.cri.v1.ContainerConfig} is no less secret. The
 * contract marks the fields of AuthConfig {@code debug_redact}, but {@code toString()}, {@code
 * TextFormat} and {@code JsonFormat} print them all the same. For a diagnostic use {@code
 * com.google.protobuf.DebugFormat.singleLine().toString(message)}, which replaces redacted fields;
 * it does not hide environments. In logs name ids and outcomes, not messages.
 */
package dev.hearth.proto.cri.v1;
