package dev.hearth.runtime.model;

/**
 * What the kubelet calls a pod by. Two sandboxes of one pod differ in {@code attempt}; the four
 * fields together are unique on a node.
 */
public record PodMetadata(String name, String namespace, String uid, int attempt) {
  public PodMetadata {
    Checks.name("pod name", name);
    Checks.text("pod namespace", namespace);
    Checks.text("pod uid", uid);
  }

  @Override
  public String toString() {
    return namespace + "/" + name + " (uid " + uid + ", attempt " + attempt + ")";
  }
}
