package dev.hearth.runtime.model;

/** Whom a container shares a namespace with (CRI NamespaceMode). */
public enum NamespaceMode {
  /** All containers of the pod. */
  POD,
  /** Nobody. */
  CONTAINER,
  /** The node itself. */
  NODE,
  /** One other container, named by the request: ephemeral debug containers do this for PID. */
  TARGET
}
