/**
 * The Node Resource Interface, v1alpha1 as of NRI 0.12.5: what Hearth and plugins of the node speak
 * to each other. Everything here is generated from {@code src/main/proto/hearth/nri/v1alpha1}.
 */
package dev.hearth.proto.nri.v1alpha1;
